//! Runs in files: stopped anywhere and resumed, spread over processes and joined, they end with the bits of one run; files
//! that are damaged, foreign, or of another run are refused.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cairn::data::{Dataset, Scale};
use cairn::engine::{Device, Engine, Job, Keep, Metric, OpenOptions, Opened, Stop, Unfinished, Watch, open};
use cairn::kmeans::{
    Algorithm, CONTINUE, Checkpoint, Fit, FitError, Init, KMeans, Minibatch, RunEnd, SavedRun, SavedRunError,
    Search, Step, fit, fit_with_checkpoint,
};
use tempfile::TempDir;

use crate::common::{Case, dataset, digits, normal, processor, values, weighted};

fn cpu() -> Opened {
    open(&Device::Cpu, &OpenOptions::default()).expect("the CPU opens")
}

fn evolve(population: u64) -> Search {
    Search::Evolve { population }
}

/// A restart that goes on after any number of iterations ends as the whole one does.
#[test]
fn a_restart_goes_on_from_any_of_its_iterations() {
    let unit = || digits().scaled(Scale::Unit).expect("no row of zeros");
    let cases = [
        Case::new(&digits(), KMeans::new(12).seed(3)),
        Case::new(&digits(), KMeans::new(12).refine(true)),
        Case::new(&digits(), KMeans::new(12).tol(1e-3)),
        Case::new(&digits(), KMeans::new(12).max_iter(7).refine(true)),
        Case::new(&unit(), KMeans::new(12).metric(Metric::Cosine)),
        // more clusters than rows that are near each other: some end empty, and are refilled
        Case::new(&normal(60, 3, 5), KMeans::new(50).init(Init::Random)),
        Case::new(&normal(200, 3, 5), KMeans::new(6).sizes(Some(25), Some(45))),
    ];
    for case in cases {
        let job = case.job();
        let cpu = processor();
        let run = |job: &Job<'_>| {
            let ran = Engine::load(&cpu, job)
                .and_then(|mut session| session.run(4..5, Keep::Best, &Watch::default()));
            let ran = ran.expect("the CPU does the job");
            (ran.outcomes[0], ran.states[0].1.clone())
        };
        let whole = run(&job);
        let plain = Job { refine: false, shift_limit: None, ..job.clone() };
        let mut went_on = 0;
        // the plain loop stops at its fixed point; before it, its state after t iterations is that of at most t
        for iterations in 1..whole.0.iterations {
            let (cut, state) = run(&Job { max_iter: iterations, ..plain.clone() });
            if cut.stop != Stop::MaxIter {
                break;
            }
            let from = Unfinished { restart: 4, iterations, centroids: state.centroids };
            let mut session = Engine::load(&cpu, &job).expect("the CPU takes the job");
            let rest =
                session.go_on(&from, Keep::Best, &Watch::default()).expect("it runs").expect("it goes on");
            assert_eq!((rest.outcomes[0], &rest.states[0].1), (whole.0, &whole.1), "{iterations}");
            went_on += 1;
        }
        assert!(went_on > 0);
    }
}

/// Runs until the observer has been called `calls` times (of the stops so far), again and again, each time from the file.
/// Returns the result, how often it was stopped, and how often in a restart.
fn in_pieces(data: &Dataset<'_>, params: KMeans, calls: impl Fn(u32) -> u32) -> (Fit, u32, u32) {
    let (opened, folder) = (cpu(), TempDir::new().expect("a folder"));
    let path = folder.path().join("a.run");
    let params = params.device(Device::Cpu).check().expect("good parameters");
    let (mut stops, mut within) = (0, 0);
    loop {
        let checkpoint = if stops == 0 { Checkpoint::create(&path) } else { Checkpoint::resume(&path) };
        let mut checkpoint = checkpoint.expect("a good file").every(Duration::ZERO);
        within += u32::from(checkpoint.from().is_some_and(|run| run.unfinished.is_some()));
        let mut left = calls(stops);
        let mut stop = |step: Step<'_>| match step {
            Step::Restarts(_) => {
                left = left.saturating_sub(1);
                if left > 0 { CONTINUE } else { ControlFlow::Break(()) }
            }
            _ => CONTINUE,
        };
        let fit = fit_with_checkpoint(&opened, data, &params, &mut checkpoint, &mut stop);
        checkpoint.finish().expect("it can be written");
        match fit {
            Ok(fit) => return (fit, stops, within),
            Err(FitError::Cancelled { .. }) => stops += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(stops < 2000, "it does not end");
    }
}

