//! Throughput: the measured cost of each kind of work, and the largest dispatch that it allows.
//!
//! A desktop's watchdog resets a GPU when one dispatch takes too long, so the initial estimate assumes a slow device.
//! A measurement that is slower than the estimate replaces it at once. A faster one only halves the difference:
//! finished slots do no work and make a dispatch look fast.

use std::time::{Duration, Instant};

use super::adapter::AdapterInfo;
use crate::engine::OpenOptions;

/// Time limit of a dispatch, and of a submission of several.
pub(super) const LONGEST: Duration = Duration::from_millis(40);
/// Operations in [`LONGEST`] before anything was measured: about a tenth of a TFLOP/s.
const GUESS: f64 = (1u64 << 31) as f64;
/// The same for software adapters.
const GUESS_SOFTWARE: f64 = (1u64 << 28) as f64;
/// Seconds below which launch overhead may dominate a measurement.
const BRIEF: f64 = 1e-3;

/// Workgroups that the smallest discrete GPU runs concurrently. A dispatch of fewer is no shorter.
const LEAST: u64 = 64;
/// The same for other GPUs.
const LEAST_SHARED: u64 = 8;

/// Kind of work. Its amount is counted in operations, each about as long as a multiply-add of an assign. The unit
/// may be rough: work is only compared with work of the same kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Assign,
    Update,
    /// Seeding, and the refill of empty clusters.
    Seed,
}

/// Operations per coordinate that is added to a sum, or compared in integers.
pub(super) const WIDE: u128 = 8;
/// Operations per coordinate of a mean.
pub(super) const MEAN: u128 = 64;

/// Safety factor on the measured cost of one job when it is used for another.
const DOUBT: f64 = 4.0;

/// Seconds per operation.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cost {
    seconds: f64,
    measured: bool,
}

/// Estimated and measured costs of a device.
#[derive(Debug, Clone, Copy)]
pub(super) struct Throughput {
    costs: [Cost; 3], // by step
    longest: f64,     // limit of a dispatch, in seconds
    least: u64,       // smallest slice worth cutting to, in workgroups
    last: Option<Instant>,
}

/// A part of a grid of (blocks, slots).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) first: [usize; 2],
    pub(super) size: [usize; 2],
}

impl Throughput {
    /// The initial estimate: from the stored cost model if it lists this adapter, else from the kind of adapter.
    pub(super) fn new(info: &AdapterInfo, options: &OpenOptions) -> Self {
        let name = info.full_name();
        let known = options.costs.gpus.iter().find(|gpu| gpu.adapter == name);
        let guess = if info.software { GUESS_SOFTWARE } else { GUESS };
        let seconds = known.map_or(LONGEST.as_secs_f64() / guess, |gpu| 2.0 * gpu.cost.per_step);
        let least = match &info.kind[..] {
            "discrete GPU" => LEAST,
            "software" => 1,
            _ => LEAST_SHARED,
        };
        let throughput = Self::from_guess(seconds, LONGEST, least);
        match options.testing.slice {
            Some(longest) => Self::from_guess(seconds, longest, 1),
            None => throughput,
        }
    }

    fn from_guess(seconds: f64, longest: Duration, least: u64) -> Self {
        let cost = Cost { seconds, measured: false };
        Self { costs: [cost; 3], longest: longest.as_secs_f64(), least, last: None }
    }

    /// The estimate for another job: measured costs times [`DOUBT`].
    pub(super) fn doubted(&self) -> Self {
        let doubted = |cost: Cost| match cost.measured {
            true => Cost { seconds: DOUBT * cost.seconds, measured: false },
            false => cost,
        };
        Self { costs: self.costs.map(doubted), last: None, ..*self }
    }

    /// Own costs where they were measured, else those of `other`.
    pub(super) fn or(&self, other: &Self) -> Self {
        let mut costs = other.costs;
        for (cost, own) in costs.iter_mut().zip(self.costs).filter(|(_, own)| own.measured) {
            *cost = own;
        }
        Self { costs, ..*self }
    }

