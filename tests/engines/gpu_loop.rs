//! The loop around the GPU's kernels: its calls to the device, chunks and slices, none of which affects results.
#![cfg(feature = "gpu")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cairn::engine::cost::{Cost, Costs, GpuCost};
use cairn::engine::gpu::{AdapterInfo, Counters, Gpu};
use cairn::engine::{Engine, Keep, OpenOptions, Testing, Watch};
use cairn::kmeans::{Init, KMeans, Restarts};
use ndarray::Array2;

use crate::common::{
    self, Backend, Case, compare, dataset, digits, normal, on_devices, opened, part, quick, step, values,
    weighted,
};

/// Calls `body` with every adapter of a backend, and nothing for the processor.
pub(crate) fn on_adapters(backend: Backend, body: &dyn Fn(&AdapterInfo)) {
    if backend != Backend::Cpu {
        opened(backend).iter().for_each(|adapter| body(&adapter.info));
    }
}

/// The same, for what the host does, which no API changes.
fn on_adapters_of_one_api(backend: Backend, body: &dyn Fn(&AdapterInfo)) {
    if backend != Backend::Cpu && !backend.is_left_to_another() {
        on_adapters(backend, body);
    }
}

/// Runs all restarts of a case at once on a device opened like this. Returns what came back, and what was
/// asked of the device for it.
fn run(adapter: &AdapterInfo, options: &OpenOptions, case: &Case, keep: Keep) -> (Restarts, Counters) {
    let gpu = Gpu::open(adapter, options).expect("it opened before");
    let job = case.job();
    let mut session = gpu.load(&job).unwrap_or_else(|error| panic!("{options:?}: {error}"));
    let before = gpu.counters();
    let batch =
        session.run(0..case.params.n_restarts(), keep, &Watch::default()).expect("the GPU does the job");
    let (outcomes, states, work) = (batch.outcomes, batch.states, batch.work);
    let loaded = before.point_bytes_up;
    let asked =
        Counters { point_bytes_up: loaded + since(&before, &gpu).point_bytes_up, ..since(&before, &gpu) };
    let mut restarts = Restarts::default();
    (restarts.outcomes, restarts.states, restarts.work) = (outcomes, states, work);
    (restarts, asked)
}

fn since(before: &Counters, gpu: &Gpu) -> Counters {
    let now = gpu.counters();
    Counters {
        dispatches: now.dispatches - before.dispatches,
        round_dispatches: now.round_dispatches - before.round_dispatches,
        seed_dispatches: now.seed_dispatches - before.seed_dispatches,
        rounds: now.rounds - before.rounds,
        round_slices: now.round_slices - before.round_slices,
        trials: now.trials - before.trials,
        entries: now.entries - before.entries,
        submissions: now.submissions - before.submissions,
        waits: now.waits - before.waits,
        bytes_up: now.bytes_up - before.bytes_up,
        point_bytes_up: now.point_bytes_up - before.point_bytes_up,
        bytes_down: now.bytes_down - before.bytes_down,
        planned_bytes: now.planned_bytes - before.planned_bytes,
        allocated_bytes: now.allocated_bytes - before.allocated_bytes,
    }
}

