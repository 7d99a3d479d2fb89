//! Behaviour specific to GPUs: that they do the work themselves, failures, and the fallback.
//!
//! Results are tested by the other modules.
#![cfg(feature = "gpu")]

use cairn::data::Dataset;
use cairn::engine::gpu::{AdapterInfo, Fault, FaultKind, Gpu, adapters};
use cairn::engine::nearest_two::{Centroids, NearestTwo};
use cairn::engine::reference::Reference;
use cairn::engine::{Batch, Device, Engine, EngineError, Keep, OpenOptions, Testing, Watch, open};
use cairn::kmeans::{
    CONTINUE, Fit, FitError, Init, KMeans, Params, Restarts, Streaming, fit, fit_streamed, fit_with, run,
};

use crate::common::{self, Backend, Case, digits, long, on_devices, opened, part, step};

/// Calls `body` with every adapter of a backend, and nothing for the processor.
fn on_adapters(backend: Backend, body: &dyn Fn(&AdapterInfo, &dyn Engine)) {
    if backend != Backend::Cpu {
        opened(backend).iter().for_each(|adapter| adapter.with(&|engine| body(&adapter.info, engine)));
    }
}

/// The same, for what the host does, which no API changes.
fn on_adapters_of_one_api(backend: Backend, body: &dyn Fn(&AdapterInfo, &dyn Engine)) {
    if backend != Backend::Cpu && !backend.is_left_to_another() {
        on_adapters(backend, body);
    }
}

on_devices!(the_gpu_does_the_work, the_best_alone_is_kept, a_session_works_again);

/// An engine that did the work on the host would pass every comparison.
fn the_gpu_does_the_work(backend: Backend) {
    on_adapters(backend, &|_, engine| {
        let case = Case::new(&digits(), KMeans::new(10).restarts(4));
        let job = case.job();
        let mut session = engine.load(&job).expect("the GPU takes the job");
        let work = session.run(0..4, Keep::Best, &Watch::default()).expect("the GPU does the job").work;
        assert_eq!((engine.info().used, session.info().used), ("gpu", "gpu"));
        assert_eq!(session.info().fallback, None);
        // a pass for each update and one before the first
        let iterations: u32 = case.oracle().outcomes.iter().map(|outcome| outcome.iterations).sum();
        assert_eq!(work.later_assigned_points, u64::from(iterations) * 1797);
        assert_eq!(work.assigned_points, u64::from(iterations + 4) * 1797);
        let (repaired, assigned) = (work.later_repaired_points, work.later_assigned_points);
        assert!(repaired * 20 < assigned, "{repaired} of {assigned} points were repaired");
    });
}

fn the_best_alone_is_kept(backend: Backend) {
    on_adapters(backend, &|_, engine| {
        let case = Case::new(&common::normal(300, 3, 1), KMeans::new(9).restarts(11));
        let (job, all) = (case.job(), case.oracle());
        let mut session = engine.load(&job).expect("the GPU takes the job");
        for batch in [1, 4, 11] {
            let got = run(session.as_mut(), &job, 11, Some(batch), Keep::Best, &mut |_| CONTINUE)
                .expect("the GPU does the job");
            assert_eq!(got.outcomes, all.outcomes);
            assert_eq!((got.states.len(), got.best_state()), (1, all.best_state()));
        }
    });
}

fn a_session_works_again(backend: Backend) {
    on_adapters(backend, &|_, engine| {
        let case = Case::new(&common::normal(200, 5, 2), KMeans::new(6).restarts(8));
        let (job, all) = (case.job(), case.oracle());
        let mut session = engine.load(&job).expect("the GPU takes the job");
        for some in [3..8, 0..2, 7..8, 0..8] {
            let batch =
                session.run(some.clone(), Keep::All, &Watch::default()).expect("the GPU does the job");
            assert_eq!(batch.outcomes, all.outcomes[some.start as usize..some.end as usize]);
            assert_eq!(batch.states, all.states[some.start as usize..some.end as usize]);
        }
    });
}

const FAULTS: [FaultKind; 2] = [FaultKind::Lost, FaultKind::OutOfMemory];

