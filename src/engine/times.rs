//! Times of the steps of a batch.

use std::time::{Duration, Instant};

/// Time spent on each step. Concurrent threads add up; [`Times::scaled_to`] scales the sum to wall time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// Finding the first centroids.
    pub seed: Duration,
    /// Iterating: `assign`, `update` and overhead.
    pub iterate: Duration,
    /// The part of `iterate` spent on nearest centroids; zero if it was not measured.
    pub assign: Duration,
    /// The part of `iterate` spent on sums, means and the decision to stop; zero if it was not measured.
    pub update: Duration,
    /// Fetching results from the device's memory.
    pub read_back: Duration,
    /// Time that a device was busy seeding and iterating, from its own timestamps and never scaled. Less than wall time
    /// if it waited for the host. Zero without timestamps.
    pub busy: Duration,
    /// Whether `assign` and `update` come from the device's timestamps, not from the host's clock.
    pub device_clock: bool,
}

impl Times {
    /// Adds other times.
    pub fn merge(&mut self, other: Self) {
        let told = |times: &Self| !(times.assign + times.update).is_zero();
        self.device_clock = match (told(self), told(&other)) {
            (true, true) => self.device_clock && other.device_clock,
            (true, false) => self.device_clock,
            _ => other.device_clock,
        };
        self.seed += other.seed;
        self.iterate += other.iterate;
        self.assign += other.assign;
        self.update += other.update;
        self.read_back += other.read_back;
        self.busy += other.busy;
    }

    /// The sum of seeding, iterating and reading back.
    #[must_use]
    pub fn sum(&self) -> Duration {
        self.seed + self.iterate + self.read_back
    }

    /// The times scaled to a sum of `wall`. If no step was measured, all of `wall` counts as iterating.
    #[must_use]
    pub fn scaled_to(self, wall: Duration) -> Self {
        let sum = self.sum().as_secs_f64();
        let factor = if sum > 0.0 { wall.as_secs_f64() / sum } else { 0.0 };
        let scaled = |part: Duration| part.mul_f64(factor).min(wall);
        let (seed, read_back) = (scaled(self.seed), scaled(self.read_back));
        Self {
            seed,
            iterate: wall.saturating_sub(seed).saturating_sub(read_back),
            assign: scaled(self.assign),
            update: scaled(self.update),
            read_back,
            busy: self.busy,
            device_clock: self.device_clock,
        }
    }
}

/// Adds the time that `work` takes to `total`.
pub(crate) fn timed<T>(total: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    *total += start.elapsed();
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn threads_share_the_wall_out() {
        let of_two = Times {
            seed: ms(20),
            iterate: ms(170),
            assign: ms(150),
            update: ms(20),
            read_back: ms(10),
            busy: ms(3),
            device_clock: false,
        };
        let wall = of_two.scaled_to(ms(100));
        assert_eq!((wall.seed, wall.iterate, wall.read_back), (ms(10), ms(85), ms(5)));
        assert_eq!((wall.assign, wall.update, wall.sum()), (ms(75), ms(10), ms(100)));
        assert_eq!(wall.busy, ms(3));
        assert_eq!(Times::default().scaled_to(ms(7)).iterate, ms(7));
    }

    #[test]
    fn one_host_clock_makes_the_sum_a_host_time() {
        let device = Times { assign: ms(1), device_clock: true, ..Times::default() };
        let host = Times { assign: ms(2), ..Times::default() };
        let sum = |parts: [Times; 2]| {
            let mut all = Times::default();
            parts.into_iter().for_each(|part| all.merge(part));
            (all.assign, all.device_clock)
        };
        assert_eq!(sum([device, device]), (ms(2), true));
        assert_eq!(sum([device, host]), (ms(3), false));
        assert_eq!(sum([Times::default(), device]), (ms(1), true));
    }
}