/// Asserts that a device opened like this computes what is expected, and returns what was asked of it.
fn agrees(adapter: &AdapterInfo, options: &OpenOptions, case: &Case, expected: &Restarts) -> Counters {
    let (got, counters) = run(adapter, options, case, Keep::All);
    compare(expected, &got).unwrap_or_else(|difference| panic!("{adapter}, {options:?}: {difference}"));
    if !quick() {
        let (best, _) = run(adapter, options, case, Keep::Best);
        assert_eq!((best.outcomes, best.states.first()), (got.outcomes.clone(), expected_best(&got)));
    }
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

pub(crate) fn with_binding(bytes: u64) -> OpenOptions {
    OpenOptions { testing: Testing { max_binding: Some(bytes), ..Testing::default() }, ..common::options() }
}

pub(crate) fn with_memory(bytes: u64) -> OpenOptions {
    OpenOptions { gpu_memory: Some(bytes), ..common::options() }
}

/// Tables that are cut into chunks: partial chunks, weights, empty clusters, mixed lattices.
/// So many times 1300 rows or more.
fn cases(times: usize) -> Vec<Case> {
    let plain = Case::new(&normal(1300 * times, 5, 1), KMeans::new(7).restarts(9));
    let weights: Vec<f64> = (0..1500 * times).map(|i| (i * 37 % 11) as f64).collect();
    let heavy =
        Case::new(&weighted(normal(1500 * times, 3, 2), &weights), KMeans::new(6).restarts(5).tol(1e-3));
    let mut wide = values(&normal(1300 * times, 3, 3));
    wide.iter_mut().enumerate().for_each(|(at, x)| *x *= [1.0, 1e7, 1e-4][at % 3]);
    let mixed = Case::new(&dataset(3, wide.clone()), KMeans::new(5).restarts(4).max_iter(6));
    assert!(mixed.table.lattice.mixed());
    let random = Case::new(&normal(1400 * times, 2, 4), KMeans::new(9).restarts(6).init(Init::Random));
    vec![plain, heavy, mixed, random, few_locations(times), one_start(&dataset(3, wide))]
}

/// More clusters than locations: seeds run out, clusters empty, no location is left, in every chunk.
fn few_locations(times: usize) -> Case {
    let cells = (0..2800 * times as u64).map(|i| (i * i % 7) as f64).collect();
    Case::new(&dataset(2, cells), KMeans::new(30).restarts(3).init(Init::Random).max_iter(4))
}

/// All starts but one are one row: the others are refilled from all over the table.
fn one_start(data: &cairn::data::Dataset<'_>) -> Case {
    let d = data.points.n_dims();
    let rows = values(data);
    let starts = [rows[..d].repeat(11), rows[600 * d..601 * d].to_vec()].concat();
    let starts = Array2::from_shape_vec((12, d), starts).expect("whole rows");
    Case::new(data, KMeans::new(12).restarts(1).init(Init::Centroids(starts)).max_iter(5))
}

on_devices!(tables_in_chunks, tables_streamed, restarts_that_enter_later, small_lookups);

fn tables_in_chunks(backend: Backend) {
    on_adapters(backend, &|adapter| {
        for case in cases(1).into_iter().step_by(step(2, 5)) {
            let expected = case.oracle();
            let counters = agrees(adapter, &with_binding(16 << 10), &case, &expected);
            assert!(counters.round_dispatches > 4 * counters.rounds, "one chunk: {counters:?}");
            assert_eq!(counters.point_bytes_up, point_bytes(&case), "points go up once");
        }
    });
}

fn tables_streamed(backend: Backend) {
    on_adapters_of_one_api(backend, &|adapter| {
        for case in cases(2).into_iter().step_by(step(2, 5)) {
            let expected = case.oracle();
            let budget = least_memory(adapter, &case);
            let counters = agrees(adapter, &with_memory(budget), &case, &expected);
            assert!(counters.round_dispatches > 4 * counters.rounds, "one chunk: {counters:?}");
            assert!(counters.point_bytes_up > 3 * point_bytes(&case), "not streamed: {counters:?}");
        }
    });
}

on_devices!(streamed_seeding);

/// A seed of a streamed table takes one pass over its points, and the blocks that its candidates were drawn from.
fn streamed_seeding(backend: Backend) {
    on_adapters(backend, &|adapter| {
        let n_points = if quick() { 20_000 } else { 40_000 };
        let passes = |n_clusters: usize| {
            let kmeans = KMeans::new(n_clusters).restarts(1).max_iter(1);
            let case = Case::new(&normal(n_points, 6, 9), kmeans);
            let options = with_memory(least_memory(adapter, &case));
            let (got, counters) = run(adapter, &options, &case, Keep::All);
            compare(&case.oracle(), &got).unwrap_or_else(|difference| panic!("{adapter}: {difference}"));
            counters.point_bytes_up as f64 / point_bytes(&case) as f64
        };
        let (few, many) = (passes(4), passes(12));
        let blocks = 4.0 * 256.0 / n_points as f64; // at most, of each step
        assert!((many - few) / 8.0 >= 1.0, "no pass a seed: {few} and {many} passes");
        assert!((many - few) / 8.0 <= 1.0 + 1.5 * blocks, "more than a pass a seed: {few} and {many} passes");
    });
}

/// The least memory that a device takes a case with: it says how much that is.
pub(crate) fn least_memory(adapter: &AdapterInfo, case: &Case) -> u64 {
    least_memory_with(adapter, &common::options(), case)
}

/// The same, of a device opened like this.
pub(crate) fn least_memory_with(adapter: &AdapterInfo, options: &OpenOptions, case: &Case) -> u64 {
    let options = OpenOptions { gpu_memory: Some(1), ..options.clone() };
    let gpu = Gpu::open(adapter, &options).expect("it opened before");
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
        // however busy this machine is, and slow the device
        let patient = with_slice(Duration::from_secs(60));
        let few = run(adapter, &patient, &case(1), Keep::Best).1;
        let tight = OpenOptions { testing: patient.testing.clone(), ..with_memory(2_000_000) };
        let (kept, many) = run(adapter, &tight, &case(40), Keep::Best);
        for counters in [&few, &many] {
            assert!(
                counters.round_dispatches <= kernels_of_a_round() * counters.round_slices,
                "{counters:?}"
            );
            assert_eq!(counters.round_slices, counters.rounds, "one chunk, and short work");
            // rounds go out several at a time, and the host waits once for them
            assert!(counters.waits * 2 <= counters.rounds, "{counters:?}");
            assert!(counters.waits <= counters.submissions, "{counters:?}");
            assert_eq!(counters.point_bytes_up, point_bytes(&case(1)), "points go up once");
            assert_eq!(
                counters.seed_dispatches,
                3 * counters.entries,
                "begin, all seeds, place: {counters:?}"
            );
        }
        let general = OpenOptions {
            testing: Testing { general_seeding: true, ..patient.testing.clone() },
            ..patient.clone()
        };
        let general = run(adapter, &general, &case(1), Keep::Best).1;
        assert_eq!(general.seed_dispatches, 2 + 4 * 10, "four a seed: {general:?}");
        assert!(many.entries > 1, "{many:?}");
        assert_eq!(kept.states.len(), 1);
        // plus the best one's labels, centroids and slot, once
        let state = (1797 * 4 + 12 * 64 * 4 + 72) as u64;
        assert!(many.bytes_down <= state + 64 * 40, "{many:?}");
    });
}