    /// Time limit of a dispatch, in seconds.
    pub(super) fn longest(&self) -> f64 {
        self.longest
    }

    /// Estimated time of `work`, in seconds.
    pub(super) fn seconds(&self, step: Step, work: u128) -> f64 {
        self.costs[step as usize].seconds * work as f64
    }

    /// Multiply-adds of assign in `time`; `None` before assign was measured.
    pub(super) fn work(&self, time: Duration) -> Option<u128> {
        let cost = self.costs[Step::Assign as usize];
        cost.measured.then(|| (time.as_secs_f64() / cost.seconds) as u128)
    }

    /// Records that `work` took `took` seconds.
    pub(super) fn note(&mut self, step: Step, work: u128, took: f64) {
        if work == 0 || took <= 0.0 || !took.is_finite() {
            return;
        }
        let (cost, found) = (&mut self.costs[step as usize], took / work as f64);
        cost.seconds = match (found > cost.seconds, cost.measured) {
            (true, _) if took < BRIEF => return,
            (true, _) | (false, false) => found,
            (false, true) => (cost.seconds + found) / 2.0,
        };
        cost.measured = true;
    }

    /// Records that work of several kinds took `took` seconds together, and splits the time as estimated.
    pub(super) fn note_all(&mut self, works: &[(Step, u128)], took: f64) {
        let expected: f64 = works.iter().map(|&(step, work)| self.seconds(step, work)).sum();
        for &(step, work) in works {
            self.note(step, work, self.seconds(step, work) / expected * took);
        }
    }

    /// Returns the time since the last call, or zero if there is none to measure from. `more`: whether the next call
    /// measures from this one.
    pub(super) fn tick(&mut self, more: bool) -> Duration {
        let now = Instant::now();
        let took = self.last.map_or(Duration::ZERO, |last| now - last);
        self.last = more.then_some(now);
        took
    }

    /// Makes the next [`Throughput::tick`] return zero.
    pub(super) fn stop_watch(&mut self) {
        self.last = None;
    }

    /// Cuts a grid of (blocks, slots) workgroups, which do `work` in all, into slices within the time limit.
    pub(super) fn cut(&self, step: Step, work: u128, grid: [usize; 2], wrap: usize) -> Vec<Slice> {
        let [blocks, slots] = grid.map(|size| size.max(1));
        let each = self.seconds(step, work) / (blocks * slots) as f64;
        let most = (self.longest / each).min((1u64 << 40) as f64) as u64;
        let most = usize::try_from(most.max(self.least)).unwrap_or(usize::MAX);
        let [high, wide] = match most {
            _ if most >= blocks * slots => return vec![Slice { first: [0, 0], size: grid }],
            _ if most >= slots => [most / slots, slots],
            _ if most >= blocks => [blocks, by_fours(most / blocks)],
            _ => [1, by_fours(most)],
        };
        // a wrapped grid is cut between its rows: a partial row would run into the next slice
        let high = if high > wrap && high < blocks { high / wrap * wrap } else { high };
        let of_block = |first: usize| {
            let size = high.min(blocks - first);
            let slots = (0..slots).step_by(wide).map(move |slot| (slot, wide.min(slots - slot)));
            slots.map(move |(slot, wide)| Slice { first: [first, slot], size: [size, wide] })
        };
        (0..blocks).step_by(high).flat_map(of_block).collect()
    }
}

