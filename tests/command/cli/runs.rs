//! Runs in parts: one after the other, from a checkpoint, whatever ended them; and side by side, joined by `cairn merge`.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cairn::engine::draws::Draws;
use cairn::kmeans::SavedRun;
use serde_json::Value;

use super::{Folder, Ran, npy_f64};
use crate::cases::long;

/// Parts of a run on three machines give what one run gives, in every output.
#[test]
fn a_job_array_is_one_run() {
    let folder = Folder::new();
    for (task, first) in [("1", 0), ("2", 7), ("3", 14)] {
        let part = folder.json(&format!("-k 12 -r 7 --first-restart {first} --checkpoint {task}.run"));
        assert_eq!(part["params"]["first_restart"].as_u64(), Some(first));
        assert_eq!((&part["resumed"], part["restarts"]["count"].as_u64()), (&Value::Null, Some(7)));
        assert!((first..first + 7).contains(&part["best"]["restart"].as_u64().unwrap()));
    }
    let outputs = |name: &str| {
        let files = [
            "labels l.csv",
            "centroids c.csv",
            "restarts-out r.csv",
            "model m.safetensors",
            "rows-out o.csv",
        ];
        files
            .map(|file| file.split_once(' ').unwrap())
            .map(|(flag, file)| format!("--{flag} {name}-{file}"))
            .join(" ")
    };
    let whole = folder.json(&format!("-k 12 -r 21 {}", outputs("whole")));
    let merged = folder.run("merge 3.run 1.run 2.run -o all.run --json");
    merged.done();
    let merged: Value = serde_json::from_str(&merged.out).unwrap();
    assert_eq!(merged["fingerprint"], whole["fingerprint"]);
    for key in ["restart", "inertia_text", "inertia_exact", "iterations", "stopped"] {
        assert_eq!(merged["best"][key], whole["best"][key], "{key}");
    }
    let counts = (merged["first_restart"].as_u64(), merged["n_restarts"].as_u64());
    assert_eq!(counts, (Some(0), Some(21)));
    let again = folder.json(&format!("-k 12 -r 21 --checkpoint all.run --resume {}", outputs("joined")));
    assert_eq!(again["resumed"]["restarts"].as_u64(), Some(21));
    for key in ["fingerprint", "best", "restarts", "score"] {
        assert_eq!(again[key], whole[key], "{key}");
    }
    for file in ["l.csv", "c.csv", "r.csv", "m.safetensors", "o.csv"] {
        let read = |name: &str| fs::read(folder.path(&format!("{name}-{file}"))).unwrap();
        assert!(read("whole") == read("joined"), "{file}");
    }
    let text = folder.run("merge 1.run 2.run");
    text.done();
    assert!(
        text.out.contains("asked for   12 clusters, 14 restarts (0 to 13) from k-means++, seed 42\n"),
        "{}",
        text.out
    );
    assert!(
        text.out.contains(&format!(
            "fingerprint {}",
            folder.json("-k 12 -r 14")["fingerprint"].as_str().unwrap()
        ))
    );
    // a part says which it is, also in its model
    let text =
        folder.fit("-k 12 -r 7 --first-restart 7 --checkpoint 2.run --resume --model part.safetensors").out;
    assert!(text.contains("12 clusters, 7 restarts (7 to 13) from k-means++"), "{text}");
    assert!(text.contains("resumed     from 2.run: 7 restarts were done\n"), "{text}");
    assert!(
        fs::read(folder.path("part.safetensors"))
            .unwrap()
            .windows(19)
            .any(|part| part == b"\"first_restart\":\"7\"")
    );
}

