//! Tables that lie in a file: the fit is that of the table in memory, to the last bit.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use cairn::data::{DataError, Dataset, LoadOptions, Missing, Points, Scale, load};
use cairn::engine::{Device, Keep, Metric, OpenOptions, Opened, open};
use cairn::kmeans::{
    Algorithm, CONTINUE, Checkpoint, Fit, FitError, Init, KMeans, MemoryPlan, Minibatch, PackedHead, Params,
    Search, Step, Streaming, fit, fit_streamed, fit_with_checkpoint,
};
use tempfile::TempDir;

use crate::common::{dataset, digits, normal, weighted};

const MANY: u64 = 1 << 40;

fn cpu() -> Opened {
    open(&Device::Cpu, &OpenOptions::default()).expect("the CPU opens")
}

fn streaming(folder: &Path, key: &str) -> Streaming {
    Streaming { memory: MANY, file: folder.join("t.packed"), keep: true, key: key.to_owned() }
}

fn streamed(data: &Dataset<'_>, params: &Params, streaming: &Streaming) -> Result<Fit, FitError> {
    fit_streamed(&cpu(), data, params, streaming, None, &mut |_| CONTINUE)
}

fn checked(kmeans: KMeans) -> Params {
    kmeans.device(Device::Cpu).check().expect("good parameters")
}

/// Two fits are equal but for times and where they were made.
fn assert_same(one: &Fit, other: &Fit) {
    assert_eq!(one.fingerprint, other.fingerprint);
    assert_eq!((one.best, &one.state, &one.lattice), (other.best, &other.state, &other.lattice));
    assert_eq!((&one.rounding, one.weight_unit), (&other.rounding, other.weight_unit));
    assert_eq!(one.scaling, other.scaling);
}

#[test]
fn all_kinds_of_tables_and_parameters() {
    let unit = normal(500, 6, 3).scaled(Scale::Unit).expect("no row of zeros");
    let outside = weighted(dataset(1, vec![0.0, 1.0, 5.0, 1e10, 0.5]), &[1.0, 1.0, 0.0, 0.0, 3.0]);
    let starts = ndarray::Array2::from_shape_fn((4, 3), |(c, j)| (c * 7 + j) as f64);
    let cases = [
        (digits(), KMeans::new(10).restarts(3)),
        (digits(), KMeans::new(10).restarts(3).tol(1e-3)),
        (normal(3000, 5, 1), KMeans::new(7).restarts(2).init(Init::Random)),
        (normal(300, 3, 2), KMeans::new(4).restarts(1).init(Init::Centroids(starts))),
        (normal(400, 6, 4).scaled(Scale::Standard).expect("finite"), KMeans::new(5).restarts(2)),
        (unit, KMeans::new(5).restarts(2).metric(Metric::Cosine)),
        (outside, KMeans::new(2).restarts(2)),
        // more clusters than distinct rows
        (dataset(2, [1.0, 2.0, 3.0, 4.0].repeat(50)), KMeans::new(9).restarts(2)),
    ];
    for (data, kmeans) in cases {
        let (folder, params) = (TempDir::new().expect("a folder"), checked(kmeans));
        let whole = fit(&data, &params).expect("it fits");
        let fitted = streamed(&data, &params, &streaming(folder.path(), "a")).expect("it fits");
        assert_same(&fitted, &whole);
        let from = fitted.streamed.expect("it was streamed");
        assert_eq!(
            (from.reused, from.kept, from.bytes),
            (false, true, (whole.n_points * whole.lattice.n_dims() * 4) as u64)
        );
        assert!(whole.streamed.is_none());
        let again = streamed(&data, &params, &streaming(folder.path(), "a")).expect("it fits");
        assert_same(&again, &whole);
        assert!(again.streamed.expect("it was streamed").reused);
        // what a dry run sees
        let head = PackedHead::of(&data, &params).expect("it can be placed");
        head.check(&params, None).expect("the parameters fit");
        assert_eq!((&head.table.lattice, &head.table.rounding), (&whole.lattice, &whole.rounding));
    }
}

