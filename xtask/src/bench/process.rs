//! What the system says of a process: memory held, processor time used.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Linux counts processor time in hundredths of a second towards programs, on every machine.
const TICK: Duration = Duration::from_millis(10);

/// Resident memory in bytes.
pub fn memory(pid: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    resident(&text).with_context(|| format!("/proc/{pid}/status tells no memory."))
}

/// Processor time used so far, in user and kernel mode.
pub fn time(pid: u32) -> Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields = Fields::of(&text).with_context(|| format!("/proc/{pid}/stat is strange."))?;
    Ok(TICK * fields.ticks)
}

/// Processor time of a process and its children that are alive.
pub fn time_of_family(pid: u32) -> Result<Duration> {
    let mut sum = time(pid)?;
    for entry in fs::read_dir("/proc")?.flatten() {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if let Some(fields) = Fields::of(&stat).filter(|fields| fields.parent == pid) {
            sum += TICK * fields.ticks;
        }
    }
    Ok(sum)
}

fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

struct Fields {
    parent: u32,
    ticks: u32,
}

impl Fields {
    /// The name in the second field may hold blanks and brackets, so fields count from its end.
    fn of(stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u32>().ok();
        Some(Self { parent: number(1)?, ticks: number(11)? + number(12)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strange_name_does_not_shift_the_fields() {
        let stat = "7 (a) b) S 3 7 7 0 -1 4194560 1 2 3 4 50 25 0 0 20 0 1 0 9 9 9";
        let fields = Fields::of(stat).unwrap();
        assert_eq!((fields.parent, fields.ticks), (3, 75));
    }

    #[test]
    fn memory_is_told_in_bytes() {
        assert_eq!(resident("Name:\tx\nVmRSS:\t   1024 kB\n"), Some(1 << 20));
        assert!(memory(std::process::id()).unwrap() > 0);
    }
}
