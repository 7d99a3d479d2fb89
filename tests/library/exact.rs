//! Fits of random tables, checked in whole numbers of any length: every `f64` is a whole number of some power of two.
//!
//! **Labels.** A label names a nearest one of the returned centroids: none has a smaller distance. Two roundings can make
//! a farther one right: rows are placed on the lattice, at most half a step away, and centroids are returned as `f64`, at
//! most half a unit of the last place away. So another label must name a nearest centroid before these roundings, of the
//! row's place and the lattice points, where there is no tolerance at all. That no place and no returned centroid is
//! farther away than that is checked too.
//!
//! **Inertia.** It is the sum of weighted squared distances on the lattice, rounded to `f64`. How it differs from the sum
//! of the rows as given, [`Inertia`] says.

use std::collections::HashMap;

use cairn::data::Dataset;
use cairn::engine::Device;
use cairn::kmeans::{Fit, KMeans, fit};
use cairn::lattice::{Rounding, Weights};
use cairn::warnings::{self, WarningCode};
use num_bigint::BigInt;
use num_rational::BigRational;

use crate::common::{Numbers, dataset, shape, values, weighted};

/// Tables of each kind.
const TABLES: u64 = 200;
/// An inertia is close to another if it is within one part in this.
const CLOSE: u64 = 1_000_000_000;
/// The same for an inertia that differs by the roundings of two operations.
const TWO_ROUNDINGS: u64 = 1 << 51;

/// What a table is filled with. Unless it says otherwise, values are nearly Gaussian and weights 1.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// All values in one unit, from 1e-300 to 1e300.
    Scales,
    /// Each column in its own unit: 1e-3 to 1e3, 1e-12 to 1e12, or 1e-300 to 1e300.
    Columns,
    /// Each column around its own value, up to 1e15; as narrow as 1e-3.
    Offsets,
    /// Two decimals, as in most files.
    Decimals,
    /// A few distinct rows, often fewer than clusters.
    Duplicates,
    /// Seven whole numbers, in units of a power of two from 1e-298 to 1e298: ties.
    Ties,
    /// Weights 0 to 8.
    WholeWeights,
    /// Whole weights up to 4e9.
    LargeWeights,
    /// Weights 0, 0.1, 0.2, .. 2.
    Tenths,
    /// One value of 8 to 2e18, in units of 1e-271 to 1e271.
    Outlier,
}

/// What the shown inertia is: the first of these that holds. An exact sum is one of the rows and weights as given, and the
/// centroids that their labels name.
#[derive(Debug, Clone, Copy)]
enum Inertia {
    /// Within 1e-9 of the exact sum, to the centroids as returned. 0 is within 1e-9 of 0 only.
    Close,
    /// Within 1e-9 of the exact sum, to the centroids before they were rounded to `f64`. Far from 0 a mean lies between two
    /// floats.
    Unrounded,
    /// 0 where every cluster holds copies of one row, so the least sum is 0. The returned centroid is the row's place.
    Copies,
    /// Farther from the exact sum, but within 1e-6, or 1% beside an outlier, and the fit says that rows or weights were
    /// rounded. A row moves by up to half a step of 31 bits, or fewer bits under large weights, which is more than 1e-9 of a
    /// distance within a tight cluster; a weight by up to half a unit of 32 bits.
    Rounded,
    /// Any other, where a warning says that rounding is the cause.
    Warned,
}

/// Of how many tables of each kind the inertia is what, in the order of [`Inertia`], and how many labels name a nearest
/// centroid only before rounding. Only outliers need a warning; only far from 0, and beside outliers, can a label name a
/// farther one of the returned centroids.
const KINDS: [(Kind, [u64; 5], usize); 10] = [
    (Kind::Scales, [168, 0, 13, 19, 0], 0),
    (Kind::Columns, [132, 0, 9, 59, 0], 0),
    (Kind::Offsets, [156, 25, 5, 14, 0], 0),
    (Kind::Decimals, [173, 0, 3, 24, 0], 0),
    (Kind::Duplicates, [112, 0, 68, 20, 0], 0),
    (Kind::Ties, [200, 0, 0, 0, 0], 0),
    (Kind::WholeWeights, [164, 0, 9, 27, 0], 0),
    (Kind::LargeWeights, [22, 0, 5, 173, 0], 0),
    (Kind::Tenths, [54, 0, 9, 137, 0], 0),
    (Kind::Outlier, [35, 0, 7, 66, 92], 4),
];