fn assert_same(pieces: &Fit, whole: &Fit) {
    assert_eq!(pieces.fingerprint, whole.fingerprint);
    assert_eq!((&pieces.restarts.outcomes, pieces.best), (&whole.restarts.outcomes, whole.best));
    assert_eq!(pieces.state, whole.state);
    assert_eq!((pieces.spread, pieces.searched), (whole.spread, whole.searched));
}

/// Stopped after every few batches: between restarts, within generations and populations.
#[test]
fn a_run_in_pieces_is_the_whole_run() {
    let unit = digits().scaled(Scale::Unit).expect("no row of zeros");
    // rows of weight 0, some of them outside the range of the others
    let weights: Vec<f64> = (0..300).map(|i| f64::from(i % 4)).collect();
    let far = values(&normal(300, 2, 8)).into_iter().enumerate();
    let far = far.map(|(at, value)| if (at / 2) % 8 == 0 { value * 50.0 } else { value });
    let far = weighted(dataset(2, far.collect()), &weights);
    let some = normal(300, 2, 8);
    let cases = [
        (&digits(), KMeans::new(10).restarts(40)),
        (&digits(), KMeans::new(10).restarts(30).first_restart(7).tol(1e-4)),
        (&digits(), KMeans::new(6).restarts(12).init(Init::Random).refine(true)),
        (&digits(), KMeans::new(8).restarts(29).search(evolve(5)).refine(true)),
        (&digits(), KMeans::new(4).restarts(400).search(evolve(3)).patience(4)),
        (&digits(), KMeans::new(1).restarts(5).search(evolve(3))),
        (&unit, KMeans::new(5).restarts(9).metric(Metric::Cosine)),
        (&far, KMeans::new(5).restarts(9)),
        (&some, KMeans::new(5).restarts(9).sizes(Some(30), Some(70))),
        (&some, KMeans::new(5).restarts(7).first_restart(4).sizes(None, Some(61))),
    ];
    for (data, params) in cases {
        let checked = params.clone().device(Device::Cpu).check().expect("good parameters");
        let whole = fit(data, &checked).expect("it fits");
        for calls in [2, 3] {
            let (pieces, stops, _) = in_pieces(data, params.clone(), |_| calls);
            assert_same(&pieces, &whole);
            assert!(stops > 0, "{params:?}");
        }
    }
}

/// Stopped within long restarts too, by the watch, which asks every 100 ms: so a table is as large as a restart of some
/// times that asks for on this machine.
#[test]
fn a_restart_in_pieces_is_the_whole_restart() {
    for (params, n_restarts) in [
        (KMeans::new(200).restarts(2), 2),
        (KMeans::new(100).restarts(3).search(evolve(1)).refine(true).max_iter(60), 3),
    ] {
        let checked = params.clone().device(Device::Cpu).check().expect("good parameters");
        let of = |n_points: usize| {
            let data = normal(n_points, 8, 9);
            let start = Instant::now();
            let whole = fit(&data, &checked).expect("it fits");
            (start.elapsed() / n_restarts, data, whole)
        };
        let mut sizes = (0..5).map(|doubled| of(15_000 << doubled));
        let (took, data, whole) =
            sizes.find(|(took, ..)| *took > Duration::from_millis(500)).unwrap_or_else(|| of(480_000));
        // longer each time: a restart that was stopped while it was seeded begins again. At which step the clock stops it is
        // chance, so that several times are tried
        let within = [3, 2, 5, 4, 7, 6].into_iter().any(|calls| {
            let (pieces, _, within) = in_pieces(&data, params.clone(), |stops| calls * (stops + 1));
            assert_same(&pieces, &whole);
            within > 0
        });
        assert!(within, "no stop was within a restart of {took:?}");
    }
}

/// A run in a file.
fn kept(folder: &Path, name: &str, params: KMeans) -> (PathBuf, SavedRun) {
    let path = folder.join(name);
    let params = params.device(Device::Cpu).check().expect("good parameters");
    let mut checkpoint = Checkpoint::create(&path).expect("a new file");
    fit_with_checkpoint(&cpu(), &digits(), &params, &mut checkpoint, &mut |_| CONTINUE).expect("it fits");
    checkpoint.finish().expect("it is written");
    let run = SavedRun::load(&path).expect("it reads");
    (path, run)
}

