//! Random shapes and values for proptest.

use cairn::data::Dataset;
use cairn::kmeans::{Init, KMeans};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::{Case, Numbers, dataset, long, weighted};

/// `cases` cases, the same in each run; ten times as many in long runs. `PROPTEST_RNG_SEED=n` runs others.
pub(crate) fn deterministic(cases: u32) -> Config {
    let set = Config::default();
    let rng_seed = match set.rng_seed {
        RngSeed::Random => RngSeed::Fixed(20_260_101),
        fixed => fixed,
    };
    let cases = if long() { 10 * cases } else { cases };
    Config { cases, failure_persistence: None, rng_seed, max_shrink_iters: 200, ..set }
}

/// What a table is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    /// Few whole numbers: ties.
    Grid,
    /// Zeros and ones: ties everywhere.
    Binary,
    /// No structure, no ties.
    Normal,
    /// Few distinct rows: less than clusters, often.
    Duplicates,
    /// Features of unlike scale: mixed tables.
    Scales,
    /// One value far from all others.
    Outlier,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weighting {
    Ones,
    Small,
    /// Some zero, some 65,535, some 2^32 - 1.
    Extreme,
}

/// The parameters of a random case, small enough to read when a test fails.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    n_points: usize,
    n_dims: usize,
    n_clusters: usize,
    values: Values,
    weighting: Weighting,
    random_init: bool,
    tol: f64,
    max_iter: u32,
    restarts: u64,
    seed: u64,
}

/// Shapes up to these sizes.
pub(crate) fn shapes(n_points: usize, n_dims: usize, n_clusters: usize) -> impl Strategy<Value = Shape> {
    use Values::*;
    use Weighting::*;
    let values =
        prop_oneof![Just(Grid), Just(Binary), Just(Normal), Just(Duplicates), Just(Scales), Just(Outlier)];
    let weighting = prop_oneof![3 => Just(Ones), 2 => Just(Small), 1 => Just(Extreme)];
    let sizes = (1..=n_points).prop_flat_map(move |n| (Just(n), 1..=n_dims, 1..=n.min(n_clusters)));
    let stops = (prop_oneof![4 => Just(0.0), 1 => Just(1e-3)], prop_oneof![3 => Just(300), 1 => 1..4u32]);
    (sizes, values, weighting, prop::bool::weighted(0.2), stops, 1..=4u64, any::<u64>()).prop_map(
        |(
            (n_points, n_dims, n_clusters),
            values,
            weighting,
            random_init,
            (tol, max_iter),
            restarts,
            seed,
        )| Shape {
            n_points,
            n_dims,
            n_clusters,
            values,
            weighting,
            random_init,
            tol,
            max_iter,
            restarts,
            seed,
        },
    )
}

impl Shape {
    pub(crate) fn data(&self) -> Dataset<'static> {
        let mut numbers = Numbers::new(self.seed);
        let data = dataset(self.n_dims, self.fill(&mut numbers));
        if self.weighting == Weighting::Ones {
            return data;
        }
        let mut weights: Vec<f64> = (0..self.n_points).map(|_| self.weight(&mut numbers)).collect();
        // as many rows as clusters must count; and rows of no weight must not lie too far from those that do
        let least = match self.values {
            Values::Duplicates | Values::Outlier => self.n_points,
            _ => self.n_clusters.max(2).min(self.n_points),
        };
        weights[..least].iter_mut().for_each(|w| *w = w.max(1.0));
        weighted(data, &weights)
    }

    pub(crate) fn kmeans(&self) -> KMeans {
        let init = if self.random_init { Init::Random } else { Init::KMeansPlusPlus };
        KMeans::new(self.n_clusters)
            .restarts(self.restarts)
            .seed(self.seed)
            .init(init)
            .tol(self.tol)
            .max_iter(self.max_iter)
    }

    pub(crate) fn case(&self) -> Case {
        Case::new(&self.data(), self.kmeans())
    }

    fn weight(&self, numbers: &mut Numbers) -> f64 {
        match (self.weighting, numbers.below(8)) {
            (Weighting::Extreme, 0..3) => 0.0,
            (Weighting::Extreme, 3) => 65_535.0,
            (Weighting::Extreme, 4) => f64::from(u32::MAX),
            _ => 1.0 + numbers.below(7) as f64,
        }
    }

    /// Values, row by row. (n_points, n_dims)
    fn fill(&self, numbers: &mut Numbers) -> Vec<f64> {
        let (n, d) = (self.n_points, self.n_dims);
        let row = |numbers: &mut Numbers| -> Vec<f64> {
            let value = |j: usize| match self.values {
                Values::Grid => numbers.whole(-3, 3),
                Values::Binary => numbers.below(2) as f64,
                Values::Scales => numbers.normal() * 2f64.powi((j as i32 * 7) % 60 - 30),
                Values::Normal | Values::Duplicates | Values::Outlier => numbers.normal(),
            };
            (0..d).map(value).collect()
        };
        let mut values: Vec<f64> = match self.values {
            Values::Duplicates => {
                let distinct: Vec<_> = (0..1 + n / 6).map(|_| row(numbers)).collect();
                (0..n).flat_map(|_| distinct[numbers.below(distinct.len() as u64) as usize].clone()).collect()
            }
            _ => (0..n).flat_map(|_| row(numbers)).collect(),
        };
        if self.values == Values::Outlier {
            values[numbers.below((n * d) as u64) as usize] = 1e7;
        }
        values
    }
}
