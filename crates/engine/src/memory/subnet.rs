//! Just enough IPv4 arithmetic to refuse networks that overlap.

use std::net::Ipv4Addr;

/// First and last address of a subnet such as `10.0.0.0/28`.
pub(super) fn parse(cidr: &str) -> Option<(u32, u32)> {
    let (address, length) = cidr.split_once('/')?;
    let address = u32::from(address.parse::<Ipv4Addr>().ok()?);
    let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
    let hosts = u32::MAX.checked_shr(length).unwrap_or(0);
    Some((address & !hosts, address | hosts))
}

pub(super) fn overlap(a: (u32, u32), b: (u32, u32)) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets_overlap_exactly_when_they_share_an_address() {
        let check = |a, b| overlap(parse(a).unwrap(), parse(b).unwrap());
        assert!(check("10.0.0.0/24", "10.0.0.128/25"));
        assert!(check("10.0.0.5/28", "10.0.0.0/28"));
        assert!(check("0.0.0.0/0", "192.0.2.1/32"));
        assert!(!check("10.0.0.0/28", "10.0.0.16/28"));
        assert_eq!(parse("10.0.0.0/33"), None);
        assert_eq!(parse("10.0.0.0"), None);
    }
}