#[test]
fn parts_of_a_run_make_the_whole_run() {
    let folder = TempDir::new().expect("a folder");
    let part =
        |first, n, name: &str| kept(folder.path(), name, KMeans::new(10).first_restart(first).restarts(n));
    let parts = [part(0, 5, "a"), part(5, 1, "b"), part(6, 14, "c")];
    let whole = fit(&digits(), &KMeans::new(10).restarts(20).device(Device::Cpu).check().expect("good"))
        .expect("it fits");
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        let merged = SavedRun::merge(order.map(|at| parts[at].clone()).to_vec()).expect("parts of one run");
        assert_eq!(merged.fingerprint(), whole.fingerprint);
        assert_eq!((merged.count(), merged.n_restarts, merged.first_restart), (20, 20, 0));
        assert_eq!((merged.ended, merged.best_outcome()), (Some(RunEnd::Restarts), Some(&whole.best)));
        let path = folder.path().join("whole");
        merged.save(&path).expect("it is written");
        assert_eq!(SavedRun::load(&path).expect("it reads"), merged);
    }
    // a whole run gives its result again, and more restarts go on from it
    let path = folder.path().join("whole");
    for n in [20, 23] {
        let params = KMeans::new(10).restarts(n).device(Device::Cpu).check().expect("good parameters");
        let mut checkpoint = Checkpoint::resume(&path).expect("a good file");
        let fit = fit_with_checkpoint(&cpu(), &digits(), &params, &mut checkpoint, &mut |_| CONTINUE)
            .expect("it fits");
        let (resumed, again) = (fit.resumed.expect("it was resumed"), cairn::kmeans::fit(&digits(), &params));
        assert_eq!((resumed.restarts, resumed.iterations), (20, 0));
        assert_same(&fit, &again.expect("it fits"));
    }
}

fn merged(parts: &[&(PathBuf, SavedRun)]) -> String {
    let error = SavedRun::merge(parts.iter().map(|&part| part.clone()).collect()).expect_err("it is refused");
    error.to_string()
}

#[test]
fn what_is_no_part_of_a_run_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let part =
        |first, n, name: &str, k| kept(folder.path(), name, KMeans::new(k).first_restart(first).restarts(n));
    let [a, b, c] = [part(0, 3, "a", 4), part(5, 3, "b", 4), part(2, 4, "c", 4)];
    let error = merged(&[&b, &a]);
    assert!(error.contains("restarts 3 to 4 are missing") && error.contains("restart 2, and"), "{error}");
    let error = merged(&[&a, &b, &c]);
    assert!(error.contains("both have restarts 2 to 2"), "{error}");
    let other = part(3, 2, "d", 5);
    let error = merged(&[&a, &other]);
    assert!(error.contains("number of clusters") && error.contains("is 4, that of the second 5"), "{error}");
    let mut unfinished = a.clone();
    unfinished.1.ended = None;
    let error = merged(&[&unfinished]);
    assert!(error.contains("3 of 3 restarts of this run are done"), "{error}");
    assert_eq!(merged(&[]), SavedRunError::NoRuns.to_string());
}

/// Of a run that goes on, data and parameters are those of the file, each named with both values.
#[test]
fn another_run_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let like = || KMeans::new(4).restarts(3);
    let (path, _) = kept(folder.path(), "a", like());
    let refused = |data: &Dataset<'_>, params: KMeans| {
        let params = params.device(Device::Cpu).check().expect("good parameters");
        let mut checkpoint = Checkpoint::resume(&path).expect("a good file");
        let error = fit_with_checkpoint(&cpu(), data, &params, &mut checkpoint, &mut |_| CONTINUE);
        error.expect_err("it is refused").to_string()
    };
    let before = fs::read(&path).expect("it reads");
    let cases = [
        (KMeans::new(5).restarts(3), "the number of clusters of the run in this file is 4, and here it is 5"),
        (like().seed(1), "seed of the run in this file is 42, and here it is 1"),
        (like().max_iter(9), "is 300, and here it is 9"),
        (like().tol(0.1), "tolerance of the run in this file is 0, and here it is 0.1"),
        (like().init(Init::Random), "is k-means++, and here it is random"),
        (like().refine(true), "refining of the run in this file is no, and here it is yes"),
        (like().search(evolve(2)), "search of the run in this file is restarts, and here it is evolve"),
        (like().first_restart(1), "first restart of the run in this file is 0, and here it is 1"),
        (like().restarts(2), "3 restarts of this run are done, and 2 are asked for"),
        (
            like().sizes(Some(100), None),
            "least size of a cluster of the run in this file is none, and here it is 100",
        ),
        (
            like().sizes(None, Some(900)),
            "largest size of a cluster of the run in this file is none, and here it is 900",
        ),
        (like().algorithm(Algorithm::Bisecting), "algorithm bisecting can't be written down"),
        (
            like().algorithm(Algorithm::Minibatch(Minibatch { rows: 64, batches: 3 })),
            "a run of the algorithm minibatch can't be written down and gone on from",
        ),
        (like().keep(Keep::All), "states of all restarts can't be written down"),
        (like().restarts(1 << 40), "at most 4194304"),
    ];
    for (params, said) in cases {
        let error = refused(&digits(), params);
        assert!(error.contains(said), "{said:?} is not in {error}");
    }
    let error = refused(&normal(50, 3, 1), like());
    assert!(error.contains("number of rows of the run in this file is 1797, and here it is 50"), "{error}");
    let mut other = values(&digits());
    other[1000] += 1.0;
    let error = refused(&dataset(64, other), like());
    assert!(
        error.contains("the hash of the rows, scaled and weighted as asked, of the run in this"),
        "{error}"
    );
    assert_eq!(fs::read(&path).expect("it reads"), before);
    let error = Checkpoint::create(&path).expect_err("there is such a file").to_string();
    assert!(error.contains("is there already"), "{error}");
}