#[test]
fn runs_that_do_not_fit_together_are_refused() {
    let folder = Folder::new();
    for (name, args) in [
        ("a", "-r 3"),
        ("b", "-r 3 --first-restart 5"),
        ("c", "-r 3 --first-restart 2"),
        ("d", "-r 3 --first-restart 3 --seed 1"),
    ] {
        folder.fit(&format!("-k 3 -q --checkpoint {name}.run {args}")).done();
    }
    folder.run("merge a.run b.run -o o.run").refused(
        1,
        &["restarts 3 to 4 are missing: a.run ends with restart 2, and b.run begins with restart 5"],
    );
    folder.run("merge a.run c.run -o o.run").refused(1, &["a.run and c.run both have restarts 2 to 2"]);
    folder
        .run("merge a.run d.run -o o.run")
        .refused(1, &["a.run and d.run: ", "the seed of the first is 42, that of the second 1"]);
    folder.run("merge a.run none.run").refused(1, &["none.run: ", "No such file"]);
    folder.run("merge a.run b.run -o b.run").refused(2, &["are the same file"]);
    fs::write(folder.path("t.csv"), "x\n1\n").unwrap();
    folder
        .run("merge t.csv")
        .refused(1, &["t.csv: this is not a run of Cairn", "`cairn fit --checkpoint` wrote"]);
    assert!(!folder.path("o.run").exists());
    folder
        .fit("-k 3 -r 2 -q --checkpoint a.run --resume")
        .refused(1, &["a.run: 3 restarts of this run are done, and 2 are asked for"]);
    folder
        .fit("-k 3 -r 3 -q --checkpoint a.run")
        .refused(1, &["a.run is there already", "--resume goes on from it"]);
    folder
        .fit("-k 4 -r 3 -q --checkpoint a.run --resume")
        .refused(1, &["a.run: the number of clusters of the run in this file is 3, and here it is 4"]);
    folder
        .fit("t.csv -k 1 -q --checkpoint n.run --algorithm bisecting")
        .refused(2, &["algorithm bisecting can't be written down"]);
    folder.fit("-k 3 -q --first-restart 3 --search evolve").refused(2, &["the first restart is 3"]);
    let ran = folder.fit("-k 3 --resume");
    assert!(ran.code == 2 && ran.err.contains("--checkpoint <FILE>"), "{}", ran.err);
    let mut bytes = fs::read(folder.path("a.run")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(folder.path("a.run"), &bytes).unwrap();
    folder
        .fit("-k 3 -r 3 -q --checkpoint a.run --resume")
        .refused(1, &["a.run: the run in this file is damaged", "checksum"]);
    assert_eq!(fs::read(folder.path("a.run")).unwrap(), bytes);
}

/// What differs is named by the flag that sets it.
#[test]
fn a_flag_that_differs_is_named() {
    let folder = Folder::with([("t.csv", b"x\n1\n2\n3\n10\n11\n12\n13\n")]);
    let fit = "fit t.csv -k 2 --device cpu -q --checkpoint";
    folder.run(&format!("{fit} a.run -r 3 --seed 7 --min-size 3")).done();
    folder.run(&format!("{fit} b.run -r 3 --search evolve")).done();
    folder.run(&format!("{fit} c.run -r 3 --refine")).done();
    for (args, said) in [
        ("a.run -r 3 --min-size 3", "the seed of the run in this file is 7, and here it is 42"),
        ("a.run -r 3 --min-size 3", "; it had --seed 7"),
        ("a.run -r 3 --seed 7", "least size of a cluster of the run in this file is 3, and here it is none"),
        ("a.run -r 3 --seed 7 --min-size 2", "; it had --min-size 3"),
        ("a.run -r 3 --seed 7 --min-size 3 --max-size 4", "; it had no --max-size"),
        ("b.run -r 20 --search evolve", "; it had --population 3"),
        ("c.run -r 3", "; it had --refine"),
    ] {
        let ran = folder.run(&format!("{fit} {args} --resume"));
        assert!(ran.code != 0 && ran.err.contains(said), "{args}: {}", ran.err);
    }
    let ran = folder
        .run("fit t.csv -k 2 -r 3 --device cpu --checkpoint a.run --resume --seed 7 --min-size 3 --json");
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (json["resumed"]["restarts"].as_u64(), json["params"]["min_size"].as_u64()),
        (Some(3), Some(3))
    );
    for (flag, said) in [
        ("--checkpoint n.run", "a run of the algorithm minibatch can't be written down and gone on from"),
        ("--first-restart 4", "the first restart is 4, and the algorithm minibatch has restarts of a sample"),
    ] {
        folder.run(&format!("fit t.csv -k 2 -q --algorithm minibatch {flag}")).refused(2, &[said]);
    }
    for (flag, said) in [
        ("--checkpoint n.run", "a run of the algorithm bisecting can't be written down and gone on from"),
        (
            "--first-restart 4",
            "the first restart is 4, and the algorithm bisecting has restarts of each split",
        ),
    ] {
        folder.run(&format!("fit t.csv -k 2 -q --algorithm bisecting {flag}")).refused(2, &[said]);
    }
}

