//! Sweeps: accuracy on unseen writers grows with the number of clusters.
#![allow(clippy::print_stdout, reason = "the rates, for those who ask for them by --nocapture")]
#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

use std::ops::ControlFlow;

use cairn::data::{Dataset, LoadOptions, digits, load};
use cairn::engine::reference::assign::assign;
use cairn::engine::{Device, OpenOptions, Opened, open};
use cairn::kmeans::{Algorithm, CONTINUE, KMeans, Minibatch, pack};
use cairn::sweep::{MeasureSpread, SweepError, SweepPlan, SweepRun, nearest_labels, sweep};

fn writers() -> Dataset<'static> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/digits-writers30.csv");
    load(path, &LoadOptions { truth: Some("digit".into()), ..LoadOptions::default() }).unwrap()
}

fn cpu() -> Opened {
    open(&Device::Cpu, &OpenOptions::default()).unwrap()
}

fn plan(n_clusters: &[usize], seeds: &[u64], measures: bool) -> SweepPlan {
    let (n_clusters, seeds) = (n_clusters.to_vec(), seeds.to_vec());
    SweepPlan { kmeans: KMeans::new(1), n_clusters, seeds, measures, reference_sets: 0, best_so_far: false }
}

/// The table of docs/MODELS.md: medians over seeds 1 to 5 of 10 restarts.
#[test]
fn more_clusters_read_unseen_writers_better() {
    let wanted = [(10, 0.785), (20, 0.9), (40, 0.935), (128, 0.955), (400, 0.965)];
    let plan = plan(&wanted.map(|(k, _)| k), &[1, 2, 3, 4, 5], false);
    let runs = sweep(&cpu(), &writers(), Some(&digits()), &plan, &mut |_| CONTINUE).unwrap();
    assert_eq!(runs.len(), 25);
    for ((k, least), runs) in wanted.into_iter().zip(runs.chunks(5)) {
        assert!(runs.iter().all(|run| run.n_clusters == k));
        let read = MeasureSpread::of(runs, |run| run.held_out_accuracy).unwrap();
        println!("{k}: {read:?}");
        assert!(read.median >= least, "{k}: {read:?}");
        // names fit the rows that gave them at least as well, but for chance at few clusters
        assert!(MeasureSpread::of(runs, |run| run.accuracy).unwrap().median > read.median - 0.02);
    }
}

#[test]
fn rows_held_out_go_where_the_definition_sends_them() {
    let table = pack(&digits(), None).unwrap();
    let centroids: Vec<i32> = [3, 500, 501, 1796].iter().flat_map(|&i| table.point(i).to_vec()).collect();
    assert_eq!(nearest_labels(&table, &centroids), assign(&table, &centroids));
}

#[test]
fn a_sweep_is_cancelled_between_fits_and_within_one() {
    let plan = plan(&[2, 3, 4], &[1, 2], false);
    let cancel_after = |fits: usize, plan: &SweepPlan| {
        let mut stop = |runs: &[SweepRun]| match runs.len() >= fits {
            true => ControlFlow::Break(()),
            false => CONTINUE,
        };
        sweep(&cpu(), &writers(), None, plan, &mut stop)
    };
    for fits in [1, 5] {
        let error = cancel_after(fits, &plan).unwrap_err();
        assert!(matches!(error, SweepError::Cancelled { done, of: 6 } if done == fits), "{error}");
    }
    assert_eq!(cancel_after(6, &plan).unwrap().len(), 6); // nothing is left to cancel
    let batches = Algorithm::Minibatch(Minibatch { rows: 10, batches: 1_000_000 });
    for kmeans in [KMeans::new(1).restarts(10_000_000), KMeans::new(1).algorithm(batches)] {
        let error = cancel_after(0, &SweepPlan { kmeans, ..plan.clone() }).unwrap_err();
        assert_eq!(error.to_string(), "cancelled after 0 of 6 fits");
    }
}

#[test]
fn all_is_checked_before_the_first_fit() {
    let writers = writers();
    let refused = |held_out: Option<&Dataset<'_>>, plan: &SweepPlan| {
        let mut fits = 0;
        let error = sweep(&cpu(), &writers, held_out, plan, &mut |runs: &[SweepRun]| {
            fits = runs.len();
            CONTINUE
        })
        .unwrap_err();
        assert_eq!(fits, 0, "{error}");
        error
    };
    let good = plan(&[2], &[1], false);
    assert!(matches!(refused(None, &plan(&[], &[1], false)), SweepError::Nothing { .. }));
    assert!(matches!(refused(None, &plan(&[2], &[], false)), SweepError::Nothing { .. }));
    assert!(matches!(refused(None, &plan(&[2, 0], &[1], false)), SweepError::Fit(_)));
    assert!(matches!(refused(None, &plan(&[2, 3824], &[1], false)), SweepError::Fit(_)));
    let mut other = digits();
    other.truth = None;
    assert!(matches!(refused(Some(&other), &good), SweepError::NoTruth { .. }));
    let narrow = load(
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/china.csv"),
        &LoadOptions { truth: Some("red".into()), ..LoadOptions::default() },
    )
    .unwrap();
    assert!(matches!(refused(Some(&narrow), &good), SweepError::Columns { found: 2, needed: 64, .. }));
}
