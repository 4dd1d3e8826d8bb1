//! What programs write to a terminal, as text with styles.
//!
//! Of the escape sequences (ECMA-48) only those that set colours and weight (SGR) mean anything on a
//! page. All others, such as moving the cursor or setting a title, are taken out. What remains is
//! plain text in [`Span`]s with names of classes, so nothing a container writes is ever markup. A
//! sequence that is not finished at the end of the text is taken out as far as it goes.

use serde::{Deserialize, Serialize};

/// A piece of text of one look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Classes of the style sheet, empty for plain text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub class: String,
    pub text: String,
}

/// The eight colours of terminals; the bright ones are shown like these.
const COLOURS: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Style {
    colour: Option<u8>,
    ground: Option<u8>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    inverse: bool,
}

impl Style {
    fn class(self) -> String {
        let mut all = Vec::new();
        let colour = |number: Option<u8>| COLOURS.get(usize::from(number?)).copied();
        if let Some(name) = colour(self.colour) {
            all.push(format!("ansi-{name}"));
        }
        if let Some(name) = colour(self.ground) {
            all.push(format!("ansi-on-{name}"));
        }
        for (set, name) in [
            (self.bold, "ansi-bold"),
            (self.dim, "ansi-dim"),
            (self.italic, "ansi-italic"),
            (self.underline, "ansi-underline"),
            (self.inverse, "ansi-inverse"),
        ] {
            if set {
                all.push(name.to_owned());
            }
        }
        all.join(" ")
    }

    /// Applies the parameters of one SGR sequence.
    fn apply(&mut self, parameters: &str) {
        // Colons part the numbers of one parameter, and are mostly written as semicolons.
        let mut numbers = parameters.split([';', ':']).map(|n| n.parse::<u16>().unwrap_or(0));
        while let Some(number) = numbers.next() {
            match number {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 | 21 => self.underline = true,
                7 => self.inverse = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underline = false,
                27 => self.inverse = false,
                30..=37 => self.colour = Some((number - 30) as u8),
                38 => self.colour = wide(&mut numbers),
                39 => self.colour = None,
                40..=47 => self.ground = Some((number - 40) as u8),
                48 => self.ground = wide(&mut numbers),
                49 => self.ground = None,
                90..=97 => self.colour = Some((number - 90) as u8),
                100..=107 => self.ground = Some((number - 100) as u8),
                _ => {}
            }
        }
    }
}

/// One of many colours (`5;n` or `2;r;g;b`), as the nearest of the eight.
fn wide(numbers: &mut impl Iterator<Item = u16>) -> Option<u8> {
    match numbers.next()? {
        5 => match numbers.next()? {
            number @ 0..=15 => Some((number % 8) as u8),
            number @ 16..=231 => {
                let of_cube = number - 16;
                let part = |size: u16| of_cube / size % 6 * 51;
                Some(nearest(part(36), part(6), part(1)))
            }
            number => {
                let grey = number.min(255).saturating_sub(232) * 10 + 8;
                Some(nearest(grey, grey, grey))
            }
        },
        2 => Some(nearest(numbers.next()?, numbers.next()?, numbers.next()?)),
        _ => None,
    }
}

/// Which of the eight a colour is nearest to: a part counts if it is more than half the strongest.
fn nearest(red: u16, green: u16, blue: u16) -> u8 {
    let strongest = red.max(green).max(blue);
    if strongest < 64 {
        return 0;
    }
    let part = |value: u16, bit: u8| if value > strongest / 2 { bit } else { 0 };
    part(red, 1) | part(green, 2) | part(blue, 4)
}

/// What the reader is inside of.
enum Place {
    Text,
    Escape,
    /// An escape with bytes between it and its end, such as the choice of a character set.
    Between,
    /// `CSI`, with what came of it so far.
    Control(String),
    /// A string for the terminal (`OSC`, `DCS` …), to its terminator; whether an escape was just read.
    Word(bool),
}

/// Longest run of parameters that is understood; more than that is no SGR of any program.
const LONGEST_CONTROL: usize = 64;

/// The text of one line with its styles.
pub fn spans(text: &str) -> Vec<Span> {
    let mut all: Vec<Span> = Vec::new();
    let mut style = Style::default();
    let mut class = String::new();
    let mut place = Place::Text;
    for character in text.chars() {
        place = match (place, character) {
            // Some write the same introducers as single characters.
            (Place::Word(true), '\\') => Place::Text,
            (Place::Word(_), '\u{7}' | '\u{9c}') => Place::Text,
            (Place::Word(_), '\u{1b}') => Place::Word(true),
            (Place::Word(_), _) => Place::Word(false),
            (_, '\u{1b}') => Place::Escape,
            (_, '\u{9b}') | (Place::Escape, '[') => Place::Control(String::new()),
            (_, '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}')
            | (Place::Escape, 'P' | 'X' | ']' | '^' | '_') => Place::Word(false),
            (Place::Escape | Place::Between, ' '..='/') => Place::Between,
            (Place::Escape | Place::Between, '0'..='~') => Place::Text,
            (Place::Control(mut read), ' '..='?') if read.len() < LONGEST_CONTROL => {
                read.push(character);
                Place::Control(read)
            }
            (Place::Control(read), 'm') => {
                if read.chars().all(|c| c.is_ascii_digit() || matches!(c, ';' | ':')) {
                    style.apply(&read);
                    class = style.class();
                }
                Place::Text
            }
            (Place::Control(_), '@'..='~') => Place::Text,
            (_, character) => {
                if !character.is_control() || character == '\t' {
                    match all.last_mut().filter(|last| last.class == class) {
                        Some(last) => last.text.push(character),
                        None => all.push(Span { class: class.clone(), text: character.into() }),
                    }
                }
                Place::Text
            }
        };
    }
    all
}

