//! Amounts as people type and read them: memory in MiB or GiB, processors in cores.

/// One mebibyte in bytes.
pub const MIB: i64 = 1024 * 1024;
/// One gibibyte in bytes.
pub const GIB: i64 = 1024 * MIB;

/// Bytes in binary units with at most one decimal: `512 MiB`, `1.5 GiB`.
pub fn bytes(amount: i64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = amount.max(0) as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit < UNITS.len() - 1 {
        value /= 1024.0;
        unit += 1;
    }
    let tenths = (value * 10.0).round() as i64;
    if tenths % 10 == 0 || unit == 0 {
        format!("{} {}", tenths / 10, UNITS[unit])
    } else {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }
}

/// Bytes as a form shows them: exactly, so that saving what was not touched changes nothing.
pub fn typed_bytes(amount: i64) -> String {
    let (size, unit) = if amount % GIB == 0 { (GIB, "GiB") } else { (MIB, "MiB") };
    let text = format!("{:.7}", amount as f64 / size as f64);
    format!("{} {unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Thousandths of a core as cores: `0.5`, `2`, `1.25`.
pub fn cores(millis: i64) -> String {
    let text = format!("{}.{:03}", millis / 1000, millis % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Reads an amount of memory: a number with `M`, `MB`, `MiB`, `G`, `GB` or `GiB`; bare means MiB.
///
/// The decimal spellings are read as binary ones, because that is what the engine does with `512m`.
pub fn parse_bytes(text: &str) -> Result<i64, String> {
    const HOW: &str = "Write an amount like 512 MiB or 2 GiB.";
    let text = text.trim().to_ascii_lowercase();
    let split = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number.parse().map_err(|_| HOW.to_owned())?;
    let factor = match unit.trim() {
        "" | "m" | "mb" | "mib" => MIB,
        "g" | "gb" | "gib" => GIB,
        _ => return Err(HOW.to_owned()),
    };
    let amount = number * factor as f64;
    if amount.is_finite() && amount <= (1_i64 << 50) as f64 {
        Ok(amount.round() as i64)
    } else {
        Err(HOW.to_owned())
    }
}

/// Reads a number of cores such as `2` or `0.5` into thousandths.
pub fn parse_cores(text: &str) -> Result<i64, String> {
    let number: f64 =
        text.trim().parse().map_err(|_| "Write a number of cores like 2 or 0.5.".to_owned())?;
    if number.is_finite() && (0.0..=1024.0).contains(&number) {
        Ok((number * 1000.0).round() as i64)
    } else {
        Err("Write a number of cores between 0.1 and 1024.".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_read_as_written() {
        assert_eq!(parse_bytes("512"), Ok(512 * MIB));
        assert_eq!(parse_bytes("1.5 GiB"), Ok(3 * GIB / 2));
        assert_eq!(parse_bytes("2g"), Ok(2 * GIB));
        assert!(parse_bytes("lots").is_err());
        assert!(parse_bytes("-1").is_err());
        assert_eq!(bytes(3 * GIB / 2), "1.5 GiB");
        assert_eq!(bytes(512 * MIB), "512 MiB");
        assert_eq!(cores(500), "0.5");
        assert_eq!(cores(2000), "2");
        assert_eq!(parse_cores("0.25"), Ok(250));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in "\\PC{0,20}") {
            let _ = parse_bytes(&text);
            let _ = parse_cores(&text);
        }

        #[test]
        fn what_a_form_shows_reads_back_as_it_was(amount in 0_i64..(1 << 45)) {
            prop_assert_eq!(parse_bytes(&typed_bytes(amount)), Ok(amount));
        }

        #[test]
        fn whole_mebibytes_survive_being_shown(mib in 1_i64..1024) {
            prop_assert_eq!(parse_bytes(&bytes(mib * MIB)), Ok(mib * MIB));
        }
    }
}