/// Calls at which to inject faults: during upload, during seeding, in the first rounds, in a later batch.
const MOMENTS: [u64; 5] = [1, 9, 20, 33, 50];

fn is(kind: FaultKind, error: &EngineError) -> bool {
    match kind {
        FaultKind::Lost => matches!(error, EngineError::DeviceLost { .. }),
        FaultKind::OutOfMemory => matches!(error, EngineError::OutOfMemory { .. }),
    }
}

/// The engine's error in that of a run.
fn of_engine(error: FitError) -> EngineError {
    match error {
        FitError::Engine(error) => error,
        other => panic!("{other}"),
    }
}

/// Small and quick, with empty clusters on the way, for a fault at every call.
fn little() -> Case {
    let values = (0..120).map(|i| f64::from(i * i % 5)).collect();
    Case::new(&common::dataset(2, values), KMeans::new(9).restarts(8).init(Init::Random))
}

/// How a GPU is opened that fails.
fn failing(fault: Option<Fault>) -> OpenOptions {
    OpenOptions { testing: Testing { fault, ..Testing::default() }, ..common::options() }
}

/// The little case on a GPU that fails, in batches of five: what came of it, what was finished of a batch that
/// failed, and what is said of the fault.
fn with_fault(
    adapter: &AdapterInfo,
    case: &Case,
    fault: Fault,
) -> (Result<Restarts, EngineError>, Restarts, Option<String>) {
    let options = failing(Some(fault));
    let gpu = Gpu::open(adapter, &options).expect("it fails later");
    let job = case.job();
    let mut session = match gpu.load(&job) {
        Err(error) => return (Err(error), Restarts::default(), None),
        Ok(session) => session,
    };
    let ended = run(session.as_mut(), &job, 8, Some(5), Keep::All, &mut |_| CONTINUE).map_err(of_engine);
    let Batch { outcomes, states, .. } = session.salvage(Keep::All);
    let mut restarts = Restarts::default();
    (restarts.outcomes, restarts.states) = (outcomes, states);
    (ended, restarts, session.info().fallback)
}

/// The calls to fail at, from the first: every other one; all of them where there is time.
fn calls() -> impl Iterator<Item = u64> {
    (1..).step_by(step(4, 8))
}

/// Calls `body` with each of the [`calls`], until it says that no fault happened.
fn at_every_call(body: &dyn Fn(u64) -> bool) {
    let last = calls().take_while(|&at| body(at)).last().unwrap_or(0);
    assert!(last > 40, "only {last} calls");
}

on_devices!(out_of_memory_makes_batches_smaller, out_of_memory_again_and_again, lost_at_any_call);

fn out_of_memory_makes_batches_smaller(backend: Backend) {
    on_adapters_of_one_api(backend, &|adapter, _| {
        let case = little();
        let expected = case.oracle();
        at_every_call(&|at| {
            let fault = Fault { kind: FaultKind::OutOfMemory, at, again: false };
            let (ended, _, note) = with_fault(adapter, &case, fault);
            let ended = ended.unwrap_or_else(|error| panic!("call {at}: {error}"));
            common::compare(&expected, &ended).unwrap_or_else(|difference| panic!("call {at}: {difference}"));
            assert!(note.iter().all(|note| note.contains("smaller batches")), "{note:?}");
            note.is_some()
        });
    });
}

/// A device that fails repeatedly: runs end, and those that succeed are correct.
fn out_of_memory_again_and_again(backend: Backend) {
    on_adapters(backend, &|adapter, _| {
        let case = little();
        let expected = case.oracle();
        let ends_well = |at| {
            let fault = Fault { kind: FaultKind::OutOfMemory, at, again: true };
            match with_fault(adapter, &case, fault).0 {
                Ok(ended) => common::compare(&expected, &ended).map(|()| true).expect("equal"),
                Err(error) => {
                    assert!(is(FaultKind::OutOfMemory, &error), "{error}");
                    false
                }
            }
        };
        assert!(!ends_well(1) && !ends_well(5));
        // how many calls a run makes depends on how busy the machine is
        assert!([61, 200, 1000].into_iter().any(ends_well));
    });
}

