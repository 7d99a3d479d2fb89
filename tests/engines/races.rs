//! Every GPU kernel in every shape, on small jobs: what a race detector has to watch. `tests/races.sh` runs these tests
//! under one, with races planted too, and reads the names of the kernels that they print.
#![cfg(all(feature = "gpu", feature = "cli"))]
#![allow(clippy::print_stdout, reason = "the kernels, for tests/races.sh")]

use std::collections::BTreeSet;

use cairn::compare::check::CHECKS;
use cairn::data::{Dataset, Scale};
use cairn::engine::gpu::kernel::sources;
use cairn::engine::gpu::{AdapterInfo, Gpu, adapters};
use cairn::engine::{Engine, Keep, Metric, OpenOptions, Race, Testing, Watch};
use cairn::kmeans::{Init, KMeans};

use crate::common::{Backend, Case, Numbers, compare, dataset, normal, opened, values, weighted};
use crate::gpu_loop::least_memory_with;
use crate::units;

/// Emulated matrix units: of both edges, and subgroups of several sizes. The kernel has barriers of subgroups on real ones,
/// which detectors do not know.
const UNITS: [&str; 4] = ["emulated-16-32", "emulated-16-64", "emulated-8-64", "emulated-16-16"];

#[test]
#[ignore = "for tests/races.sh"]
fn every_kernel_in_every_shape() {
    for info in adapters_without_units() {
        let built = run_all(&info, None);
        let missing: Vec<_> = wanted(&info).into_iter().filter(|name| !built.contains(name)).collect();
        assert!(missing.is_empty(), "not built on {info}: {missing:?}; built: {built:?}");
        let sums = |constant: &str| {
            built.iter().any(|name| name.starts_with("update_sums_shared") && name.contains(constant))
        };
        for constant in ["LIMBS=1 ", "LIMBS=2 ", "LIMBS=3 ", "POINTS=256 ", "POINTS=1024 "] {
            assert!(sums(constant), "no sums with {constant}on {info}: {built:?}");
        }
        for kernel in &built {
            let shared = if has_workgroup_memory(kernel) { "with workgroup memory " } else { "" };
            println!("kernel {shared}{kernel}");
        }
    }
}

/// Results are the same.
#[test]
#[ignore = "for tests/races.sh"]
fn planted_in_every_kernel() {
    for info in adapters_without_units() {
        run_all(&info, Some(Race::EveryKernel));
    }
}

/// Results are wrong.
#[test]
#[ignore = "for tests/races.sh"]
fn planted_by_missing_barriers() {
    // the second seed is the last: no row is drawn from wrong sums
    let case = small(&normal(300, 5, 1), 2, 2);
    for (info, kernel) in adapters_without_units()
        .iter()
        .flat_map(|info| ["seed_weigh", "update_means"].map(|name| (info, name)))
    {
        let race = Some(Race::NoBarriers(kernel));
        let gpu = open(info, Some("plain"), Testing { race, ..Testing::default() }, None);
        let job = case.job();
        let mut session = gpu.load(&job).expect("the GPU takes the job");
        let _ = session.run(0..2, Keep::Best, &Watch::default());
    }
}

/// The Vulkan adapters, as if they had no matrix units.
fn adapters_without_units() -> Vec<AdapterInfo> {
    let n = opened(Backend::Vulkan).len(); // or none, where none is required
    let found = adapters(&[], false).into_iter().filter(|info| info.backend == "Vulkan");
    found.take(n).collect()
}

/// Whether its invocations share workgroup memory.
fn has_workgroup_memory(kernel: &str) -> bool {
    let name = kernel.split(' ').next();
    let shares = |text: &str| text.contains("var<workgroup>") && !text.contains("@workgroup_size(1)");
    sources().iter().any(|(other, text)| Some(*other) == name && shares(text))
}

fn open(info: &AdapterInfo, kernel: Option<&str>, testing: Testing, memory: Option<u64>) -> Gpu {
    let gpu_kernel = kernel.map(ToOwned::to_owned);
    let options = OpenOptions { gpu_kernel, testing, gpu_memory: memory, ..OpenOptions::default() };
    Gpu::open(info, &options).expect("it opened before")
}

/// Runs every kernel in every shape, and compares with the reference. The names of the kernels, with their constants.
fn run_all(info: &AdapterInfo, race: Option<Race>) -> BTreeSet<String> {
    let testing = Testing { race, ..Testing::default() };
    let mut built = BTreeSet::new();
    let mut run = |gpu: &Gpu, cases: Vec<Case>| {
        for case in cases {
            compare(&case.oracle(), &case.run(gpu, case.params.n_restarts()))
                .unwrap_or_else(|difference| panic!("{:?}: {difference}", gpu.info()));
        }
        built.extend(gpu.kernels());
    };

    // a trial runs all shapes that suit a job
    let gpu = open(info, Some("trial"), testing.clone(), None);
    for check in &CHECKS {
        check.run("gpu", &gpu).unwrap_or_else(|error| panic!("{} {}: {error}", check.step, check.what));
    }
    gpu.peak().expect("the device works");
    run(&gpu, [false, true].into_iter().flat_map(shapes).chain(others()).collect());
    let plain = open(info, Some("plain"), testing.clone(), None);
    run(&plain, vec![small(&normal(300, 5, 1), 8, 2), small(&mixed(5), 8, 2)]);

    // small integers, which have a seeding of their own, by the general one
    let general = Testing { general_seeding: true, ..testing.clone() };
    run(&open(info, Some("plain"), general, None), vec![whole(16), whole(5_000)]);

    let streamed = Case::new(&normal(3000, 6, 3), KMeans::new(5).restarts(2).max_iter(2));
    let plain = OpenOptions { gpu_kernel: Some("plain".into()), ..OpenOptions::default() };
    let memory = least_memory_with(info, &plain, &streamed);
    run(&open(info, Some("plain"), testing.clone(), Some(memory)), vec![streamed]);

    for kernel in units_of(info) {
        run(&open(info, Some(kernel), testing.clone(), None), vec![small(&normal(300, 40, 4), 70, 2)]);
    }
    built
}