on_devices!(slices_of_time, slices_of_time_of_every_kernel, slices_follow_the_pace);

fn with_slice(slice: Duration) -> OpenOptions {
    OpenOptions { testing: Testing { slice: Some(slice), ..Testing::default() }, ..common::options() }
}

/// Kernels of a round: two more where `tests/matrix.sh` asks for matrix units.
fn kernels_of_a_round() -> u64 {
    let on_units = std::env::var("CAIRN_GPU").is_ok_and(|kernel| kernel == "matrix");
    if on_units { 6 } else { 4 }
}

/// A device with a very short time limit runs everything one workgroup at a time: seeding, rounds,
/// refills; also with chunks, and with streaming.
fn slices_of_time(backend: Backend) {
    on_adapters_of_one_api(backend, &|adapter| {
        let short = with_slice(Duration::from_nanos(1));
        for case in cases(1).into_iter().step_by(step(2, 5)) {
            let expected = case.oracle();
            let counters = agrees(adapter, &short, &case, &expected);
            assert!(counters.round_slices > 2 * counters.rounds, "not cut: {counters:?}");
            assert!(
                counters.round_dispatches <= kernels_of_a_round() * counters.round_slices,
                "{counters:?}"
            );
            assert!(counters.waits <= counters.rounds + 3, "waits inside a round: {counters:?}");
        }
        let case = Case::new(&normal(3000, 5, 1), KMeans::new(7).restarts(2));
        let expected = case.oracle();
        for options in [with_binding(16 << 10), with_memory(least_memory(adapter, &case))] {
            let testing = Testing { slice: short.testing.slice, ..options.testing };
            agrees(adapter, &OpenOptions { testing, ..options }, &case, &expected);
        }
    });
}

/// Each has its own number of points and slots per workgroup.
fn slices_of_time_of_every_kernel(backend: Backend) {
    on_adapters_of_one_api(backend, &|adapter| {
        let case = Case::new(&normal(500, 9, 7), KMeans::new(21).restarts(7).max_iter(3));
        let expected = case.oracle();
        for kernel in part(["plain", "small", "tiled", "low"], 3) {
            let short = with_slice(Duration::from_nanos(1));
            let counters =
                agrees(adapter, &OpenOptions { gpu_kernel: Some(kernel.into()), ..short }, &case, &expected);
            assert!(counters.round_slices > 2 * counters.rounds, "{kernel} is not cut: {counters:?}");
        }
    });
}

/// What is taken for a fast device is cut once it is found to be slow, and what is taken for a slow one less
/// once it is found to be fast: within one batch.
fn slices_follow_the_pace(backend: Backend) {
    on_adapters_of_one_api(backend, &|adapter| {
        let case = Case::new(&normal(6000, 8, 8), KMeans::new(24).restarts(2).max_iter(40));
        let expected = case.oracle();
        let name = format!("{}, {}", adapter.name, adapter.backend);
        let taken_for = |per_step: f64, slice: Duration| {
            let cost = Cost { fixed: 0.0, per_value: 0.0, per_restart: 0.0, per_step };
            let gpus = vec![GpuCost { adapter: name.clone(), cost }];
            let options = OpenOptions { costs: Costs { gpus, ..Costs::default() }, ..with_slice(slice) };
            agrees(adapter, &options, &case, &expected)
        };
        // an operation in 1e-30 s, and then a dispatch of 0.1 ms is too long; a real GPU does this job in less
        let slower = taken_for(1e-30, Duration::from_micros(100));
        assert!(slower.round_slices > slower.rounds || !adapter.software, "never cut: {slower:?}");
        // an operation in a second, and then 10 s are long enough
        let faster = taken_for(1.0, Duration::from_secs(10));
        assert!(faster.round_slices > faster.rounds, "not cut at first: {faster:?}");
        let always = 6000 / 512 * faster.rounds;
        assert!(faster.round_slices < always / 2, "cut for ever: {faster:?}");
    });
}