fn lost_at_any_call(backend: Backend) {
    on_adapters_of_one_api(backend, &|adapter, _| {
        let case = little();
        let expected = case.oracle();
        at_every_call(&|at| {
            let fault = Fault { kind: FaultKind::Lost, at, again: false };
            let (ended, salvaged, _) = with_fault(adapter, &case, fault);
            if let Err(error) = &ended {
                assert!(is(FaultKind::Lost, error), "call {at}: {error}");
                assert!(error.to_string().contains(&adapter.name), "{error}");
            }
            // what was finished before the fault is correct
            for (outcome, (restart, state)) in salvaged.outcomes.iter().zip(&salvaged.states) {
                assert_eq!(*outcome, expected.outcomes[*restart as usize], "call {at}");
                assert_eq!(*state, expected.states[*restart as usize].1, "call {at}");
            }
            ended.is_err()
        });
    });
}

on_devices!(trials_with_faults, nearest_with_faults, peaks_with_faults);

/// Failures before a trial, in it, and after it.
fn trials_with_faults(backend: Backend) {
    on_adapters_of_one_api(backend, &|adapter, _| {
        let case = little();
        let (expected, job) = (case.oracle(), case.job());
        let mut trials = Vec::new();
        let calls = (1..=90).step_by(step(4, 8));
        for (kind, at) in calls.map(|at| (FAULTS[usize::from(at % 3 != 0)], at)) {
            let fault = Some(Fault { kind, at, again: false });
            let cache = tempfile::TempDir::new().expect("a folder"); // in which nothing is known yet
            let (gpu_kernel, cache) = (Some("trial".to_owned()), Some(cache.path().to_owned()));
            let options = OpenOptions { gpu_kernel, cache, ..failing(fault) };
            let gpu = Gpu::open(adapter, &options).expect("it fails later");
            let ran = gpu
                .load(&job)
                .map_err(FitError::from)
                .and_then(|mut session| run(session.as_mut(), &job, 8, Some(5), Keep::All, &mut |_| CONTINUE))
                .map_err(of_engine);
            match ran {
                Ok(ran) => {
                    let same = common::compare(&expected, &ran);
                    same.unwrap_or_else(|difference| panic!("{kind:?} at call {at}: {difference}"));
                }
                Err(error) => assert!(kind == FaultKind::Lost && is(kind, &error), "call {at}: {error}"),
            }
            trials.push((kind, gpu.counters().trials));
        }
        // of some trials, a part was left out for want of memory
        let full = trials.iter().map(|(_, n)| *n).max().expect("there were some");
        let cut = trials.iter().filter(|(kind, n)| *kind == FaultKind::OutOfMemory && *n < full).count();
        assert!(cut > 5 && full > 2, "{trials:?}");
    });
}

/// Rows and centroids for [`Engine::nearest`].
fn nearest_in(engine: &dyn Engine, case: &Case) -> Result<(Vec<NearestTwo>, Option<String>), EngineError> {
    let centroids: Vec<i32> = (0..7).flat_map(|i| case.table.point(i * 90).to_vec()).collect();
    let centroids = Centroids { lattice: &case.table.lattice, values: &centroids };
    let mut session = engine.nearest(centroids)?;
    let found = session.nearest_two(&case.table)?;
    Ok((found, session.info().fallback))
}

fn nearest_with_faults(backend: Backend) {
    on_adapters_of_one_api(backend, &|adapter, _| {
        let case = Case::new(&common::normal(700, 5, 3), KMeans::new(2));
        let (expected, none) = nearest_in(&Reference, &case).expect("the reference does not fail");
        assert_eq!(none, None);
        let with = |kind, at, again| {
            let options = failing(Some(Fault { kind, at, again }));
            nearest_in(&Gpu::open(adapter, &options).expect("it fails later"), &case)
        };
        let mut last = 0;
        for at in calls() {
            last = at;
            let Ok((found, note)) = with(FaultKind::OutOfMemory, at, false) else {
                assert_eq!(at, 1, "the centroids have to be there");
                continue;
            };
            assert_eq!(found, expected, "call {at}");
            let Some(note) = note else { break };
            assert!(note.contains("smaller batches"), "{note}");
            let lost = with(FaultKind::Lost, at, false).expect_err("the device is lost");
            assert!(is(FaultKind::Lost, &lost), "call {at}: {lost}");
        }
        assert!(last > 8, "only {last} calls");
        assert_eq!(with(FaultKind::OutOfMemory, 23, true).expect("there is room at times").0, expected);
        let error = with(FaultKind::OutOfMemory, 3, true).expect_err("there is never room");
        assert!(is(FaultKind::OutOfMemory, &error), "{error}");
    });
}

