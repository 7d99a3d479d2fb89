//! The properties of docs/DEFINITION.md, section 2, on random tables, by proptest.

use cairn::data::Dataset;
use cairn::engine::reference::assign::{assign, assign_outside, inertia};
use cairn::engine::reference::{lloyd, seed};
use cairn::kmeans::{KMeans, pack};
use cairn::lattice::{Lattice, Table};
use ndarray::Array2;
use proptest::prelude::*;

use crate::common::{self, Case, Numbers, dataset, deterministic, shape, shapes, values, weighted};

fn packed(data: &Dataset<'_>) -> Table {
    pack(data, None).expect("the table can be packed")
}

/// Least and largest value of feature `j` over the rows that count.
fn range(data: &Dataset<'_>, table: &Table, j: usize) -> (f64, f64) {
    let (_, d) = shape(data);
    let values = values(data);
    let counted = (0..table.n_points()).filter(|&i| table.weights.get(i) > 0).map(|i| values[i * d + j]);
    counted.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| (lo.min(x), hi.max(x)))
}

proptest! {
    #![proptest_config(deterministic(300))]

    #[test]
    fn coordinates_have_31_bits_and_are_the_nearest(shape in shapes(60, 10, 1)) {
        let data = shape.data();
        let table = packed(&data);
        let d = table.n_dims();
        let outside: Vec<usize> = table.outside.iter().map(|(row, _)| *row).collect();
        for (at, (&q, x)) in table.points.iter().zip(values(&data)).enumerate() {
            prop_assert!(q.abs() <= table.lattice.max_coordinate());
            let half = libm::ldexp(0.5, table.lattice.exponent[at % d]);
            let error = (x - table.lattice.value(q.into(), at % d)).abs();
            prop_assert!(error <= half * (1.0 + 1e-9) || outside.contains(&(at / d)), "{x} is {error} off");
        }
        prop_assert!(outside.iter().all(|&row| table.weights.get(row) == 0));
    }

    #[test]
    fn no_finer_step_would_fit(shape in shapes(60, 10, 1)) {
        let data = shape.data();
        let table = packed(&data);
        let Lattice { exponent, shift, .. } = &table.lattice;
        let varying = |j: &usize| range(&data, &table, *j).0 < range(&data, &table, *j).1;
        // 2^31 steps is the most that a feature can have, and one below half of it would fit a finer lattice
        let steps = |j: usize| {
            let (lo, hi) = range(&data, &table, j);
            libm::ldexp(hi - lo, -exponent[j])
        };
        let full = |j: usize| steps(j) > f64::from(table.lattice.max_coordinate()) * 0.999;
        let mut varying: Vec<usize> = (0..table.n_dims()).filter(varying).collect();
        prop_assert!(varying.is_empty() || varying.iter().any(|&j| full(j)));
        if table.lattice.mixed() {
            let most = shift.iter().copied().max().unwrap_or(0);
            varying.retain(|&j| shift[j] < most || most == 0);
            prop_assert!(varying.iter().all(|&j| full(j)), "{:?}", varying.iter().map(|&j| steps(j)).collect::<Vec<_>>());
        } else {
            prop_assert!(varying.iter().all(|&j| steps(j) >= 65_536.0));
        }
    }

    #[test]
    fn costs_of_a_mixed_table_fit_128_bits(shape in shapes(60, 10, 1), weight in 1..u32::MAX as u64) {
        let data = shape.data();
        let n = data.points.n_points();
        let weights: Vec<f64> = (0..n).map(|i| if i == 0 { 1.0 } else { weight as f64 }).collect();
        let table = packed(&weighted(data, &weights));
        let Lattice { exponent, shift, .. } = &table.lattice;
        let coarsest = exponent.iter().copied().max().unwrap_or(0);
        prop_assert!(exponent.iter().zip(shift).all(|(&p, &e)| coarsest - p == e as i32 && e <= 31));
        let bits = f64::from(2 * table.lattice.max_shift() + 2 * table.lattice.bits + 2);
        let size = (table.n_dims() as f64 * table.weights.total() as f64).log2();
        prop_assert!(bits + size < 124.0 || !table.lattice.mixed());
    }

    /// Whole multiples of a power of two come back as they were, and leave as many zero bits as they can.
    #[test]
    fn a_grid_is_kept(grid in -40..40i32, middle in -1_000_000..1_000_000i64, n in 1..40usize, d in 1..6usize, seed: u64) {
        let mut numbers = Numbers::new(seed);
        let rows: Vec<f64> =
            (0..n * d).map(|_| libm::ldexp(middle as f64 + numbers.whole(-300, 300), grid)).collect();
        let table = packed(&dataset(d, rows.clone()));
        prop_assert_eq!(table.rounding.rms, 0.0);
        for (at, (&q, &x)) in table.points.iter().zip(&rows).enumerate() {
            prop_assert_eq!(table.lattice.value(q.into(), at % d), x);
        }
        // 600 steps of the grid need 10 bits: at least 20 are left
        let varies = table.max_coordinate > 0;
        prop_assert!(!varies || table.granularity >= 20, "{}", table.granularity);
        let bits = table.points.iter().fold(0, |bits, &q| bits | q.unsigned_abs());
        prop_assert_eq!(table.granularity, if varies { bits.trailing_zeros() } else { 0 });
        prop_assert_eq!(table.max_coordinate, table.points.iter().fold(0, |most, &q| most.max(q.unsigned_abs())));
    }

    #[test]
    fn neither_order_nor_precision_of_the_rows_matters(shape in shapes(60, 10, 1), turn in 0..60usize) {
        let data = shape.data();
        let (n, d) = common::shape(&data);
        let single: Vec<f32> = values(&data).iter().map(|&x| x as f32).collect();
        let double = Array2::from_shape_fn((n, d), |(i, j)| f64::from(single[i * d + j]));
        let turned = Array2::from_shape_fn((n, d), |(i, j)| f64::from(single[(i + turn) % n * d + j]));
        let single = Array2::from_shape_vec((n, d), single).expect("whole rows");
        let of = |points| packed(&Dataset { points, weights: None, ..data.clone() });
        let (a, b, c) = (of(single.into()), of(double.into()), of(turned.into()));
        prop_assert_eq!(&a.lattice, &b.lattice);
        prop_assert_eq!(&a.points, &b.points);
        prop_assert_eq!(&a.lattice, &c.lattice);
        prop_assert!((0..n).all(|i| c.point(i) == a.point((i + turn) % n)));
    }

    /// Distances don't change when all coordinates move by whole steps: nor does anything else.
    #[test]
    fn an_integer_translation_changes_nothing(shape in shapes(60, 6, 8), by in -9999..9999i32) {
        let case = shape.case();
        let mut table = case.table.clone();
        table.points.iter_mut().for_each(|q| *q /= 4);
        let mut moved = table.clone();
        moved.points.iter_mut().for_each(|q| *q += by);
        let run = |table: &Table| {
            let job = case.params.job(table).expect("the parameters fit");
            lloyd(&job, seed::seed(&job, 0), |_, _| {})
        };
        let ((a, iterations, stop), (b, moved_iterations, moved_stop)) = (run(&table), run(&moved));
        prop_assert_eq!((&a.labels, &a.counts), (&b.labels, &b.counts));
        prop_assert_eq!((iterations, stop), (moved_iterations, moved_stop));
        prop_assert_eq!(a.centroids.iter().map(|q| q + by).collect::<Vec<_>>(), &b.centroids[..]);
        prop_assert_eq!(inertia(&table, &a.centroids, &a.labels), inertia(&moved, &b.centroids, &b.labels));
    }

    /// In the user's units, costs are the sums that anyone would compute.
    #[test]
    fn inertia_is_what_floats_say(shape in shapes(80, 8, 8)) {
        let data = shape.data();
        let case = shape.case();
        let (table, d) = (&case.table, case.table.n_dims());
        let all = case.oracle();
        let centroids = table.lattice.centroid_values(&all.states[0].1.centroids);
        let given = data.weights.clone().unwrap_or(vec![1.0; table.n_points()]);
        let (mut sum, mut scale) = (0.0, 0.0);
        for (i, row) in values(&data).chunks_exact(d).enumerate() {
            let label = all.states[0].1.labels[i] as usize;
            for (j, x) in row.iter().enumerate() {
                let step = libm::ldexp(1.0, table.lattice.exponent[j]);
                let difference = x - centroids[label * d + j];
                sum += given[i] * difference * difference;
                // rounding moves a coordinate by at most half a step
                scale += given[i] * step * (difference.abs() + step);
            }
        }
        let inertia = table.cost(all.outcomes[0].inertia);
        prop_assert!((inertia - sum).abs() <= scale + 1e-9 * sum, "{inertia}, not {sum}");
    }
}

