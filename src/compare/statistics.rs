//! Statistics of repeated timings: median, spread, ratios and outliers.

use serde::Serialize;
use statrs::distribution::{Binomial, DiscreteCDF};
use statrs::statistics::{Data, OrderStatistics};

use crate::engine::draws::Draws;
use crate::kmeans::median;

/// Resamples per bootstrap.
pub const RESAMPLES: usize = 10_000;
/// Seed of the bootstrap, so that the same timings give the same interval.
pub const SEED: u64 = 42;
/// Modified z-score above which a value is an outlier (Iglewicz and Hoaglin 1993, section 3.3).
const FAR: f64 = 3.5;
/// Least deviation of an outlier, as a share of the median, however small the spread is.
const NEAR: f64 = 0.05;
/// Share of intervals that may miss the median.
const MISSED: f64 = 0.05;
/// Least number of pairs for a 95% interval: `n` values all lie on one side of the median with probability `2^(1-n)`,
/// which for five is above 5%.
pub const LEAST_PAIRS: usize = 6;

/// Spread of some values. Quartiles are interpolated by definition 8 of Hyndman and Fan 1996.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TimeSpread {
    /// The median.
    pub median: f64,
    /// First quartile.
    pub q1: f64,
    /// Third quartile.
    pub q3: f64,
    /// `q3 - q1`.
    pub iqr: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl TimeSpread {
    /// Distribution of `values`; `None` without values.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let min = values.iter().copied().min_by(f64::total_cmp)?;
        let max = values.iter().copied().max_by(f64::total_cmp)?;
        let mut data = Data::new(values.to_vec());
        // rounding in the interpolation may exceed the range
        let [q1, q3] = [0.25, 0.75].map(|share| data.quantile(share).clamp(min, max));
        Some(Self { median: median(values)?, q1, q3, iqr: q3 - q1, min, max })
    }
}

/// A ratio of times and its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ratio {
    /// Median of the ratios, pair by pair.
    pub median: f64,
    /// Its 95% interval; `None` with fewer than [`LEAST_PAIRS`] pairs.
    pub interval: Option<Interval>,
}

/// Confidence interval of a median.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Ratio {
    /// `times / base`, pair by pair, with a 95% interval of the median; `None` without pairs.
    #[must_use]
    pub fn paired(times: &[f64], base: &[f64]) -> Option<Self> {
        let ratios: Vec<f64> = times.iter().zip(base).map(|(time, base)| time / base).collect();
        Some(Self { median: median(&ratios)?, interval: Interval::of_median(&ratios) })
    }

    /// Whether the times are clearly shorter than those of the base; `None` if the interval includes 1.
    #[must_use]
    pub fn faster(&self) -> Option<bool> {
        let interval = self.interval?;
        (!(interval.low..=interval.high).contains(&1.0)).then_some(interval.high < 1.0)
    }
}

impl Interval {
    /// The 95% interval of the median by the percentile bootstrap (Efron and Tibshirani 1993, chapter 13). For few
    /// values it is slightly too narrow, so it is widened to the order statistics that cover the median with at least
    /// 95% for any distribution (Hahn and Meeker 1991, section 5.2).
    fn of_median(values: &[f64]) -> Option<Self> {
        let n = values.len();
        if n < LEAST_PAIRS {
            return None;
        }
        let mut draws = Draws::new(SEED, 0);
        let mut resample = || (0..n).map(|_| values[draws.below(n as u128) as usize]).collect::<Vec<f64>>();
        let medians: Vec<f64> = (0..RESAMPLES).filter_map(|_| median(&resample())).collect();
        let mut medians = Data::new(medians);
        let [low, high] = [MISSED / 2.0, 1.0 - MISSED / 2.0].map(|share| medians.quantile(share));
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let outer = outside(n)?;
        Some(Self { low: low.min(sorted[outer]), high: high.max(sorted[n - 1 - outer]) })
    }
}

/// How many of `n` values may be dropped at each end so that the rest still covers the median with 95%.
fn outside(n: usize) -> Option<usize> {
    let below = Binomial::new(0.5, n as u64).ok()?;
    (0..n / 2).take_while(|&at| 2.0 * below.cdf(at as u64) <= MISSED).last()
}