#[test]
fn threads_that_read_blocks_of_their_own_find_the_same() {
    // runs of 8 MiB, and rows that lie in two blocks
    let weights: Vec<f64> = (0..400_000).map(|i| f64::from(i % 4)).collect();
    let data = weighted(normal(400_000, 13, 8), &weights);
    for k in [9, 300] {
        let (folder, params) = (
            TempDir::new().expect("a folder"),
            checked(KMeans::new(k).restarts(1).init(Init::Random).max_iter(4)),
        );
        let memory = fit(&data, &params).expect("it fits");
        let from_file = streamed(&data, &params, &streaming(folder.path(), "k")).expect("it fits");
        assert!(from_file.streamed.is_some());
        assert_same(&memory, &from_file);
    }
}

/// What was packed is used again only for the same source, read and scaled alike, of the same weights, metric and starts.
#[test]
fn another_table_is_packed_anew() {
    let folder = TempDir::new().expect("a folder");
    let (params, data) = (checked(KMeans::new(3).restarts(1)), || normal(200, 3, 1));
    let starts = |x: f64| {
        checked(KMeans::new(3).restarts(1).init(Init::Centroids(ndarray::Array2::from_elem((3, 3), x))))
    };
    let unit = checked(KMeans::new(3).restarts(1).metric(Metric::Cosine));
    let scaled = |scale| data().scaled(scale).expect("finite");
    let weights =
        |w: f64| weighted(data(), &(0..200).map(|i| if i == 7 { w } else { 1.0 }).collect::<Vec<_>>());
    let all = [
        (data(), params.clone(), "a"),
        (data(), params.clone(), "b"),
        (normal(200, 3, 1).with_names(["x", "y", "z"]), params.clone(), "b"),
        (scaled(Scale::Standard), params.clone(), "b"),
        (scaled(Scale::Unit), params.clone(), "b"),
        (scaled(Scale::Unit), unit, "b"),
        (weights(2.0), params.clone(), "b"),
        (weights(3.0), params, "b"),
        (data(), starts(2.0), "b"),
        (data(), starts(50.0), "b"),
    ];
    for (at, (data, params, key)) in all.iter().enumerate() {
        for reused in [false, true] {
            let fitted = streamed(data, params, &streaming(folder.path(), key)).expect("it fits");
            assert_same(&fitted, &fit(data, params).expect("it fits"));
            assert_eq!(fitted.streamed.expect("it was streamed").reused, reused, "{at}");
        }
    }
}

trait WithNames {
    fn with_names(self, names: [&str; 3]) -> Self;
}

impl WithNames for Dataset<'static> {
    fn with_names(self, names: [&str; 3]) -> Self {
        Self { columns: names.map(str::to_owned).to_vec(), ..self }
    }
}

/// A file that was damaged is written anew, and one that is not to be kept is gone.
#[test]
fn a_file_is_mended_and_removed() {
    let (folder, data, params) =
        (TempDir::new().expect("a folder"), digits(), checked(KMeans::new(4).restarts(2)));
    let (whole, streaming) = (fit(&data, &params).expect("it fits"), streaming(folder.path(), "a"));
    streamed(&data, &params, &streaming).expect("it fits");
    let good = fs::read(&streaming.file).expect("it is kept");
    let end = good.len() - 50;
    for bytes in [&good[..end], &good[..20], b"something else"] {
        fs::write(&streaming.file, bytes).expect("room");
        let fitted = streamed(&data, &params, &streaming).expect("it fits");
        assert!(!fitted.streamed.as_ref().expect("it was streamed").reused);
        assert_same(&fitted, &whole);
        assert!(fs::read(&streaming.file).expect("it is kept") == good);
    }
    // a point that changed is found when it is read
    let mut changed = good.clone();
    changed[100_000] ^= 4;
    fs::write(&streaming.file, &changed).expect("room");
    let error = streamed(&data, &params, &streaming).expect_err("it is damaged").to_string();
    assert!(
        error.contains("t.packed: the packed table is damaged: bytes ") && error.contains("remove the file"),
        "{error}"
    );
    fs::remove_file(&streaming.file).expect("as it says");
    let once = Streaming { keep: false, ..streaming };
    assert_same(&streamed(&data, &params, &once).expect("it fits"), &whole);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

/// Rows of files stay there, and are read again; a change in between is found.
#[test]
fn rows_stay_in_their_files() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("t.csv");
    let row = |i: usize| format!("{},{},a\n", i % 13, i * 31 % 17);
    fs::write(&path, (0..5000).map(row).collect::<String>()).expect("room");
    let load = |stay| {
        let options = LoadOptions { stay, truth: Some("3".into()), ..LoadOptions::default() };
        load(path.to_str().expect("text"), &options).expect("a table")
    };
    let (data, held) = (load(true), load(false));
    assert!(matches!((&data.points, &held.points), (Points::Source(_), Points::F32(_))));
    assert_eq!(data.points.n_points(), 5000);
    assert_eq!(
        data.truth.as_ref().map(|truth| &truth.labels),
        held.truth.as_ref().map(|truth| &truth.labels)
    );
    assert_eq!(data.points.to_f64().expect("it is there"), held.points.to_f64().expect("in memory"));
    let params = checked(KMeans::new(6).restarts(2));
    let fitted = streamed(&data, &params, &streaming(folder.path(), "a")).expect("it fits");
    assert_same(&fitted, &fit(&held, &params).expect("it fits"));
    fs::write(&path, "1,2,a\n").expect("room");
    let other = streaming(folder.path(), "b");
    let error = streamed(&data, &params, &other).expect_err("it has changed");
    assert!(matches!(error, FitError::Data(DataError::Changed { .. })), "{error}");
}