/// What a merged run says is enough to write its outputs.
#[test]
fn a_merged_run_says_its_flags() {
    let folder = Folder::new();
    let flags = "-k 3 --seed 5 --max-iter 40 --min-size 500 --max-size 700";
    for first in [2, 4] {
        folder.fit(&format!("{flags} -r 2 -q --first-restart {first} --checkpoint {first}.run")).done();
    }
    let merged = folder.run("merge 2.run 4.run -o all.run");
    assert!(merged.out.contains(&format!("\nflags       {flags}\n")), "{}", merged.out);
    let (_, written) = merged.out.split_once("cairn fit, the table as it was given, ").unwrap();
    let written = written.lines().next().unwrap();
    assert_eq!(written, format!("{flags} -r 4 --first-restart 2 --checkpoint all.run --resume"));
    let again = folder.json(written);
    assert!(merged.out.contains(again["fingerprint"].as_str().unwrap()), "{}", merged.out);
}

/// A dry run finds what would stop the run that goes on, its table too.
#[test]
fn a_dry_run_reads_the_checkpoint() {
    let folder = Folder::with([("t.csv", b"x\n1\n2\n3\n"), ("u.csv", b"x\n1\n2\n4\n")]);
    folder.run("fit t.csv -k 2 -r 3 -q --device cpu --checkpoint a.run").done();
    let dry = "-k 2 -r 5 --device cpu --checkpoint a.run --resume --dry-run";
    let ran = folder.run(&format!("fit t.csv {dry}"));
    assert!(ran.out.contains("\nresumes     from a.run: 3 restarts were done\n"), "{}", ran.out);
    let json: Value = serde_json::from_str(&folder.run(&format!("fit t.csv {dry} --json -q")).out).unwrap();
    assert_eq!(json["resumed"]["restarts"].as_u64(), Some(3));
    folder.run(&format!("fit u.csv {dry} -q")).refused(
        1,
        &["a.run: the hash of the rows, scaled and weighted as asked, of the run in this file is "],
    );
}

/// A report says which restarts it has, that they were another process's, and why not all are scored.
#[test]
fn a_report_says_what_a_run_was() {
    let folder = Folder::new();
    folder.fit("-k 3 -r 3 -q --first-restart 4 --checkpoint a.run --report a.html").done();
    folder.fit("-k 3 -r 5 -q --first-restart 4 --checkpoint a.run --resume --report b.html --model b.safetensors").done();
    let [a, b] = ["a.html", "b.html"].map(|file| folder.read(file));
    assert!(a.contains("3 (4 to 6: a part of a run), k-means++, seed 42"));
    assert!(b.contains("5 (4 to 8: a part of a run), k-means++, seed 42"));
    assert!(b.contains("from a.run: 3 restarts were done") && !a.contains("restarts were done"));
    for page in [&a, &b] {
        assert!(
            page.contains("Only the best restart is scored: a run with a checkpoint keeps no other labels.")
        );
    }
    assert_eq!(folder.run("report b.safetensors -o m.html").code, 0);
    assert!(folder.read("m.html").contains("5 (4 to 8: a part of a run)"));
    folder.fit("-k 3 -r 3 -q --report c.html").done();
    let usual = folder.read("c.html");
    assert!(!usual.contains("a part of a run") && !usual.contains("Only the best restart is scored"));
}

/// Restarts of an earlier process have no part in the rate.
#[test]
fn the_rate_is_that_of_this_process() {
    let folder = Folder::new();
    folder.fit("-k 3 -r 30 -q --checkpoint a.run").done();
    let ran = folder.fit("-k 3 -r 30 -q --checkpoint a.run --resume --progress json");
    let last = ran.err.lines().rfind(|line| line.contains("\"restarts\"")).unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!((last["done"].as_u64(), &last["per_second"]), (Some(30), &Value::Null), "{last}");
}

