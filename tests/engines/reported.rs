//! Small tables that other programs get wrong, from public reports, with the answers that are right.

use cairn::data::Dataset;
use cairn::engine::{NO_LABEL, State};
use cairn::kmeans::{Init, KMeans};
use ndarray::Array2;

use crate::common::{Backend, Case, Numbers, compare, dataset, on, on_devices, repeated, weighted};

/// Runs on all devices of a backend, and asserts that they equal the reference. Returns the inertia in the user's units
/// and the state of the best restart.
fn best(backend: Backend, case: &Case) -> (f64, State) {
    let expected = case.oracle();
    on(backend, &|engine| {
        let got = case.run(engine, case.params.n_restarts());
        compare(&expected, &got).unwrap_or_else(|difference| panic!("{:?}: {difference}", engine.info()));
    });
    let best = expected.best().expect("a restart");
    (case.table.cost(best.inertia), expected.best_state().expect("its state").clone())
}

fn fitted(backend: Backend, data: &Dataset<'_>, kmeans: KMeans) -> (f64, Vec<f64>) {
    let case = Case::new(data, kmeans);
    let (inertia, state) = best(backend, &case);
    let mut centroids = case.table.lattice.centroid_values(&state.centroids);
    centroids.sort_by(f64::total_cmp);
    (inertia, centroids)
}

fn is_near(x: f64, y: f64) -> bool {
    (x - y).abs() <= 1e-6 * y.abs()
}

on_devices!(
    whole_weights_are_not_bent,
    weights_equal_copies,
    weights_of_a_huge_range_keep_what_is_heavy,
    tight_groups_in_a_wide_range_keep_their_inertia,
    timestamps_keep_their_seconds,
    one_sentinel_merges_no_groups,
    starts_may_lie_outside_the_data,
    far_rows_of_no_weight_have_labels,
    rows_beyond_all_coordinates_have_none,
);

fn whole_weights_are_not_bent(backend: Backend) {
    let data = weighted(dataset(1, vec![0.0, 1.0]), &[1e6, 1.0]);
    let (inertia, centroids) = fitted(backend, &data, KMeans::new(1));
    // within half a step
    let off = (centroids[0] - 1.0 / 1_000_001.0).abs();
    assert!(off <= 2f64.powi(-31) && is_near(inertia, 0.999_999), "{centroids:?}, {inertia}");
    let data = weighted(dataset(1, vec![0.0, 3.0]), &[4_294_967_294.0, 1.0]);
    let (inertia, _) = fitted(backend, &data, KMeans::new(1));
    assert!(is_near(inertia, 9.0), "{inertia}");
}

fn weights_equal_copies(backend: Backend) {
    let rows = dataset(1, vec![0.0, 1.0, 5.0]);
    let copies = repeated(&rows, &[100_000, 1, 3]);
    let case = |data: &Dataset<'_>| Case::new(data, KMeans::new(2).restarts(3));
    let (of_weights, of_copies) = (case(&weighted(rows, &[100_000.0, 1.0, 3.0])), case(&copies));
    let ((inertia, state), (inertia_of_copies, state_of_copies)) =
        (best(backend, &of_weights), best(backend, &of_copies));
    assert_eq!(
        (inertia, &state.centroids, &state.counts),
        (inertia_of_copies, &state_of_copies.centroids, &state_of_copies.counts)
    );
    assert!(is_near(inertia, 0.99999), "{inertia}");
}

fn weights_of_a_huge_range_keep_what_is_heavy(backend: Backend) {
    let rows = dataset(1, vec![1.0, 1.0, 5.0, 5.0, 1000.0, 1000.0]);
    let data = weighted(rows, &[1e8, 1e8, 1e8, 1e8, 1e-8, 1e-8]);
    let (_, centroids) = fitted(backend, &data, KMeans::new(2));
    assert!((centroids[0] - 1.0).abs() < 1e-3 && (centroids[1] - 5.0).abs() < 1e-3, "{centroids:?}");
}

fn tight_groups_in_a_wide_range_keep_their_inertia(backend: Backend) {
    let data = dataset(1, vec![0.0, 1.0, 33_554_432.0, 33_554_433.0]);
    assert_eq!(fitted(backend, &data, KMeans::new(2)), (1.0, vec![0.5, 33_554_432.5]));
}

fn timestamps_keep_their_seconds(backend: Backend) {
    let data = dataset(1, vec![1_600_000_000.0, 1_600_000_001.0, 1_631_536_000.0, 1_631_536_001.0]);
    assert_eq!(fitted(backend, &data, KMeans::new(2)), (1.0, vec![1_600_000_000.5, 1_631_536_000.5]));
}

fn one_sentinel_merges_no_groups(backend: Backend) {
    let mut numbers = Numbers::new(400);
    let group = |centre: f64, numbers: &mut Numbers| -> Vec<f64> {
        (0..100).map(|_| centre + 2.0 * numbers.normal()).collect()
    };
    let groups = [20.0, 60.0, 95.0].map(|centre| group(centre, &mut numbers));
    let means = groups.clone().map(|group| group.iter().sum::<f64>() / 100.0);
    let (_, centroids) = fitted(
        backend,
        &dataset(1, [groups.concat(), vec![999_999_999.0]].concat()),
        KMeans::new(4).restarts(10),
    );
    for (centroid, mean) in centroids.iter().zip(means) {
        // a step is 1
        assert!((centroid - mean).abs() <= 1.0, "{centroids:?}, {means:?}");
    }
}

fn starts_may_lie_outside_the_data(backend: Backend) {
    let starts = Array2::from_shape_vec((3, 1), vec![4.0, 0.0, 1.0]).expect("three rows");
    let kmeans = KMeans::new(3).restarts(1).init(Init::Centroids(starts)).max_iter(1);
    let case = Case::new(&dataset(1, vec![1.0, 2.0, 3.0]), kmeans);
    let (inertia, state) = best(backend, &case);
    // 3 goes to 4, 1 and 2 to 1, and the empty cluster takes 3 or 2: the farthest, both 1 away, of a cluster of two
    assert_eq!((state.labels, inertia), (vec![2, 1, 0], 0.0));
}

fn far_rows_of_no_weight_have_labels(backend: Backend) {
    let data = weighted(dataset(1, vec![1.0, 2.0, 9.0, 1e9]), &[1.0, 1.0, 1.0, 0.0]);
    let case = Case::new(&data, KMeans::new(2));
    let (inertia, state) = best(backend, &case);
    assert_eq!((inertia, state.labels[3]), (0.5, state.labels[2]));
}

fn rows_beyond_all_coordinates_have_none(backend: Backend) {
    let data = weighted(dataset(1, vec![1.0, 2.0, 9.0, 1e30]), &[1.0, 1.0, 1.0, 0.0]);
    let case = Case::new(&data, KMeans::new(2));
    assert_eq!(case.table.unplaced, [3]);
    let (inertia, state) = best(backend, &case);
    assert_eq!((inertia, state.labels[3]), (0.5, NO_LABEL));
}
