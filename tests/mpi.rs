//! `mpirun -n N cairn fit`: the result of one process, to the last bit, whatever processes share, and whatever happens to one of
//! them. With the feature `mpi`: `tests/mpi.sh` installs what it needs.
#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]
#![allow(clippy::print_stderr, reason = "tests that are skipped say so")]

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const DIGITS: &str = "data/digits.csv";

/// `mpirun` with so many processes of this program.
fn mpirun(n_processes: usize, args: &[&str]) -> Command {
    let mut command = Command::new("mpirun");
    let flags = ["--oversubscribe", "--allow-run-as-root", "-n"];
    // processes that wait give their processor to others
    command.args(flags).arg(n_processes.to_string()).args(["--mca", "mpi_yield_when_idle", "1"]);
    command.arg(env!("CARGO_BIN_EXE_cairn")).args(args).args(["--device", "cpu", "--threads", "1"]);
    command.env_remove("OMPI_COMM_WORLD_SIZE").stdin(Stdio::null());
    command
}

/// Whether there is an `mpirun`. CAIRN_REQUIRE_MPI makes one that is missing an error.
fn there_is_none() -> bool {
    let none = Command::new("mpirun").arg("--version").stdout(Stdio::null()).status().is_err();
    assert!(!none || env::var_os("CAIRN_REQUIRE_MPI").is_none(), "no mpirun");
    if none {
        eprintln!("no mpirun: skipped");
    }
    none
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stdout)))
}

