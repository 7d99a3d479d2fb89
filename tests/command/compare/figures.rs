//! Statistics of known times.

use std::sync::Mutex;
use std::time::Duration;

use cairn::compare::statistics::Ratio;
use cairn::compare::sweep::Crossover;
use cairn::compare::{Budget, Estimate, Method, Step};
use cairn::engine::Engine;
use cairn::kmeans::KMeans;

use super::doubles::{Double, FakeClock, compare, compare_saying};

const SEVEN: Method = Method { runs: 7, warmup: 1, budget: None };

#[test]
fn medians_ratios_and_splits_are_those_of_the_clock() {
    let clock = FakeClock::default();
    // runs 0 and 1 verify and warm up; then 10, 20, .. 70 ms
    let slow =
        Double { load_us: (500, 2000), ..Double::new(&clock, |run, _| run.saturating_sub(1) * 10_000) };
    let fast = Double::new(&clock, |run, _| run.saturating_sub(1) * 2000);
    let params = KMeans::new(3).restarts(4).check().unwrap();
    let document = compare(&clock, &[("slow", &slow), ("fast", &fast)], &params, None, SEVEN).unwrap();
    let [slow, fast] = &document.measurements[0].devices[..] else { panic!("two devices") };
    assert_eq!(slow.runs_s, [0.012, 0.022, 0.032, 0.042, 0.052, 0.062, 0.072]); // upload is part of it, building is not
    let time = slow.time_s.unwrap();
    assert_eq!((time.median, time.min, time.max), (0.042, 0.012, 0.072));
    assert_eq!(fast.time_s.unwrap().median, 0.008);
    let split = slow.split_s.unwrap();
    let parts = [split.build, split.upload, split.seed, split.iterate, split.assign, split.update];
    let known = [0.0005, 0.002, 0.01, 0.03, 0.02, 0.01];
    assert!(parts.iter().zip(known).all(|(part, known)| (part - known).abs() < 1e-6), "{parts:?}");
    assert!(!split.device_clock && split.read_back == 0.0);
    let rates = slow.rates.unwrap();
    assert_eq!(rates.restarts_per_s, 4.0 / 0.042);
    let steps = 30.0 * 3.0 * document.measurements[0].iterations as f64;
    assert_eq!(rates.point_cluster_iterations_per_s, steps / 0.042);
    let ratios = [2.0 / 12.0, 4.0 / 22.0, 6.0 / 32.0, 8.0 / 42.0, 10.0 / 52.0, 12.0 / 62.0, 14.0 / 72.0];
    let ratio = fast.ratio.unwrap();
    assert!((ratio.median - ratios[3]).abs() < 1e-12 && slow.ratio.is_none());
    // of 7 values only the first and the last hold the median between them with 95%
    let interval = ratio.interval.unwrap();
    assert!((interval.low - ratios[0]).abs() < 1e-12 && (interval.high - ratios[6]).abs() < 1e-12);
    assert!(slow.verified && fast.verified);
    assert!(document.complete && document.crossovers.is_empty());
}

#[test]
fn devices_take_turns() {
    let clock = FakeClock::default();
    let order = Mutex::new(String::new());
    let mark = |letter: char| {
        let order = &order;
        move |_: u64, _: u64| {
            order.lock().unwrap().push(letter);
            1000
        }
    };
    let (a, b) = (Double::new(&clock, mark('A')), Double::new(&clock, mark('B')));
    let params = KMeans::new(2).restarts(3).check().unwrap();
    compare(&clock, &[("a", &a), ("b", &b)], &params, None, Method { runs: 3, warmup: 2, budget: None })
        .unwrap();
    drop((a, b));
    // one pass verifies, two warm up, three count
    assert_eq!(order.into_inner().unwrap(), "ABABABABABAB");
}

#[test]
fn a_slow_first_run_is_told() {
    let clock = FakeClock::default();
    let cold = Double::new(&clock, |run, _| if run == 1 { 30_000 } else { 10_000 + run });
    let params = KMeans::new(2).restarts(3).check().unwrap();
    let method = Method { runs: 8, warmup: 0, budget: None };
    let document = compare(&clock, &[("cold", &cold)], &params, None, method).unwrap();
    let warnings = &document.measurements[0].devices[0].warnings;
    assert_eq!(warnings.iter().map(|w| w.kind).collect::<Vec<_>>(), ["first_run_slow"]);
    assert!(warnings[0].text.contains("more runs to warm up"), "{}", warnings[0].text);
}