fn peaks_with_faults(backend: Backend) {
    on_adapters_of_one_api(backend, &|adapter, _| {
        for at in calls().take_while(|&at| at < 24) {
            for kind in FAULTS {
                let fault = Some(Fault { kind, at, again: false });
                let gpu = Gpu::open(adapter, &failing(fault));
                match gpu.expect("it fails later").peak() {
                    Ok(peak) => {
                        let peak = peak.expect("it has a peak");
                        assert!(kind == FaultKind::OutOfMemory, "call {at}: lost, and yet {peak:?}");
                        assert!(peak.flops > 0.0 && peak.bytes_per_second > 0.0, "call {at}: {peak:?}");
                    }
                    Err(error) => assert!(kind == FaultKind::Lost && is(kind, &error), "call {at}: {error}"),
                }
            }
        }
    });
}

/// The eight restarts of these tests, in four batches.
fn eight() -> KMeans {
    KMeans::new(10).restarts(8).batch(2)
}

/// A table that is quickly clustered.
fn some() -> Dataset<'static> {
    common::normal(300, 5, 8)
}

/// Calls `body` with the fit that each adapter makes of some table with each fault.
fn fits_with_faults(
    backend: Backend,
    asked: (&KMeans, Option<bool>),
    moments: &[u64],
    body: &dyn Fn(Result<Fit, FitError>, FaultKind),
) {
    let fit = |params: &Params, options: &OpenOptions| fit_with(&some(), params, options, &mut |_| CONTINUE);
    made_with_faults(backend, asked, moments, &fit, body);
}

/// The same of fits that `fit` makes.
fn made_with_faults(
    backend: Backend,
    (kmeans, fallback): (&KMeans, Option<bool>),
    moments: &[u64],
    fit: &dyn Fn(&Params, &OpenOptions) -> Result<Fit, FitError>,
    body: &dyn Fn(Result<Fit, FitError>, FaultKind),
) {
    on_adapters_of_one_api(backend, &|adapter, _| {
        // a device is asked for by name: of adapters that share one, only the first can be
        let first = adapters(&[], true).into_iter().find(|other| other.name == adapter.name);
        if first.is_none_or(|first| first.backend != adapter.backend) {
            return;
        }
        let params =
            kmeans.clone().device(Device::Named(adapter.name.clone())).check().expect("good parameters");
        for kind in FAULTS {
            for &at in moments {
                let options = OpenOptions { fallback, ..failing(Some(Fault { kind, at, again: false })) };
                body(fit(&params, &options), kind);
            }
        }
    });
}

on_devices!(
    the_processor_takes_over_to_the_same_bits,
    a_device_asked_for_by_name_refuses,
    the_processor_runs_what_is_left,
    the_processor_takes_over_a_table_in_a_file,
);

fn the_processor_takes_over_to_the_same_bits(backend: Backend) {
    let cpu = eight().device(Device::Cpu).check().expect("the parameters make sense");
    let expected = fit(&some(), &cpu).expect("the processor does the job");
    fits_with_faults(backend, (&eight(), Some(true)), &MOMENTS, &|fit, kind| {
        let fit = fit.expect("the processor takes over");
        assert_eq!(fit.fingerprint, expected.fingerprint, "{kind:?}");
        assert_eq!(fit.state, expected.state, "{kind:?}");
        let note = fit.device.fallback.expect("it is said that the device failed");
        let (used, words, then) = match kind {
            FaultKind::Lost => ("cpu", "lost", "continued on the CPU"),
            FaultKind::OutOfMemory => ("gpu", "out of memory", "continued in smaller batches"),
        };
        assert_eq!(fit.device.used, used);
        assert!(note.contains(words) && note.contains(then), "{note}");
    });
}