/// Cut anywhere, or changed in any byte, a file is refused.
#[test]
fn damaged_files_are_refused() {
    let folder = TempDir::new().expect("a folder");
    let (path, run) = kept(folder.path(), "a", KMeans::new(2).restarts(3).search(evolve(2)));
    let bytes = fs::read(&path).expect("it reads");
    let broken = folder.path().join("b");
    let load = |bytes: &[u8]| {
        fs::write(&broken, bytes).expect("it is written");
        SavedRun::load(&broken)
    };
    assert_eq!(load(&bytes).expect("a whole file"), run);
    let step = (bytes.len() / 400).max(1);
    for at in (0..bytes.len()).step_by(step).chain(bytes.len() - 40..bytes.len()) {
        let error = load(&bytes[..at]).expect_err("it is cut off");
        assert!(matches!(error, SavedRunError::Damaged { .. }), "{at}: {error}");
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let error = load(&changed).expect_err("a bit is flipped");
        let is_other =
            at < 12 && matches!(error, SavedRunError::NotARun { .. } | SavedRunError::OtherVersion { .. });
        assert!(matches!(error, SavedRunError::Damaged { .. }) || is_other, "{at}: {error}");
    }
    assert!(load(&[&bytes[..], &[0]].concat()).is_err());
    let error = load(&[b"cairn-run-2\n", &bytes[12..]].concat()).expect_err("a later version").to_string();
    assert!(error.contains("version of the format of this run is 2, and this program has 1"), "{error}");
    let error = load(b"x,y\n1,2\n").expect_err("a table").to_string();
    assert!(error.contains("this is not a run of Cairn"), "{error}");
    assert!(matches!(SavedRun::load(folder.path()), Err(SavedRunError::NotARun { .. })));
    assert!(matches!(SavedRun::load(&folder.path().join("none")), Err(SavedRunError::Read { .. })));
}

/// A run with limits on sizes goes on with these alone.
#[test]
fn other_limits_on_sizes_are_refused() {
    let folder = TempDir::new().expect("a folder");
    let like = |min, max| KMeans::new(4).restarts(1).sizes(min, max);
    let (path, _) = kept(folder.path(), "a", like(Some(400), Some(500)));
    let resumed = |params: KMeans| {
        let params = params.device(Device::Cpu).check().expect("good parameters");
        let mut checkpoint = Checkpoint::resume(&path).expect("a good file");
        fit_with_checkpoint(&cpu(), &digits(), &params, &mut checkpoint, &mut |_| CONTINUE)
    };
    for (params, said) in [
        (
            like(Some(399), Some(500)),
            "least size of a cluster of the run in this file is 400, and here it is 399",
        ),
        (
            like(Some(400), Some(501)),
            "largest size of a cluster of the run in this file is 500, and here it is 501",
        ),
        (
            like(None, Some(500)),
            "least size of a cluster of the run in this file is 400, and here it is none",
        ),
        (like(None, None), "least size of a cluster of the run in this file is 400, and here it is none"),
    ] {
        let error = resumed(params).expect_err("it is refused").to_string();
        assert!(error.contains(said), "{said:?} is not in {error}");
    }
    let again = resumed(like(Some(400), Some(500))).expect("it goes on");
    let counts = &again.state.counts;
    assert!(counts.iter().all(|count| (400..=500).contains(count)), "{counts:?}");
    assert!(again.unlimited.is_some_and(|without| without < again.best.inertia));
}