#[test]
fn labels_are_nearest_and_inertia_is_exact_or_explained() {
    for (kind, of_inertia, of_labels) in KINDS {
        let (mut inertias, mut labels) = ([0; 5], 0);
        for number in 0..TABLES {
            let (data, k) = kind.table(number);
            let name = format!("{kind:?} {number}, {:?}, {k} clusters", shape(&data));
            let fit = fit_on_cpu(&data, k, number);
            let exact = Exact::new(&fit, &data);
            exact.assert_places(&fit, &name);
            labels += exact.assert_labels(&name);
            inertias[exact.inertia_of(&fit, &data, kind.most_off(), &name) as usize] += 1;
        }
        assert_eq!((inertias, labels), (of_inertia, of_labels), "{kind:?}");
    }
}

fn fit_on_cpu(data: &Dataset<'_>, k: usize, seed: u64) -> Fit {
    let params = KMeans::new(k).restarts(3).seed(seed).device(Device::Cpu).check();
    fit(data, &params.expect("the parameters make sense")).expect("the fit succeeds")
}

/// A fit that a test is to break, and its table.
fn sound() -> (Fit, Dataset<'static>) {
    let (data, k) = Kind::Decimals.table(0);
    (fit_on_cpu(&data, k, 0), data)
}

#[test]
#[should_panic(expected = "of a farther centroid")]
fn a_wrong_label_is_detected() {
    let (mut fit, data) = sound();
    let label = &mut fit.state.labels[7];
    *label = u32::from(*label == 0);
    Exact::new(&fit, &data).assert_labels("a wrong label");
}

#[test]
#[should_panic(expected = "a wrong inertia: inertia")]
fn a_wrong_inertia_is_detected() {
    let (mut fit, data) = sound();
    fit.best.inertia += fit.best.inertia >> 40;
    Exact::new(&fit, &data).inertia_of(&fit, &data, 1_000_000, "a wrong inertia");
}

#[test]
#[should_panic(expected = "a row moved: rounding")]
fn a_silent_rounding_is_detected() {
    let (mut fit, data) = sound();
    fit.rounding.rms = 0.0;
    Exact::new(&fit, &data).assert_places(&fit, "a row moved");
}

#[test]
#[should_panic(expected = "and no warning")]
fn a_missing_warning_is_detected() {
    // the far row leaves the others on one place, so inertia is 0
    let data = weighted(dataset(1, vec![0.0, 1.0, 1e15]), &[1.0; 3]);
    let mut fit = fit_on_cpu(&data, 2, 0);
    let inertia = |fit: &Fit| Exact::new(fit, &data).inertia_of(fit, &data, 100, "far");
    assert!(matches!(inertia(&fit), Inertia::Warned));
    fit.rounding = Rounding::default();
    inertia(&fit);
}

impl Kind {
    /// Table `number` of this kind, and a number of clusters for it.
    fn table(self, number: u64) -> (Dataset<'static>, usize) {
        let mut numbers = Numbers::new(number * 10 + self as u64);
        let (n, d) = (1 + numbers.below(40) as usize, 1 + numbers.below(5) as usize);
        let k = 1 + numbers.below(6.min(n as u64)) as usize;
        let data = dataset(d, self.fill(n, d, &mut numbers));
        // as many rows as clusters must count
        let weights = (0..n).map(|i| self.weight(i64::from(i < k), &mut numbers));
        (weighted(data, &weights.collect::<Vec<_>>()), k)
    }

    fn weight(self, least: i64, numbers: &mut Numbers) -> f64 {
        match self {
            Self::WholeWeights => numbers.whole(least, 8),
            Self::LargeWeights => numbers.whole(least, 4_000_000_000),
            Self::Tenths => numbers.whole(least, 20) / 10.0,
            _ => 1.0,
        }
    }

