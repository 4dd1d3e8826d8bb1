//! Slows down guessing, without letting a guesser lock the owner out.
//!
//! Failures are counted per account *and* address, and per address. A stranger who hammers an
//! account locks out only his own address. Against many addresses, an account under attack admits
//! only addresses its owner has signed in from before (and any, slowly).
//!
//! Of IPv6 addresses everybody has more than can be counted: those of one network (/64) are one.

use domain::{Error, Result, Timestamp};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::Mutex,
};

/// Failures are forgotten after this long.
const WINDOW_S: i64 = 15 * 60;
const PER_ACCOUNT_AND_ADDRESS: usize = 5;
const PER_ADDRESS: usize = 30;
const PER_ACCOUNT: usize = 100;
/// For attempts of somebody who is signed in: wherever that is, they are counted for the account alone.
pub(crate) const NOWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
/// Entries kept at the most, so that invented names cannot fill the memory.
const MOST: usize = 20_000;

#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<Key, Vec<Timestamp>>>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Both(String, IpAddr),
    Address(IpAddr),
    Account(String),
}

fn keys(account: &str, address: IpAddr) -> impl Iterator<Item = (Key, usize)> {
    // Nowhere is no place that people share.
    let shared = (!address.is_unspecified()).then(|| network(address));
    [
        Some((Key::Both(account.to_owned(), network(address)), PER_ACCOUNT_AND_ADDRESS)),
        shared.map(|network| (Key::Address(network), PER_ADDRESS)),
        Some((Key::Account(account.to_owned()), PER_ACCOUNT)),
    ]
    .into_iter()
    .flatten()
}

/// What an address is counted as.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & (u128::MAX << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

impl Throttle {
    /// Takes one attempt, counted as failed until [`Throttle::succeeded`] says otherwise: parallel
    /// attempts cannot slip past the count.
    ///
    /// `familiar` says whether the account's owner has signed in from this address before.
    ///
    /// # Errors
    /// `Exhausted`, saying when to try again.
    pub(crate) fn attempt(
        &self,
        account: &str,
        address: IpAddr,
        familiar: bool,
        now: Timestamp,
    ) -> Result<()> {
        let mut counts = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if counts.len() > MOST {
            counts.retain(|_, times| times.last().is_some_and(|t| now.since(*t) < WINDOW_S * 1000));
        }
        for (key, most) in keys(account, address) {
            if familiar && matches!(key, Key::Account(_)) {
                continue;
            }
            if let Some(times) = counts.get_mut(&key) {
                times.retain(|t| now.since(*t) < WINDOW_S * 1000);
                if times.len() >= most {
                    let oldest = times.first().copied().unwrap_or(now);
                    let wait = (WINDOW_S - now.since(oldest) / 1000).max(1);
                    return Err(Error::exhausted("Too many failed attempts.")
                        .hint(format!("Try again in {} minutes.", (wait + 59) / 60)));
                }
            }
        }
        for (key, _) in keys(account, address) {
            counts.entry(key).or_default().push(now);
        }
        Ok(())
    }

    /// The attempt was good: forget the failures of this account from this address.
    pub(crate) fn succeeded(&self, account: &str, address: IpAddr) {
        let mut counts = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (key, _) in keys(account, address) {
            match key {
                Key::Both(..) => {
                    counts.remove(&key);
                }
                Key::Address(_) | Key::Account(_) => {
                    if let Some(times) = counts.get_mut(&key) {
                        times.pop();
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRANGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const OWNER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn a_guesser_locks_out_only_himself_and_not_for_ever() {
        let throttle = Throttle::default();
        let attempt = |from, at| throttle.attempt("ada", from, false, Timestamp(at));
        for _ in 0..PER_ACCOUNT_AND_ADDRESS {
            attempt(STRANGER, 0).unwrap();
        }
        assert!(attempt(STRANGER, 1000).unwrap_err().hint.unwrap().contains("15 minutes"));
        assert!(attempt(OWNER, 1000).is_ok());
        assert!(attempt(STRANGER, WINDOW_S * 1000).is_ok());
    }

    #[test]
    fn an_attack_from_many_addresses_leaves_the_owners_own_address_in() {
        let throttle = Throttle::default();
        for n in 0..PER_ACCOUNT {
            let from = IpAddr::V4(std::net::Ipv4Addr::from(u32::try_from(n).unwrap()));
            throttle.attempt("ada", from, false, Timestamp(0)).unwrap();
        }
        assert!(throttle.attempt("ada", STRANGER, false, Timestamp(1)).is_err());
        assert!(throttle.attempt("ada", OWNER, true, Timestamp(1)).is_ok());
    }

    #[test]
    fn success_forgets_earlier_mistakes() {
        let throttle = Throttle::default();
        for _ in 0..20 {
            throttle.attempt("ada", OWNER, false, Timestamp(0)).unwrap();
            throttle.succeeded("ada", OWNER);
        }
    }

    #[test]
    fn who_is_signed_in_and_mistaken_slows_down_nobody_else() {
        let throttle = Throttle::default();
        let attempt = |name| throttle.attempt(name, NOWHERE, true, Timestamp(0));
        for _ in 0..PER_ADDRESS {
            for _ in 1..PER_ACCOUNT_AND_ADDRESS {
                attempt("eve").unwrap();
            }
            throttle.succeeded("eve", NOWHERE);
        }
        assert!(attempt("ada").is_ok());
        for _ in 1..PER_ACCOUNT_AND_ADDRESS {
            attempt("ada").unwrap();
        }
        assert!(attempt("ada").is_err());
    }

    #[test]
    fn the_addresses_of_one_network_are_one_guesser() {
        let throttle = Throttle::default();
        let attempt = |from: &str| {
            throttle.attempt("ada", from.parse().unwrap(), false, Timestamp(0)).is_ok()
        };
        for n in 0..PER_ACCOUNT_AND_ADDRESS {
            assert!(attempt(&format!("2001:db8::{n}")));
        }
        assert!(!attempt("2001:db8::ffff:0:0:1"));
        assert!(attempt("2001:db8:0:1::1"));
        // The same machine, however it is written.
        for _ in 0..PER_ACCOUNT_AND_ADDRESS {
            assert!(attempt("192.0.2.1"));
        }
        assert!(!attempt("::ffff:192.0.2.1") && attempt("::ffff:192.0.2.2"));
    }
}
