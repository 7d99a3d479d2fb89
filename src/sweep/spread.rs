//! Spread of a measure over seeds.

use super::SweepRun;
use crate::kmeans::median;

/// Median and range over seeds.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct MeasureSpread {
    /// The median; for an even number of runs, the mean of the two central values.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl MeasureSpread {
    /// The spread of a measure over these runs; `None` if a run has no value, or there are no runs.
    #[must_use]
    pub fn of(runs: &[SweepRun], measure: impl Fn(&SweepRun) -> Option<f64>) -> Option<Self> {
        let values: Vec<f64> = runs.iter().map(measure).collect::<Option<_>>()?;
        let min = values.iter().copied().min_by(f64::total_cmp)?;
        let max = values.iter().copied().max_by(f64::total_cmp)?;
        Some(Self { median: median(&values)?, min, max })
    }
}

/// A run with this silhouette and nothing else.
#[cfg(test)]
pub(super) fn run(silhouette: Option<f64>) -> SweepRun {
    SweepRun {
        n_clusters: 2,
        seed: 1,
        inertia: 0.0,
        inertia_text: String::new(),
        inertia_exact: 0,
        silhouette,
        silhouette_sample: None,
        calinski_harabasz: None,
        davies_bouldin: None,
        gap: None,
        gap_error: None,
        gap_sample: None,
        bic: None,
        accuracy: None,
        held_out_accuracy: None,
        warnings: Vec::new(),
        fingerprint: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        let of = |values: &[Option<f64>]| {
            let runs: Vec<SweepRun> = values.iter().copied().map(run).collect();
            MeasureSpread::of(&runs, |run| run.silhouette)
        };
        assert_eq!(
            of(&[Some(3.0), Some(1.0), Some(2.0)]),
            Some(MeasureSpread { median: 2.0, min: 1.0, max: 3.0 })
        );
        assert_eq!(of(&[Some(4.0), Some(1.0)]), Some(MeasureSpread { median: 2.5, min: 1.0, max: 4.0 }));
        assert_eq!(of(&[Some(4.0), None]), None);
        assert_eq!(of(&[]), None);
    }
}
