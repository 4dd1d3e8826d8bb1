//! CPU, memory, network and disk counters of one container.

use super::connect::{Docker, QUICK};
use crate::UsageSample;
use bollard::models::{ContainerBlkioStatEntry, ContainerMemoryStats, ContainerStatsResponse};
use bollard::query_parameters::StatsOptionsBuilder;
use domain::Result;
use futures_util::TryStreamExt;

impl Docker {
    pub(super) async fn read_usage(&self, name: &str) -> Result<Option<UsageSample>> {
        // One shot: otherwise the engine measures for a second or two to offer a rate.
        let options = StatsOptionsBuilder::new().stream(false).one_shot(true).build();
        let answer = self
            .call(QUICK, |client| async move {
                Box::pin(client.stats(name, Some(options))).try_next().await
            })
            .await;
        match answer {
            Ok(stats) => Ok(stats.and_then(usage)),
            Err(failure) if failure.is_missing() => Ok(None),
            Err(failure) if failure.is_about_state() && failure.says(&["not running"]) => Ok(None),
            Err(failure) => Err(failure.into_error("measure", "container", name)),
        }
    }
}

/// `None` for the zeros that are reported of a container that does not run.
fn usage(stats: ContainerStatsResponse) -> Option<UsageSample> {
    let memory = stats.memory_stats?;
    let cpu_nanos = stats.cpu_stats?.cpu_usage?.total_usage?;
    let bytes = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let networks = stats.networks.unwrap_or_default();
    let disks = stats.blkio_stats.and_then(|s| s.io_service_bytes_recursive).unwrap_or_default();
    Some(UsageSample {
        cpu_nanos,
        memory_bytes: bytes(without_cache(&memory)?),
        memory_limit: bytes(memory.limit.unwrap_or_default()),
        received: total(networks.values().map(|network| network.rx_bytes)),
        sent: total(networks.values().map(|network| network.tx_bytes)),
        read: moved(&disks, "read"),
        written: moved(&disks, "write"),
        processes: bytes(stats.pids_stats.and_then(|pids| pids.current).unwrap_or_default()),
    })
}

fn total(counts: impl Iterator<Item = Option<u64>>) -> u64 {
    counts.flatten().fold(0, u64::saturating_add)
}

/// Bytes of all disks in one direction; the versions of cgroups write its name differently.
fn moved(disks: &[ContainerBlkioStatEntry], direction: &str) -> u64 {
    let is_it = |entry: &&ContainerBlkioStatEntry| {
        entry.op.as_ref().is_some_and(|op| op.eq_ignore_ascii_case(direction))
    };
    total(disks.iter().filter(is_it).map(|entry| entry.value))
}

/// The kernel counts file cache it would give back at once; nobody means that by memory in use.
fn without_cache(memory: &ContainerMemoryStats) -> Option<u64> {
    let usage = memory.usage.filter(|usage| *usage > 0)?;
    let stats = memory.stats.as_ref();
    // Version 1 of cgroups has both names; the first one includes groups below.
    let cache = stats
        .and_then(|s| s.get("total_inactive_file").or_else(|| s.get("inactive_file")))
        .copied()
        .unwrap_or_default();
    Some(usage.saturating_sub(cache))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::{
        ContainerBlkioStats, ContainerCpuStats, ContainerCpuUsage, ContainerNetworkStats,
        ContainerPidsStats,
    };
    use std::collections::HashMap;

    fn stats(usage: Option<u64>, detail: &[(&str, u64)]) -> ContainerStatsResponse {
        let detail: HashMap<_, _> = detail.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect();
        ContainerStatsResponse {
            cpu_stats: Some(ContainerCpuStats {
                cpu_usage: Some(ContainerCpuUsage {
                    total_usage: Some(7),
                    ..ContainerCpuUsage::default()
                }),
                ..ContainerCpuStats::default()
            }),
            memory_stats: Some(ContainerMemoryStats {
                usage,
                stats: Some(detail),
                limit: Some(u64::MAX),
                ..ContainerMemoryStats::default()
            }),
            ..ContainerStatsResponse::default()
        }
    }

    #[test]
    fn file_cache_does_not_count_under_either_version_of_cgroups() {
        let two = stats(Some(100), &[("inactive_file", 30)]);
        assert_eq!(super::usage(two).unwrap().memory_bytes, 70);
        let one = stats(Some(100), &[("inactive_file", 30), ("total_inactive_file", 40)]);
        let sample = super::usage(one).unwrap();
        assert_eq!((sample.memory_bytes, sample.memory_limit), (60, i64::MAX));
    }

    #[test]
    fn networks_and_disks_are_added_up() {
        let network = |rx_bytes, tx_bytes| ContainerNetworkStats {
            rx_bytes: Some(rx_bytes),
            tx_bytes: Some(tx_bytes),
            ..ContainerNetworkStats::default()
        };
        let disk = |op: &str, value| ContainerBlkioStatEntry {
            op: Some(op.to_owned()),
            value: Some(value),
            ..ContainerBlkioStatEntry::default()
        };
        let networks = [("eth0", network(1, 10)), ("eth1", network(2, 20))];
        let stats = ContainerStatsResponse {
            networks: Some(networks.map(|(name, of)| (name.to_owned(), of)).into()),
            blkio_stats: Some(ContainerBlkioStats {
                io_service_bytes_recursive: Some(vec![
                    disk("Read", 5),
                    disk("read", 6),
                    disk("Write", 7),
                    disk("Total", 99),
                ]),
                ..ContainerBlkioStats::default()
            }),
            pids_stats: Some(ContainerPidsStats { current: Some(4), limit: None }),
            ..stats(Some(100), &[])
        };
        let sample = super::usage(stats).unwrap();
        assert_eq!((sample.received, sample.sent), (3, 30));
        assert_eq!((sample.read, sample.written, sample.processes), (11, 7, 4));
    }

    #[test]
    fn a_container_that_does_not_run_has_no_usage() {
        assert_eq!(super::usage(stats(None, &[])), None);
        assert_eq!(super::usage(stats(Some(0), &[])), None);
    }
}