#[test]
fn rows_beyond_the_range_are_labelled_by_their_own_place() {
    for scale in [1e-3, 1e-5, 1e-7, 1e-30] {
        // two groups by the first feature; the second is of another scale, and rules nothing
        let mut rows: Vec<f64> =
            (0..20).flat_map(|i| [f64::from(i / 10), f64::from(i % 7) * scale]).collect();
        let far = [30.0, 900.5, 2048.5, 5000.0, 30_000.0];
        rows.extend(far.iter().flat_map(|&x| [x, 0.0, -x, 6.0 * scale]));
        let weights: Vec<f64> = (0..30).map(|i| f64::from(u8::from(i < 20))).collect();
        let case = Case::new(&weighted(dataset(2, rows), &weights), KMeans::new(2).restarts(1));
        let all = case.oracle();
        let (labels, centroids) = (&all.states[0].1.labels, &all.states[0].1.centroids);
        assert_eq!(case.table.outside.len(), 10, "scale {scale}");
        for (row, q) in &case.table.outside {
            let side = if row % 2 == 0 { labels[19] } else { labels[0] };
            let label = assign_outside(&case.table, centroids, q);
            assert_eq!(label, side, "{q:?} of scale {scale}, shift {:?}", case.table.lattice.shift);
        }
    }
}

#[test]
fn a_row_within_the_range_has_one_label_whichever_way_it_is_found() {
    let case = Case::new(&common::normal(200, 5, 1), KMeans::new(7).restarts(1));
    let centroids = &case.oracle().states[0].1.centroids;
    let labels = assign(&case.table, centroids);
    for (i, &label) in labels.iter().enumerate() {
        let q: Vec<i64> = case.table.point(i).iter().map(|&q| q.into()).collect();
        assert_eq!(assign_outside(&case.table, centroids, &q), label);
    }
}

#[test]
fn a_constant_column_is_not_reported_as_rounded() {
    // 0.1 lies between two steps of the other column's lattice, but no row differs by it
    let rows: Vec<f64> = (0..100).flat_map(|i| [f64::from(i) * 1e6, 0.1]).collect();
    let rounding = packed(&dataset(2, rows)).rounding;
    assert!(rounding.rms < 1e-6, "{rounding:?}");
}
