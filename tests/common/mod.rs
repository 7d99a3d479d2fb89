//! Shared by the tests: tables, devices, the oracle, the comparer.
//!
//! One test body runs on every device. `agree!(some_case)` makes the tests `some_case::cpu`,
//! `some_case::vulkan`, `some_case::gl` of a function that returns a [`Case`]: each compares the device, bit
//! for bit, with the reference. `on_devices!(body)` does the same for a function of a [`Backend`].
#![allow(dead_code, unused_imports, unused_macros, reason = "every test crate uses its own part")]

mod adversary;
mod cases;
mod compare;
mod devices;
mod oracle;
mod random;
mod tables;

pub(crate) use adversary::{
    Adversary, bisector, far_centroid, rounded_apart, rounded_apart_beside_a_grid, rounded_apart_in_bytes,
    rounded_apart_in_f16,
};
pub(crate) use cases::{long, part, quick, step};
pub(crate) use compare::compare;
#[cfg(feature = "gpu")]
pub(crate) use devices::{Adapter, opened};
pub(crate) use devices::{Backend, on, on_mutants, options, processor};
pub(crate) use oracle::{Case, integers};
pub(crate) use random::{deterministic, shapes};
pub(crate) use tables::{
    Numbers, dataset, digits, mirrored, normal, repeated, rows, shape, values, weighted,
};

/// Makes a test for each backend of a function that takes a [`Backend`].
macro_rules! backends {
    ($body:path) => {
        #[test]
        fn cpu() {
            $body(crate::common::Backend::Cpu);
        }

        #[cfg(feature = "gpu")]
        #[test]
        fn vulkan() {
            $body(crate::common::Backend::Vulkan);
        }

        #[cfg(feature = "gpu")]
        #[test]
        fn gl() {
            $body(crate::common::Backend::Gl);
        }

        #[cfg(all(feature = "gpu", any(windows, target_vendor = "apple")))]
        #[test]
        fn native() {
            $body(crate::common::Backend::Native);
        }
    };
}
pub(crate) use backends;

/// [`backends`] of several functions, each in a module of its name.
macro_rules! on_devices {
    ($($body:ident),+ $(,)?) => { $(
        mod $body {
            crate::common::backends!(super::$body);
        }
    )+ };
}
pub(crate) use on_devices;

/// Makes a test for each backend of functions that return a [`Case`]: the device equals the reference.
macro_rules! agree {
    ($($case:ident),+ $(,)?) => { $(
        mod $case {
            static EXPECTED: std::sync::OnceLock<cairn::kmeans::Restarts> = std::sync::OnceLock::new();

            fn agrees(backend: crate::common::Backend) {
                let case = super::$case();
                case.agrees(backend, EXPECTED.get_or_init(|| case.oracle()));
            }
            crate::common::backends!(agrees);
        }
    )+ };
}
pub(crate) use agree;