#[test]
fn long_runs_are_made_less_often_within_a_budget() {
    let clock = FakeClock::default();
    let params = KMeans::new(2).restarts(3).check().unwrap();
    let of = |seconds: fn(u64) -> u64, least_runs| {
        let slow = Double::new(&clock, move |run, _| seconds(run) * 1_000_000);
        let budget = Some(Budget { time: Duration::from_secs(20), least_runs });
        let method = Method { runs: 10, warmup: 2, budget };
        let document = compare(&clock, &[("slow", &slow)], &params, None, method).unwrap();
        (document.measurements[0].devices[0].runs_s.len(), slow.made())
    };
    // measured runs, and all: one verifies, then come those that warm up
    assert_eq!(of(|_| 100, 1), (1, 1 + 1));
    assert_eq!(of(|_| 100, 6), (6, 1 + 6));
    assert_eq!(of(|_| 2, 1), (7, 1 + 2 + 7));
    assert_eq!(of(|_| 1, 1), (10, 1 + 2 + 10));
    // only the verifying run was slow; only the measured ones are
    assert_eq!(of(|run| if run == 0 { 9 } else { 1 }, 1), (10, 1 + 10));
    assert_eq!(of(|run| if run < 3 { 1 } else { 5 }, 1), (3, 1 + 2 + 3));
}

#[test]
fn the_estimate_and_the_time_left_are_those_of_the_runs() {
    let clock = FakeClock::default();
    let params = KMeans::new(2).restarts(3).check().unwrap();
    let (a, b) = (Double::new(&clock, |_, n| n * 1_000_000), Double::new(&clock, |_, n| n * 2_000_000));
    let steps = Mutex::new(Vec::new());
    let say = |step: Step<'_>| {
        let text = match step {
            Step::Estimate(Estimate { seconds, jobs, plan, pass_s }) => {
                format!("{jobs} x {} + {} runs of {pass_s} s: {seconds} s", plan.warmup, plan.runs)
            }
            Step::Run { what, left_s: Some(left_s) } => format!("{what}: {left_s} s"),
            Step::Run { what, left_s: None } => what.to_owned(),
        };
        steps.lock().unwrap().push(text);
    };
    let method = Method { runs: 2, warmup: 1, budget: None };
    let devices: [(&str, &dyn Engine); 2] = [("a", &a), ("b", &b)];
    compare_saying(&clock, &devices, &params, None, method, &say).unwrap();
    let expected = [
        "verifying a",
        "verifying a, 3 of 3 restarts",
        "verifying b",
        "verifying b, 3 of 3 restarts",
        "1 x 1 + 2 runs of 9 s: 27 s",
        "warm-up 1 of 1, a: 27 s",
        "warm-up 1 of 1, b: 24 s",
        "run 1 of 2, a: 18 s",
        "run 1 of 2, b: 15 s",
        "run 2 of 2, a: 9 s",
        "run 2 of 2, b: 6 s",
    ];
    assert_eq!(*steps.lock().unwrap(), expected);
    steps.lock().unwrap().clear();
    compare_saying(&clock, &devices, &params, Some("restarts=1,2"), method, &say).unwrap();
    let steps = steps.into_inner().unwrap();
    assert!(steps.contains(&"2 x 1 + 2 runs of 3 s: 27 s".to_owned()), "{steps:?}");
    // 2 s here, and three runs of each on two restarts to come
    assert!(steps.contains(&"restarts = 1: run 2 of 2, b: 20 s".to_owned()), "{steps:?}");
}

#[test]
fn the_crossover_is_found_between_the_values_asked_for() {
    let clock = FakeClock::default();
    // the other one costs 37 ms however many restarts
    let steady = Double::new(&clock, |_, n| n * 1000);
    let launch = Mutex::new(0u64);
    let other = Double::new(&clock, |run, n| {
        let mut last = launch.lock().unwrap();
        let first_batch = *last != run + 1;
        *last = run + 1;
        u64::from(first_batch) * 37_500 + n * 10
    });
    let params = KMeans::new(2).restarts(3).check().unwrap();
    let method = Method { runs: 6, warmup: 0, budget: None };
    let devices: [(&str, &dyn Engine); 2] = [("cpu", &steady), ("gpu", &other)];
    let document = compare(&clock, &devices, &params, Some("restarts=1..100"), method).unwrap();
    // n ms against 37.5 ms + n/100 ms: from 38 on
    let found = Crossover::Once { base_wins: false, after: 37, from: 38 };
    assert_eq!(document.crossovers[0].crossover, found);
    let values: Vec<u64> = document.measurements.iter().filter_map(|m| m.value).collect();
    assert!(values.starts_with(&[1, 2, 5, 10, 20, 50, 100]) && values.len() < 16, "{values:?}");
    assert!(document.measurements[7..].iter().all(|m| m.added));
    let text = cairn::compare::format::findings(&document);
    assert_eq!(text, ["gpu wins from restarts = 38 on (cpu up to 37)"]);
}