/// Whatever a byte of a small file becomes, also with the right checksum: an error that names the file, or a run that goes on.
#[test]
fn a_file_with_any_byte_changed_is_refused_or_goes_on() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("a");
    let data = normal(6, 2, 3);
    let params = |search| {
        let params = KMeans::new(2).restarts(5).max_iter(9).search(search).device(Device::Cpu);
        params.check().expect("good parameters")
    };
    for search in [Search::Restarts, evolve(2)] {
        let _ = fs::remove_file(&path);
        let mut checkpoint = Checkpoint::create(&path).expect("a new file");
        let mut stop = |step: Step<'_>| match step {
            Step::Restarts(progress) if progress.done >= 3 => ControlFlow::Break(()),
            _ => CONTINUE,
        };
        let stopped = fit_with_checkpoint(&cpu(), &data, &params(search), &mut checkpoint, &mut stop);
        assert!(matches!(stopped, Err(FitError::Cancelled { .. })));
        checkpoint.finish().expect("it is written");
        let mut run = SavedRun::load(&path).expect("it reads");
        let centroids = run.best.as_ref().expect("a best restart").centroids.clone();
        run.unfinished = Some(Unfinished { restart: run.count(), iterations: 1, centroids });
        run.save(&path).expect("it is written");
        let bytes = fs::read(&path).expect("it reads");
        let content = &bytes[..bytes.len() - 32];
        let go_on = |content: &[u8]| {
            let whole = [content, blake3::hash(content).as_bytes()].concat();
            fs::write(&path, whole).expect("it is written");
            let named = |error: String| assert!(error.starts_with(&path.display().to_string()), "{error}");
            match Checkpoint::resume(&path) {
                Err(error) => named(error.to_string()),
                Ok(mut checkpoint) => {
                    let fit =
                        fit_with_checkpoint(&cpu(), &data, &params(search), &mut checkpoint, &mut |_| {
                            CONTINUE
                        });
                    match fit {
                        Err(FitError::Saved(error)) => named(error.to_string()),
                        other => assert_eq!(other.expect("no other error").restarts.count(), 5),
                    }
                }
            }
        };
        go_on(content);
        for at in 0..content.len() {
            go_on(&content[..at]);
            for byte in [content[at] ^ 1, content[at] ^ 0x80, b'9', 0xff] {
                let mut changed = content.to_vec();
                changed[at] = byte;
                go_on(&changed);
            }
        }
    }
}

/// A run that is done needs no place to be written to, and its file stays as it is.
#[cfg(unix)]
#[test]
fn a_run_that_is_done_is_read_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().expect("a folder");
    let (path, _) = kept(folder.path(), "a", KMeans::new(4).restarts(3));
    let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
    mode(0o444);
    let before = fs::metadata(&path).expect("it is there").modified().expect("a time");
    let resumed = |n| {
        let params = KMeans::new(4).restarts(n).device(Device::Cpu).check().expect("good parameters");
        let mut checkpoint = Checkpoint::resume(&path).expect("a good file");
        let fit = fit_with_checkpoint(&cpu(), &digits(), &params, &mut checkpoint, &mut |_| CONTINUE);
        checkpoint.finish().map(|()| fit)
    };
    assert_eq!(resumed(3).expect("nothing is written").expect("it fits").restarts.count(), 3);
    assert_eq!(fs::metadata(&path).expect("it is there").modified().expect("a time"), before);
    let error = resumed(4).expect("nothing is written").expect_err("it can't be written").to_string();
    assert!(error.contains("a: the run can't be written: the file there is read-only"), "{error}");
    mode(0o600);
    assert_eq!(resumed(4).expect("it is written").expect("it fits").restarts.count(), 4);
    let now = fs::metadata(&path).expect("it is there");
    assert_eq!(now.permissions().mode() & 0o777, 0o600);
    assert_eq!(SavedRun::load(&path).expect("it reads").count(), 4);
}

