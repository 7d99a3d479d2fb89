//! The loop around the GPU's kernels: what it asks of a device, how it cuts what is too large, and that none
//! of it shows in the results.
#![cfg(feature = "gpu")]

mod common;

use std::path::Path;

use cairn::engine::gpu::{AdapterInfo, Counters, Gpu};
use cairn::engine::{Engine, Keep, OpenOptions};
use cairn::kmeans::{Init, KMeans, Restarts};
use ndarray::Array2;

use common::{Backend, Case, compare, dataset, digits, normal, on_devices, opened, values, weighted};

/// Calls `body` with every adapter of a backend, and nothing for the processor.
fn on_adapters(backend: Backend, body: &dyn Fn(&AdapterInfo)) {
    if backend != Backend::Cpu {
        opened(backend).iter().for_each(|adapter| body(&adapter.info));
    }
}

/// Runs all restarts of a case at once on a device opened like this. Returns what came back, and what was
/// asked of the device for it.
fn run(adapter: &AdapterInfo, options: &OpenOptions, case: &Case, keep: Keep) -> (Restarts, Counters) {
    let gpu = Gpu::open(adapter, options).expect("it opened before");
    let job = case.job();
    let mut session = gpu.load(&job).unwrap_or_else(|error| panic!("{options:?}: {error}"));
    let before = gpu.counters();
    let batch = session.run(0..case.params.n_restarts(), keep).expect("the GPU does the job");
    let (outcomes, states, work) = (batch.outcomes, batch.states, batch.work);
    let loaded = before.point_bytes_up;
    let asked =
        Counters { point_bytes_up: loaded + since(&before, &gpu).point_bytes_up, ..since(&before, &gpu) };
    (Restarts { outcomes, states, work, ..Restarts::default() }, asked)
}

fn since(before: &Counters, gpu: &Gpu) -> Counters {
    let now = gpu.counters();
    Counters {
        dispatches: now.dispatches - before.dispatches,
        round_dispatches: now.round_dispatches - before.round_dispatches,
        rounds: now.rounds - before.rounds,
        entries: now.entries - before.entries,
        submissions: now.submissions - before.submissions,
        waits: now.waits - before.waits,
        bytes_up: now.bytes_up - before.bytes_up,
        point_bytes_up: now.point_bytes_up - before.point_bytes_up,
        bytes_down: now.bytes_down - before.bytes_down,
    }
}

/// Asserts that a device opened like this computes what is expected, and returns what was asked of it.
fn agrees(adapter: &AdapterInfo, options: &OpenOptions, case: &Case, expected: &Restarts) -> Counters {
    let (got, counters) = run(adapter, options, case, Keep::All);
    compare(expected, &got).unwrap_or_else(|difference| panic!("{adapter}, {options:?}: {difference}"));
    let (best, _) = run(adapter, options, case, Keep::Best);
    assert_eq!((best.outcomes, best.states.first()), (got.outcomes.clone(), expected_best(&got)));
    counters
}

fn expected_best(all: &Restarts) -> Option<&(u64, cairn::engine::State)> {
    let best = all.best()?.restart;
    all.states.iter().find(|(restart, _)| *restart == best)
}

/// Bytes of a table's points on the device, with their weights and errors.
fn point_bytes(case: &Case) -> u64 {
    let (n, d) = (case.table.n_points(), case.table.n_dims());
    (n * (d.next_multiple_of(4) * 4 + 8)) as u64
}

fn with_binding(bytes: u64) -> OpenOptions {
    OpenOptions { max_binding: Some(bytes), ..OpenOptions::default() }
}

fn with_memory(bytes: u64) -> OpenOptions {
    OpenOptions { gpu_memory: Some(bytes), ..OpenOptions::default() }
}

/// Tables that are cut: sizes that no chunk divides, weights, empty clusters, features of their own scales.
fn cases() -> Vec<Case> {
    let plain = Case::new(&normal(1300, 5, 1), KMeans::new(7).restarts(9));
    let weights: Vec<f64> = (0..1500).map(|i| f64::from(i * 37 % 11)).collect();
    let heavy = Case::new(&weighted(normal(1500, 3, 2), &weights), KMeans::new(6).restarts(5).tol(1e-3));
    let mut wide = values(&normal(1300, 3, 3));
    wide.iter_mut().enumerate().for_each(|(at, x)| *x *= [1.0, 1e7, 1e-4][at % 3]);
    let mixed = Case::new(&dataset(3, wide.clone()), KMeans::new(5).restarts(4).max_iter(6));
    assert!(mixed.table.lattice.mixed());
    let random = Case::new(&normal(1400, 2, 4), KMeans::new(9).restarts(6).init(Init::Random));
    vec![plain, heavy, mixed, random, few_locations(), one_start(&dataset(3, wide))]
}

/// More clusters than locations: seeds run out, clusters empty, no location is left, in every chunk.
fn few_locations() -> Case {
    let cells = (0..2800).map(|i| f64::from(i * i % 7)).collect();
    Case::new(&dataset(2, cells), KMeans::new(30).restarts(3).init(Init::Random).max_iter(4))
}

/// All starts but one are one row: the others are refilled from all over the table.
fn one_start(data: &cairn::data::Dataset) -> Case {
    let d = data.points.n_dims();
    let rows = values(data);
    let starts = [rows[..d].repeat(11), rows[600 * d..601 * d].to_vec()].concat();
    let starts = Array2::from_shape_vec((12, d), starts).expect("whole rows");
    Case::new(data, KMeans::new(12).restarts(1).init(Init::Centroids(starts)).max_iter(5))
}

