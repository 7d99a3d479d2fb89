//! Random cases: proptest draws sizes, values, weights, starts and stop reasons.

use proptest::prelude::*;

use crate::common::{Backend, compare, deterministic, on, on_devices, processor, shapes};

on_devices!(shapes_of_all_kinds);

fn shapes_of_all_kinds(backend: Backend) {
    let cases = if backend == Backend::Cpu { 250 } else { 30 };
    on(backend, &|engine| {
        proptest!(deterministic(cases), |(shape in shapes(300, 40, 40), batch in 1..=4u64)| {
            let case = shape.case();
            compare(&case.oracle(), &case.run(engine, batch)).map_err(TestCaseError::fail)?;
        });
    });
}

/// Only the CPU engine uses threads.
#[test]
fn threads() {
    proptest!(deterministic(20), |(shape in shapes(200, 20, 20), threads in 1..=5usize)| {
        let case = shape.case();
        compare(&case.run(&processor(), 1), &case.run_threads(threads, 4)).map_err(TestCaseError::fail)?;
    });
}