    /// Without a warning, rounding changes an inertia by at most one part in this. See also section 2.9 of
    /// docs/DEFINITION.md.
    fn most_off(self) -> u64 {
        if matches!(self, Self::Outlier) { 100 } else { 1_000_000 }
    }

    /// Values, row by row. (n_points, n_dims)
    fn fill(self, n: usize, d: usize, numbers: &mut Numbers) -> Vec<f64> {
        let columns = self.columns(d, numbers);
        let value = |at: usize, numbers: &mut Numbers| {
            let (offset, scale) = columns[at % d];
            offset + scale * self.value(numbers)
        };
        let mut values: Vec<f64> = (0..n * d).map(|at| value(at, numbers)).collect();
        match self {
            Self::Duplicates => {
                let from = |numbers: &mut Numbers| d * numbers.below(1 + n as u64 / 6) as usize;
                (0..n).flat_map(|_| values[from(numbers)..][..d].to_vec()).collect()
            }
            Self::Outlier => {
                values[numbers.below((n * d) as u64) as usize] = columns[0].1 * power(3, 60, numbers);
                values
            }
            _ => values,
        }
    }

    /// Offset and scale of each column. (n_dims)
    fn columns(self, d: usize, numbers: &mut Numbers) -> Vec<(f64, f64)> {
        let scale = match self {
            Self::Scales => power(-996, 996, numbers),
            Self::Offsets => power(-10, 30, numbers),
            Self::Ties => libm::ldexp(1.0, numbers.whole(-990, 990) as i32),
            Self::Outlier => power(-900, 900, numbers),
            _ => 1.0,
        };
        let most = [10, 40, 996][numbers.below(3) as usize];
        let column = |_| match self {
            Self::Columns => (0.0, power(-most, most, numbers)),
            Self::Offsets => (power(0, 49, numbers) * numbers.whole(-1, 1), scale),
            _ => (0.0, scale),
        };
        (0..d).map(column).collect()
    }

    fn value(self, numbers: &mut Numbers) -> f64 {
        match self {
            Self::Decimals => numbers.whole(-500, 5000) / 100.0,
            Self::Ties => numbers.whole(-3, 3),
            _ => numbers.normal(),
        }
    }
}

/// A number between `2^lo` and `2^(hi + 1)`, of random bits.
fn power(lo: i64, hi: i64, numbers: &mut Numbers) -> f64 {
    libm::ldexp(1.0 + numbers.unit(), numbers.whole(lo, hi) as i32)
}

/// Rows of whole numbers. (any, n_dims)
type Rows = Vec<Vec<BigInt>>;

/// A table and its fit in whole numbers of `2^unit`, with weights in whole numbers of `2^weight_unit`.
struct Exact {
    unit: i32,
    /// As given.
    rows: Rows,
    /// The places of the rows on the lattice.
    places: Rows,
    /// As returned.
    centroids: Rows,
    /// The centroids on the lattice.
    lattice_points: Rows,
    /// Half a step of each feature. (n_dims)
    half_steps: Vec<BigInt>,
    weight_unit: i32,
    /// As given.
    weights: Vec<BigInt>,
    /// The integers of the fit, each times the weight that 1 stands for.
    placed_weights: Vec<BigInt>,
    labels: Vec<usize>,
}

