//! Samples and what is said of them.

use std::time::Duration;

/// Measured values of one kind; times are in milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Sample(Vec<f64>);

impl Sample {
    pub fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    pub fn add_time(&mut self, time: Duration) {
        self.add(millis(time));
    }

    pub fn p50(&self) -> f64 {
        self.percentile(50)
    }

    pub fn p95(&self) -> f64 {
        self.percentile(95)
    }

    pub fn p99(&self) -> f64 {
        self.percentile(99)
    }

    /// The smallest value that so many percent do not exceed: always one that was measured.
    fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
    }
}

pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = u32>) -> Sample {
        Sample(values.into_iter().map(f64::from).collect())
    }

    #[test]
    fn a_percentile_is_the_value_at_its_rank() {
        let hundred = of((1..=100).rev());
        assert_eq!((hundred.p50(), hundred.p95(), hundred.p99()), (50.0, 95.0, 99.0));
        let few = of([30, 10, 20]);
        assert_eq!((few.p50(), few.p95(), few.p99()), (20.0, 30.0, 30.0));
        assert_eq!(of([7]).p50(), 7.0);
    }

    #[test]
    fn of_nothing_there_is_no_percentile() {
        assert!(Sample::default().p50().is_nan());
    }

    #[test]
    fn times_count_in_milliseconds() {
        let mut sample = Sample::default();
        sample.add_time(Duration::from_micros(1500));
        assert_eq!(sample.p50(), 1.5);
    }
}