/// Indices of outliers by the modified z-score, which is robust against the outliers themselves (Iglewicz and Hoaglin
/// 1993). If the median deviation is zero, the mean deviation replaces it.
#[must_use]
pub fn outliers(values: &[f64]) -> Vec<usize> {
    let Some(centre) = median(values) else { return Vec::new() };
    let deviations: Vec<f64> = values.iter().map(|value| (value - centre).abs()).collect();
    let scale = match median(&deviations) {
        Some(mad) if mad > 0.0 => 1.4826 * mad,
        _ => 1.2533 * deviations.iter().sum::<f64>() / deviations.len() as f64,
    };
    let far = |deviation: f64| deviation > FAR * scale && deviation > NEAR * centre.abs();
    (0..values.len()).filter(|&at| far(deviations[at])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_of_one_to_ten() {
        let values: Vec<f64> = (1..=10).rev().map(f64::from).collect();
        let spread = TimeSpread::of(&values).unwrap();
        // computed by hand, definition 8: position (10 + 1/3) p + 1/3
        assert!((spread.q1 - 35.0 / 12.0).abs() < 1e-12 && (spread.q3 - 97.0 / 12.0).abs() < 1e-12);
        assert_eq!((spread.median, spread.min, spread.max), (5.5, 1.0, 10.0));
        assert_eq!(spread.iqr, spread.q3 - spread.q1);
        assert_eq!(TimeSpread::of(&[]), None);
    }

    #[test]
    fn one_value_is_all_of_it() {
        let spread = TimeSpread { median: 2.0, q1: 2.0, q3: 2.0, iqr: 0.0, min: 2.0, max: 2.0 };
        assert_eq!(TimeSpread::of(&[2.0]), Some(spread));
        assert_eq!(Ratio::paired(&[2.0], &[4.0]), Some(Ratio { median: 0.5, interval: None }));
    }

    #[test]
    fn equal_ratios_leave_no_doubt() {
        let base = [1.0, 7.0, 3.0, 2.0, 4.0, 9.0];
        let times = base.map(|time| 3.0 * time);
        let ratio = Ratio::paired(&times, &base).unwrap();
        assert_eq!(ratio, Ratio { median: 3.0, interval: Some(Interval { low: 3.0, high: 3.0 }) });
        assert_eq!(
            (ratio.faster(), Ratio::paired(&base, &times).unwrap().faster()),
            (Some(false), Some(true))
        );
    }

    #[test]
    fn five_pairs_decide_nothing() {
        let ratio = Ratio::paired(&[1.0; 5], &[9.0; 5]).unwrap();
        assert_eq!((ratio.median, ratio.interval, ratio.faster()), (1.0 / 9.0, None, None));
        assert!(Ratio::paired(&[1.0; 6], &[9.0; 6]).unwrap().faster() == Some(true));
    }

    #[test]
    fn the_interval_of_a_median_is_that_of_its_order_statistics() {
        // The median of a resample of 9 is at most the i-th value when at least 5 of 9 draws are:
        // P(binomial(9, i/9) >= 5) is 0.001 for i = 1, 0.030 for i = 2: 2.5% lies at the second value.
        // And fewer than 2 of 9 values lie below their median with probability 10/512, within 2.5%.
        let values: Vec<f64> = (1..=9).map(f64::from).collect();
        let ratio = Ratio::paired(&values, &[1.0; 9]).unwrap();
        assert_eq!(ratio, Ratio { median: 5.0, interval: Some(Interval { low: 2.0, high: 8.0 }) });
        assert_eq!(Ratio::paired(&values, &[1.0; 9]), Some(ratio));
        // by the table of the sign test: 2 x binomial(n, 1/2) up to that is at most 5%
        let known = [(5, None), (6, Some(0)), (8, Some(0)), (9, Some(1)), (12, Some(2)), (20, Some(5))];
        assert!(known.iter().all(|&(n, outer)| outside(n) == outer));
    }

    #[test]
    fn few_values_have_wide_intervals() {
        for n in LEAST_PAIRS..=8 {
            // of 8 values the second to the seventh hold the median in 93% only
            let values: Vec<f64> = (1..=n).map(|value| value as f64).collect();
            assert_eq!(Interval::of_median(&values), Some(Interval { low: 1.0, high: n as f64 }));
        }
    }

    #[test]
    fn far_values_are_outliers_and_near_ones_not() {
        let mut values = [1.0, 1.02, 0.98, 1.01, 0.99, 1.0, 1.03, 0.97];
        assert!(outliers(&values).is_empty());
        values[5] = 2.0;
        assert_eq!(outliers(&values), [5]);
        assert_eq!(outliers(&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 9.0]), [7]);
        assert!(outliers(&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.04]).is_empty()); // 4% is noise
        assert!(outliers(&[]).is_empty());
    }
}