/// Where there can be no such file, nothing is read or fitted.
#[test]
fn a_checkpoint_that_can_not_be_written_is_refused_first() {
    let folder = Folder::new();
    folder
        .fit("none.csv -k 2 -q --checkpoint /dev/full")
        .refused(1, &["/dev/full: the run can't be written: it is not a regular file"]);
    folder
        .fit("none.csv -k 2 -q --checkpoint no/such/folder.run")
        .refused(1, &["no/such/folder.run: the run can't be written"]);
    // a folder of the system, in which not even root makes files
    if cfg!(target_os = "linux") {
        folder
            .fit("none.csv -k 2 -q --checkpoint /proc/a.run")
            .refused(1, &["/proc/a.run: the run can't be written"]);
    }
    assert!(folder.names().is_empty());
}

#[test]
fn a_run_without_a_file_yet_begins() {
    let folder = Folder::new();
    let ran = folder.fit("-k 3 -r 2 --checkpoint a.run --resume");
    assert!(
        ran.code == 0 && ran.err.contains("note: --checkpoint a.run is not there yet: the run begins"),
        "{}",
        ran.err
    );
    assert!(!ran.out.contains("\nresumed "), "{}", ran.out);
    let dry = folder.fit("-k 3 -r 2 --checkpoint b.run --dry-run");
    assert!(dry.out.contains("b.run"), "{}", dry.out);
    assert_eq!(folder.names(), ["a.run"]);
}

/// A table of which a restart takes some 100 ms or more.
fn heavy() -> Folder {
    let values: Vec<f64> =
        (0..12_000u32 * 8).map(|i| f64::from(i.wrapping_mul(2_654_435_761) >> 8)).collect();
    Folder::with([("x.npy", &npy_f64("(12000, 8)", &values))])
}

const HEAVY: &str = "fit x.npy --device cpu -k 150 --json";
const KEPT: &str = "--checkpoint a.run --checkpoint-every 0s --resume";

