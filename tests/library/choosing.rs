//! Choosing the number of clusters: the gap statistic equals that of another implementation (`fixtures/gap.py`), and on
//! blobs all measures choose their number.
#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

use std::path::Path;

use cairn::data::Dataset;
use cairn::engine::{Device, OpenOptions, Opened, open};
use cairn::kmeans::{CONTINUE, KMeans};
use cairn::sweep::{Choice, SweepPlan, SweepRun, sweep};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    points: Vec<Vec<f64>>,
    weights: Option<Vec<f64>>,
    seed: u64,
    restarts: u64,
    sets: usize,
    lines: Vec<Line>,
    choice: Option<usize>,
}

#[derive(Deserialize)]
struct Line {
    k: usize,
    inertia: String,
    gap: f64,
    error: f64,
}

fn cpu() -> Opened {
    open(&Device::Cpu, &OpenOptions::default()).unwrap()
}

fn swept(data: &Dataset<'_>, plan: &SweepPlan) -> Vec<SweepRun> {
    sweep(&cpu(), data, None, plan, &mut |_| CONTINUE).unwrap()
}

#[test]
fn the_gap_statistic_equals_another_implementations() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/gap.json");
    let cases: Vec<Case> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(cases.len() >= 6);
    for case in cases {
        let mut data = Dataset::from_rows(&case.points).unwrap();
        data.weights = case.weights;
        let plan = SweepPlan {
            kmeans: KMeans::new(1).restarts(case.restarts),
            n_clusters: case.lines.iter().map(|line| line.k).collect(),
            seeds: vec![case.seed],
            measures: true,
            reference_sets: case.sets,
            best_so_far: false,
        };
        let runs = swept(&data, &plan);
        for (line, run) in case.lines.iter().zip(&runs) {
            assert_eq!(run.inertia_exact.to_string(), line.inertia, "{}, k = {}", case.name, line.k);
            // logarithms of two libraries
            let near = |ours: Option<f64>, theirs: f64| (ours.unwrap() - theirs).abs() < 1e-12;
            assert!(near(run.gap, line.gap), "{}: {run:?}, not {}", case.name, line.gap);
            assert!(near(run.gap_error, line.error), "{}: {run:?}, not {}", case.name, line.error);
        }
        assert_eq!(Choice::of(&runs).unwrap().gap, case.choice, "{}", case.name);
    }
}

/// Normal deviates by the sum of twelve uniform ones, the same everywhere.
fn blobs(centres: &[[f64; 3]], n: usize) -> Dataset<'static> {
    let mut state = 5u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    let rows: Vec<[f64; 3]> = (0..centres.len() * n)
        .map(|i| centres[i % centres.len()].map(|x| x + (0..12).map(|_| uniform()).sum::<f64>() - 6.0))
        .collect();
    Dataset::from_rows(rows).unwrap()
}

const FOUR: [[f64; 3]; 4] = [[0.0, 0.0, 0.0], [12.0, 0.0, 0.0], [0.0, 12.0, 0.0], [0.0, 0.0, 12.0]];

fn plan(n_clusters: std::ops::RangeInclusive<usize>, seeds: &[u64]) -> SweepPlan {
    SweepPlan {
        kmeans: KMeans::new(1).restarts(5),
        n_clusters: n_clusters.collect(),
        seeds: seeds.to_vec(),
        measures: true,
        reference_sets: 5,
        best_so_far: false,
    }
}

#[test]
fn all_measures_choose_the_number_of_blobs() {
    for n in [2, 3, 4] {
        let runs = swept(&blobs(&FOUR[..n], 60), &plan(1..=7, &[1, 2]));
        let choice = Choice::of(&runs).unwrap();
        assert_eq!(choice.text, format!("k = {n} by silhouette, Calinski-Harabasz, gap and BIC"));
        assert!(choice.agree && choice.n_clusters == Some(n));
    }
    // only two measures know of one cluster
    let runs = swept(&blobs(&FOUR[..1], 100), &plan(1..=5, &[1]));
    let choice = Choice::of(&runs).unwrap();
    assert_eq!((choice.gap, choice.bic), (Some(1), Some(1)), "{}", choice.text);
}

/// Above 2,000 rows a sample is clustered for the gap; and the number of threads changes nothing.
#[test]
fn a_large_table_is_sampled_the_same_on_any_number_of_threads() {
    let data = blobs(&FOUR, 2600);
    let runs = |threads| {
        let plan = plan(3..=5, &[1]);
        swept(&data, &SweepPlan { kmeans: plan.kmeans.clone().threads(threads).restarts(2), ..plan })
    };
    let one = runs(1);
    assert_eq!(one, runs(3));
    assert!(one.iter().all(|run| run.gap_sample == Some(2_000) && run.silhouette_sample == Some(2_000)));
    assert_eq!(Choice::of(&one).unwrap().n_clusters, Some(4));
}

#[test]
fn rows_of_weight_zero_have_no_gap_of_their_own() {
    let all = blobs(&FOUR[..3], 40);
    let values = all.points.to_f64().unwrap();
    let mut rows: Vec<Vec<f64>> = values.chunks(3).map(<[f64]>::to_vec).collect();
    rows.insert(7, vec![1e4, -1e4, 0.5]);
    let mut data = Dataset::from_rows(&rows).unwrap();
    data.weights = Some((0..rows.len()).map(|row| if row == 7 { 0.0 } else { 1.0 }).collect());
    let gaps = |data: &Dataset<'_>| -> Vec<Option<f64>> {
        swept(data, &plan(2..=4, &[1])).iter().map(|run| run.gap).collect()
    };
    let (with, without) = (gaps(&data), gaps(&all));
    assert!(with.iter().all(Option::is_some));
    assert_eq!(with, without);
}

#[test]
fn without_spread_there_is_no_gap_and_no_bic() {
    let data = Dataset::from_rows([[0.0], [0.0], [7.0], [7.0], [19.0], [19.0]]).unwrap();
    let runs = swept(&data, &plan(1..=3, &[1]));
    assert!(runs[0].gap.is_some() && runs[0].bic.is_some());
    assert!(runs[2].gap.is_none() && runs[2].bic.is_none(), "{:?}", runs[2]);
    let none = SweepPlan { reference_sets: 0, ..plan(1..=3, &[1]) };
    assert!(swept(&data, &none).iter().all(|run| run.gap.is_none()));
}