/// A device that is lost in the middle of a run over a table in a file.
fn the_processor_takes_over_a_table_in_a_file(backend: Backend) {
    let two = || KMeans::new(6).restarts(2);
    let cpu = two().device(Device::Cpu).check().expect("the parameters make sense");
    let expected = fit(&some(), &cpu).expect("the processor does the job");
    let streamed = |params: &Params, options: &OpenOptions| {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, key) = (folder.path().join("t.packed"), "some".to_owned());
        let streaming = Streaming { memory: 1 << 40, file, keep: true, key };
        let opened = open(params.device(), options)?;
        fit_streamed(&opened, &some(), params, &streaming, None, &mut |_| CONTINUE)
    };
    let moments: Vec<u64> = part([1, 5, 9, 20, 33], 2).collect();
    made_with_faults(backend, (&two(), Some(true)), &moments, &streamed, &|fit, kind| {
        let fit = fit.expect("the processor takes over");
        assert_eq!((&fit.fingerprint, &fit.state), (&expected.fingerprint, &expected.state), "{kind:?}");
        assert!(fit.streamed.is_some());
        let note = fit.device.fallback.expect("it is said that the device failed");
        assert!(kind == FaultKind::OutOfMemory || note.contains("lost"), "{note}");
    });
}

fn a_device_asked_for_by_name_refuses(backend: Backend) {
    for fallback in [None, Some(false)] {
        fits_with_faults(backend, (&eight(), fallback), &[3], &|fit, kind| match fit {
            Err(FitError::Engine(error)) => assert!(is(kind, &error), "{error}"),
            Ok(fit) if kind == FaultKind::OutOfMemory => assert_eq!(fit.device.used, "gpu"),
            other => panic!("{kind:?}: {other:?}"),
        });
    }
}

/// Restarts finished before the device was lost are not repeated, and the best is the best of all.
fn the_processor_runs_what_is_left(backend: Backend) {
    let few = || eight().restarts(40).batch(40);
    let cpu = few().device(Device::Cpu).check().expect("the parameters make sense");
    let expected = fit(&some(), &cpu).expect("the processor does the job");
    fits_with_faults(
        backend,
        (&few(), Some(true)),
        &part([34, 36, 38, 40], 3).collect::<Vec<_>>(),
        &|fit, _| {
            let fit = fit.expect("the processor takes over");
            assert_eq!(fit.fingerprint, expected.fingerprint);
            assert_eq!(fit.state, expected.state);
        },
    );
}

mod choice {
    use super::*;

    #[test]
    fn an_unknown_name_is_refused_with_what_there_is() {
        let asked = Device::Named("no such adapter".into());
        let error = open(&asked, &OpenOptions::default()).err().expect("there is no such adapter");
        assert!(matches!(error, EngineError::NoAdapter(_)), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("\"no such adapter\""), "{text}");
        assert!(adapters(&[], true).iter().all(|adapter| text.contains(&adapter.name)), "{text}");
    }

    #[test]
    fn with_fallback_the_cpu_takes_the_place_of_a_gpu_that_is_missing_and_says_so() {
        let missing = Device::Named("no such adapter".into());
        let options = OpenOptions { fallback: Some(true), ..OpenOptions::default() };
        let params = |device: Device| eight().device(device).check().expect("good parameters");
        let fits = |device, options| fit_with(&some(), &params(device), options, &mut |_| CONTINUE);
        let instead = fits(missing.clone(), &options).expect("the processor takes over");
        let why = instead.device.fallback.expect("it is said that there is no such adapter");
        assert!(why.contains("\"no such adapter\""), "{why}");
        assert_eq!(instead.device.used, "cpu");
        let expected = fits(Device::Cpu, &options).expect("the processor does the job");
        assert_eq!((instead.fingerprint, expected.device.fallback), (expected.fingerprint, None));
        for fallback in [None, Some(false)] {
            let error = open(&missing, &OpenOptions { fallback, ..options.clone() }).err();
            assert!(matches!(error, Some(EngineError::NoAdapter(_))), "{error:?}");
        }
    }

