//! Peak rates of a device, measured by a loop of multiply-adds and by a copy, as a reference for timings.

use super::EngineError;

/// Peak rates of a device, as simple loops reach them.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Peak {
    /// `f32` operations per second; a multiply-add counts as two.
    pub flops: f64,
    /// Bytes read plus bytes written per second, by a copy larger than the caches.
    pub bytes_per_second: f64,
}

/// Least duration of a measured run, in seconds.
const LONG: f64 = 0.01;
/// Measured runs; the fastest counts.
const RUNS: usize = 3;

/// Units of work per second, from runs of increasing size until one is long enough.
///
/// `seconds` does a number of units of work, from 1 to `most`, and returns how long they took.
///
/// # Errors
/// Those of `seconds`.
pub(super) fn fastest(
    most: u64,
    mut seconds: impl FnMut(u64) -> Result<f64, EngineError>,
) -> Result<f64, EngineError> {
    let mut units = 1;
    loop {
        let mut best = f64::INFINITY;
        for _ in 0..RUNS {
            best = best.min(seconds(units)?);
        }
        // only if the fastest run is long: another program may have slowed the others
        if best >= LONG || units >= most {
            return Ok(units as f64 / best.max(1e-9));
        }
        let times = (2.0 * LONG / best.max(1e-6)).clamp(2.0, 64.0);
        units = ((units as f64 * times) as u64).min(most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_of_long_runs_counts() {
        let mut runs = Vec::new();
        // a hundred thousand units per second, 1 ms of overhead, and every other run is slow
        let rate = fastest(1 << 30, |units| {
            runs.push(units);
            Ok(0.001 + units as f64 * if runs.len() % 2 == 0 { 2e-5 } else { 1e-5 })
        });
        let rate = rate.expect("nothing fails");
        assert!((9e4..1e5).contains(&rate), "{rate}");
        assert!(runs.is_sorted() && runs.len() > RUNS, "{runs:?}");
    }

    #[test]
    fn work_is_bounded() {
        let mut most = 0;
        let rate = fastest(7, |units| {
            most = most.max(units);
            Ok(0.0)
        });
        assert!(rate.expect("nothing fails").is_finite());
        assert_eq!(most, 7);
    }
}
