//! Errors that end a comparison, and failures that exclude only one device.

use std::sync::atomic::{AtomicBool, Ordering};

use cairn::compare::{CompareError, DifferencePlace, Method, RunError, format};
use cairn::engine::{Engine, EngineError};
use cairn::kmeans::{KMeans, Params};

use super::doubles::{Double, FakeClock, compare, compare_until};

const METHOD: Method = Method { runs: 4, warmup: 1, budget: None };

fn params() -> Params {
    KMeans::new(3).restarts(4).check().unwrap()
}

fn lost() -> EngineError {
    EngineError::DeviceLost { adapter: "a test double".into(), reason: "unplugged".into() }
}

#[test]
fn one_wrong_label_is_refused_before_any_timing() {
    let clock = FakeClock::default();
    let honest = Double::new(&clock, |_, _| 1000);
    let spoil: fn(u64, &mut cairn::engine::Batch) = |_, batch| {
        for (_, state) in &mut batch.states {
            state.labels[17] ^= 1;
        }
    };
    let liar = Double { spoil, ..Double::new(&clock, |_, _| 1000) };
    let error = compare(&clock, &[("cpu", &honest), ("liar", &liar)], &params(), None, METHOD).unwrap_err();
    let CompareError::Run(RunError::Differs(difference)) = &error else { panic!("{error}") };
    assert!(matches!(difference.place, DifferencePlace::Label { row: 17, .. }), "{difference}");
    let text = error.to_string();
    assert!(text.contains("cpu and liar differ first in restart") && text.contains("row 18"), "{text}");
    assert!(text.contains("no times are shown"), "{text}");
    assert_eq!((honest.made(), liar.made()), (1, 1)); // the pass that verifies, no other
}

#[test]
fn a_wrong_centroid_is_named_by_restart_cluster_and_value() {
    let clock = FakeClock::default();
    let honest = Double::new(&clock, |_, _| 1000);
    let spoil: fn(u64, &mut cairn::engine::Batch) = |_, batch| {
        for outcome in batch.outcomes.iter_mut().filter(|outcome| outcome.restart == 2) {
            outcome.digest ^= 1;
        }
        for (_, state) in batch.states.iter_mut().filter(|(restart, _)| *restart == 2) {
            state.centroids[3] += 1; // cluster 1, second feature
        }
    };
    let liar = Double { spoil, ..Double::new(&clock, |_, _| 1000) };
    let error = compare(&clock, &[("cpu", &honest), ("liar", &liar)], &params(), None, METHOD).unwrap_err();
    let CompareError::Run(RunError::Differs(difference)) = &error else { panic!("{error}") };
    let DifferencePlace::Centroid { restart: 2, cluster: 1, feature: 1, values: (a, b) } = difference.place
    else {
        panic!("{difference}")
    };
    assert_eq!(a + 1, b);
}

#[test]
fn a_wrong_inertia_is_named_even_if_the_state_is_right() {
    let clock = FakeClock::default();
    let honest = Double::new(&clock, |_, _| 1000);
    let spoil: fn(u64, &mut cairn::engine::Batch) = |_, batch| {
        if let Some(outcome) = batch.outcomes.get_mut(1) {
            outcome.inertia += 1; // not when it runs by itself
        }
    };
    let liar = Double { spoil, ..Double::new(&clock, |_, _| 1000) };
    let error = compare(&clock, &[("cpu", &honest), ("liar", &liar)], &params(), None, METHOD).unwrap_err();
    assert!(error.to_string().contains("restart 1, its inertia"), "{error}");
}

#[test]
fn a_device_that_fails_midway_is_out_and_the_others_finish() {
    let clock = FakeClock::default();
    let steady = Double::new(&clock, |_, _| 1000);
    let trouble: Box<dyn Fn(u64) -> Result<(), EngineError> + Send + Sync> =
        Box::new(|run| if run == 4 { Err(lost()) } else { Ok(()) });
    let weak = Double { trouble, ..Double::new(&clock, |_, _| 1000) };
    let devices: [(&str, &dyn Engine); 2] = [("weak", &weak), ("steady", &steady)];
    let document = compare(&clock, &devices, &params(), None, METHOD).unwrap();
    let [weak, steady] = &document.measurements[0].devices[..] else { panic!("two devices") };
    // one to verify, one to warm up, two that count
    assert_eq!((weak.runs_s.len(), steady.runs_s.len()), (2, 4));
    assert!(weak.failure.as_ref().unwrap().contains("unplugged") && steady.failure.is_none());
    assert!(!document.complete && !document.stopped);
    assert_eq!(document.failure().unwrap().0, "weak");
    assert!(steady.ratio.is_some()); // of the pairs that there are
    assert!(format::verified(&document).starts_with("weak and steady agree")); // they did before it failed
}

#[test]
fn a_device_that_failed_takes_no_part_in_later_values() {
    let clock = FakeClock::default();
    let steady = Double::new(&clock, |_, _| 1000);
    let trouble: Box<dyn Fn(u64) -> Result<(), EngineError> + Send + Sync> = Box::new(|_| Err(lost()));
    let broken = Double { trouble, ..Double::new(&clock, |_, _| 1000) };
    let devices: [(&str, &dyn Engine); 2] = [("broken", &broken), ("steady", &steady)];
    let document = compare(&clock, &devices, &params(), Some("restarts=1,2,3"), METHOD).unwrap();
    assert_eq!((broken.made(), steady.made()), (1, 3 * 6));
    assert!(document.measurements.iter().all(|m| m.devices[0].failure.is_some() && m.fingerprint.is_some()));
    assert!(document.crossovers.is_empty());
    let text = format::verified(&document);
    assert!(text.starts_with("nothing at any value: there is no second result"), "{text}");
}

