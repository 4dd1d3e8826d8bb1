//! Moments and lengths of time as the product counts them.
//!
//! A [`Timestamp`] is UTC milliseconds since 1970. It is written in UTC by the server; the browser
//! adds local time after hydration, so that both sides first render the same text.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Timestamp(pub i64);

impl Timestamp {
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Milliseconds from `earlier` to here; never negative.
    pub const fn since(self, earlier: Self) -> i64 {
        let gap = self.0 - earlier.0;
        if gap < 0 { 0 } else { gap }
    }

    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0 + millis)
    }

    pub const fn plus_secs(self, secs: i64) -> Self {
        self.plus_millis(secs * 1000)
    }

    /// Year, month, day, hour, minute, second in UTC.
    ///
    /// The civil calendar from a day count, by Howard Hinnant's published algorithm; a date
    /// library would cost the browser more than the whole launcher page.
    pub const fn civil(self) -> (i64, u32, u32, u32, u32, u32) {
        let secs = self.0.div_euclid(1000);
        let day = secs.div_euclid(86_400);
        let of_day = secs.rem_euclid(86_400) as u32;
        let z = day + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let d = (doy - (153 * mp + 2) / 5 + 1) as u32;
        let m = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
        let y = yoe + era * 400 + if m <= 2 { 1 } else { 0 };
        (y, m, d, of_day / 3600, of_day / 60 % 60, of_day % 60)
    }

    /// `2026-11-20T21:22:09Z`, for machines.
    pub fn rfc3339(self) -> String {
        let (y, mo, d, h, mi, s) = self.civil();
        format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}Z")
    }

    /// `2026-11-20 21:22 UTC`, for people.
    pub fn display(self) -> String {
        let (y, mo, d, h, mi, _) = self.civil();
        format!("{y:04}-{mo:02}-{d:02} {h:02}:{mi:02} UTC")
    }
}

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// The first moment of a day in UTC, written as `2026-11-20`; none for anything else.
pub fn parse_day(text: &str) -> Option<Timestamp> {
    let mut parts = text.splitn(3, '-');
    let mut number = |digits: usize| {
        let part = parts.next()?;
        let plain = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse::<i64>().ok()).flatten()
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    // The inverse of `civil`, by the same author.
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    let at = Timestamp((era * 146_097 + doe - 719_468) * DAY_MS);
    // A day that the calendar does not have comes back as another one.
    let (y, m, d, ..) = at.civil();
    (y == year && i64::from(m) == month && i64::from(d) == day).then_some(at)
}

/// A length in words, coarse to fine: `850 ms`, `4.2 s`, `12 min`, `3 h 5 min`, `2 d 4 h`.
pub fn length(millis: i64) -> String {
    let secs = millis / 1000;
    match millis {
        i64::MIN..1000 => format!("{} ms", millis.max(0)),
        1000..10_000 => format!("{}.{} s", secs, millis % 1000 / 100),
        10_000..60_000 => format!("{secs} s"),
        60_000..3_600_000 => format!("{} min", secs / 60),
        3_600_000..86_400_000 => format!("{} h {} min", secs / 3600, secs / 60 % 60),
        _ => format!("{} d {} h", secs / 86_400, secs / 3600 % 24),
    }
}

/// A length that reads back as the same: whole units, fine ones only where needed.
pub fn typed_length(secs: i64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let mut rest = secs;
    let mut parts = Vec::new();
    for (size, unit) in units {
        if rest >= size {
            parts.push(format!("{} {unit}", rest / size));
            rest %= size;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// Reads a length such as `90 min`, `8 h`, `1 d 12 h` or `30 s` into seconds; bare means minutes.
///
/// # Errors
/// How to write one.
pub fn parse_length(text: &str) -> Result<i64, String> {
    let how = || "Write a length like 90 min, 8 h or 2 d.".to_owned();
    let text = text.trim().to_ascii_lowercase();
    let mut rest = text.as_str();
    let mut total = 0_i64;
    if rest.is_empty() {
        return Err(how());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let number: i64 = number.parse().map_err(|_| how())?;
        let after = after.trim_start();
        let word = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(word);
        let size = match unit {
            "s" | "sec" | "second" | "seconds" => 1,
            "" | "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3600,
            "d" | "day" | "days" => 86_400,
            _ => return Err(how()),
        };
        total =
            number.checked_mul(size).and_then(|secs| total.checked_add(secs)).ok_or_else(how)?;
        rest = after.trim_start();
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_are_written_right() {
        assert_eq!(Timestamp(0).rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp(951_782_400_000).rfc3339(), "2000-02-29T00:00:00Z");
        assert_eq!(Timestamp(1_795_209_729_000).display(), "2026-11-20 21:22 UTC");
        assert_eq!(Timestamp(-1000).rfc3339(), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn days_are_read_as_they_are_written_and_only_those_there_are() {
        for day in ["1970-01-01", "2000-02-29", "2026-11-20", "1969-12-31", "2100-03-01"] {
            assert!(parse_day(day).unwrap().rfc3339().starts_with(&format!("{day}T00:00:00")));
        }
        for none in [
            "",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-1",
            "20261120",
            "+026-01-01",
            "2026-01-01x",
        ] {
            assert_eq!(parse_day(none), None, "{none} was taken");
        }
    }

    #[test]
    fn lengths_read_naturally() {
        assert_eq!(length(850), "850 ms");
        assert_eq!(length(4_230), "4.2 s");
        assert_eq!(length(59_999), "59 s");
        assert_eq!(length(720_000), "12 min");
        assert_eq!(length(11_100_000), "3 h 5 min");
        assert_eq!(length(187_200_000), "2 d 4 h");
    }

    #[test]
    fn lengths_are_read_as_people_write_them() {
        assert_eq!(parse_length("90"), Ok(5400));
        assert_eq!(parse_length(" 1 d 12h "), Ok(129_600));
        assert_eq!(parse_length("8 hours"), Ok(28_800));
        assert_eq!(parse_length("30s"), Ok(30));
        for bad in ["", "soon", "-5 min", "1.5 h", "5 parsecs", "99999999999999999999 d", "h"] {
            assert!(parse_length(bad).is_err(), "{bad} was accepted");
        }
    }
}
