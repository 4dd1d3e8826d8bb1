//! Codes that change every 30 seconds, made of a shared secret and the time (RFC 6238 over RFC 4226),
//! with what every authenticator app understands: SHA-1, six digits.

use data_encoding::BASE32_NOPAD;
use domain::{Error, Result, Timestamp, second_factor::DIGITS};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// How long a code is shown, in seconds.
pub(super) const STEP_S: i64 = 30;
/// Steps before and after the present one of which a code is taken: clocks differ, and people type.
const AROUND: i64 = 1;
/// As long as what SHA-1 makes; RFC 4226 advises 160 bits.
const SECRET_BYTES: usize = 20;

/// What device and server share.
pub(super) struct Secret(Vec<u8>);

impl Secret {
    pub(super) fn new() -> Result<Self> {
        Ok(Self(crate::entropy::bytes::<SECRET_BYTES>()?.to_vec()))
    }

    /// # Errors
    /// `Internal` for what is no secret.
    pub(super) fn read(base32: &str) -> Result<Self> {
        let bytes = BASE32_NOPAD.decode(base32.as_bytes());
        bytes.map(Self).map_err(|_| Error::internal("second-factor-secret"))
    }

    /// As it is typed into a device, and kept.
    pub(super) fn base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// The code of a step.
    fn code(&self, step: i64) -> Result<String> {
        let unusable = |_| Error::internal("second-factor-secret");
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).map_err(unusable)?;
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        // The last four bits say where to read 31 bits; the last place that they can name still has four
        // bytes behind it.
        let from = usize::from(hash.last().copied().unwrap_or_default() & 0xf);
        let word =
            hash.iter().skip(from).take(4).fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
        Ok(format!("{:0DIGITS$}", (word & 0x7fff_ffff) % 1_000_000))
    }

    /// The step around now whose code this is. Takes the same time whatever is typed.
    pub(super) fn step_of(&self, typed: &str, now: Timestamp) -> Result<Option<i64>> {
        let mut found = None;
        for step in step_at(now) - AROUND..=step_at(now) + AROUND {
            if self.code(step)?.as_bytes().ct_eq(typed.as_bytes()).into() {
                found = Some(step);
            }
        }
        Ok(found)
    }
}

/// The number of the 30 seconds that a moment is in.
fn step_at(now: Timestamp) -> i64 {
    now.millis().div_euclid(STEP_S * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn at(second: i64) -> Timestamp {
        Timestamp(second * 1000)
    }

    fn of_the_rfc() -> Secret {
        Secret(b"12345678901234567890".to_vec())
    }

    #[test]
    fn the_codes_are_those_of_the_rfcs() {
        // RFC 6238, appendix B, for SHA-1; the last six digits of its eight.
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(of_the_rfc().code(step_at(at(second))).unwrap(), code, "{second}");
        }
        // RFC 4226, appendix D.
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        for (step, code) in (0..).zip(codes) {
            assert_eq!(of_the_rfc().code(step).unwrap(), code, "{step}");
        }
    }

    #[test]
    fn a_code_is_taken_half_a_minute_too_early_and_too_late_and_no_more() {
        let secret = of_the_rfc();
        let step = step_at(at(1_111_111_111));
        let (begin, end) = (step * STEP_S, (step + 1) * STEP_S - 1);
        let found = |second| secret.step_of("050471", at(second)).unwrap();
        for second in [begin, end, begin - STEP_S, end + STEP_S] {
            assert_eq!(found(second), Some(step), "{second}");
        }
        for second in [begin - STEP_S - 1, end + STEP_S + 1] {
            assert_eq!(found(second), None, "{second}");
        }
    }

    #[test]
    fn a_secret_is_new_each_time_and_long_enough() {
        let (one, other) = (Secret::new().unwrap().base32(), Secret::new().unwrap().base32());
        assert_eq!((one.len(), one == other), (32, false));
        assert!(Secret::read("no base32").is_err());
    }

    proptest! {
        #[test]
        fn a_code_has_six_digits_and_its_own_step(
            bytes in proptest::collection::vec(any::<u8>(), 1..64), second in 0_i64..1 << 40
        ) {
            let secret = Secret::read(&Secret(bytes).base32()).unwrap();
            let code = secret.code(step_at(at(second))).unwrap();
            prop_assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()), "{}", code);
            prop_assert!(secret.step_of(&code, at(second)).unwrap().is_some());
        }

        #[test]
        fn what_is_no_code_has_no_step(text in ".{0,8}", second in 0_i64..1 << 40) {
            let wrong = !(text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()));
            prop_assume!(wrong);
            prop_assert_eq!(of_the_rfc().step_of(&text, at(second)).unwrap(), None);
        }
    }
}
