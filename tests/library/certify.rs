//! The certificate, on a scalar model of guess and certify: it proves no wrong label, and unsound bounds do.
//!
//! The model computes scores as a kernel may: in `f32`, in several orders of summation, fused or not, rounded
//! to nearest or always to one side, factors included. The rule is that of docs/DEFINITION.md, section 4.4, or one of its
//! two mutations.

use cairn::engine::certify::{
    UNIT_CPU, UNIT_WGSL, centroid_error, gamma, is_f16, matrix_scores_are_exact, matrix_share, point_error,
    scores_are_exact,
};
use cairn::engine::reference::assign::assign;
use cairn::engine::reference::seed;
use cairn::kmeans::KMeans;
use cairn::lattice::Table;
use proptest::prelude::*;

use crate::common::{
    Adversary, Case, Numbers, bisector, dataset, deterministic, digits, far_centroid, normal, processor,
    shapes,
};

/// What a label is proven by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// `s_i - E_i > s_best + E_best` for every other centroid i.
    Sound,
    /// A bound of 0.
    Zero,
    /// E_best used for E_i.
    BestForAll,
}

/// How a kernel adds up the products of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// From the half norm, first to last.
    Forward,
    /// From the half norm, last to first.
    Backward,
    /// The products first, then from the half norm.
    DotFirst,
    /// Eight partial sums, then those.
    Eight,
}

/// How a result is rounded to `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rounding {
    Nearest,
    Down,
    Up,
}

/// The arithmetic of a kernel.
#[derive(Debug, Clone, Copy)]
struct Arithmetic {
    order: Order,
    rounding: Rounding,
    fused: bool,
}

impl Arithmetic {
    /// All that WGSL allows; those that round to nearest are a CPU's.
    fn all() -> Vec<Self> {
        let orders = [Order::Forward, Order::Backward, Order::DotFirst, Order::Eight];
        let roundings = [Rounding::Nearest, Rounding::Down, Rounding::Up];
        let each =
            |order| roundings.map(|rounding| [true, false].map(|fused| Self { order, rounding, fused }));
        orders.into_iter().flat_map(each).flatten().collect()
    }

    fn unit(self) -> f64 {
        if self.rounding == Rounding::Nearest { UNIT_CPU } else { UNIT_WGSL }
    }

    fn round(self, x: f64) -> f32 {
        let near = x as f32;
        match self.rounding {
            Rounding::Down if f64::from(near) > x => near.next_down(),
            Rounding::Up if f64::from(near) < x => near.next_up(),
            _ => near,
        }
    }

    /// `sum + a b`. Products of `f32` are exact in `f64`.
    fn add_product(self, sum: f32, a: f32, b: f32) -> f32 {
        let product = f64::from(a) * f64::from(b);
        let product = if self.fused { product } else { self.round(product).into() };
        self.round(f64::from(sum) + product)
    }

    fn add(self, a: f32, b: f32) -> f32 {
        self.round(f64::from(a) + f64::from(b))
    }

    /// The score of a centroid, given the half of its squared norm.
    fn score(self, x: &[f32], c: &[f32], half_norm: f32) -> f32 {
        let pairs = || x.iter().zip(c);
        match self.order {
            Order::Forward => pairs().fold(half_norm, |sum, (&x, &c)| self.add_product(sum, -x, c)),
            Order::Backward => pairs().rev().fold(half_norm, |sum, (&x, &c)| self.add_product(sum, -x, c)),
            Order::DotFirst => {
                let dot = pairs().fold(0.0, |sum, (&x, &c)| self.add_product(sum, x, c));
                self.add(half_norm, -dot)
            }
            Order::Eight => {
                let mut sums = [0.0; 8];
                for (j, (&x, &c)) in pairs().enumerate() {
                    sums[j % 8] = self.add_product(sums[j % 8], x, c);
                }
                let dot = sums.into_iter().reduce(|a, b| self.add(a, b)).unwrap_or(0.0);
                self.add(half_norm, -dot)
            }
        }
    }