on_devices!(tables_in_chunks, tables_streamed, restarts_that_enter_later, small_lookups);

fn tables_in_chunks(backend: Backend) {
    on_adapters(backend, &|adapter| {
        for case in cases() {
            let expected = case.oracle();
            let counters = agrees(adapter, &with_binding(16 << 10), &case, &expected);
            assert!(counters.round_dispatches > 4 * counters.rounds, "one chunk: {counters:?}");
            assert_eq!(counters.point_bytes_up, point_bytes(&case), "points go up once");
        }
    });
}

fn tables_streamed(backend: Backend) {
    on_adapters(backend, &|adapter| {
        for case in cases() {
            let expected = case.oracle();
            let budget = least_memory(adapter, &case);
            let counters = agrees(adapter, &with_memory(budget), &case, &expected);
            assert!(counters.round_dispatches > 4 * counters.rounds, "one chunk: {counters:?}");
            assert!(counters.point_bytes_up > 3 * point_bytes(&case), "not streamed: {counters:?}");
        }
    });
}

/// The least memory that a device takes a case with: it says how much that is.
fn least_memory(adapter: &AdapterInfo, case: &Case) -> u64 {
    let gpu = Gpu::open(adapter, &with_memory(1)).expect("it opened before");
    let job = case.job();
    let error = gpu.load(&job).err().expect("a byte is not enough").to_string();
    let words = error.split_once("takes ").and_then(|(_, rest)| rest.split_once(" bytes"));
    words
        .and_then(|(bytes, _)| bytes.parse().ok())
        .unwrap_or_else(|| panic!("no number of bytes in: {error}"))
}

/// With room for few restarts at a time, many follow one another.
fn restarts_that_enter_later(backend: Backend) {
    on_adapters(backend, &|adapter| {
        let case = Case::new(&normal(400, 4, 5), KMeans::new(8).restarts(70));
        let expected = case.oracle();
        let counters = agrees(adapter, &with_memory(60_000), &case, &expected);
        assert!(counters.entries > 3, "all entered at once: {counters:?}");
        assert_eq!(counters.point_bytes_up, point_bytes(&case), "points go up once");
    });
}

/// What a large run of small restarts asks of a device.
fn small_lookups(backend: Backend) {
    on_adapters(backend, &|adapter| {
        let case = |restarts| Case::new(&digits(), KMeans::new(10).restarts(restarts));
        let few = run(adapter, &OpenOptions::default(), &case(1), Keep::Best).1;
        let (kept, many) = run(adapter, &with_memory(2_000_000), &case(40), Keep::Best);
        for counters in [&few, &many] {
            assert!(counters.round_dispatches <= 4 * counters.rounds, "{counters:?}");
            // rounds go out several at a time, and the host waits once for them
            assert!(counters.waits * 2 <= counters.rounds, "{counters:?}");
            assert!(counters.waits <= counters.submissions, "{counters:?}");
            assert_eq!(counters.point_bytes_up, point_bytes(&case(1)), "points go up once");
        }
        assert!(many.entries > 1, "{many:?}");
        assert_eq!(kept.states.len(), 1);
        // the best one's labels, centroids and lane come on top, once
        let state = (1797 * 4 + 12 * 64 * 4 + 72) as u64;
        assert!(many.bytes_down <= state + 64 * 40, "{many:?}");
    });
}

on_devices!(kernels_are_kept);

/// The first start leaves what the driver compiled, if it can be had; the next one reads it and computes the
/// same; a broken file does no harm.
fn kernels_are_kept(backend: Backend) {
    on_adapters(backend, &|adapter| {
        let folder = tempfile::tempdir().expect("a folder");
        let options = OpenOptions { cache: Some(folder.path().into()), ..OpenOptions::default() };
        let case = Case::new(&normal(90, 3, 6), KMeans::new(4).restarts(2));
        let expected = case.oracle();
        let offered = adapter.features.iter().any(|(name, has)| name == "pipeline cache" && *has);
        let files = || -> Vec<_> {
            let entries = std::fs::read_dir(folder.path()).expect("a folder");
            entries.map(|entry| entry.expect("an entry").path()).collect()
        };
        agrees(adapter, &options, &case, &expected);
        assert_eq!(files().len(), usize::from(offered));
        agrees(adapter, &options, &case, &expected);
        for file in files() {
            assert!(std::fs::metadata(&file).expect("it is there").len() > 0);
            std::fs::write(&file, b"not what a driver wrote").expect("it can be written");
        }
        agrees(adapter, &options, &case, &expected);
    });
}

/// Dispatches, submissions and waits happen where they are counted, and nowhere else.
#[test]
fn only_the_wrappers_touch_the_device() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine/gpu");
    let wrapped = [
        (".dispatch_workgroups(", "kernel.rs", 2),
        ("queue.submit(", "context.rs", 1),
        ("queue.write_buffer(", "context.rs", 1),
        (".map_async(", "context.rs", 1),
        (".poll(", "context.rs", 3),
    ];
    let mut found = [0; 5];
    for folder in [folder.join("assign"), folder] {
        let files = std::fs::read_dir(folder).expect("the engine is there");
        let files = files.map(|file| file.expect("a file").path());
        for file in files.filter(|file| file.extension().is_some_and(|end| end == "rs")) {
            let (name, text) =
                (file.file_name().expect("a name"), std::fs::read_to_string(&file).expect("text"));
            for ((call, home, _), found) in wrapped.iter().zip(&mut found) {
                let times = text.matches(call).count();
                assert!(times == 0 || name == *home, "{call} in {}", file.display());
                *found += times;
            }
        }
    }
    assert_eq!(found, wrapped.map(|(_, _, times)| times));
}
