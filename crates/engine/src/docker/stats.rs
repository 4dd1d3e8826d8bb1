//! CPU and memory counters of one container.

use super::connect::{Docker, QUICK};
use crate::UsageSample;
use bollard::models::{ContainerMemoryStats, ContainerStatsResponse};
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
    Some(UsageSample {
        cpu_nanos,
        memory_bytes: bytes(without_cache(&memory)?),
        memory_limit: bytes(memory.limit.unwrap_or_default()),
    })
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
    use bollard::models::{ContainerCpuStats, ContainerCpuUsage};
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
    fn a_container_that_does_not_run_has_no_usage() {
        assert_eq!(super::usage(stats(None, &[])), None);
        assert_eq!(super::usage(stats(Some(0), &[])), None);
    }
}