/// What one process without `mpirun` makes of it.
fn alone(args: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_cairn"))
        .args(args)
        .args(["--device", "cpu", "--threads", "1"])
        .output();
    json(&output.unwrap())
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

/// A table of blobs, in CSV, with a column of weights.
fn table(folder: &TempDir, n_points: u64) -> PathBuf {
    let mut rows = String::from("a,b,c,w\n");
    let mut state = 7u64;
    let mut below = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    for i in 0..n_points {
        let of = [below(9) * 100, below(7) * 50, below(11)];
        let values = of.map(|at| (at + below(40)) as f64 / 8.0);
        writeln!(rows, "{},{},{},{}", values[0], values[1], values[2], i % 3).unwrap();
    }
    let path = folder.path().join("t.csv");
    fs::write(&path, rows).unwrap();
    path
}

#[test]
fn any_number_of_processes_and_both_shares_give_one_result() {
    if there_is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let weighted = table(&folder, 5000).display().to_string();
    let jobs: [&[&str]; 4] = [
        &["fit", DIGITS, "--ignore", "digit", "-k", "10", "-r", "8"],
        &[
            "fit",
            &weighted,
            "--weights",
            "w",
            "-k",
            "30",
            "-r",
            "5",
            "--init",
            "random",
            "--scale",
            "standard",
        ],
        &["fit", &weighted, "--ignore", "w", "-k", "12", "-r", "4", "--metric", "cosine", "--tol", "1e-3"],
        &["fit", DIGITS, "--truth", "digit", "-k", "20", "-r", "6", "--first-restart", "3"],
    ];
    for job in jobs {
        const FILES: [(&str, &str); 5] = [
            ("--labels", "l.csv"),
            ("--model", "m.safetensors"),
            ("--restarts-out", "r.csv"),
            ("--rows-out", "rows.csv"),
            ("--centroids", "c.npy"),
        ];
        let files = |of: &str| FILES.map(|(_, name)| path(&folder, &format!("{of}.{name}")));
        let outputs = |files: &[String; 5]| {
            let flags =
                FILES.iter().zip(files).flat_map(|((flag, _), file)| [(*flag).to_owned(), file.clone()]);
            flags.collect::<Vec<_>>()
        };
        let args = |of: &[String; 5]| -> Vec<String> {
            job.iter().map(|arg| (*arg).to_owned()).chain(outputs(of)).chain(["--json".to_owned()]).collect()
        };
        let run = |args: Vec<String>, n: usize, share: &str| {
            let args: Vec<&str> = args.iter().map(String::as_str).chain(["--share", share]).collect();
            mpirun(n, &args).output().unwrap()
        };
        let expected = files("alone");
        let whole = alone(&args(&expected).iter().map(String::as_str).collect::<Vec<_>>());
        for (n, share) in [(2, "rows"), (3, "rows"), (2, "restarts"), (4, "restarts")] {
            let got = files(&format!("{n}.{share}"));
            let summary = json(&run(args(&got), n, share));
            for part in ["fingerprint", "best", "restarts", "score", "warnings", "search"] {
                assert_eq!(summary[part], whole[part], "{job:?}, {n} processes, {share}: {part}");
            }
            assert_eq!(summary["processes"]["count"], n);
            assert_eq!(summary["processes"]["share"], share);
            for (got, expected) in got.iter().zip(&expected) {
                assert!(
                    fs::read(got).unwrap() == fs::read(expected).unwrap(),
                    "{job:?}, {n}, {share}: {got}"
                );
            }
        }
    }
}

/// Processes pass over the files, and the groups of rows, that others have.
#[test]
fn parts_of_a_table_in_several_files() {
    if there_is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let whole = table(&folder, 3000);
    let rows = fs::read_to_string(&whole).unwrap();
    let (head, rows) = rows.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    for (at, rows) in rows.chunks(700).enumerate() {
        fs::write(folder.path().join(format!("part-{at}.csv")), format!("{head}\n{}\n", rows.join("\n")))
            .unwrap();
    }
    let pattern = path(&folder, "part-*.csv");
    let expected = alone(&["fit", &whole.display().to_string(), "-k", "15", "-r", "2", "--json"]);
    for n in [1, 3] {
        let got = mpirun(n, &["fit", &pattern, "-k", "15", "-r", "2", "--json"]).output().unwrap();
        assert_eq!(json(&got)["fingerprint"], expected["fingerprint"], "{n}");
    }
}

/// What there is to say is said once, by the first process.
#[test]
fn errors_are_said_once() {
    if there_is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let bad = path(&folder, "bad.npy");
    let mut rows: Vec<u8> = b"\x93NUMPY\x01\x00\x46\x00".to_vec();
    rows.extend(
        format!("{:<69}\n", "{'descr': '<f4', 'fortran_order': False, 'shape': (20, 2), }").as_bytes(),
    );
    for i in 0..40 {
        let value = if i == 37 { f32::NAN } else { i as f32 };
        rows.extend(value.to_le_bytes());
    }
    fs::write(&bad, rows).unwrap();
    let missing = path(&folder, "no such folder/labels.csv");
    let checkpoint = path(&folder, "c.run");
    // of a row after one that is left out, in a column after one that is no feature
    let infinite = path(&folder, "infinite.csv");
    let rows: Vec<String> =
        (0..40).map(|i| format!("{i},{},{}", i % 7, if i == 38 { "inf" } else { "2" })).collect();
    fs::write(&infinite, format!("id,a,b\n{}\n", rows.join("\n")).replace("5,5,2", "5,,2")).unwrap();
    let said = Command::new(env!("CARGO_BIN_EXE_cairn"))
        .args(["fit", &infinite, "-k", "2", "--ignore", "id", "--missing", "drop", "--device", "cpu"])
        .output();
    let said = text(&said.unwrap().stderr);
    let in_words = said.lines().find_map(|line| line.split_once("error: ")).expect("inf").1.to_owned();
    let jobs: [(&[&str], &str); 11] = [
        (&["fit", &bad, "-k", "2", "--share", "rows"], "row 19, column 2: NaN is not a finite number"),
        (&["fit", "no.csv", "-k", "2"], "no.csv"),
        (&["fit", DIGITS, "-k", "2", "--labels", &missing], "labels.csv"),
        (&["fit", DIGITS, "-k", "2000", "-r", "8"], "1797"),
        (&["fit", "-", "-k", "2"], "standard input reaches one process only"),
        (&["fit", &infinite, "-k", "2", "--ignore", "id", "--missing", "drop", "--share", "rows"], &in_words),
        (
            &["fit", DIGITS, "-k", "2", "--measures", "--share", "rows"],
            "--measures: they need the whole table",
        ),
        (
            &["fit", DIGITS, "-k", "2", "--refine", "--share", "rows"],
            "refining is not shared by several processes",
        ),
        (&["fit", DIGITS, "-k", "2", "--memory", "64MiB", "--share", "rows"], "start more processes"),
        (&["fit", DIGITS, "-k", "2", "--memory", "64MiB", "--share", "restarts"], "take --share rows"),
        (
            &["fit", DIGITS, "-k", "2", "--share", "restarts", "--checkpoint", &checkpoint],
            "--share restarts keeps no --checkpoint",
        ),
    ];
    for (job, expected) in jobs {
        let start = Instant::now();
        let output = mpirun(3, job).output().unwrap();
        let said = text(&output.stderr);
        let errors: Vec<&str> = said.lines().filter(|line| line.contains("error:")).collect();
        assert!(
            !output.status.success() && errors.len() == 1 && errors[0].contains(expected),
            "{job:?}: {said}"
        );
        assert!(start.elapsed() < Duration::from_secs(60));
    }
    let output = mpirun(2, &["sweep", DIGITS]).output().unwrap();
    assert!(text(&output.stderr).contains("only `cairn fit` is shared"), "{}", text(&output.stderr));
    // a plan is printed once
    let plan = mpirun(3, &["fit", DIGITS, "-k", "5", "--dry-run"]).output().unwrap();
    assert!(
        plan.status.success() && text(&plan.stdout).matches("dry run").count() == 1,
        "{}",
        text(&plan.stdout)
    );
}

/// The processes of a run, by `mpirun`'s.
fn processes(parent: u32) -> Vec<u32> {
    let status = |pid: u32| fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let parent_of = |pid: u32| status(pid).rsplit_once(") ")?.1.split(' ').nth(1)?.parse::<u32>().ok();
    let all =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut children: Vec<u32> = all.filter(|&pid| parent_of(pid) == Some(parent)).collect();
    children.sort_unstable();
    children
}

fn kill(pid: u32, signal: &str) {
    let _ = Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).status().unwrap();
}

