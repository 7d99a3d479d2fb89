//! Every measure equals scikit-learn's within 1e-9 (`measures.json`, see `fixtures/README.md`).

#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

use std::path::Path;

use cairn::data::{LoadOptions, load};
use cairn::score::{Partition, Score, ScoreError, Undefined, score, score_named};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixtures {
    external: Vec<External>,
    internal: Vec<Internal>,
}

/// Labels against a truth; both are left out where a run of `lloyd.json` has them.
#[derive(Deserialize)]
struct External {
    name: String,
    truth: Option<Vec<u32>>,
    labels: Option<Vec<u32>>,
    accuracy: f64,
    one_to_one: f64,
    purity: f64,
    homogeneity: f64,
    completeness: f64,
    v_measure: f64,
    ari: f64,
    ami: f64,
    nmi: f64,
    confusion: Vec<[u64; 3]>,
}

/// Points in clusters, likewise; null where scikit-learn refuses.
#[derive(Deserialize)]
struct Internal {
    name: String,
    points: Option<Vec<Vec<f64>>>,
    labels: Option<Vec<u32>>,
    silhouette: Option<f64>,
    calinski_harabasz: Option<f64>,
    davies_bouldin: Option<f64>,
    bic: Option<f64>,
}

#[derive(Deserialize)]
struct Runs {
    cases: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    name: String,
    file: String,
    truth_column: Option<String>,
    labels: Vec<u32>,
}

/// What a run was made of.
struct Table {
    points: Vec<f64>,
    n_dims: usize,
    labels: Vec<u32>,
    truth: Option<Vec<u32>>,
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn table(name: &str) -> Table {
    let run = read::<Runs>("lloyd.json").cases.into_iter().find(|run| run.name == name).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&run.file);
    let options = LoadOptions { truth: run.truth_column, ..LoadOptions::default() };
    let data = load(path.to_str().unwrap(), &options).unwrap();
    let points = data.points.to_f64().unwrap();
    let truth = data.truth.map(|truth| truth.labels);
    Table { points, n_dims: data.points.n_dims(), labels: run.labels, truth }
}

fn assert_close(name: &str, measure: &str, ours: f64, theirs: f64) {
    let near = (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0);
    assert!(near, "{name}: {measure} is {ours}, scikit-learn's {theirs}");
}

fn size(values: &[u32]) -> usize {
    values.iter().max().map_or(0, |&most| most as usize + 1)
}

impl External {
    fn score(&self) -> Score {
        let of_run = || table(&self.name);
        let truth = self.truth.clone().unwrap_or_else(|| of_run().truth.unwrap());
        let labels = self.labels.clone().unwrap_or_else(|| of_run().labels);
        // two more of each than there are, empty
        score(&truth, size(&truth) + 2, &labels, size(&labels) + 2).unwrap()
    }

    fn assert_holds(&self) {
        let ours = self.score();
        let pairs = [
            ("accuracy", ours.accuracy, self.accuracy),
            ("one to one", ours.accuracy_one_to_one.unwrap(), self.one_to_one),
            ("purity", ours.purity, self.purity),
            ("homogeneity", ours.homogeneity, self.homogeneity),
            ("completeness", ours.completeness, self.completeness),
            ("V-measure", ours.v_measure, self.v_measure),
            ("ARI", ours.ari, self.ari),
            ("AMI", ours.ami, self.ami),
            ("NMI", ours.nmi, self.nmi),
        ];
        pairs.iter().for_each(|(measure, ours, theirs)| assert_close(&self.name, measure, *ours, *theirs));
        let confusion: Vec<[u64; 3]> = ours
            .confusion
            .iter()
            .map(|entry| [entry.truth.into(), entry.named.unwrap().into(), entry.count])
            .collect();
        assert_eq!(confusion, self.confusion, "{}", self.name);
    }
}

impl Internal {
    fn assert_holds(&self) {
        let (points, n_dims, labels) = match (&self.points, &self.labels) {
            (Some(points), Some(labels)) => (points.concat(), points[0].len(), labels.clone()),
            _ => {
                let table = table(&self.name);
                (table.points, table.n_dims, table.labels)
            }
        };
        let ours = Partition::new(&points, n_dims, &labels, size(&labels) + 2).unwrap();
        let check = |measure: &str, ours: Result<f64, Undefined>, theirs: Option<f64>| match theirs {
            Some(theirs) => assert_close(&self.name, measure, ours.unwrap(), theirs),
            None => assert!(ours.is_err(), "{}: {measure}", self.name),
        };
        let silhouette = ours.silhouette(0);
        check("silhouette", silhouette.map(|silhouette| silhouette.mean), self.silhouette);
        check("Calinski-Harabasz", ours.calinski_harabasz(), self.calinski_harabasz);
        check("Davies-Bouldin", ours.davies_bouldin(), self.davies_bouldin);
        check("BIC", ours.bic(), self.bic);
        if let Ok(silhouette) = silhouette {
            assert_eq!((silhouette.sample, silhouette.standard_error), (labels.len(), 0.0));
        }
    }
}

#[test]
fn measures_against_a_truth_equal_scikit_learns() {
    let fixtures = read::<Fixtures>("measures.json").external;
    assert!(fixtures.len() >= 24);
    fixtures.iter().for_each(External::assert_holds);
}

#[test]
fn measures_of_points_equal_scikit_learns() {
    let fixtures = read::<Fixtures>("measures.json").internal;
    assert!(fixtures.len() >= 27);
    fixtures.iter().for_each(Internal::assert_holds);
}