fn units_of(info: &AdapterInfo) -> &'static [&'static str] {
    if units::kernels(info).contains(&UNITS[0]) { &UNITS } else { &[] }
}

/// Jobs that together suit every shape of assign.
fn shapes(is_mixed: bool) -> Vec<Case> {
    let data = |n_dims| if is_mixed { mixed(n_dims) } else { normal(300, n_dims, 5) };
    let small_ones = [1, 2, 4].into_iter().flat_map(|slots| [4, 8, 12].map(|k| small(&data(5), k, slots)));
    let low = [3, 7, 11, 15].map(|n_dims| small(&data(n_dims), 20, 1));
    let tiled = small(&data(20), 70, 1);
    small_ones.chain(low).chain([tiled]).collect()
}

/// Jobs for the other kernels, and their shapes.
fn others() -> Vec<Case> {
    let one_place = Init::Centroids(ndarray::Array2::from_elem((6, 3), 0.25));
    let heavy: Vec<f64> = (0..300).map(|i| f64::from([0, 1, 900_000, 7][i % 4])).collect();
    vec![
        whole(16),
        whole(5_000),
        Case::new(&normal(300, 3, 6), KMeans::new(6).restarts(1).init(one_place).max_iter(2)),
        // sums of three parts, and of weights too large for parts
        small(&weighted(normal(300, 5, 7), &[3.0; 300]), 8, 2),
        small(&weighted(normal(300, 5, 8), &heavy), 8, 2),
        small(&normal(120, 200, 9), 30, 1),
        // so many points that a workgroup adds up 1024
        Case::new(&normal(1100, 1, 10), KMeans::new(2).restarts(380).init(Init::Random).max_iter(1)),
        // two parts
        whole(2_000_000),
        Case::new(
            &normal(300, 5, 13).scaled(Scale::Unit).expect("finite values"),
            KMeans::new(6).metric(Metric::Cosine).restarts(2).max_iter(2),
        ),
    ]
}

fn small(data: &Dataset<'_>, n_clusters: usize, n_restarts: u64) -> Case {
    Case::new(data, KMeans::new(n_clusters).restarts(n_restarts).max_iter(2))
}

/// Whole numbers up to `most`.
fn whole(most: i64) -> Case {
    let mut numbers = Numbers::new(11);
    small(&dataset(6, (0..300 * 6).map(|_| numbers.whole(0, most)).collect()), 7, 2)
}

fn mixed(n_dims: usize) -> Dataset<'static> {
    let values = values(&normal(300, n_dims, 12)).into_iter().enumerate();
    dataset(n_dims, values.map(|(at, x)| x * [1.0, 1e6, 1e-3][at % n_dims % 3]).collect())
}

/// Every kernel, and those with shapes by their names with constants.
fn wanted(info: &AdapterInfo) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for mixed in [0, 1] {
        names.insert(format!("assign MIXED={mixed}"));
        for quads in 1..=4 {
            names.insert(format!("assign_low QUADS={quads} MIXED={mixed}"));
        }
        for (high, wide) in [(16, 16), (16, 8), (8, 8)] {
            let (quads, width) = (32 / high, high * wide);
            names.insert(format!(
                "assign_tiled HIGH={high} WIDE={wide} QUADS={quads} WIDTH={width} MIXED={mixed}"
            ));
        }
        for (slots, packs, fours) in [1, 2, 4]
            .into_iter()
            .flat_map(|slots| (1..=3).flat_map(move |packs| [1, 2].map(|fours| (slots, packs, fours))))
        {
            names.insert(format!("assign_small SLOTS={slots} PACKS={packs} FOURS={fours} MIXED={mixed}"));
        }
        names.insert(format!("empty_far MIXED={mixed}"));
        names.insert(format!("save_best CENTROIDS={mixed}"));
        names.insert(format!("seed_pick FETCHED={mixed}"));
        names.insert(format!("seed_small EIGHT={mixed}"));
    }
    let shaped =
        ["assign", "empty_far", "save_best", "seed_pick", "seed_small", "update_sums_shared", "narrow"];
    let is_shaped = |name: &str| shaped.iter().any(|shaped| name.starts_with(shaped));
    let on_units = ["repair"];
    let has_units = !units_of(info).is_empty();
    let others = sources().into_iter().map(|(name, _)| name).filter(|name| !is_shaped(name));
    names.extend(others.filter(|name| has_units || !on_units.contains(name)).map(ToOwned::to_owned));
    if has_units {
        names.insert("assign_matrix".to_owned());
        for edge in [8, 16] {
            names.insert(format!("narrow_points EDGE={edge}"));
            names.insert(format!("narrow_centroids EDGE={edge}"));
        }
    }
    names
}
