//! The second factor of an account: what pages show of it, and what is typed where one is asked for.
//!
//! It is a code that a device of the account's owner shows, another one every 30 seconds (RFC 6238),
//! or one of a few recovery codes for when the device is lost. Making and checking them needs keys
//! and is the server's.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// Digits of a code that a device shows.
pub const DIGITS: usize = 6;
/// Recovery codes that are made at a time.
pub const RECOVERY_CODES: usize = 10;
/// Characters of a recovery code, each worth five bits.
pub const RECOVERY_LENGTH: usize = 16;
/// Of so few recovery codes their owner is told to make new ones.
pub const FEW: i64 = 3;

/// The second factor of an account, as its owner sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    /// Since when it is asked for; `None` while it is off.
    pub on_since: Option<Timestamp>,
    /// Recovery codes that were not used yet.
    pub codes_left: i64,
    /// Name of the group by which it must be on.
    pub required_by: Option<String>,
    /// A device that was begun with in this browser and has not shown a right code yet.
    pub proposal: Option<Proposal>,
}

/// What a device has to be told, so that it shows the right codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// To be typed where there is no camera, in groups of four characters.
    pub secret: String,
    /// The same as an `otpauth` address.
    pub link: String,
    /// The address as a QR code: a picture as a `data:` address.
    pub picture: String,
}

/// What was typed where a code is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// What a device shows.
    Code(String),
    /// A recovery code, as it is kept: capital letters and digits alone.
    Recovery(String),
}

impl Typed {
    /// Reads it however it is separated; `None` for what cannot be one.
    pub fn read(text: &str) -> Option<Self> {
        // Longer than any code with every character set apart.
        if text.len() > 100 {
            return None;
        }
        let text: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let base32 = |b: u8| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b);
        if text.len() == DIGITS && text.bytes().all(|b| b.is_ascii_digit()) {
            Some(Self::Code(text))
        } else if text.len() == RECOVERY_LENGTH && text.bytes().all(base32) {
            Some(Self::Recovery(text))
        } else {
            None
        }
    }
}

/// A long text in groups of four, as it is easily read and typed.
pub fn in_fours(text: &str, between: &str) -> String {
    let mut shown = String::new();
    for (at, letter) in text.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            shown.push_str(between);
        }
        shown.push(letter);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_is_read_however_it_is_separated() {
        for text in ["123456", " 123 456 ", "123-456", "1 2 3 4 5 6"] {
            assert_eq!(Typed::read(text), Some(Typed::Code("123456".into())), "{text:?}");
        }
        for text in ["abcd-efgh-ijkl-mn23", "ABCDEFGHIJKLMN23", "abcd efgh ijkl mn23"] {
            let code = Typed::Recovery("ABCDEFGHIJKLMN23".into());
            assert_eq!(Typed::read(text), Some(code), "{text:?}");
        }
        let long = "1".repeat(1000);
        for text in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "abcd-efgh-ijkl-mn10", &long]
        {
            assert_eq!(Typed::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn long_texts_are_shown_in_fours() {
        assert_eq!(in_fours("ABCDEFGHIJ", " "), "ABCD EFGH IJ");
        assert_eq!(in_fours("ABCD", "-"), "ABCD");
        assert_eq!(in_fours("", "-"), "");
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(code in "[A-Z2-7]{16}", small in any::<bool>()) {
            let shown = in_fours(&code, "-");
            let typed = if small { shown.to_lowercase() } else { shown };
            prop_assert_eq!(Typed::read(&typed), Some(Typed::Recovery(code)));
        }

        #[test]
        fn nothing_that_is_typed_breaks_the_reader(text in ".{0,120}") {
            let _ = Typed::read(&text);
        }
    }
}