/// The text alone.
pub fn plain(text: &str) -> String {
    spans(text).into_iter().map(|span| span.text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seen(text: &str) -> Vec<(String, String)> {
        spans(text).into_iter().map(|span| (span.class, span.text)).collect()
    }

    fn pair(class: &str, text: &str) -> (String, String) {
        (class.to_owned(), text.to_owned())
    }

    #[test]
    fn colours_and_weight_become_classes() {
        assert_eq!(
            seen("a\u{1b}[1;31mb\u{1b}[22mc\u{1b}[md"),
            [pair("", "a"), pair("ansi-red ansi-bold", "b"), pair("ansi-red", "c"), pair("", "d")]
        );
        assert_eq!(seen("\u{1b}[97;44mx"), [pair("ansi-white ansi-on-blue", "x")]);
        assert_eq!(
            seen("\u{1b}[2;3;4;7mx"),
            [pair("ansi-dim ansi-italic ansi-underline ansi-inverse", "x")]
        );
    }

    #[test]
    fn one_of_many_colours_is_the_nearest_of_eight() {
        for (sequence, class) in [
            ("38;5;9", "ansi-red"),
            ("38;5;46", "ansi-green"),
            ("38;5;244", "ansi-white"),
            ("38;5;233", "ansi-black"),
            ("38;2;255;100;200", "ansi-magenta"),
            ("38:2:20:200:20", "ansi-green"),
            ("48;2;250;250;20", "ansi-on-yellow"),
            ("38", ""),
            ("38;5", ""),
            ("38;9;1", "ansi-bold"),
        ] {
            assert_eq!(seen(&format!("\u{1b}[{sequence}mx")), [pair(class, "x")], "{sequence}");
        }
    }

    #[test]
    fn everything_else_that_steers_a_terminal_is_taken_out() {
        for sequence in [
            "\u{1b}[2J",
            "\u{1b}[10;20H",
            "\u{1b}[?25l",
            "\u{1b}[>4;1m",
            "\u{1b}]0;a title\u{7}",
            "\u{1b}]8;;http://evil.example\u{1b}\\",
            "\u{1b}Pq#0\u{1b}\\",
            "\u{1b}(B",
            "\u{1b}c",
            "\u{1b}=",
            "\u{9b}31x",
            "\u{8}\u{0}\r",
            "\u{1b}_x\u{9c}",
        ] {
            assert_eq!(plain(&format!("be{sequence}fore")), "before", "{sequence:?}");
        }
        for unfinished in ["\u{1b}", "\u{1b}[", "\u{1b}[31", "\u{1b}]0;ti", "\u{1b}("] {
            assert_eq!(plain(&format!("text{unfinished}")), "text", "{unfinished:?}");
        }
    }

    #[test]
    fn a_broken_sequence_does_not_take_the_text_behind_it_along() {
        assert_eq!(plain("\u{1b}[31äb"), "äb");
        assert_eq!(plain("\u{1b}äb"), "äb");
        let endless = format!("\u{1b}[{}m", "1".repeat(999));
        assert!(plain(&endless).ends_with('m'));
    }

    #[test]
    fn what_looks_like_markup_stays_text() {
        assert_eq!(seen("<b>&amp;"), [pair("", "<b>&amp;")]);
    }

    fn sequence() -> impl Strategy<Value = String> {
        prop_oneof![
            "\u{1b}\\[[0-9;]{0,12}m",
            "\u{1b}\\[[?>]?[0-9;]{0,8}[A-HJKSTfhl]",
            "\u{1b}\\][0-9];[a-z]{0,9}(\u{7}|\u{1b}\\\\)",
            "\u{1b}[()][A-B0-2]",
        ]
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_nothing_is_made_up(text in any::<String>()) {
            let plain = plain(&text);
            let mut rest = text.chars();
            prop_assert!(plain.chars().all(|kept| rest.any(|read| read == kept)));
            prop_assert!(plain.chars().all(|c| !c.is_control() || c == '\t'));
        }

        #[test]
        fn text_survives_whatever_stands_between(
            pieces in prop::collection::vec(("[^\\p{C}]{0,12}", sequence()), 0..8)
        ) {
            let written: String = pieces.iter().map(|(text, escape)| format!("{text}{escape}")).collect();
            let expected: String = pieces.iter().map(|(text, _)| text.as_str()).collect();
            prop_assert_eq!(plain(&written), expected);
        }
    }
}
