//! The GPU assign kernels, each on sizes for which it would not be chosen: with partial tiles on every side, missing
//! slots, ties, very different scales, rows without weight; and with unsound certificates.
#![cfg(feature = "gpu")]

use std::collections::BTreeSet;

use cairn::data::Dataset;
use cairn::engine::certify::Bound;
use cairn::engine::gpu::Gpu;
use cairn::engine::{Engine, EngineError, OpenOptions, Testing};
use cairn::kmeans::KMeans;

use crate::common::{
    Backend, Case, Numbers, bisector, compare, dataset, digits, far_centroid, integers, normal, on_devices,
    opened, step, values, weighted,
};
use crate::units;

/// Calls `body` with each adapter of a backend, opened with this kernel and bound.
fn with_kernel(backend: Backend, kernel: &str, bound: Bound, body: &dyn Fn(&Gpu)) {
    if backend == Backend::Cpu {
        return;
    }
    for adapter in opened(backend) {
        let options = OpenOptions {
            gpu_kernel: Some(kernel.into()),
            testing: Testing { bound, ..Testing::default() },
            ..OpenOptions::default()
        };
        // others wait: software adapters use all processors by themselves
        adapter.with(&|_| body(&Gpu::open(&adapter.info, &options).expect("it opened before")));
    }
}

/// Sizes around those of tiles: (n_points, n_dims, n_clusters, n_restarts).
const SIZES: [(usize, usize, usize, u64); 16] = [
    (1, 1, 1, 1),
    (2, 1, 2, 2),
    (63, 2, 3, 3),
    (65, 3, 4, 4),
    (127, 4, 5, 5),
    (129, 5, 8, 6),
    (255, 8, 9, 7),
    (257, 9, 12, 2),
    (260, 12, 13, 3),
    (300, 15, 16, 1),
    (520, 16, 17, 5),
    (200, 17, 25, 2),
    (140, 31, 33, 3),
    (130, 33, 64, 2),
    (300, 40, 65, 1),
    (200, 70, 130, 1),
];

fn cases() -> Vec<Case> {
    let sizes = SIZES.into_iter().enumerate().map(|(i, (n, d, k, restarts))| {
        Case::new(&normal(n, d, 200 + i as u64), KMeans::new(k).restarts(restarts).max_iter(4))
    });
    sizes.chain(hard_cases()).collect()
}

fn few(data: &Dataset<'_>, k: usize, restarts: u64) -> Case {
    Case::new(data, KMeans::new(k).restarts(restarts).max_iter(6))
}

fn hard_cases() -> Vec<Case> {
    let mut numbers = Numbers::new(230);
    let binary = (0..200 * 20).map(|_| numbers.whole(0, 1)).collect();
    let large_ties = (0..90 * 12).map(|_| numbers.whole(0, 1) * 536_870_909.0).collect();
    let mixed = values(&normal(150, 7, 231));
    let mixed =
        mixed.iter().enumerate().map(|(at, x)| x * [1.0, 1e5, 1e-4, 1e3, 1.0, 7.0, 1e-3][at % 7]).collect();
    let weights: Vec<f64> = (0..150).map(|i| f64::from([0, 1, 65_535, 7][i % 4])).collect();
    let mixed = few(&dataset(7, mixed), 10, 5);
    assert!(mixed.table.lattice.mixed());
    vec![
        mixed,
        few(&digits(), 10, 3),
        few(&dataset(20, binary), 8, 5),
        few(&integers(12, large_ties), 20, 4),
        few(&weighted(normal(150, 6, 232), &weights), 11, 5),
        bisector(2, 233).case(3),
        bisector(64, 234).case(3),
        far_centroid(400, 131, 235).case(3),
    ]
}

fn agrees(backend: Backend, kernel: &str) {
    // GL compiles the same kernels, from another text
    let every = if backend == Backend::Gl { step(3, 5) } else { step(1, 5) };
    with_kernel(backend, kernel, Bound::Sound, &|engine| {
        for case in cases().into_iter().step_by(every) {
            let n = case.params.n_restarts();
            let (rows, d, k) = (case.table.n_points(), case.table.n_dims(), case.params.n_clusters());
            if let Err(difference) = compare(&case.oracle(), &case.run(engine, n)) {
                panic!("{kernel} on {:?}, n = {rows}, d = {d}, k = {k}: {difference}", engine.info());
            }
        }
    });
}

fn is_caught(backend: Backend, kernel: &str) {
    // as many features as the kernel is made for
    let (few, many) = if kernel == "low" { (8, 16) } else { (64, 400) };
    let zero = [2, few, many].map(|d| bisector(d, 240 + d as u64));
    // which order of summation fails depends on the kernel
    let best_for_all = [0, many / 3, many - 1].map(|at| far_centroid(many, at, 250 + at as u64));
    for (bound, adversaries) in [(Bound::Zero, zero), (Bound::BestForAll, best_for_all)] {
        let cases = adversaries.map(|adversary| adversary.case(1));
        with_kernel(backend, kernel, bound, &|engine| {
            let wrong = |case: &Case| compare(&case.oracle(), &case.run(engine, 1)).is_err();
            assert!(cases.iter().any(wrong), "{kernel} on {:?} is never wrong with {bound:?}", engine.info());
        });
    }
}

/// Tests of a kernel.
macro_rules! kernels {
    ($($kernel:ident),+) => { $(
        mod $kernel {
            use crate::common::{Backend, on_devices};

            on_devices!(agrees, careless_bounds_are_caught);

            fn agrees(backend: Backend) {
                super::agrees(backend, stringify!($kernel));
            }

            fn careless_bounds_are_caught(backend: Backend) {
                super::is_caught(backend, stringify!($kernel));
            }
        }
    )+ };
}
kernels!(plain, small, tiled, low, trial);

/// The one for matrix units: on those of the adapter, and on emulated ones.
mod matrix {
    use super::*;

    on_devices!(agrees, careless_bounds_are_caught);

    fn on_units(backend: Backend, body: &dyn Fn(Backend, &str)) {
        if backend != Backend::Cpu {
            let all = opened(backend).into_iter().flat_map(|adapter| units::kernels(&adapter.info));
            all.collect::<BTreeSet<_>>().into_iter().for_each(|kernel| body(backend, kernel));
        }
    }

    fn agrees(backend: Backend) {
        on_units(backend, &super::agrees);
    }

    fn careless_bounds_are_caught(backend: Backend) {
        on_units(backend, &is_caught);
    }
}

on_devices!(an_unknown_kernel_is_refused);

fn an_unknown_kernel_is_refused(backend: Backend) {
    if backend == Backend::Cpu {
        return;
    }
    let options = OpenOptions { gpu_kernel: Some("fast".into()), ..OpenOptions::default() };
    for adapter in opened(backend) {
        let error = Gpu::open(&adapter.info, &options).expect_err("there is no such kernel");
        assert!(matches!(error, EngineError::GpuKernel { .. }), "{error:?}");
        assert!(
            error.to_string().contains("unknown GPU kernel \"fast\": the kernels are plain, small"),
            "{error}"
        );
    }
}