/// Rows that are left out for what another file says of them are part of what is recognised.
#[test]
fn other_rows_that_are_left_out_make_another_table() {
    let folder = TempDir::new().expect("a folder");
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).expect("room");
    write("t.csv", (0..60).map(|i| format!("{},{}\n", i % 13, i * 31 % 17)).collect());
    let params = checked(KMeans::new(3).restarts(2));
    for missing in [7, 40] {
        write("classes.csv", (0..60).map(|i| if i == missing { "\"\"\n" } else { "a\n" }).collect());
        let classes = folder.path().join("classes.csv").to_str().expect("text").to_owned();
        let options = |stay| LoadOptions {
            stay,
            truth_file: Some(classes.clone()),
            missing: Missing::Drop,
            ..LoadOptions::default()
        };
        let load = |stay| {
            load(folder.path().join("t.csv").to_str().expect("text"), &options(stay)).expect("a table")
        };
        assert_eq!(load(true).reading.dropped.rows(), [missing]);
        let fitted = streamed(&load(true), &params, &streaming(folder.path(), "a")).expect("it fits");
        assert_same(&fitted, &fit(&load(false), &params).expect("it fits"));
        assert!(!fitted.streamed.expect("it was streamed").reused, "{missing}");
    }
}

/// Rows of weight zero far outside the range stay in memory: as many as there is room for.
#[test]
fn rows_outside_the_range_count() {
    let (folder, n, d) = (TempDir::new().expect("a folder"), 60_000, 20);
    let inside = |i: usize| i.is_multiple_of(2);
    let values =
        (0..n * d).map(|at| if inside(at / d) { (at % 97) as f64 } else { 1e6 + at as f64 }).collect();
    let weights: Vec<f64> = (0..n).map(|i| f64::from(u8::from(inside(i)))).collect();
    let (data, params) = (weighted(dataset(d, values), &weights), checked(KMeans::new(3).restarts(1)));
    let least = match MemoryPlan::of(&data, &params, 1000) {
        Err(FitError::TooLittleMemory { needed, .. }) => needed,
        other => panic!("{other:?}"),
    };
    let little = Streaming { memory: least + (6 << 20), ..streaming(folder.path(), "a") };
    let error = streamed(&data, &params, &little).expect_err("too little");
    assert!(matches!(error, FitError::TooLittleMemory { needed, .. } if needed > little.memory), "{error}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    let fitted = streamed(&data, &params, &streaming(folder.path(), "a")).expect("it fits");
    assert_same(&fitted, &fit(&data, &params).expect("it fits"));
}

/// A run that was stopped in memory goes on from a file, and the other way round.
#[test]
fn a_run_goes_on_in_memory_and_from_a_file() {
    let (data, folder) = (digits(), TempDir::new().expect("a folder"));
    let params = checked(KMeans::new(12).restarts(4).seed(3));
    let (whole, path) = (fit(&data, &params).expect("it fits"), folder.path().join("a.run"));
    let streaming = streaming(folder.path(), "a");
    let run = |in_file: bool, checkpoint: &mut Checkpoint, stop: u64| {
        let mut seen = |step: Step<'_>| match step {
            Step::Restarts(progress) if progress.done >= stop => ControlFlow::Break(()),
            _ => CONTINUE,
        };
        match in_file {
            true => fit_streamed(&cpu(), &data, &params, &streaming, Some(checkpoint), &mut seen),
            false => fit_with_checkpoint(&cpu(), &data, &params, checkpoint, &mut seen),
        }
    };
    for first in [true, false] {
        let mut checkpoint = Checkpoint::create(&path).expect("no such file");
        assert!(matches!(run(first, &mut checkpoint, 1), Err(FitError::Cancelled { .. })));
        let mut checkpoint = Checkpoint::resume(&path).expect("a run");
        assert!(matches!(run(!first, &mut checkpoint, 2), Err(FitError::Cancelled { .. })));
        let mut checkpoint = Checkpoint::resume(&path).expect("a run");
        let head = PackedHead::of(&data, &params).expect("it can be placed");
        head.check(&params, Some(&checkpoint)).expect("the same table");
        let other = PackedHead::of(&normal(1797, 64, 1), &params).expect("it can be placed");
        assert!(matches!(other.check(&params, Some(&checkpoint)), Err(FitError::Saved(_))));
        let done = run(first, &mut checkpoint, 9).expect("it ends");
        assert_same(&done, &whole);
        assert!(done.resumed.is_some_and(|from| from.restarts >= 2));
        fs::remove_file(&path).expect("it is there");
    }
}