on_devices!(kernels_are_kept);

/// The first start leaves what the driver compiled, if it can be had; the next one reads it and computes the
/// same; a broken file does no harm.
fn kernels_are_kept(backend: Backend) {
    on_adapters(backend, &|adapter| {
        let folder = tempfile::tempdir().expect("a folder");
        let options = OpenOptions { cache: Some(folder.path().into()), ..common::options() };
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

on_devices!(choices_are_kept, another_process_makes_no_trial);

/// A job whose kernel is chosen by a trial.
fn tried() -> Case {
    Case::new(&normal(90, 3, 6), KMeans::new(4).restarts(1))
}

/// Runs the tried job with a folder for choices. Returns how many kernels were timed.
fn trials(adapter: &AdapterInfo, folder: &Path) -> u64 {
    let options = OpenOptions {
        cache: Some(folder.into()),
        gpu_kernel: Some("trial".into()),
        ..OpenOptions::default()
    };
    let (got, counters) = run(adapter, &options, &tried(), Keep::All);
    compare(&tried().oracle(), &got).unwrap_or_else(|difference| panic!("{adapter}: {difference}"));
    counters.trials
}

/// Files of choices in a folder.
fn choices(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.filter(|file| file.extension().is_some_and(|end| end == "json")).collect()
}

/// The first start finds out, the next one knows; what is not a sound file of this cairn, adapter and driver is
/// found out anew, and put right.
fn choices_are_kept(backend: Backend) {
    on_adapters_of_one_api(backend, &|adapter| {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let all = trials(adapter, folder);
        assert!(all > 1, "nothing was tried");
        let file = choices(folder).pop().expect("a file of choices");
        let sound = std::fs::read_to_string(&file).expect("text");
        assert_eq!(trials(adapter, folder), 0, "tried again, after {sound}");
        let version = format!("\"{}\"", env!("CARGO_PKG_VERSION"));
        let entry = sound.split_once("\"fastest\": \"").expect("a choice").1;
        let entry = entry.split_once('"').expect("a choice").0;
        let wrong = [
            "not what was written".to_owned(),
            String::new(),
            sound[..sound.len() / 2].to_owned(),
            sound.replace(&version, "\"0.0.0\""),
            sound.replace("\"schema\": 2", "\"schema\": 1"),
            sound.replace(&adapter.name, "another"),
            sound.replace(&adapter.driver, "an older one"),
            sound.replace(&format!("\"fastest\": \"{entry}\""), "\"fastest\": \"assign_never\""),
            sound.clone() + &" ".repeat(1 << 20),
        ];
        for wrong in wrong.into_iter().step_by(step(2, 5)) {
            assert_ne!(wrong, sound);
            std::fs::write(&file, &wrong).expect("it can be written");
            assert_eq!(trials(adapter, folder), all, "taken for sound: {wrong}");
            assert_eq!(trials(adapter, folder), 0, "not put right: {wrong}");
        }
        assert_eq!(choices(folder), [file], "others were left");
        // nowhere to write: no reason to fail
        let nowhere = folder.join("a file");
        std::fs::write(&nowhere, b"").expect("it can be written");
        assert_eq!(trials(adapter, &nowhere), all);
    });
}

/// Names the folder in the process that is started by `another_process_makes_no_trial`.
const FOLDER: &str = "CAIRN_TEST_CHOICES";

fn another_process_makes_no_trial(backend: Backend) {
    on_adapters(backend, &|adapter| {
        if let Some(folder) = std::env::var_os(FOLDER) {
            return assert_eq!(trials(adapter, Path::new(&folder)), 0);
        }
        let folder = tempfile::tempdir().expect("a folder");
        assert!(trials(adapter, folder.path()) > 1, "nothing was tried");
        let own = std::env::current_exe().expect("a test knows its own file");
        let name = format!("gpu_loop::another_process_makes_no_trial::{backend:?}").to_lowercase();
        let ran = Command::new(own).args(["--exact", &name]).env(FOLDER, folder.path()).output();
        let ran = ran.expect("it can be run");
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success() && said.contains("1 passed"), "{said}");
    });
}

/// Dispatches, submissions, waits and allocations happen where they are counted, and nowhere else.
#[test]
fn only_the_wrappers_touch_the_device() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine/gpu");
    let wrapped = [
        (".dispatch_workgroups(", "kernel.rs", 2),
        ("queue.submit(", "context.rs", 1),
        ("queue.write_buffer(", "context.rs", 1),
        (".map_async(", "context.rs", 1),
        (".poll(", "context.rs", 2),
        (".create_buffer(", "context.rs", 1),
    ];
    let mut found = [0; 6];
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