/// Rounds down to a multiple of four, where there are four: `assign_small` works on four slots at a time.
fn by_fours(n_slots: usize) -> usize {
    if n_slots < 4 { n_slots } else { n_slots / 4 * 4 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An operation takes a microsecond, a dispatch at most a millisecond.
    fn throughput(least: u64) -> Throughput {
        Throughput::from_guess(1e-6, Duration::from_millis(1), least)
    }

    /// Workgroups of each slice. Checks that the slices cover the grid once.
    fn sizes(throughput: &Throughput, work: u128, grid: [usize; 2], wrap: usize) -> Vec<usize> {
        let slices = throughput.cut(Step::Assign, work, grid, wrap);
        let mut seen = vec![0; grid[0] * grid[1]];
        for Slice { first, size } in &slices {
            for at in 0..size[0] * size[1] {
                seen[(first[0] + at % size[0]) * grid[1] + first[1] + at / size[0]] += 1;
            }
        }
        assert!(seen.iter().all(|&times| times == 1), "{slices:?}");
        slices.iter().map(|slice| slice.size[0] * slice.size[1]).collect()
    }

    #[test]
    fn slices_cover_the_grid_and_are_short() {
        let throughput = throughput(1);
        // a workgroup takes 100 us: ten fit the limit
        for (grid, many) in [([9, 1], 1), ([100, 1], 10), ([30, 3], 10), ([3, 30], 10), ([40, 100], 500)] {
            let sizes = sizes(&throughput, 100 * (grid[0] * grid[1]) as u128, grid, 1 << 16);
            assert!(sizes.len() >= many && sizes.len() <= grid[0] * grid[1], "{grid:?} in {sizes:?}");
            assert!(sizes.iter().all(|&size| size <= 10), "{grid:?} in {sizes:?}");
        }
    }

    #[test]
    fn rows_of_a_wrapped_grid_are_whole() {
        let (throughput, grid) = (throughput(1), [100, 1]);
        let sizes = sizes(&throughput, 100 * 35, grid, 8); // 28 workgroups are allowed
        assert!(sizes[..sizes.len() - 1].iter().all(|&size| size == 24), "{sizes:?}");
    }

    #[test]
    fn no_slice_is_smaller_than_what_runs_side_by_side() {
        let sizes = sizes(&throughput(16), 1 << 40, [64, 1], 1 << 16);
        assert_eq!(sizes, [16; 4]);
    }

    #[test]
    fn slow_dispatches_make_smaller_slices_at_once_and_quick_ones_larger_by_and_by() {
        let mut throughput = throughput(1);
        let slices = |throughput: &Throughput| throughput.cut(Step::Assign, 10_000, [1000, 1], 1 << 16).len();
        assert_eq!((slices(&throughput), throughput.work(LONGEST)), (10, None));
        throughput.note(Step::Assign, 1000, 8e-3);
        assert_eq!((slices(&throughput), throughput.work(LONGEST)), (84, Some(5000)));
        throughput.note(Step::Assign, 10_000, 20e-3);
        assert_eq!(slices(&throughput), 50);
        throughput.note(Step::Assign, 1, 0.9e-3); // brief: it says nothing
        assert_eq!(slices(&throughput), 50);
        (0..20).for_each(|_| throughput.note(Step::Assign, 1 << 40, 1.0));
        assert_eq!(slices(&throughput), 1);
    }

    #[test]
    fn what_was_measured_is_kept_but_doubted() {
        let mut first = throughput(1);
        first.note(Step::Assign, 1000, 1e-5); // 10 ns an operation
        let kept = first.or(&throughput(1));
        let next = kept.doubted();
        let of = |throughput: &Throughput, step| (throughput.seconds(step, 1_000_000) * 1e3).round();
        assert_eq!(
            (of(&next, Step::Assign), of(&next, Step::Update), next.work(LONGEST)),
            (40.0, 1000.0, None)
        );
        // a job that says nothing of it leaves it as it was, however often
        let kept = next.or(&kept).doubted().or(&kept);
        assert_eq!(of(&kept, Step::Assign), 10.0);
        assert_eq!(of(&next.or(&kept).doubted(), Step::Assign), 40.0);
    }

    #[test]
    fn a_time_is_shared_out_by_what_was_expected() {
        let mut throughput = throughput(1);
        throughput.note_all(&[(Step::Assign, 1000), (Step::Update, 3000)], 16e-3);
        let found = [Step::Assign, Step::Update, Step::Seed].map(|step| throughput.seconds(step, 1000));
        assert_eq!(found.map(|seconds| (seconds * 1e6).round()), [4000.0, 4000.0, 1000.0]);
    }
}