#[test]
fn opening_and_building_move_the_crossover_of_a_single_fit() {
    let clock = FakeClock::default();
    let steady = Double::new(&clock, |_, n| n * 1000);
    let other = Double { load_us: (1_000_000, 0), ..Double::new(&clock, |_, n| n * 100) };
    let params = KMeans::new(2).restarts(3).check().unwrap();
    let method = Method { runs: 6, warmup: 0, budget: None };
    let devices: [(&str, &dyn Engine); 2] = [("cpu", &steady), ("gpu", &other)];
    let document = compare(&clock, &devices, &params, Some("restarts=1,10"), method).unwrap();
    let overtake = &document.crossovers[0];
    assert_eq!(overtake.crossover, Crossover::Throughout { base_wins: false });
    assert_eq!(overtake.from_cold, Crossover::Throughout { base_wins: true });
}

#[test]
fn equal_devices_show_no_clear_difference() {
    let noise = [10_300, 10_100, 9900, 10_200, 9800, 10_000, 10_100, 9900];
    let clock = FakeClock::default();
    let a = Double::new(&clock, |run, _| noise[run as usize % 8]);
    let b = Double::new(&clock, |run, _| noise[(run as usize + 3) % 8]);
    let params = KMeans::new(2).restarts(3).check().unwrap();
    let method = Method { runs: 8, warmup: 0, budget: None };
    let document = compare(&clock, &[("a", &a), ("b", &b)], &params, None, method).unwrap();
    let ratio: Ratio = document.measurements[0].devices[1].ratio.unwrap();
    assert!(ratio.interval.is_some() && ratio.faster().is_none(), "{ratio:?}");
    assert_eq!(cairn::compare::format::findings(&document), ["b and a: no clear difference"]);
}

/// Which of two devices is faster changes from run to run where the restarts are few: those values decide nothing.
#[test]
fn values_without_a_clear_difference_decide_no_crossover() {
    let clock = FakeClock::default();
    let params = KMeans::new(2).restarts(3).check().unwrap();
    let run = |sweep, runs, noisy: u64| {
        let us = |odd: u64| {
            move |run: u64, _: u64| match run {
                run if run >= noisy => 10_000 + 1000 * odd,
                run if run % 2 == odd => 20_000,
                _ => 10_000,
            }
        };
        let (a, b) = (Double::new(&clock, us(0)), Double::new(&clock, us(1)));
        let devices: [(&str, &dyn Engine); 2] = [("cpu", &a), ("gpu", &b)];
        compare(&clock, &devices, &params, Some(sweep), Method { runs, warmup: 0, budget: None }).unwrap()
    };
    let document = run("restarts=1..20", 8, 5 + 3 * 8); // each value is verified once, then measured 8 times
    let overtake = &document.crossovers[0];
    assert_eq!(overtake.crossover, Crossover::Throughout { base_wins: true });
    assert_eq!(overtake.unclear, [1, 2, 5]);
    let text = cairn::compare::format::findings(&document);
    assert_eq!(
        text,
        ["cpu wins wherever the difference is clear (no clear difference at restarts = 1, 2, 5)"]
    );
    let fastest: Vec<Option<usize>> = document.measurements.iter().map(|m| m.fastest()).collect();
    assert_eq!(fastest, [None, None, None, Some(0), Some(0)]);
    let text = cairn::compare::format::findings(&run("restarts=1,2", 8, 99));
    assert_eq!(text, ["gpu and cpu: no clear difference at any value"]);
    let text = cairn::compare::format::findings(&run("restarts=10,20", 5, 0));
    assert!(text[0].contains("too few runs") && text[0].contains("at least 6"), "{text:?}");
}
