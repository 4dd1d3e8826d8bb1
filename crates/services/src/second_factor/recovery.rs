//! Recovery codes: random enough (80 bits) that a plain hash of one gives nothing away.

use crate::entropy;
use data_encoding::BASE32_NOPAD;
use domain::{
    Result, UserId,
    second_factor::{RECOVERY_CODES, in_fours},
};

const BYTES: usize = 10;

/// New ones as their owner sees them, and as they are kept.
pub(super) fn make(user: &UserId) -> Result<(Vec<String>, Vec<String>)> {
    let mut shown = Vec::with_capacity(RECOVERY_CODES);
    let mut kept = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let code = BASE32_NOPAD.encode(&entropy::bytes::<BYTES>()?);
        kept.push(hash(user, &code));
        shown.push(in_fours(&code.to_ascii_lowercase(), "-"));
    }
    Ok((shown, kept))
}

/// How the code of a user is kept.
pub(super) fn hash(user: &UserId, code: &str) -> String {
    entropy::digest(&format!("{user}/{code}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::second_factor::Typed;
    use std::collections::BTreeSet;

    #[test]
    fn ten_codes_are_made_that_differ_and_are_read_as_they_are_shown() {
        let (ada, eve): (UserId, UserId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let (shown, kept) = make(&ada).unwrap();
        assert_eq!(shown.iter().collect::<BTreeSet<_>>().len(), RECOVERY_CODES);
        for (shown, kept) in shown.iter().zip(&kept) {
            let Some(Typed::Recovery(code)) = Typed::read(shown) else { panic!("{shown}") };
            assert_eq!(hash(&ada, &code), *kept);
            assert_ne!(hash(&eve, &code), *kept, "good for one account only");
        }
    }
}