#[test]
fn memory_is_planned() {
    let (data, params) = (normal(100_000, 40, 1), checked(KMeans::new(8)));
    let plan = MemoryPlan::of(&data, &params, MANY).expect("room");
    assert_eq!(plan.streamed, 100_000 * 40 * 4);
    // a limit that the plan names is kept, and one byte less is not
    let least = match MemoryPlan::of(&data, &params, 1000) {
        Err(FitError::TooLittleMemory { needed, most: 1000 }) => needed,
        other => panic!("{other:?}"),
    };
    let smallest = MemoryPlan::of(&data, &params, least).expect("room");
    assert!(smallest.chunk < plan.chunk && smallest.held <= least && plan.held > smallest.held);
    assert!(MemoryPlan::of(&data, &params, least - 1).is_err());
    let error = MemoryPlan::of(&data, &params, 1000).expect_err("too little").to_string();
    assert!(error.contains(&format!("allow {} MiB", least.div_ceil(1 << 20))), "{error}");
    // rows, weights, a truth and clusters all count
    let more = |data: Dataset<'static>, kmeans: KMeans| {
        MemoryPlan::of(&data, &checked(kmeans), MANY).expect("room").held
    };
    let plain = more(normal(20_000, 40, 1), KMeans::new(8));
    assert!(more(normal(30_000, 40, 1), KMeans::new(8)) > plain);
    assert!(more(weighted(normal(20_000, 40, 1), &[2.0; 20_000]), KMeans::new(8)) > plain);
    assert!(more(normal(20_000, 40, 1), KMeans::new(80)) > plain);
}

#[test]
fn what_needs_the_table_in_memory_is_refused() {
    let (folder, data) = (TempDir::new().expect("a folder"), digits());
    for (kmeans, what) in [
        (KMeans::new(3).refine(true), "refining"),
        (KMeans::new(3).search(Search::Evolve { population: 4 }), "an evolving search"),
        (KMeans::new(3).sizes(Some(2), None), "limits on sizes"),
        (KMeans::new(3).algorithm(Algorithm::Bisecting), "the algorithm bisecting"),
        (KMeans::new(3).algorithm(Algorithm::Minibatch(Minibatch::USUAL)), "the algorithm minibatch"),
        (KMeans::new(3).keep(Keep::All), "a report of all restarts"),
    ] {
        let error = streamed(&data, &checked(kmeans), &streaming(folder.path(), "a"))
            .expect_err("refused")
            .to_string();
        assert_eq!(
            error,
            format!(
                "{what} needs the table in memory, which is larger than the memory allowed; allow more, or leave it out"
            )
        );
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }
}
