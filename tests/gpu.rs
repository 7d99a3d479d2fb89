//! What only a GPU can get wrong: doing the work itself, failing, and being handed over.
//!
//! That it computes the right thing is said in `engines`; here every adapter is found at work.
#![cfg(feature = "gpu")]

mod common;

use cairn::engine::gpu::{AdapterInfo, Fault, FaultKind, Gpu, adapters};
use cairn::engine::{Device, Engine, EngineError, Keep, OpenOptions, open};
use cairn::kmeans::{Fit, FitError, KMeans, fit, fit_with, run};

use common::{Backend, Case, digits, on_devices, opened};

/// Calls `body` with every adapter of a backend, and nothing for the processor.
fn on_adapters(backend: Backend, body: &dyn Fn(&AdapterInfo, &dyn Engine)) {
    if backend != Backend::Cpu {
        opened(backend).iter().for_each(|adapter| adapter.with(&|engine| body(&adapter.info, engine)));
    }
}

on_devices!(the_gpu_does_the_work, the_best_alone_is_kept, a_session_works_again, faults_are_errors);

/// An engine that left the decisions to the host would pass every comparison.
fn the_gpu_does_the_work(backend: Backend) {
    on_adapters(backend, &|_, engine| {
        let case = Case::new(&digits(), KMeans::new(10).restarts(4));
        let job = case.job();
        let mut session = engine.load(&job).expect("the GPU takes the job");
        let work = session.run(0..4, Keep::Best).expect("the GPU does the job").work;
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
            let got = run(session.as_mut(), 11, Some(batch), Keep::Best, &mut |_| {})
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
            let batch = session.run(some.clone(), Keep::All).expect("the GPU does the job");
            assert_eq!(batch.outcomes, all.outcomes[some.start as usize..some.end as usize]);
            assert_eq!(batch.states, all.states[some.start as usize..some.end as usize]);
        }
    });
}

const FAULTS: [FaultKind; 2] = [FaultKind::Lost, FaultKind::OutOfMemory];

/// Submissions to fail at: while seeding, in the first rounds, in a later batch.
const MOMENTS: [u64; 5] = [1, 2, 3, 6, 20];

fn is(kind: FaultKind, error: &EngineError) -> bool {
    match kind {
        FaultKind::Lost => matches!(error, EngineError::DeviceLost { .. }),
        FaultKind::OutOfMemory => matches!(error, EngineError::OutOfMemory { .. }),
    }
}

fn faults_are_errors(backend: Backend) {
    on_adapters(backend, &|adapter, _| {
        let case = Case::new(&digits(), KMeans::new(10).restarts(8));
        let job = case.job();
        for kind in FAULTS {
            for at in MOMENTS {
                let options = OpenOptions { fault: Some(Fault { kind, at }), ..OpenOptions::default() };
                let gpu = Gpu::open(adapter, &options).expect("it fails later");
                let ended = gpu
                    .load(&job)
                    .and_then(|mut session| run(session.as_mut(), 8, Some(2), Keep::Best, &mut |_| {}));
                let error = ended.expect_err("a fault was injected");
                assert!(is(kind, &error), "{kind:?} at {at}: {error}");
                assert!(error.to_string().contains(&adapter.name), "{error}");
            }
        }
    });
}

/// The eight restarts of these tests, in four batches.
fn eight() -> KMeans {
    KMeans::new(10).restarts(8).batch(2)
}

/// Calls `body` with the fit that each adapter makes of the digits with each fault.
fn fits_with_faults(
    backend: Backend,
    kmeans: &KMeans,
    moments: &[u64],
    body: &dyn Fn(Result<Fit, FitError>, FaultKind),
) {
    on_adapters(backend, &|adapter, _| {
        // a device is asked for by name: of adapters that share one, only the first can be
        let first = adapters().into_iter().find(|other| other.name == adapter.name);
        if first.is_none_or(|first| first.backend != adapter.backend) {
            return;
        }
        let params =
            kmeans.clone().device(Device::Named(adapter.name.clone())).check().expect("good parameters");
        for kind in FAULTS {
            for &at in moments {
                let options = OpenOptions { fault: Some(Fault { kind, at }), ..OpenOptions::default() };
                body(fit_with(&digits(), &params, &options, &mut |_| {}), kind);
            }
        }
    });
}

on_devices!(the_processor_takes_over_to_the_same_bits, a_device_asked_for_by_name_refuses);

fn the_processor_takes_over_to_the_same_bits(backend: Backend) {
    let cpu = eight().device(Device::Cpu).check().expect("the parameters make sense");
    let expected = fit(&digits(), &cpu).expect("the processor does the job");
    fits_with_faults(backend, &eight().fallback(true), &MOMENTS, &|fit, kind| {
        let fit = fit.expect("the processor takes over");
        assert_eq!(fit.fingerprint, expected.fingerprint, "{kind:?}");
        assert_eq!(fit.state, expected.state, "{kind:?}");
        assert_eq!(fit.device.used, "cpu");
        let note = fit.device.fallback.expect("it is said that the device failed");
        let words = if kind == FaultKind::Lost { "lost" } else { "out of memory" };
        assert!(note.contains(words) && note.contains("went on on the CPU"), "{note}");
    });
}

fn a_device_asked_for_by_name_refuses(backend: Backend) {
    for kmeans in [eight(), eight().fallback(false)] {
        fits_with_faults(backend, &kmeans, &[3], &|fit, kind| match fit {
            Err(FitError::Engine(error)) => assert!(is(kind, &error), "{error}"),
            other => panic!("{kind:?}: {other:?}"),
        });
    }
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
        assert!(adapters().iter().all(|adapter| text.contains(&adapter.name)), "{text}");
    }

    #[test]
    fn auto_never_takes_a_software_adapter() {
        let opened = open(&Device::Auto, &OpenOptions::default()).expect("there is a processor at least");
        let info = opened.engine.info();
        assert!(!info.software, "{info:?}");
        let real = adapters().iter().any(|adapter| !adapter.software);
        assert_eq!(info.used, if real { "gpu" } else { "cpu" }, "{}", opened.why);
        assert!(!opened.why.is_empty());
    }

    #[test]
    fn gpu_takes_the_best_adapter_or_says_what_to_install() {
        match (open(&Device::Gpu, &OpenOptions::default()), adapters().first()) {
            (Ok(opened), Some(best)) => assert!(opened.engine.info().adapter.contains(&best.name)),
            (Err(error), None) => assert!(error.to_string().contains("mesa-vulkan-drivers"), "{error}"),
            (Ok(opened), None) => panic!("no adapter, and yet {}", opened.why),
            (Err(error), Some(best)) => panic!("{best:?}: {error}"),
        }
    }

    #[test]
    fn real_adapters_come_first() {
        let found = adapters();
        assert!(found.is_sorted_by_key(|adapter| adapter.software), "{found:?}");
    }
}
