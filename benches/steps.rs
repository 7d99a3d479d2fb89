//! The steps of the CPU engine, named after its files, on smaller tables than those of `peers.sh`.
//!
//! `cargo bench --no-default-features`; `CAIRN_CPU=avx2 cargo bench` uses another kernel.
#![allow(clippy::unwrap_used, reason = "a bench that can't run has nothing to say")]

use cairn::data::Dataset;
use cairn::engine::cpu::Cpu;
use cairn::engine::{Engine, Keep, OpenOptions, Watch};
use cairn::kmeans::{Init, KMeans, pack};
use cairn::lattice::Table;
use divan::Bencher;
use ndarray::Array2;

/// n_points, n_dims, n_clusters
const SHAPES: [(usize, usize, usize); 4] =
    [(50_000, 3, 64), (20_000, 16, 100), (10_000, 64, 256), (2_000, 768, 500)];

fn main() {
    divan::main();
}

/// The CPU engine, with the kernel that `CAIRN_CPU` names.
fn cpu() -> Cpu {
    let cpu_kernel = std::env::var("CAIRN_CPU").ok().filter(|name| !name.is_empty());
    Cpu::open(&OpenOptions { cpu_kernel, ..OpenOptions::default() }).unwrap()
}

/// Values around `4 k` centres; the same in every run.
fn data((n, d, k): (usize, usize, usize)) -> Dataset<'static> {
    let mut state = 1u64;
    let mut number = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let centres: Vec<f32> = (0..4 * k * d).map(|_| 4.0 * number()).collect();
    let points = Array2::from_shape_fn((n, d), |(i, j)| centres[i * 7919 % (4 * k) * d + j] + number());
    Dataset {
        name: "bench".into(),
        points: points.into(),
        columns: Vec::new(),
        truth: None,
        weights: None,
        reading: cairn::data::Reading::default(),
    }
}

fn table(shape: (usize, usize, usize)) -> Table {
    pack(&data(shape), None).unwrap()
}

/// The first `k` rows, in the user's units.
fn starts(table: &Table, k: usize) -> Init {
    let d = table.n_dims();
    Init::Centroids(Array2::from_shape_fn((k, d), |(c, j)| {
        table.lattice.value(table.points[c * d + j] as i64, j)
    }))
}

fn run(bencher: Bencher, table: &Table, kmeans: KMeans) {
    let params = kmeans.check().unwrap();
    let job = params.job(table).unwrap();
    let cpu = cpu();
    let mut session = cpu.load(&job).unwrap();
    bencher.bench_local(|| session.run(0..1, Keep::Best, &Watch::default()).unwrap());
}

/// Greedy k-means++, and one iteration.
#[divan::bench(args = SHAPES)]
fn seed(bencher: Bencher, shape: (usize, usize, usize)) {
    run(bencher, &table(shape), KMeans::new(shape.2).restarts(1).max_iter(1));
}

/// Nine updates between ten passes over the points.
#[divan::bench(args = SHAPES)]
fn assign(bencher: Bencher, shape: (usize, usize, usize)) {
    let table = table(shape);
    let init = starts(&table, shape.2);
    run(bencher, &table, KMeans::new(shape.2).restarts(1).init(init).max_iter(9));
}

/// Range and pack.
#[divan::bench(args = SHAPES)]
fn lattice(bencher: Bencher, shape: (usize, usize, usize)) {
    let data = data(shape);
    bencher.bench_local(|| pack(&data, None).unwrap());
}

/// A hundred restarts of the digits to the fixed point.
#[divan::bench]
fn restarts(bencher: Bencher) {
    let table = pack(&cairn::data::digits(), None).unwrap();
    let params = KMeans::new(10).restarts(100).check().unwrap();
    let job = params.job(&table).unwrap();
    let cpu = cpu();
    let mut session = cpu.load(&job).unwrap();
    bencher.bench_local(|| session.run(0..100, Keep::Best, &Watch::default()).unwrap());
}