    /// The half norm: rounded once on a CPU; summed like all else by a kernel that has no `f64`.
    fn half_norm(self, c: &Place) -> f32 {
        if self.rounding == Rounding::Nearest {
            return c.half_norm as f32;
        }
        let pairs = c.plain(self).into_iter().zip(c.scaled(self));
        0.5 * pairs.fold(0.0, |sum, (c, scaled)| self.add_product(sum, c, scaled))
    }
}

/// A point or centroid, seen from the centre, of a table whose features count by these factors (`4^-e` in a mixed
/// table).
struct Place {
    whole: Vec<i64>,
    factors: Vec<f32>,
    half_norm: f64,
}

impl Place {
    fn new(whole: Vec<i64>, factors: &[f32]) -> Self {
        let square = |(&q, &factor): (&i64, &f32)| (q as f64).powi(2) * f64::from(factor);
        let half_norm = whole.iter().zip(factors).map(square).sum::<f64>() / 2.0;
        Self { whole, factors: factors.to_vec(), half_norm }
    }

    /// Of a uniform table.
    fn uniform(whole: Vec<i64>) -> Self {
        let factors = vec![1.0; whole.len()];
        Self::new(whole, &factors)
    }

    /// A row of a table.
    fn of(table: &Table, row: &[i32]) -> Self {
        let factors: Vec<f32> = table.lattice.shift.iter().map(|&e| 0.25f32.powi(e as i32)).collect();
        Self::new(row.iter().zip(&table.centre).map(|(q, m)| i64::from(q - m)).collect(), &factors)
    }

    /// The factors that a kernel multiplies.
    fn plain(&self, arithmetic: Arithmetic) -> Vec<f32> {
        self.whole.iter().map(|&q| arithmetic.round(q as f64)).collect()
    }

    fn scaled(&self, arithmetic: Arithmetic) -> Vec<f32> {
        self.plain(arithmetic).iter().zip(&self.factors).map(|(q, factor)| q * factor).collect()
    }
}

/// Scores and their bounds.
fn scores(arithmetic: Arithmetic, x: &Place, centroids: &[Place]) -> (Vec<f32>, Vec<f32>) {
    let gamma = gamma(x.whole.len(), arithmetic.unit());
    let plain = x.plain(arithmetic);
    let score = |c: &Place| arithmetic.score(&plain, &c.scaled(arithmetic), arithmetic.half_norm(c));
    let own = point_error(gamma, x.half_norm);
    let error = |c: &Place| arithmetic.add(own, centroid_error(gamma, c.half_norm));
    (centroids.iter().map(score).collect(), centroids.iter().map(error).collect())
}

/// The label of a point if the rule proves it.
fn proven(rule: Rule, arithmetic: Arithmetic, scores: &[f32], errors: &[f32]) -> Option<usize> {
    let best = (0..scores.len()).reduce(|best, i| if scores[i] < scores[best] { i } else { best })?;
    let error = |i: usize| match rule {
        Rule::Sound => errors[i],
        Rule::Zero => 0.0,
        Rule::BestForAll => errors[best],
    };
    let limit = arithmetic.add(scores[best], error(best));
    (0..scores.len()).all(|i| i == best || arithmetic.add(scores[i], -error(i)) > limit).then_some(best)
}

/// How many labels of the rows of `table` a rule proves, and how many of these are wrong.
fn tally(rule: Rule, arithmetic: Arithmetic, table: &Table, centroids: &[i32]) -> (usize, usize) {
    let truth = assign(table, centroids);
    let places: Vec<Place> =
        centroids.chunks_exact(table.n_dims()).map(|centroid| Place::of(table, centroid)).collect();
    let (mut n_proven, mut n_wrong) = (0, 0);
    for (i, &truth) in truth.iter().enumerate() {
        let (scores, errors) = scores(arithmetic, &Place::of(table, table.point(i)), &places);
        if let Some(label) = proven(rule, arithmetic, &scores, &errors) {
            n_proven += 1;
            n_wrong += usize::from(label != truth as usize);
        }
    }
    (n_proven, n_wrong)
}

