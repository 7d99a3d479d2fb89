//! Known times give known figures.

use std::sync::Mutex;
use std::time::Duration;

use cairn::compare::Method;
use cairn::compare::statistics::Ratio;
use cairn::compare::sweep::Crossover;
use cairn::kmeans::KMeans;

use super::doubles::{Double, FakeClock, compare};

const FIVE: Method = Method { runs: 5, warmup: 1, budget: None };

#[test]
fn medians_ratios_and_splits_are_those_of_the_clock() {
    let clock = FakeClock::default();
    // runs 0 and 1 verify and warm up; then 10, 20, 30, 40, 50 ms
    let slow =
        Double { load_us: (500, 2000), ..Double::new(&clock, |run, _| run.saturating_sub(1) * 10_000) };
    let fast = Double::new(&clock, |run, _| run.saturating_sub(1) * 2000);
    let params = KMeans::new(3).restarts(4).check().unwrap();
    let document = compare(&clock, &[("slow", &slow), ("fast", &fast)], &params, None, FIVE).unwrap();
    let [slow, fast] = &document.measurements[0].devices[..] else { panic!("two devices") };
    assert_eq!(slow.runs_s, [0.012, 0.022, 0.032, 0.042, 0.052]); // upload is part of it, building is not
    let time = slow.time_s.unwrap();
    assert_eq!((time.median, time.min, time.max), (0.032, 0.012, 0.052));
    assert_eq!(fast.time_s.unwrap().median, 0.006);
    let split = slow.split_s.unwrap();
    let parts = [split.build, split.upload, split.seed, split.iterate, split.assign, split.update];
    let known = [0.0005, 0.002, 0.0075, 0.0225, 0.015, 0.0075];
    assert!(parts.iter().zip(known).all(|(part, known)| (part - known).abs() < 1e-6), "{parts:?}");
    assert!(!split.device_clock && split.read_back == 0.0);
    let rates = slow.rates.unwrap();
    assert_eq!(rates.restarts_per_s, 4.0 / 0.032);
    let steps = 30.0 * 3.0 * document.measurements[0].iterations as f64;
    assert_eq!(rates.point_cluster_iterations_per_s, steps / 0.032);
    let ratios = [2.0 / 12.0, 4.0 / 22.0, 6.0 / 32.0, 8.0 / 42.0, 10.0 / 52.0];
    let ratio = fast.ratio.unwrap();
    assert!((ratio.median - ratios[2]).abs() < 1e-12 && slow.ratio.is_none());
    // of 5 values the median's 95% bootstrap interval is from the first (3^5 choose) to the last
    assert!((ratio.low - ratios[0]).abs() < 1e-12 && (ratio.high - ratios[4]).abs() < 1e-12, "{ratio:?}");
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
    // one round verifies, two warm up, three count
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
    assert!(warnings[0].text.contains("--warmup"), "{}", warnings[0].text);
}

#[test]
fn long_runs_are_made_less_often_within_a_budget() {
    let clock = FakeClock::default();
    let params = KMeans::new(2).restarts(3).check().unwrap();
    let budget = Some(Duration::from_secs(10));
    for (seconds, runs, all) in [(100, 3, 1 + 3), (2, 5, 1 + 1 + 5), (1, 10, 1 + 2 + 10)] {
        let slow = Double::new(&clock, move |_, _| seconds * 1_000_000);
        let method = Method { runs: 10, warmup: 2, budget };
        let document = compare(&clock, &[("slow", &slow)], &params, None, method).unwrap();
        assert_eq!(document.measurements[0].devices[0].runs_s.len(), runs, "{seconds} s");
        assert_eq!(slow.made(), all, "{seconds} s");
    }
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
    let method = Method { runs: 3, warmup: 0, budget: None };
    let devices: [(&str, &dyn cairn::engine::Engine); 2] = [("cpu", &steady), ("gpu", &other)];
    let document = compare(&clock, &devices, &params, Some("restarts=1..100"), method).unwrap();
    // n ms against 37.5 ms + n/100 ms: from 38 on
    let found = Crossover::Once { base_wins: false, after: 37, from: 38 };
    assert_eq!(document.crossovers[0].crossover, found);
    let values: Vec<u64> = document.measurements.iter().filter_map(|m| m.value).collect();
    assert!(values.starts_with(&[1, 2, 5, 10, 20, 50, 100]) && values.len() < 16, "{values:?}");
    assert!(document.measurements[7..].iter().all(|m| m.added));
    let text = cairn::compare::words::findings(&document);
    assert_eq!(text, ["gpu wins from restarts = 38 on (cpu up to 37)"]);
}

#[test]
fn opening_and_building_move_the_crossover_of_a_single_fit() {
    let clock = FakeClock::default();
    let steady = Double::new(&clock, |_, n| n * 1000);
    let other = Double { load_us: (1_000_000, 0), ..Double::new(&clock, |_, n| n * 100) };
    let params = KMeans::new(2).restarts(3).check().unwrap();
    let method = Method { runs: 3, warmup: 0, budget: None };
    let devices: [(&str, &dyn cairn::engine::Engine); 2] = [("cpu", &steady), ("gpu", &other)];
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
    assert!(ratio.unclear(), "{ratio:?}");
    assert_eq!(cairn::compare::words::findings(&document), ["b and a: no clear difference"]);
}