/// A process that is killed ends the run, with its number; the run goes on from its checkpoint with fewer processes, or alone.
#[cfg(target_os = "linux")]
#[test]
fn a_process_that_is_killed() {
    if there_is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let data = table(&folder, 60_000).display().to_string();
    let job = ["fit", &data, "-k", "150", "-r", "12", "--json"];
    let expected = alone(&job)["fingerprint"].clone();
    for (at, (signal, victim)) in [("KILL", 2), ("KILL", 0), ("TERM", 9)].into_iter().enumerate() {
        let file = path(&folder, &format!("{at}.run"));
        // of SIGTERM the file is written then
        let every = if signal == "TERM" { "1h" } else { "50ms" };
        let kept = [&job[..], &["--checkpoint", &file, "--checkpoint-every", every]].concat();
        // how long a run takes to begin, and to end, depends on the machine
        for wait in [1500, 800, 3000, 5000, 400, 8000].map(Duration::from_millis) {
            let _ = fs::remove_file(&file);
            let mut run = mpirun(3, &kept).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let start = Instant::now();
            while !Path::new(&file).exists() && signal == "KILL" {
                assert!(start.elapsed() < Duration::from_secs(60) && run.try_wait().unwrap().is_none());
                std::thread::sleep(Duration::from_millis(5));
            }
            if signal == "TERM" {
                std::thread::sleep(wait);
            }
            let of_run = processes(run.id());
            // mpirun passes SIGTERM on
            kill(of_run.get(victim).copied().unwrap_or(run.id()), signal);
            let output = run.wait_with_output().unwrap();
            let said = text(&output.stderr);
            if signal == "KILL" {
                assert_eq!(of_run.len(), 3, "{of_run:?}");
                assert!(
                    said.contains(&format!("process rank {victim}")) && said.contains("signal 9"),
                    "{said}"
                );
            }
            if !output.status.success() && Path::new(&file).exists() {
                break;
            }
        }
        assert!(Path::new(&file).exists(), "the run was not kept");
        let resumed = [&job[..], &["--checkpoint", &file, "--resume"]].concat();
        let got = if at == 1 { alone(&resumed) } else { json(&mpirun(2, &resumed).output().unwrap()) };
        assert_eq!(got["fingerprint"], expected, "{signal} of {victim}");
        assert!(!got["resumed"].is_null());
    }
}
