//! A GPU's plan counts the bytes of buffers by hand, before there are any: they are to be those that buffers get.
#![cfg(feature = "gpu")]

use cairn::engine::gpu::{AdapterInfo, Gpu};
use cairn::engine::{Engine, Keep, OpenOptions, Watch};
use cairn::kmeans::KMeans;

use crate::common::{self, Backend, Case, normal, on_devices};
use crate::gpu_loop::{least_memory, on_adapters, with_binding, with_memory};

on_devices!(small, many_restarts, chunks, streamed, on_matrix_units);

/// Asserts that a run of a device opened like this is given as many bytes as planned.
fn is_exact(adapter: &AdapterInfo, options: &OpenOptions, case: &Case) {
    let gpu = Gpu::open(adapter, options).expect("it opened before");
    let job = case.job();
    let mut session = gpu.load(&job).unwrap_or_else(|error| panic!("{options:?}: {error}"));
    session.run(0..case.params.n_restarts(), Keep::Best, &Watch::default()).expect("the GPU does the job");
    let counters = gpu.counters();
    assert!(counters.planned_bytes > 0, "{adapter}: {counters:?}");
    assert_eq!(counters.planned_bytes, counters.allocated_bytes, "{adapter}, planned against allocated");
}

fn case(n_points: usize, n_dims: usize, n_clusters: usize, n_restarts: u64) -> Case {
    let kmeans = KMeans::new(n_clusters).restarts(n_restarts).max_iter(2);
    Case::new(&normal(n_points, n_dims, 401), kmeans)
}

fn small(backend: Backend) {
    on_adapters(backend, &|adapter| {
        for case in [case(1, 1, 1, 1), case(37, 5, 3, 2), case(300, 17, 10, 3)] {
            is_exact(adapter, &common::options(), &case);
        }
    });
}

fn many_restarts(backend: Backend) {
    on_adapters(backend, &|adapter| is_exact(adapter, &common::options(), &case(90, 3, 4, 300)));
}

fn chunks(backend: Backend) {
    on_adapters(backend, &|adapter| is_exact(adapter, &with_binding(16 << 10), &case(3000, 5, 7, 2)));
}

fn streamed(backend: Backend) {
    on_adapters(backend, &|adapter| {
        let case = case(6000, 6, 5, 2);
        is_exact(adapter, &with_memory(least_memory(adapter, &case)), &case);
    });
}

/// Where there are any, or they can be emulated.
fn on_matrix_units(backend: Backend) {
    on_adapters(backend, &|adapter| {
        for kernel in crate::units::kernels(adapter) {
            let options = OpenOptions { gpu_kernel: Some(kernel.into()), ..OpenOptions::default() };
            is_exact(adapter, &options, &case(300, 40, 70, 2));
        }
    });
}