    #[test]
    fn auto_never_takes_a_software_adapter() {
        let opened = open(&Device::Auto, &OpenOptions::default()).expect("there is a processor at least");
        let info = opened.engine.info();
        assert!(!info.software, "{info:?}");
        let real = adapters(&[], true).iter().any(|adapter| !adapter.software);
        assert_eq!(info.used, if real { "gpu" } else { "cpu" }, "{}", opened.why);
        assert!(!opened.why.is_empty());
    }

    #[test]
    fn gpu_takes_the_best_adapter_or_says_what_to_install() {
        match (open(&Device::Gpu, &OpenOptions::default()), adapters(&[], true).first()) {
            (Ok(opened), Some(best)) => assert!(opened.engine.info().adapter.contains(&best.name)),
            (Err(error), None) => assert!(error.to_string().contains("mesa-vulkan-drivers"), "{error}"),
            (Ok(opened), None) => panic!("no adapter, and yet {}", opened.why),
            (Err(error), Some(best)) => panic!("{best:?}: {error}"),
        }
    }

    #[test]
    fn real_adapters_come_first() {
        let found = adapters(&[], true);
        assert!(found.is_sorted_by_key(|adapter| adapter.software), "{found:?}");
    }
}

on_devices!(a_kernel_that_the_driver_refuses_is_done_without, pieces_of_points_add_up);

/// Each assign kernel in turn, and all but the plain one: another takes its place, with the same results, and a note says so.
fn a_kernel_that_the_driver_refuses_is_done_without(backend: Backend) {
    let cases = [
        ("assign_small", Case::new(&common::normal(300, 20, 11), KMeans::new(9).restarts(5))),
        ("assign_low", Case::new(&common::normal(300, 8, 12), KMeans::new(70).restarts(2).max_iter(5))),
        ("assign_tiled", Case::new(&common::normal(300, 40, 13), KMeans::new(70).restarts(2).max_iter(5))),
    ];
    on_adapters(backend, &|adapter, _| {
        for (kernel, case) in &cases {
            let ways = [(*kernel, None), ("assign_", Some("trial")), (*kernel, Some("trial"))];
            for (refused, choice) in
                ways.into_iter().take(if long() { 3 } else { 1 + usize::from(*kernel == "assign_low") })
            {
                let testing = Testing { refused: Some(refused.into()), ..Testing::default() };
                let gpu_kernel = choice.map(str::to_owned);
                let gpu = Gpu::open(adapter, &OpenOptions { testing, gpu_kernel, ..OpenOptions::default() })
                    .expect("it opened before");
                let got = case.run(&gpu, case.params.n_restarts());
                common::compare(&case.oracle(), &got)
                    .unwrap_or_else(|why| panic!("{adapter}, {kernel}: {why}"));
                let notes = gpu.notes();
                let of_kernel = notes.iter().filter(|note| note.contains(&format!("the kernel {kernel}")));
                assert!(of_kernel.clone().count() > 0, "{adapter}, {refused}: {notes:?}");
                assert!(
                    of_kernel
                        .clone()
                        .all(|note| note.contains("the driver refused it") && !note.contains('\n'))
                );
            }
        }
    });
}

fn pieces_of_points_add_up(backend: Backend) {
    on_adapters_of_one_api(backend, &|adapter, _| {
        for piece in [1, 100, 1000] {
            for data in [common::normal(137, 5, 14), digits()] {
                let case = Case::new(&data, KMeans::new(6).restarts(2).max_iter(4));
                let testing = Testing { piece: Some(piece), ..Testing::default() };
                let gpu = Gpu::open(adapter, &OpenOptions { testing, ..OpenOptions::default() });
                let got = case.run(&gpu.expect("it opened before"), 2);
                common::compare(&case.oracle(), &got)
                    .unwrap_or_else(|why| panic!("{adapter}, {piece}: {why}"));
            }
        }
    });
}
