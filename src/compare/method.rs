//! How often each device runs a job, and how long that takes.

use std::time::Duration;

use super::statistics::LEAST_PAIRS;

/// Numbers of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// Measured runs of each device, at least 1.
    pub runs: u32,
    /// Warm-up runs of each device, which are not measured.
    pub warmup: u32,
    /// A limit of the time of a job, for which fewer runs are made if they take long; `None`: no limit.
    pub budget: Option<Budget>,
}

/// A limit of the time of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Time for all runs of the job, those that verify it included.
    pub time: Duration,
    /// Measured runs of each device that are made however long they take, at least 1.
    pub least_runs: u32,
}

/// Runs of each device on a job, as planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Warm-up runs.
    pub warmup: u32,
    /// Measured runs.
    pub runs: u32,
}

/// What measuring will take, known once all jobs are verified.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Seconds for the planned runs of all devices on all jobs.
    pub seconds: f64,
    /// Number of jobs: the values of a sweep, or 1.
    pub jobs: usize,
    /// The plan of the only job; of several, that of the job with the fewest runs.
    pub plan: Plan,
    /// Seconds of one run of each device on that job.
    pub pass_s: f64,
}

/// What a comparison does next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step<'a> {
    /// Everything is verified, and measuring begins.
    Estimate(Estimate),
    /// A run begins, or goes on.
    Run {
        /// Which one.
        what: &'a str,
        /// Seconds until the end of the comparison; `None` while they can't be estimated.
        left_s: Option<f64>,
    },
}

impl Method {
    /// Fewest runs of each device that can decide which device is faster.
    pub const LEAST_RUNS: u32 = LEAST_PAIRS as u32;

    /// The plan for a job of which one run on each device takes `pass_s` seconds. `spent_s` seconds are spent on it.
    #[must_use]
    pub fn plan(&self, pass_s: f64, spent_s: f64) -> Plan {
        // the verifying run has already warmed up the device
        let warmup = self.affords(pass_s, spent_s).map_or(self.warmup, |runs| self.warmup.min(runs / 4));
        Plan { warmup, runs: self.runs(0, pass_s, spent_s + f64::from(warmup) * pass_s) }
    }

    /// Measured runs of each device in all, of which `made` are made, as [`Method::plan`].
    #[must_use]
    pub fn runs(&self, made: u32, pass_s: f64, spent_s: f64) -> u32 {
        let Some((budget, more)) = self.budget.zip(self.affords(pass_s, spent_s)) else { return self.runs };
        made.saturating_add(more).max(budget.least_runs).clamp(1, self.runs.max(1))
    }

    /// Runs of each device for which there is time.
    fn affords(&self, pass_s: f64, spent_s: f64) -> Option<u32> {
        let left_s = self.budget?.time.as_secs_f64() - spent_s;
        Some((left_s / pass_s.max(1e-9)) as u32) // 0 if the time is over
    }
}

impl Plan {
    /// Seconds of all runs if one run of each device takes `pass_s`.
    #[must_use]
    pub fn seconds(&self, pass_s: f64) -> f64 {
        f64::from(self.warmup + self.runs) * pass_s
    }
}

impl Estimate {
    /// The estimate for these jobs, each as its plan and the seconds of one run of each device; `None` without jobs.
    pub(super) fn of(jobs: &[(Plan, f64)]) -> Option<Self> {
        let &(plan, pass_s) = jobs.iter().min_by_key(|(plan, _)| plan.runs)?;
        let seconds = jobs.iter().map(|(plan, pass_s)| plan.seconds(*pass_s)).sum();
        Some(Self { seconds, jobs: jobs.len(), plan, pass_s })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(seconds: u64, least_runs: u32) -> Method {
        let time = Duration::from_secs(seconds);
        Method { runs: 10, warmup: 2, budget: Some(Budget { time, least_runs }) }
    }

    #[test]
    fn plans_end_within_their_time() {
        let plan = |pass_s: f64| method(60, 1).plan(pass_s, pass_s);
        assert_eq!(plan(0.1), Plan { warmup: 2, runs: 10 });
        assert_eq!(plan(5.0), Plan { warmup: 2, runs: 9 });
        assert_eq!(plan(8.0), Plan { warmup: 1, runs: 5 });
        assert_eq!(plan(20.0), Plan { warmup: 0, runs: 2 });
        assert_eq!(plan(90.0), Plan { warmup: 0, runs: 1 });
        for tenths in 1..300 {
            let pass_s = f64::from(tenths) / 10.0;
            assert!(pass_s + plan(pass_s).seconds(pass_s) <= 60.0, "{pass_s}");
        }
    }

    #[test]
    fn the_least_runs_are_made_whatever_they_take() {
        assert_eq!(method(10, 6).plan(100.0, 100.0), Plan { warmup: 0, runs: 6 });
        let unlimited = Method { budget: None, ..method(0, 1) };
        assert_eq!(unlimited.plan(1e6, 1e9), Plan { warmup: 2, runs: 10 });
    }

    #[test]
    fn a_plan_follows_the_time_that_runs_take() {
        let method = method(60, 1);
        // the verifying run was slow, the others are not
        assert_eq!((method.runs(0, 20.0, 20.0), method.runs(1, 2.0, 22.0)), (2, 10));
        assert_eq!((method.runs(3, 10.0, 35.0), method.runs(3, 30.0, 59.0)), (5, 3));
    }

    #[test]
    fn an_estimate_is_of_all_jobs_and_names_the_fewest_runs() {
        let jobs = [(Plan { warmup: 2, runs: 10 }, 0.5), (Plan { warmup: 0, runs: 6 }, 4.0)];
        let plan = jobs[1].0;
        assert_eq!(Estimate::of(&jobs), Some(Estimate { seconds: 30.0, jobs: 2, plan, pass_s: 4.0 }));
        assert_eq!(Estimate::of(&[]), None);
    }
}