#[test]
fn a_wrong_value_is_caught() {
    let mut fixture = read::<Fixtures>("measures.json").external.swap_remove(0);
    fixture.ami += 1e-8;
    assert!(std::panic::catch_unwind(|| fixture.assert_holds()).is_err());
}

#[test]
fn undefined_measures_say_why() {
    let why = |points: &[f64], labels: &[u32]| {
        let partition = Partition::new(points, 1, labels, 3).unwrap();
        let reason = partition.silhouette(0).unwrap_err();
        assert_eq!(partition.davies_bouldin(), Err(reason));
        assert_eq!(partition.calinski_harabasz(), Err(reason));
        reason
    };
    assert_eq!(why(&[], &[]), Undefined::NoPoints);
    assert_eq!(why(&[1.0, 2.0], &[2, 2]), Undefined::OneCluster);
    assert_eq!(why(&[1.0, 2.0], &[2, 0]), Undefined::AllApart);
    assert_eq!(why(&[1e300, 2.0, -1e300], &[2, 0, 0]), Undefined::Overflow);
    assert_eq!(Undefined::OneCluster.to_string(), "all points are in one cluster");
}

#[test]
fn partitions_refuse_what_does_not_fit() {
    let error = |points: &[f64], n_dims, labels: &[u32], n_clusters| {
        Partition::new(points, n_dims, labels, n_clusters).unwrap_err()
    };
    let wrong = error(&[1.0, 2.0, 3.0], 2, &[0, 0], 1);
    assert_eq!(wrong, ScoreError::Values { values: 3, n_dims: 2, labels: 2 });
    assert_eq!(wrong.to_string(), "3 values of points for 2 labels: 2 of them are needed for each");
    assert_eq!(error(&[1.0], 1, &[4], 4), ScoreError::Label { point: 0, value: 4, n_clusters: 4 });
    assert!(matches!(error(&[], usize::MAX, &[0, 0], 1), ScoreError::Values { .. }));
}

#[test]
fn names_from_before_are_kept() {
    let (truth, labels) = ([0, 0, 1, 2, 2], [0, 0, 1, 1, 2]);
    // cluster 1 stood for 1 among other points, cluster 2 for nothing
    let ours = score_named(&truth, 3, &labels, 3, &[Some(0), Some(1)]).unwrap();
    assert_eq!((ours.accuracy, ours.purity), (0.6, 0.8));
    assert_eq!(ours.cluster_names, [Some(0), Some(1), None]);
    let unnamed: Vec<_> = ours.confusion.iter().filter(|entry| entry.named.is_none()).collect();
    assert_eq!(unnamed.len(), 1);
    assert_eq!((unnamed[0].truth, unnamed[0].count), (2, 1));
    let unknown = score_named(&truth, 3, &labels, 3, &[Some(9), None, None]).unwrap();
    assert_eq!(unknown.accuracy, 0.0);
}

/// Tables that can't be dense: 200,000 values, and clusters that all want the same ones.
#[test]
fn large_tables_take_no_large_memory() {
    let n = 200_000u32;
    let apart: Vec<u32> = (0..n).collect();
    let labels: Vec<u32> = apart.iter().map(|i| i % 1000).collect();
    let ours = score(&apart, n as usize, &labels, 1000).unwrap();
    assert_eq!((ours.accuracy, ours.accuracy_one_to_one), (0.005, Some(0.005)));
    assert!(ours.ami.abs() < 1e-9 && ours.ari == 0.0, "{ours:?}");

    let pairs: Vec<u32> = apart.iter().map(|i| i / 2).collect();
    let scattered: Vec<u32> = apart.iter().map(|&i| (u64::from(i) * 2654435761 % 49_999) as u32).collect();
    let ours = score(&pairs, n as usize, &scattered, 49_999).unwrap();
    assert_eq!(ours.accuracy_one_to_one, None, "a matching of 49,999 clusters takes too long");
}

/// The best of all namings, one by one.
#[test]
fn one_to_one_is_the_best_of_all_namings() {
    let mut state = 7u64;
    let mut next = |below: u32| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as u32 % below
    };
    for _ in 0..300 {
        let (n_truth, n_clusters) = (1 + next(5), 1 + next(5));
        let n = next(25) as usize;
        let truth: Vec<u32> = (0..n).map(|_| next(n_truth)).collect();
        let labels: Vec<u32> = (0..n).map(|_| next(n_clusters)).collect();
        let ours = score(&truth, n_truth as usize, &labels, n_clusters as usize).unwrap();
        let count = |c, t| (0..n).filter(|&i| labels[i] == c && truth[i] == t).count();
        let best = best_naming(n_clusters, 0, &mut vec![false; n_truth as usize], &count);
        assert_eq!(ours.accuracy_one_to_one, Some(if n == 0 { 1.0 } else { best as f64 / n as f64 }));
        let names: Vec<u32> = ours.one_to_one_names.unwrap().into_iter().flatten().collect();
        let distinct: std::collections::HashSet<u32> = names.iter().copied().collect();
        assert_eq!(distinct.len(), names.len());
    }
}

fn best_naming(n_clusters: u32, c: u32, taken: &mut Vec<bool>, count: &dyn Fn(u32, u32) -> usize) -> usize {
    if c == n_clusters {
        return 0;
    }
    let mut best = best_naming(n_clusters, c + 1, taken, count);
    for t in 0..taken.len() {
        if !taken[t] {
            taken[t] = true;
            best = best.max(count(c, t as u32) + best_naming(n_clusters, c + 1, taken, count));
            taken[t] = false;
        }
    }
    best
}