/// A header that says what is not, with the right checksum.
#[test]
fn forged_files_are_refused() {
    let folder = TempDir::new().expect("a folder");
    let (path, _) = kept(folder.path(), "a", KMeans::new(3).restarts(3));
    let bytes = fs::read(&path).expect("it reads");
    let length = u64::from_le_bytes(bytes[12..20].try_into().expect("8 bytes")) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[20..20 + length]).expect("JSON");
    let forged = folder.path().join("b");
    let load = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut header = header.clone();
        change(&mut header);
        let header = serde_json::to_vec(&header).expect("JSON");
        let mut new =
            [&bytes[..12], &(header.len() as u64).to_le_bytes(), &header, &bytes[20 + length..]].concat();
        let end = new.len() - 32;
        let checksum = blake3::hash(&new[..end]);
        new[end..].copy_from_slice(checksum.as_bytes());
        fs::write(&forged, new).expect("it is written");
        SavedRun::load(&forged)
    };
    load(&|_| ()).expect("nothing is changed");
    for done in [0u64, 2, 4, u64::MAX] {
        assert!(load(&|header| header["done"] = done.into()).is_err(), "{done}");
    }
    let changes: [(&str, serde_json::Value); 11] = [
        ("best", 7.into()),
        ("best", serde_json::Value::Null),
        ("first_restart", u64::MAX.into()),
        ("n_restarts", 0.into()),
        ("ended", "soon".into()),
        ("unfinished", serde_json::json!([3, 5])),
        ("weight_unit", "one".into()),
        ("weight_unit", "NaN".into()),
        ("least_exponent", i32::MIN.into()),
        (
            "population",
            serde_json::json!({"size": 2, "members": u64::MAX, "next": 0, "generations": 0, "accepted": 0, "idle": 0}),
        ),
        ("identity", serde_json::json!({})),
    ];
    for (key, value) in changes {
        let error = load(&|header| header[key] = value.clone()).expect_err(key);
        assert!(matches!(error, SavedRunError::Damaged { .. }), "{key}: {error}");
    }
    for (key, value) in [("n_points", u64::MAX), ("n_dims", 1 << 62), ("n_clusters", 0), ("n_points", 1796)] {
        let error = load(&|header| header["identity"][key] = value.into()).expect_err(key);
        assert!(matches!(error, SavedRunError::Damaged { .. }), "{key}: {error}");
    }
    let error = load(&|header| header["definition"] = "cairn-fp-9".into()).expect_err("another definition");
    let said = "definition of results of this run is cairn-fp-9, and this program has cairn-fp-2";
    assert!(error.to_string().contains(said), "{error}");
}

/// Where the file can't be written the run goes on, and says so.
#[test]
fn a_file_that_another_run_has_written_is_left() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("a");
    let params = KMeans::new(4).restarts(5).device(Device::Cpu).check().expect("good parameters");
    let mut checkpoint = Checkpoint::create(&path).expect("a new file");
    fs::write(&path, "another").expect("it is written");
    let mut said = 0;
    let fit = fit_with_checkpoint(&cpu(), &digits(), &params, &mut checkpoint, &mut |step| {
        if let Step::Restarts(progress) = step {
            said += u32::from(progress.not_written.is_some());
        }
        CONTINUE
    });
    assert_eq!(fit.expect("it fits").restarts.count(), 5);
    assert!(said > 0 && matches!(checkpoint.finish(), Err(SavedRunError::Taken { .. })));
    assert_eq!(fs::read(&path).expect("it reads"), b"another");
}

#[test]
fn a_first_restart_is_refused_where_restarts_depend_on_others() {
    for (params, said) in [
        (KMeans::new(3).search(evolve(2)), "children of the ones before them"),
        (KMeans::new(3).algorithm(Algorithm::Bisecting), "restarts of each split"),
        (
            KMeans::new(3).algorithm(Algorithm::Minibatch(Minibatch { rows: 64, batches: 3 })),
            "the algorithm minibatch has restarts of a sample",
        ),
        (KMeans::new(1).restarts(1).init(Init::Centroids(ndarray::arr2(&[[1.0]]))), "one restart"),
    ] {
        let error = params.first_restart(6).check().expect_err("it is refused").to_string();
        assert!(error.starts_with("the first restart is 6, and ") && error.contains(said), "{error}");
    }
    let error = KMeans::new(3).first_restart(u64::MAX).check().expect_err("it is refused").to_string();
    assert!(error.contains("below 2^64"), "{error}");
    let last =
        KMeans::new(3).first_restart(u64::MAX - 2).restarts(2).device(Device::Cpu).check().expect("it fits");
    let fit = fit(&digits(), &last).expect("it fits");
    assert_eq!(fit.restarts.outcomes[1].restart, u64::MAX - 1);
}
