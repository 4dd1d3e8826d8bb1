//! The table that a run ends with.

/// One line: ours, what it is compared with, how they compare, and what is wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    pub name: String,
    pub ours: String,
    pub theirs: String,
    pub compared: String,
    pub target: String,
    /// `None` where there is no target.
    pub met: Option<bool>,
}

impl Row {
    pub fn new(name: impl Into<String>, ours: impl Into<String>) -> Self {
        Self { name: name.into(), ours: ours.into(), ..Self::default() }
    }

    pub fn beside(mut self, theirs: impl Into<String>, compared: impl Into<String>) -> Self {
        self.theirs = theirs.into();
        self.compared = compared.into();
        self
    }

    pub fn target(mut self, target: impl Into<String>, met: bool) -> Self {
        self.target = target.into();
        self.met = Some(met);
        self
    }

    fn cells(&self) -> [String; 6] {
        let met = match self.met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        [
            self.name.clone(),
            self.ours.clone(),
            self.theirs.clone(),
            self.compared.clone(),
            self.target.clone(),
            met.to_owned(),
        ]
    }
}

/// The table, line by line: names to the left, numbers to the right.
pub fn lines(rows: &[Row]) -> Vec<String> {
    let head = ["", "ours", "theirs", "compared", "target", ""].map(str::to_owned);
    let cells: Vec<_> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| {
        cells.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: [usize; 6] = std::array::from_fn(width);
    cells
        .iter()
        .map(|row| {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
                match column {
                    0 => line.push_str(&format!("{cell:<width$}")),
                    5 => line.push_str(&format!("  {cell}")),
                    _ => line.push_str(&format!("  {cell:>width$}")),
                }
            }
            line.trim_end().to_owned()
        })
        .collect()
}

/// `0.31 ms`, `12.5 ms`, `845 ms`: about three digits, whatever the size.
pub fn ms(value: f64) -> String {
    format!("{} ms", digits(value))
}

/// A difference, with its sign.
pub fn more_ms(value: f64) -> String {
    if value < 0.0 { format!("-{}", ms(-value)) } else { format!("+{}", ms(value)) }
}

/// Megabytes of a million bytes, as networks and disks count.
pub fn mb(bytes: u64) -> String {
    format!("{} MB", digits(bytes as f64 / 1e6))
}

pub fn mb_per_second(bytes_per_second: f64) -> String {
    format!("{} MB/s", digits(bytes_per_second / 1e6))
}

pub fn percent(ratio: f64) -> String {
    format!("{} %", digits(ratio * 100.0))
}

fn digits(value: f64) -> String {
    match value.abs() {
        small if small < 9.995 => format!("{value:.2}"),
        middle if middle < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [
            Row::new("launch", "900 ms").beside("890 ms", "+10 ms").target("≤ +20 ms", true),
            Row::new("memory at rest", "41 MB").target("≤ 40 MB", false),
        ];
        assert_eq!(
            lines(&rows),
            [
                "                  ours  theirs  compared    target",
                "launch          900 ms  890 ms    +10 ms  ≤ +20 ms  met",
                "memory at rest   41 MB                     ≤ 40 MB  MISSED",
            ]
        );
    }

    #[test]
    fn numbers_have_about_three_digits() {
        assert_eq!([ms(0.314), ms(12.46), ms(845.4)], ["0.31 ms", "12.5 ms", "845 ms"]);
        assert_eq!([more_ms(-3.0), more_ms(3.0)], ["-3.00 ms", "+3.00 ms"]);
        assert_eq!([mb(24_600_000), percent(0.934)], ["24.6 MB", "93.4 %"]);
        assert_eq!(ms(9.999), "10.0 ms");
    }
}