fn start(folder: &Folder, args: &str) -> Child {
    // whoever runs the tests may ignore signals, as background jobs do
    let default = if cfg!(target_os = "linux") { &["--default-signal=INT,TERM,HUP"][..] } else { &[] };
    let mut command = Command::new("env");
    command.args(default).arg(assert_cmd::cargo::cargo_bin!("cairn")).args(args.split_whitespace());
    command.env("CAIRN_CACHE", folder.path("cache")).env("XDG_RUNTIME_DIR", std::env::temp_dir());
    command.current_dir(folder.path("")).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn end(child: Child) -> (Option<i32>, String, String) {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

fn fingerprint(json: &str) -> String {
    serde_json::from_str::<Value>(json).unwrap()["fingerprint"].as_str().unwrap().to_owned()
}

/// Killed at moments that a seed chooses, and resumed, a run ends with its fingerprint.
#[test]
fn a_run_that_is_killed_again_and_again_ends_the_same() {
    let moments = if long() { 50 } else { 5 };
    let seed = std::env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let mut random = Draws::new(seed, 0);
    let mut killed = 0;
    for search in ["-r 6", "-r 4 --refine", "-r 9 --search evolve --population 3"] {
        let folder = heavy();
        let begun = Instant::now();
        let whole = folder.run(&format!("{HEAVY} {search}"));
        assert_eq!(whole.code, 0, "{}", whole.err);
        let (usual, expected) = (begun.elapsed().as_millis() as u64, fingerprint(&whole.out));
        let (mut kills, mut within) = (0, 0);
        while kills < moments {
            let mut child = start(&folder, &format!("{HEAVY} {search} {KEPT}"));
            std::thread::sleep(Duration::from_millis(random.below(usual.max(300).into()) as u64));
            child.kill().unwrap();
            let (code, out, err) = end(child);
            if code == Some(0) {
                assert_eq!(fingerprint(&out), expected, "{search}, seed {seed}, {kills} kills");
                fs::remove_file(folder.path("a.run")).unwrap();
                continue;
            }
            assert_eq!(code, None, "{err}");
            kills += 1;
            if folder.path("a.run").exists() {
                let run = SavedRun::load(&folder.path("a.run")).unwrap();
                within += u32::from(run.unfinished.is_some());
            }
        }
        let ran = folder.run(&format!("{HEAVY} {search} {KEPT}"));
        assert_eq!((ran.code, fingerprint(&ran.out)), (0, expected), "{search}, seed {seed}: {}", ran.err);
        // what the killed ones have left is swept
        assert_eq!(folder.names(), ["a.run", "x.npy"]);
        killed += within;
    }
    assert!(killed > 0, "no file had a restart between two iterations");
}

/// SIGTERM and SIGHUP write the run at once; outputs are those of a run that ended.
#[test]
fn a_terminated_run_goes_on() {
    let (folder, begun) = (heavy(), Instant::now());
    let expected = fingerprint(&folder.run(&format!("{HEAVY} -r 8")).out);
    let some = begun.elapsed().mul_f64(0.3);
    let args = format!("{HEAVY} -r 8 --checkpoint a.run --resume --labels l.csv");
    let mut stops = 0;
    for (name, code, word) in [("-TERM", 143, "SIGTERM"), ("-HUP", 129, "SIGHUP"), ("-TERM", 143, "SIGTERM")]
    {
        let child = start(&folder, &args);
        std::thread::sleep(some);
        signal(&child, name);
        let (ended, out, err) = end(child);
        if ended == Some(0) {
            assert_eq!(fingerprint(&out), expected);
            break;
        }
        assert_eq!((ended, out.as_str()), (Some(code), ""), "{err}");
        assert!(err.contains(&format!("error: stopped by {word}; a.run has the run so far, ")), "{err}");
        assert!(err.contains("--resume goes on with it"), "{err}");
        assert_eq!(folder.names(), ["a.run", "x.npy"]);
        stops += 1;
    }
    assert!(stops > 0, "no run was stopped");
    let ran = folder.run(&args);
    assert_eq!((ran.code, fingerprint(&ran.out)), (0, expected), "{}", ran.err);
    assert!(ran.out.contains("\"resumed\": {"), "{}", ran.out);
    assert_eq!(folder.names(), ["a.run", "l.csv", "x.npy"]);
}

/// Ctrl-C leaves the best so far, as without a checkpoint, and the run; before the first restart has ended the run alone.
#[test]
fn ctrl_c_keeps_the_run() {
    let folder = Folder::new();
    let args = "fit --device cpu -k 4 -r 3000000 --json --checkpoint a.run --resume --labels l.csv";
    let child = start(&folder, args);
    std::thread::sleep(Duration::from_secs(2));
    signal(&child, "-INT");
    let (code, out, err) = end(child);
    let json: Value = serde_json::from_str(&out).unwrap();
    let count = json["restarts"]["count"].as_u64().unwrap();
    assert_eq!(code, Some(130), "{err}");
    let said = format!(
        "l.csv was written; a.run has the run so far, {count} restarts, and --resume goes on with it"
    );
    assert!(err.contains(&said), "{err}");
    assert_eq!(
        SavedRun::load(&folder.path("a.run")).unwrap().fingerprint(),
        json["fingerprint"].as_str().unwrap()
    );

    // one restart takes minutes
    let values: Vec<f64> =
        (0..40_000u32 * 8).map(|i| f64::from(i.wrapping_mul(2_654_435_761) >> 8)).collect();
    let folder = Folder::with([("x.npy", &npy_f64("(40000, 8)", &values))]);
    let child = start(&folder, "fit x.npy --device cpu -k 20000 -r 1 --checkpoint a.run --init random");
    std::thread::sleep(Duration::from_secs(3));
    signal(&child, "-INT");
    let (code, out, err) = end(child);
    assert_eq!((code, out.as_str()), (Some(130), ""), "{err}");
    assert!(err.contains("stopped by Ctrl-C; a.run has the run so far, 0 restarts"), "{err}");
    let run = SavedRun::load(&folder.path("a.run")).unwrap();
    assert_eq!((run.count(), run.ended), (0, None));
    let ran: Ran = folder.run("merge a.run");
    ran.refused(1, &["a.run: 0 of 1 restarts of this run are done; go on with it to its end first"]);
}