/// Wrong labels that a rule proves, over all arithmetics.
fn wrong(rule: Rule, adversary: &Adversary) -> usize {
    let case = adversary.case(1);
    let centroids = seed::seed(&case.job(), 0);
    Arithmetic::all().into_iter().map(|arithmetic| tally(rule, arithmetic, &case.table, &centroids).1).sum()
}

fn bisectors() -> Vec<Adversary> {
    [2, 16, 300, 700].into_iter().map(|d| bisector(d, d as u64)).collect()
}

fn far_centroids() -> Vec<Adversary> {
    [(300, 0), (300, 299), (400, 131), (400, 268)].map(|(d, at)| far_centroid(d, at, at as u64)).into()
}

#[test]
fn the_rule_never_proves_a_wrong_label() {
    for adversary in bisectors().iter().chain(&far_centroids()) {
        assert_eq!(wrong(Rule::Sound, adversary), 0, "n_dims = {}", adversary.n_dims);
    }
}

/// The first mutation. Were it not caught here, no test of the certificate would mean anything.
#[test]
fn a_bound_of_zero_is_caught() {
    for adversary in bisectors() {
        assert!(wrong(Rule::Zero, &adversary) > 0, "n_dims = {}", adversary.n_dims);
    }
}

/// The second mutation: the far centroid's own error is what must be doubted.
#[test]
fn the_bound_of_the_best_used_for_all_is_caught() {
    for adversary in far_centroids() {
        assert!(wrong(Rule::BestForAll, &adversary) > 0, "n_dims = {}", adversary.n_dims);
    }
}

#[test]
fn the_rule_proves_nearly_all_labels_of_ordinary_tables() {
    for (data, k) in [(digits(), 10), (normal(1000, 16, 1), 50)] {
        let case = Case::new(&data, KMeans::new(k).restarts(1));
        let centroids = &case.oracle().states[0].1.centroids;
        for arithmetic in Arithmetic::all() {
            let (proven, wrong) = tally(Rule::Sound, arithmetic, &case.table, centroids);
            assert_eq!(wrong, 0);
            assert!(proven * 1000 > case.table.n_points() * 995, "{proven} proven with {arithmetic:?}");
        }
    }
}

#[test]
fn the_processor_doubts_what_lies_on_a_bisector() {
    for adversary in bisectors() {
        let case = adversary.case(1);
        let work = case.run(&processor(), 1).work;
        // 40 points exactly on it, two passes
        assert!(work.repaired_points >= 40, "n_dims = {}: {work:?}", adversary.n_dims);
    }
}

#[test]
fn the_processor_doubts_far_centroids() {
    for adversary in far_centroids() {
        let work = adversary.case(1).run(&processor(), 1).work;
        assert!(work.repaired_points > 0, "n_dims = {}: {work:?}", adversary.n_dims);
    }
}

/// Matrix units as `assign_matrix` uses them: so many products are added to the sum at once, cut to this many
/// bits below the exponent of the largest.
#[derive(Debug, Clone, Copy)]
struct Units {
    block: usize,
    bits: i32,
}

impl Units {
    /// From one product at a time to a whole row of 16, with no bit to spare or a few.
    fn all() -> Vec<Self> {
        [1, 4, 8, 16].into_iter().flat_map(|block| [23, 24, 26].map(|bits| Self { block, bits })).collect()
    }

    fn sum(self, x: &[f32], c: &[f32]) -> f32 {
        let products: Vec<f64> = x.iter().zip(c).map(|(&x, &c)| f64::from(x) * f64::from(c)).collect();
        products.chunks(self.block).fold(0.0, |sum, block| self.add(sum, block))
    }

    fn add(self, sum: f32, block: &[f64]) -> f32 {
        let all = || block.iter().copied().chain([f64::from(sum)]);
        let largest = all().map(f64::abs).fold(0.0, f64::max);
        if largest == 0.0 {
            return 0.0;
        }
        let step = 2f64.powi(largest.log2().floor() as i32 - self.bits);
        let total: f64 = all().map(|x| (x / step).trunc() * step).sum();
        let near = total as f32;
        let away = f64::from(near).abs() > total.abs();
        if away { if near > 0.0 { near.next_down() } else { near.next_up() } } else { near }
    }