impl Exact {
    fn new(fit: &Fit, data: &Dataset<'_>) -> Self {
        let lattice = &fit.lattice;
        let d = lattice.n_dims();
        let (rows, centroids) = (values(data), fit.centroids().iter().copied().collect::<Vec<_>>());
        let floats = rows.iter().chain(&centroids).chain(&lattice.offset).map(|&x| parts(x).1);
        let unit = floats.chain(lattice.exponent.iter().map(|p| p - 1)).min().expect("a row");
        let step = |j: usize| BigInt::from(1) << (lattice.exponent[j] - unit);
        let point = |(at, q): (usize, BigInt)| whole(lattice.offset[at % d], unit) + q * step(at % d);
        let place = |(at, &x): (usize, &f64)| point((at, whole(lattice.place(x, at % d), 0)));
        let lattice_points = fit.state.centroids.iter().map(|&q| BigInt::from(q)).enumerate().map(point);
        let weights = data.weights.as_deref().expect("weights");
        let integers = Weights::new(weights, weights.len()).expect("the weights make sense");
        let floats = weights.iter().copied().chain([integers.unit()]);
        let weight_unit = floats.map(|w| parts(w).1).min().expect("a row");
        let of_one = whole(integers.unit(), weight_unit);
        Self {
            unit,
            places: by_row(d, rows.iter().enumerate().map(place)),
            rows: by_row(d, rows.iter().map(|&x| whole(x, unit))),
            lattice_points: by_row(d, lattice_points),
            centroids: by_row(d, centroids.iter().map(|&x| whole(x, unit))),
            half_steps: (0..d).map(|j| step(j) / 2).collect(),
            weight_unit,
            weights: weights.iter().map(|&w| whole(w, weight_unit)).collect(),
            placed_weights: (0..weights.len()).map(|i| &of_one * integers.get(i)).collect(),
            labels: fit.labels().iter().map(|&label| label as usize).collect(),
        }
    }

    /// Rows of positive weight are at most half a step from their places, and a millionth of that for the subtraction in
    /// `f64`; the fit says whether all are there exactly. Returned centroids are lattice points rounded to 53 bits.
    fn assert_places(&self, fit: &Fit, name: &str) {
        let (million, zero) = (1_000_000, BigInt::ZERO);
        let exact = self.counted().all(|i| self.rows[i] == self.places[i]);
        assert_eq!(exact, fit.rounding.rms == 0.0, "{name}: rounding {:?}", fit.rounding);
        for i in self.counted() {
            let near = |j: usize| {
                gap(&self.rows[i][j], &self.places[i][j]) * million <= &self.half_steps[j] * (million + 1)
            };
            assert!((0..self.half_steps.len()).all(near), "{name}: row {i} is more than half a step away");
        }
        let centroids = self.centroids.iter().flatten().zip(self.lattice_points.iter().flatten());
        for (at, (value, point)) in centroids.enumerate() {
            assert!(gap(value, point) << 53 <= gap(point, &zero), "{name}: centroid value {at} is no place");
        }
    }

    /// Asserts that every label names a nearest centroid. Returns how many do so only before rounding.
    fn assert_labels(&self, name: &str) -> usize {
        let farther = (0..self.rows.len()).filter(|&i| !self.is_nearest(i, &self.rows[i], &self.centroids));
        let before = |i: usize| {
            let nearest = self.is_nearest(i, &self.places[i], &self.lattice_points);
            assert!(nearest, "{name}: row {i} has label {}, of a farther centroid", self.labels[i]);
        };
        farther.map(before).count()
    }

    /// Whether no centroid is nearer to `row`, which stands for row `i`, than the one that the label names.
    fn is_nearest(&self, i: usize, row: &[BigInt], centroids: &Rows) -> bool {
        let distances: Vec<BigInt> =
            centroids.iter().map(|centroid| squared_distance(row, centroid)).collect();
        distances.iter().all(|distance| distance >= &distances[self.labels[i]])
    }

    /// What the shown inertia is. `most_off` is that of the kind.
    fn inertia_of(&self, fit: &Fit, data: &Dataset<'_>, most_off: u64, name: &str) -> Inertia {
        let shown = shown_inertia(fit);
        let on_lattice = self.sum(&self.places, &self.lattice_points, &self.placed_weights);
        assert!(is_within(&shown, &on_lattice, TWO_ROUNDINGS), "{name}: inertia {shown}, not {on_lattice}");
        let unrounded = self.sum(&self.rows, &self.lattice_points, &self.weights);
        if is_within(&shown, &self.sum(&self.rows, &self.centroids, &self.weights), CLOSE) {
            Inertia::Close
        } else if is_within(&shown, &unrounded, CLOSE) {
            Inertia::Unrounded
        } else if fit.best.inertia == 0 && self.holds_copies() {
            Inertia::Copies
        } else if is_within(&shown, &unrounded, most_off) {
            assert!(fit.rounding.rms > 0.0 || fit.weights_rounding > 0.0, "{name}: nothing rounded");
            Inertia::Rounded
        } else {
            let warnings = warnings::of_fit(fit, data).expect("the rows are in memory");
            let warned = warnings.iter().any(|warning| is_of_rounding(warning.code));
            assert!(warned, "{name}: inertia {}, and no warning", fit.cost_text(fit.best.inertia, 17));
            Inertia::Warned
        }
    }