#[test]
fn a_device_that_lies_at_the_last_value_is_refused_before_any_timing() {
    let clock = FakeClock::default();
    let honest = Double::new(&clock, |_, _| 1000);
    let spoil: fn(u64, &mut cairn::engine::Batch) = |run, batch| {
        if run == 2 {
            batch.outcomes[0].iterations += 1;
        }
    };
    let liar = Double { spoil, ..Double::new(&clock, |_, _| 1000) };
    let devices: [(&str, &dyn Engine); 2] = [("cpu", &honest), ("liar", &liar)];
    let error = compare(&clock, &devices, &params(), Some("restarts=1,2,3"), METHOD).unwrap_err();
    assert!(error.to_string().contains("restart 0, its iterations"), "{error}");
    assert_eq!(honest.made(), 3 + 1); // once a value, and the restart that differs by itself
}

#[test]
fn agreement_is_said_of_those_only_that_were_compared() {
    let clock = FakeClock::default();
    let steady = Double::new(&clock, |_, _| 1000);
    let other = Double::new(&clock, |_, _| 1000);
    let trouble: Box<dyn Fn(u64) -> Result<(), EngineError> + Send + Sync> = Box::new(|_| Err(lost()));
    let broken = Double { trouble, ..Double::new(&clock, |_, _| 1000) };
    let devices: [(&str, &dyn Engine); 3] = [("steady", &steady), ("broken", &broken), ("other", &other)];
    let text = format::verified(&compare(&clock, &devices, &params(), None, METHOD).unwrap());
    assert!(text.starts_with("steady and other agree in every bit; fingerprint: "), "{text}");
}

/// Stopped between two devices of the pass that verifies, nothing was compared.
#[test]
fn stopped_while_verifying_nothing_agrees() {
    let clock = FakeClock::default();
    let stop = AtomicBool::new(false);
    let stops = Double::new(&clock, |_, _| {
        stop.store(true, Ordering::Relaxed);
        1000
    });
    let other = Double::new(&clock, |_, _| 1000);
    let devices: [(&str, &dyn Engine); 2] = [("first", &stops), ("second", &other)];
    for sweep in [None, Some("restarts=1,2")] {
        stop.store(false, Ordering::Relaxed);
        let document = compare_until(&clock, &devices, &params(), sweep, METHOD, &stop).unwrap();
        assert!(document.stopped && document.crossovers.is_empty());
        assert!(document.measurements.iter().flat_map(|m| &m.devices).all(|timing| !timing.verified));
        let text = format::verified(&document);
        assert!(text.starts_with("nothing") && !text.contains("agree"), "{text}");
    }
    assert_eq!(other.made(), 0);
}

#[test]
fn a_result_that_changes_from_run_to_run_ends_the_device_s_part() {
    let clock = FakeClock::default();
    let steady = Double::new(&clock, |_, _| 1000);
    let spoil: fn(u64, &mut cairn::engine::Batch) = |run, batch| {
        if run == 3 {
            batch.outcomes[0].iterations += 1;
        }
    };
    let fickle = Double { spoil, ..Double::new(&clock, |_, _| 1000) };
    let document =
        compare(&clock, &[("steady", &steady), ("fickle", &fickle)], &params(), None, METHOD).unwrap();
    let failure = document.measurements[0].devices[1].failure.as_ref().unwrap();
    assert!(failure.contains("differs from the verified one"), "{failure}");
    let text = format::verified(&document);
    assert!(
        !document.measurements[0].devices[1].verified
            && text.starts_with("nothing: there is no second result"),
        "{text}"
    );
}

#[test]
fn stopped_midway_it_keeps_what_was_measured() {
    let clock = FakeClock::default();
    let stop = AtomicBool::new(false);
    let slow = Double::new(&clock, |run, _| {
        stop.store(run == 3, Ordering::Relaxed); // heard before the next batch or run
        1000
    });
    let document = compare_until(&clock, &[("slow", &slow)], &params(), None, METHOD, &stop).unwrap();
    assert!(document.stopped && !document.complete);
    assert_eq!(document.measurements[0].devices[0].runs_s.len(), 2);
    assert_eq!(document.devices[0].failure, None); // a stop is not a failure
}

#[test]
fn sweeps_that_the_data_rule_out_are_refused_before_any_run() {
    let clock = FakeClock::default();
    let device = Double::new(&clock, |_, _| 1000);
    let refused = |sweep: &str| {
        let error = compare(&clock, &[("cpu", &device)], &params(), Some(sweep), METHOD).unwrap_err();
        error.to_string()
    };
    assert!(refused("points=5..31").contains("31 points asked for, of thirty rows, which has 30 rows"));
    assert!(refused("clusters=2..31").contains("31 clusters for 30 rows"));
    assert!(refused("points=2..30").contains("3 clusters for 2 rows"));
    assert_eq!(device.made(), 0);
}