    /// The score of a centroid and the bound of its error, with both rounded to f16.
    fn score(self, x: &Place, c: &Place, rounded: bool) -> (f32, f64) {
        let d = x.whole.len();
        let f16 =
            |place: &Place| place.whole.iter().map(|&q| to_f16(q as f32 / 65_536.0)).collect::<Vec<f32>>();
        let gamma = gamma(d, UNIT_WGSL);
        let h = c.half_norm as f32;
        let flushed = 8192.0 * (d as f64).sqrt();
        let roots = ((2.0 * x.half_norm).sqrt() + flushed) * (f64::from(h).sqrt() + flushed);
        let error = matrix_share(d, rounded) * roots + 3.0 * f64::from(gamma) * f64::from(h);
        (h - 2f32.powi(32) * self.sum(&f16(x), &f16(c)), error)
    }
}

/// Rounds to the nearest f16, ties to even; to zero where that is subnormal.
fn to_f16(x: f32) -> f32 {
    let bits = x.to_bits();
    let near = f32::from_bits((bits + 0xfff + ((bits >> 13) & 1)) & !0x1fff);
    if near.abs() < 2f32.powi(-14) { 0.0 } else { near }
}

/// Twice a score, exactly.
fn exact_double(x: &Place, c: &Place) -> i128 {
    x.whole.iter().zip(&c.whole).map(|(&x, &c)| i128::from(c) * i128::from(c - 2 * x)).sum()
}