    /// The weighted sum of squared distances to the centroids that the labels name.
    fn sum(&self, rows: &Rows, centroids: &Rows, weights: &[BigInt]) -> BigRational {
        let cost = |(i, &label): (usize, &usize)| squared_distance(&rows[i], &centroids[label]) * &weights[i];
        let sum: BigInt = self.labels.iter().enumerate().map(cost).sum();
        BigRational::from(sum) * BigRational::from(BigInt::from(2)).pow(2 * self.unit + self.weight_unit)
    }

    /// Rows of positive weight.
    fn counted(&self) -> impl Iterator<Item = usize> {
        (0..self.rows.len()).filter(|&i| self.weights[i] > BigInt::ZERO)
    }

    /// Whether the rows of positive weight are equal to all others of their cluster.
    fn holds_copies(&self) -> bool {
        let mut first = HashMap::new();
        self.counted().all(|i| *first.entry(self.labels[i]).or_insert(&self.rows[i]) == &self.rows[i])
    }
}

fn is_of_rounding(code: WarningCode) -> bool {
    use WarningCode::{CoarseRounding, RowsMerged, StretchedRange, WeightsRounded};
    matches!(code, CoarseRounding | RowsMerged | StretchedRange | WeightsRounded)
}

/// The inertia as it is shown: a float, or text where it is no ordinary one.
fn shown_inertia(fit: &Fit) -> BigRational {
    let inertia = fit.inertia();
    if inertia.is_normal() || fit.best.inertia == 0 {
        return BigRational::from_float(inertia).expect("a finite number");
    }
    let text = fit.cost_text(fit.best.inertia, 17);
    let (digits, power) = text.split_once('e').expect("an exponent");
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len() as i32);
    let power: i32 = power.parse().expect("a whole exponent");
    let digits: BigInt = digits.replace('.', "").parse().expect("digits and a point");
    BigRational::from(digits) * BigRational::from(BigInt::from(10)).pow(power - decimals)
}

/// Whether `x` is within one part in `parts` of `exact`, which is not negative.
fn is_within(x: &BigRational, exact: &BigRational, parts: u64) -> bool {
    let part = exact / BigInt::from(parts);
    (exact - &part..=exact + &part).contains(x)
}

fn squared_distance(a: &[BigInt], b: &[BigInt]) -> BigInt {
    let squared = |(a, b): (&BigInt, &BigInt)| {
        let difference = a - b;
        &difference * &difference
    };
    a.iter().zip(b).map(squared).sum()
}

fn gap(a: &BigInt, b: &BigInt) -> BigInt {
    if a < b { b - a } else { a - b }
}

fn by_row(n_dims: usize, values: impl Iterator<Item = BigInt>) -> Rows {
    values.collect::<Vec<_>>().chunks_exact(n_dims).map(<[BigInt]>::to_vec).collect()
}

/// `x` as an odd number times `2^exponent`; the exponent of 0 is as large as can be.
fn parts(x: f64) -> (i64, i32) {
    let (half, power) = libm::frexp(x); // half is below 1, of 53 bits
    let fraction = libm::ldexp(half, 53) as i64;
    let zeros = fraction.trailing_zeros();
    if fraction == 0 { (0, i32::MAX) } else { (fraction >> zeros, power - 53 + zeros as i32) }
}

/// `x` in units of `2^unit`, of which it is a whole multiple.
fn whole(x: f64, unit: i32) -> BigInt {
    let (odd, exponent) = parts(x);
    if odd == 0 { BigInt::ZERO } else { BigInt::from(odd) << (exponent - unit) }
}
