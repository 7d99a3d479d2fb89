//! Seeding of small tables of integers: on a GPU one workgroup per restart and the general kernels give the same
//! bits. Odd sizes, exhausted seeds, weights, ties, and sums beyond 32 bits.
#![cfg(feature = "gpu")]

use cairn::data::Dataset;
use cairn::engine::gpu::Gpu;
use cairn::engine::{OpenOptions, Testing};
use cairn::kmeans::KMeans;

use crate::common::{
    Backend, Case, Numbers, compare, dataset, digits, normal, on_devices, opened, part, repeated, weighted,
};

/// Asserts that both ways of seeding give what the reference does, and that each was gone.
fn both_ways(backend: Backend, cases: &[Case]) {
    if backend == Backend::Cpu {
        return;
    }
    for case in part(cases, 4) {
        let expected = case.oracle();
        for adapter in opened(backend) {
            for general_seeding in [false, true] {
                let options = OpenOptions {
                    testing: Testing { general_seeding, ..Testing::default() },
                    ..OpenOptions::default()
                };
                adapter.with(&|_| {
                    let gpu = Gpu::open(&adapter.info, &options).expect("it opened before");
                    let got = case.run(&gpu, case.params.n_restarts());
                    let (n, k) = (case.table.n_points(), case.params.n_clusters());
                    let what = format!("{}, general: {general_seeding}, n = {n}, k = {k}", adapter.info);
                    compare(&expected, &got).unwrap_or_else(|difference| panic!("{what}: {difference}"));
                    let small = gpu.kernels().iter().any(|kernel| kernel.starts_with("seed_small"));
                    assert_eq!(small, !general_seeding, "{what}");
                });
            }
        }
    }
}

fn case(data: &Dataset<'_>, n_clusters: usize, n_restarts: u64) -> Case {
    Case::new(data, KMeans::new(n_clusters).restarts(n_restarts).max_iter(3))
}

/// Whole numbers in `lo ..= hi`.
fn whole(n_points: usize, n_dims: usize, [lo, hi]: [i64; 2], seed: u64) -> Dataset<'static> {
    let mut numbers = Numbers::new(seed);
    dataset(n_dims, (0..n_points * n_dims).map(|_| numbers.whole(lo, hi)).collect())
}

/// Triples of coordinates in every order, and many rows at the origin, one of which is the first seed: ties of distances
/// that no f32 holds.
fn turned(seed: u64) -> Dataset<'static> {
    let mut numbers = Numbers::new(seed);
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let triples: Vec<[f64; 3]> = (0..3).map(|_| [0; 3].map(|_| numbers.whole(-5000, 5000))).collect();
    let rows = triples.iter().flat_map(|x| orders.map(|order| order.map(|at| x[at])));
    dataset(3, rows.chain([[0.0; 3]; 300]).flatten().collect())
}

on_devices!(sizes, seeds_that_run_out, weights, large_numbers);

fn sizes(backend: Backend) {
    let small = [(1, 1), (2, 1), (2, 2), (3, 2), (5, 5), (255, 1), (256, 3), (257, 4), (1023, 5)];
    let large = [(1024, 6), (1025, 21), (1797, 10), (4097, 7), (700, 160), (150, 150)];
    let cases = small.into_iter().chain(large);
    let cases = cases.enumerate().map(|(i, (n, k))| case(&whole(n, 1 + 7 * i % 40, [0, 16], i as u64), k, 2));
    let tall = case(&whole(90, 330, [0, 200], 15), 12, 2);
    both_ways(backend, &cases.chain([tall, case(&digits(), 10, 5)]).collect::<Vec<_>>());
}

fn seeds_that_run_out(backend: Backend) {
    let distinct = |n: usize, times: usize| repeated(&whole(n, 3, [0, 9], 20), &vec![times; n]);
    let equal = dataset(4, [3.0, 1.0, 4.0, 1.0].repeat(300));
    let heavy: Vec<f64> = (0..60).map(|i| f64::from([0, 3, 1, 0, 2][i % 5])).collect();
    let cases = [
        case(&equal, 1, 2),
        case(&equal, 7, 3),
        case(&equal, 300, 2),
        case(&distinct(5, 9), 8, 6),
        case(&distinct(40, 10), 260, 2),
        case(&weighted(distinct(6, 10), &heavy), 20, 4),
        case(&weighted(equal.clone(), &(0..300).map(|i| f64::from(i % 3)).collect::<Vec<_>>()), 9, 2),
    ];
    both_ways(backend, &cases);
}

fn weights(backend: Backend) {
    let drawn = |n: usize, from: [f64; 4], seed: u64| -> Vec<f64> {
        let mut numbers = Numbers::new(seed);
        (0..n).map(|_| from[numbers.below(4) as usize]).collect()
    };
    let of = |n: usize, from: [f64; 4], seed: u64| weighted(whole(n, 3, [0, 9], seed), &drawn(n, from, seed));
    let cases = [
        case(&of(400, [0.0, 1.0, 2.0, 65_535.0], 30), 9, 5),
        case(&of(1500, [0.0, 0.0, 0.0, 1.0], 31), 11, 4),
        case(&weighted(digits(), &drawn(1797, [0.0, 1.0, 2.0, 1000.0], 32)), 10, 4),
    ];
    both_ways(backend, &cases);
}

/// Coordinates of 8 bits to the edge, of 16, distances beyond the integers of f32, and potentials that no 32 bits hold.
fn large_numbers(backend: Backend) {
    let cases = [
        case(&whole(500, 3, [0, 255], 40), 6, 4),
        case(&whole(500, 3, [0, 257], 41), 6, 4),
        case(&whole(800, 2, [-14_000, 14_000], 42), 23, 3),
        case(&whole(8000, 110, [0, 255], 43), 4, 2),
        case(&turned(44), 6, 40),
    ];
    // the offset is all but the mean: no seed leaves less
    let steps = |&q: &i32| i64::from(q >> cases[3].table.granularity);
    let potential: i64 = cases[3].table.points.iter().map(|q| steps(q).pow(2)).sum();
    assert!(potential > (1 << 32) + (1 << 28), "{potential}");
    both_ways(backend, &cases);
}

on_devices!(tables_that_do_not_suit);

/// What is no small whole number, or too many rows, is seeded by the kernels for any table.
fn tables_that_do_not_suit(backend: Backend) {
    let cases = [
        case(&normal(300, 4, 50), 6, 2),
        case(&whole(300, 2, [-30_000, 30_000], 51), 6, 2),
        case(&whole(8193, 2, [0, 9], 52), 3, 2),
        case(
            &weighted(
                whole(300, 3, [0, 255], 53),
                &vec![65_535.0; 299].into_iter().chain([1.0]).collect::<Vec<_>>(),
            ),
            5,
            2,
        ),
    ];
    if backend == Backend::Cpu {
        return;
    }
    for case in cases {
        let expected = case.oracle();
        for adapter in opened(backend) {
            adapter.with(&|_| {
                let gpu = Gpu::open(&adapter.info, &OpenOptions::default()).expect("it opened before");
                let got = case.run(&gpu, case.params.n_restarts());
                compare(&expected, &got)
                    .unwrap_or_else(|difference| panic!("{}: {difference}", adapter.info));
                let kernels = gpu.kernels();
                assert!(kernels.iter().all(|kernel| !kernel.starts_with("seed_small")), "{kernels:?}");
            });
        }
    }
}