proptest! {
    #![proptest_config(deterministic(60))]

    /// |s^ - s| <= E, the inequality itself, for points and centroids of any size and direction.
    #[test]
    fn no_score_errs_by_more_than_its_bound(d in 1..900usize, seed: u64, parallel: bool, bits in 1..32u32) {
        let mut numbers = Numbers::new(seed);
        let edge = (1i64 << 31) - 1;
        let most = (1i64 << bits) - 1;
        for _ in 0..4 {
            let x = Place::uniform((0..d).map(|_| numbers.whole(-most, most) as i64).collect());
            // products of one sign, or of both
            let c = if parallel {
                let times = numbers.below(3) as i64;
                Place::uniform(x.whole.iter().map(|x| (x * times).clamp(-edge, edge)).collect())
            } else {
                Place::uniform((0..d).map(|_| numbers.whole(-edge, edge) as i64).collect())
            };
            let double = exact_double(&x, &c);
            for arithmetic in Arithmetic::all() {
                let (scores, errors) = scores(arithmetic, &x, std::slice::from_ref(&c));
                let error = (f64::from(scores[0]) * 2.0) as i128 - double;
                prop_assert!(error.unsigned_abs() as f64 <= 2.0 * f64::from(errors[0]), "{arithmetic:?}: {error}");
            }
        }
    }

    /// The same on matrix units, for points and centroids that look the same way, opposite ways, or neither, and
    /// lose the most or anything in f16.
    #[test]
    fn no_score_of_matrix_units_errs_by_more_than_its_bound(
        d in 1..300usize,
        seed: u64,
        way in 0..3usize,
        bits in 1..31u32,
        hard: bool,
    ) {
        let mut numbers = Numbers::new(seed);
        // hard ones lie just below the middle of two f16
        let hard = hard && bits > 12;
        let mut value = |sign: f64| {
            let most = 1i64 << bits;
            (if hard { sign * (most + most / 2048 - 1) as f64 } else { sign * numbers.whole(0, most) }) as i64
        };
        let signs: Vec<f64> = (0..d).map(|_| value(1.0)).map(|x| if x % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let x = Place::uniform(signs.iter().map(|&sign| value(sign)).collect());
        let c = [1.0, -1.0, 0.0][way];
        let c = Place::uniform(signs.iter().map(|&sign| value(if c == 0.0 { 1.0 } else { c * sign })).collect());
        let rounded = !is_f16(1 << bits, 0);
        let double = exact_double(&x, &c);
        for units in Units::all() {
            let (score, error) = units.score(&x, &c, rounded);
            let off = (f64::from(score) * 2.0) as i128 - double;
            prop_assert!(off.unsigned_abs() as f64 <= 2.0 * error, "{units:?}: {off} > 2 * {error}");
        }
    }

    #[test]
    fn the_rule_holds_on_tables_of_all_kinds(shape in shapes(60, 30, 20)) {
        let case = shape.case();
        let centroids = &case.oracle().states[0].1.centroids;
        for arithmetic in Arithmetic::all() {
            prop_assert_eq!(tally(Rule::Sound, arithmetic, &case.table, centroids).1, 0);
        }
    }

    /// Where scores are said to be exact they are, in any order and rounding.
    #[test]
    fn exact_scores_are_exact(d in 1..200usize, most in 1..200u32, granularity in 0..22u32, seed: u64) {
        prop_assume!(scores_are_exact(d, most << granularity, granularity));
        let mut numbers = Numbers::new(seed);
        // the largest values, mostly: those are the hardest
        let mut value = || {
            let most = i64::from(most);
            let value = if numbers.below(4) == 0 { numbers.whole(-most, most) } else { most as f64 };
            (value * f64::from(1 << granularity)) as i64
        };
        let x = Place::uniform((0..d).map(|_| value()).collect());
        let c = Place::uniform((0..d).map(|_| value()).collect());
        for arithmetic in Arithmetic::all() {
            let (scores, _) = scores(arithmetic, &x, std::slice::from_ref(&c));
            prop_assert_eq!((f64::from(scores[0]) * 2.0) as i128, exact_double(&x, &c));
        }
    }
}

/// What half the bound is caught by in the kernel: the errors that f16 makes there are nearly all that it may make.
#[test]
fn the_bound_of_matrix_units_is_no_larger_than_it_must_be() {
    let v = (1 << 27) + (1 << 16) - (1 << 7);
    let (x, c) = (Place::uniform(vec![v]), Place::uniform(vec![4 * v]));
    for units in Units::all() {
        let (score, error) = units.score(&x, &c, true);
        let off = f64::from(score) - exact_double(&x, &c) as f64 / 2.0;
        assert!(off > 0.9 * error && off <= error, "{units:?}: {off} of {error}");
    }
}

#[test]
fn small_integers_are_exact_on_matrix_units() {
    let mut numbers = Numbers::new(7);
    for (d, most) in [(64, 52), (784, 14), (4, 209)] {
        let most = 2 * most;
        assert!(matrix_scores_are_exact(d, most, 0) && is_f16(most << 16, 16));
        for _ in 0..50 {
            let mut place = || {
                let most = i64::from(most);
                Place::uniform((0..d).map(|_| 65_536 * numbers.whole(most - 1, most) as i64).collect())
            };
            let (x, c) = (place(), place());
            for units in Units::all() {
                assert_eq!((f64::from(units.score(&x, &c, false).0) * 2.0) as i128, exact_double(&x, &c));
            }
        }
    }
    assert!(!matrix_scores_are_exact(64, 106, 0));
}

#[test]
fn beyond_the_limit_of_exact_scores_they_are_rounded() {
    let (d, steps) = (1000, 250);
    assert!(!scores_are_exact(d, steps, 0));
    let mut numbers = Numbers::new(5);
    let mut place = || Place::uniform((0..d).map(|_| numbers.whole(200, i64::from(steps)) as i64).collect());
    let (x, c) = (place(), place());
    let score = |arithmetic| scores(arithmetic, &x, std::slice::from_ref(&c)).0[0];
    let exact = |arithmetic| (f64::from(score(arithmetic)) * 2.0) as i128 == exact_double(&x, &c);
    assert!(!Arithmetic::all().into_iter().all(exact));
}

#[test]
fn binary_tables_need_no_repair() {
    let mut numbers = Numbers::new(6);
    let data = dataset(20, (0..500 * 20).map(|_| numbers.whole(0, 1)).collect());
    let work = Case::new(&data, KMeans::new(8).restarts(3)).run(&processor(), 3).work;
    // starts are rows: the first pass is exact, ties and all
    assert_eq!(work.repaired_points, work.later_repaired_points);
}
