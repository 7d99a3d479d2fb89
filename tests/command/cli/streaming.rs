//! `--memory`: tables that need more lie packed in a file, from which they are streamed, to the same result.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cairn::engine::draws::Draws;
use serde_json::Value;

use super::{Folder, gzip, npy};
use crate::cases::step;

const ROWS: usize = 100_000;
const COLUMNS: usize = 40;
/// More than a streamed fit of the table needs, and less than one in memory.
const LIMIT: &str = "--memory 78MiB --threads 2";
const FIT: &str = "-k 4 -r 2 --max-iter 4";

fn value(row: usize, column: usize) -> u16 {
    let mixed = (row as u64 * 1009 + column as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54;
    (mixed % 97) as u16 + 40 * (row % 4) as u16
}

fn values() -> impl Iterator<Item = u16> {
    (0..ROWS * COLUMNS).map(|at| value(at / COLUMNS, at % COLUMNS))
}

fn table() -> Folder {
    let bytes: Vec<u8> = values().flat_map(u16::to_le_bytes).collect();
    Folder::with([("x.npy", &npy("'<u2'", &format!("({ROWS}, {COLUMNS})"), &bytes))])
}

fn csv() -> Vec<u8> {
    let mut text = String::new();
    for row in 0..ROWS {
        let cells: Vec<String> = (0..COLUMNS).map(|column| value(row, column).to_string()).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text.into_bytes()
}

/// The name of the packed table in a folder.
fn packed(folder: &Folder) -> Option<String> {
    folder.names().into_iter().find(|name| name.ends_with(".packed"))
}

/// The result of both is the same, the packed table is used again while its source is unchanged, and all of it is said.
#[test]
fn a_table_that_needs_more_memory_is_streamed() {
    let folder = table();
    let whole = folder.json(&format!("x.npy {FIT} --labels a.npy"));
    assert!(whole.get("streamed").is_none());
    let ran = folder.fit(&format!("x.npy {FIT} {LIMIT} --labels b.npy --json"));
    let fitted: Value = serde_json::from_str(&ran.out).unwrap();
    let name = packed(&folder).expect("it is kept");
    assert!(name.starts_with("x.npy."), "{name}");
    assert!(
        ran.err.starts_with("note: memory: ")
            && ran.err.contains(&format!("its rows are streamed from {name}, 16.0 MB, which stays")),
        "{}",
        ran.err
    );
    for key in ["fingerprint", "best", "restarts", "data"] {
        assert_eq!(fitted[key], whole[key], "{key}");
    }
    assert!(fs::read(folder.path("a.npy")).unwrap() == fs::read(folder.path("b.npy")).unwrap());
    let of = |json: &Value, key: &str| json["streamed"][key].clone();
    let limit = 78 << 20;
    assert_eq!(
        (of(&fitted, "file"), of(&fitted, "file_bytes")),
        (name.clone().into(), (ROWS * COLUMNS * 4).into())
    );
    assert_eq!((of(&fitted, "reused"), of(&fitted, "kept")), (false.into(), true.into()));
    assert!(
        of(&fitted, "planned_bytes").as_u64().unwrap() <= limit
            && of(&fitted, "in_memory_bytes").as_u64().unwrap() > limit
    );

    let ran = folder.fit(&format!("x.npy {FIT} {LIMIT}"));
    assert!(
        ran.out.contains("\nstreamed    ")
            && ran.out.contains(&format!(" from {name}, 16.0 MB, of an earlier fit and kept\n")),
        "{}",
        ran.out
    );
    assert!(ran.out.contains(whole["fingerprint"].as_str().unwrap()));
    // other columns and scales have files of their own
    let scaled = folder.json(&format!("x.npy {FIT} {LIMIT} --scale standard -q"));
    assert_eq!(of(&scaled, "reused"), false);
    assert_eq!(scaled["fingerprint"], folder.json(&format!("x.npy {FIT} --scale standard"))["fingerprint"]);
    assert_eq!(folder.names().iter().filter(|name| name.ends_with(".packed")).count(), 2);
    // the source has changed
    let mut bytes = fs::read(folder.path("x.npy")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(folder.path("x.npy"), bytes).unwrap();
    let changed = folder.json(&format!("x.npy {FIT} {LIMIT} -q"));
    assert_eq!((of(&changed, "reused"), of(&changed, "file")), (false.into(), name.into()));
    assert_eq!(changed["fingerprint"], folder.json(&format!("x.npy {FIT}"))["fingerprint"]);
    // enough memory
    let held = folder.json(&format!("x.npy {FIT} --memory 1GB"));
    assert!(held.get("streamed").is_none() && held["fingerprint"] == changed["fingerprint"]);
}

/// A file where it is asked for, and none that is not to stay.
#[test]
fn the_file_lies_where_it_is_asked_for() {
    let folder = table();
    fs::create_dir(folder.path("scratch")).unwrap();
    let whole = folder.json(&format!("x.npy {FIT}"));
    let there = folder.json(&format!("x.npy {FIT} {LIMIT} --scratch scratch -q"));
    assert_eq!(there["fingerprint"], whole["fingerprint"]);
    assert!(there["streamed"]["file"].as_str().unwrap().starts_with("scratch/x.npy."));
    assert_eq!(fs::read_dir(folder.path("scratch")).unwrap().count(), 1);
    let gone = folder.json(&format!("x.npy {FIT} {LIMIT} --scratch scratch --no-keep -q"));
    assert_eq!(
        (gone["fingerprint"].clone(), gone["streamed"]["kept"].clone()),
        (whole["fingerprint"].clone(), false.into())
    );
    assert_eq!(fs::read_dir(folder.path("scratch")).unwrap().count(), 0);
    assert_eq!(folder.names(), ["scratch", "x.npy"]);
    folder.fit(&format!("x.npy {FIT} {LIMIT} --scratch none -q")).refused(
        1,
        &[
            "none: the packed table can't be written: No such file",
            "name another folder for it",
            "--scratch FOLDER names one",
        ],
    );
    // a folder of the system, in which not even root makes files
    if cfg!(target_os = "linux") {
        folder
            .fit(&format!("x.npy {FIT} {LIMIT} --scratch /proc -q"))
            .refused(1, &["/proc: ", "name another folder for it; --scratch FOLDER names one"]);
    }
    // a bit that flips is found, and the advice works
    let name = {
        folder.json(&format!("x.npy {FIT} {LIMIT} -q"));
        packed(&folder).unwrap()
    };
    let mut bytes = fs::read(folder.path(&name)).unwrap();
    bytes[5_000_000] ^= 16;
    fs::write(folder.path(&name), bytes).unwrap();
    folder.fit(&format!("x.npy {FIT} {LIMIT} -q --labels l.csv")).refused(
        1,
        &[&format!("{name}: the packed table is damaged: bytes "), "remove the file, and run again"],
    );
    assert!(!folder.path("l.csv").exists());
    fs::remove_file(folder.path(&name)).unwrap();
    assert_eq!(folder.json(&format!("x.npy {FIT} {LIMIT} -q"))["fingerprint"], whole["fingerprint"]);
}

/// Two at once pack the same table into the same folder, and do not disturb each other.
#[cfg(unix)]
#[test]
fn two_runs_share_a_folder() {
    let folder = table();
    let whole = folder.json(&format!("x.npy {FIT}"))["fingerprint"].clone();
    let args = format!("fit x.npy --device cpu {FIT} {LIMIT} --json -q");
    let runs = [(); 3].map(|()| start(&folder, &args));
    for run in runs {
        let output = run.wait_with_output().unwrap();
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["fingerprint"], whole);
    }
    assert_eq!(folder.names(), ["x.npy", &packed(&folder).unwrap()]);
}

/// Text, compressed text, several files, and a pipe, which is copied since it is read more than once.
#[test]
fn every_source_streams() {
    let (folder, text) = (table(), csv());
    let fingerprint = |json: &Value| json["fingerprint"].as_str().unwrap().to_owned();
    let whole = fingerprint(&folder.json(&format!("x.npy {FIT}")));
    let half = text.len() / 2 + text[text.len() / 2..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
    fs::write(folder.path("t.csv"), &text).unwrap();
    fs::write(folder.path("t.csv.gz"), gzip(&text)).unwrap();
    fs::write(folder.path("p1.csv"), &text[..half]).unwrap();
    fs::write(folder.path("p2.csv"), &text[half..]).unwrap();
    for (part, file) in [("p1.csv", "1/p.csv"), ("p2.csv", "2/p.csv")] {
        fs::create_dir(folder.path(file).parent().unwrap()).unwrap();
        fs::copy(folder.path(part), folder.path(file)).unwrap();
    }
    for source in ["t.csv", "t.csv.gz", "p1.csv p2.csv", "p?.csv", "?/p.csv"] {
        let fitted = folder.json(&format!("{source} {FIT} {LIMIT} -q"));
        assert_eq!(
            (fingerprint(&fitted), fitted["streamed"]["reused"].clone()),
            (whole.clone(), false.into()),
            "{source}"
        );
        assert_eq!(
            folder.json(&format!("{source} {FIT} {LIMIT} -q"))["streamed"]["reused"],
            true,
            "{source}"
        );
    }
    fs::create_dir(folder.path("tmp")).unwrap();
    let mut command = folder.cairn();
    command
        .args(format!("fit - --device cpu {FIT} {LIMIT} --json -q").split(' '))
        .env("TMPDIR", folder.path("tmp"));
    let output = command.write_stdin(text).output().unwrap();
    let fitted: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((fingerprint(&fitted), fitted["streamed"]["kept"].clone()), (whole, false.into()));
    assert_eq!(fs::read_dir(folder.path("tmp")).unwrap().count(), 0);
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_streams() {
    let folder = table();
    let whole = folder.json(&format!("x.npy {FIT} --rows-out t.parquet"));
    let columns = format!("--columns 1..{COLUMNS}");
    let fitted = folder.json(&format!("t.parquet {columns} {FIT} {LIMIT} -q"));
    assert_eq!(fitted["fingerprint"], whole["fingerprint"]);
    assert!(fitted["streamed"]["file"].as_str().unwrap().starts_with("t.parquet."));
}

/// What can't be done says what would help, and that helps.
#[test]
fn a_limit_that_is_too_low_says_what_would_do() {
    let folder = table();
    let ran = folder.fit(&format!("x.npy {FIT} --memory 1MB -q"));
    ran.refused(
        1,
        &[
            "a fit of this table needs ",
            " MiB of memory, with its rows in a file, and 0 MiB are allowed; allow ",
        ],
    );
    let (_, advice) = ran.err.rsplit_once("; --memory ").unwrap();
    let least = advice.split_whitespace().next().unwrap();
    let fitted = folder.json(&format!("x.npy {FIT} --memory {least} -q"));
    assert!(fitted["streamed"].is_object());
    for (flag, what) in [
        ("--refine", "refining"),
        ("--search evolve", "an evolving search"),
        ("--algorithm bisecting", "the algorithm bisecting"),
        ("--algorithm minibatch", "the algorithm minibatch"),
    ] {
        folder
            .fit(&format!("x.npy -k 4 -r 2 {LIMIT} -q {flag}"))
            .refused(1, &[what, "needs the table in memory", "--memory sets how much is allowed"]);
    }
    folder
        .fit(&format!("x.npy {FIT} {LIMIT} -q --scale robust"))
        .refused(2, &["--scale robust with --memory: "]);
    folder.fit(&format!("x.npy {FIT} {LIMIT} -q --measures")).refused(2, &["--measures with --memory: "]);
    let ran = folder.fit("-k 3 --scratch .");
    assert!(ran.code == 2 && ran.err.contains("--memory <SIZE>"), "{}", ran.err);
}

/// A dry run says what would be held, streamed and written, and writes nothing.
#[test]
fn a_dry_run_says_the_plan() {
    let folder = table();
    let ran = folder.fit(&format!("x.npy {FIT} {LIMIT} --dry-run"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let memory = ran.out.lines().find(|line| line.starts_with("memory ")).unwrap();
    assert!(
        memory.contains(" of the 81.8 MB allowed, where ")
            && memory.contains("its rows are streamed from x.npy."),
        "{memory}"
    );
    let json = folder.json(&format!("x.npy {FIT} {LIMIT} --dry-run -q"));
    let memory = &json["memory_bytes"];
    assert_eq!((memory["limit"].as_u64(), memory["streamed"].as_u64()), (Some(78 << 20), Some(16_000_000)));
    assert!(memory["held_if_streamed"].as_u64().unwrap() <= 78 << 20);
    assert_eq!(
        json["data"]["step_max"],
        folder.json(&format!("x.npy {FIT} --dry-run -q"))["data"]["step_max"]
    );
    assert_eq!(folder.names(), ["x.npy"]);
}

fn start(folder: &Folder, args: &str) -> Child {
    // whoever runs the tests may ignore signals, as background jobs do
    let default = if cfg!(target_os = "linux") { &["--default-signal=INT,TERM,HUP"][..] } else { &[] };
    let mut command = Command::new("env");
    command.args(default).arg(assert_cmd::cargo::cargo_bin!("cairn")).args(args.split(' '));
    command.current_dir(folder.path("")).env("CAIRN_CACHE", folder.path("cache"));
    command.env("XDG_RUNTIME_DIR", std::env::temp_dir()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Killed at any moment, while it packs too, and resumed, the run ends with the same fingerprint, and leaves no file behind
/// but those that are kept.
#[cfg(unix)]
#[test]
fn a_streamed_run_that_is_killed_goes_on() {
    let folder = table();
    let expected = folder.json(&format!("x.npy {FIT}"))["fingerprint"].clone();
    let args = format!(
        "fit x.npy --device cpu {FIT} {LIMIT} --json -q --checkpoint a.run --resume --checkpoint-every 1ms"
    );
    let (mut draws, moments) = (Draws::new(7, 0), 50 / step(5, 10));
    let (mut kills, mut ends) = (0, 0);
    while kills < moments {
        let mut child = start(&folder, &args);
        std::thread::sleep(Duration::from_millis(draws.draw() % 900));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        match output.status.code() {
            None => kills += 1,
            Some(code) => {
                assert_eq!(code, 0, "{}", String::from_utf8_lossy(&output.stderr));
                let json: Value = serde_json::from_slice(&output.stdout).unwrap();
                assert_eq!(json["fingerprint"], expected, "{kills} kills");
                fs::remove_file(folder.path("a.run")).unwrap();
                ends += 1;
                // pack again now and then
                if ends % 2 == 0 {
                    fs::remove_file(folder.path(&packed(&folder).unwrap())).unwrap();
                }
            }
        }
    }
    let ran = folder.run(&args);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &json["fingerprint"]), (0, &expected), "{}", ran.err);
    assert_eq!(folder.names(), ["a.run", "x.npy", &packed(&folder).unwrap()]);
}

/// SIGTERM while the table is packed: no file is left.
#[cfg(unix)]
#[test]
fn a_signal_while_packing_leaves_nothing() {
    let folder = table();
    let mut stopped = 0;
    for wait in [30, 60, 90, 120, 160] {
        let child = start(&folder, &format!("fit x.npy --device cpu {FIT} {LIMIT} -q"));
        std::thread::sleep(Duration::from_millis(wait));
        assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_ne!(output.status.code(), Some(0));
        let names = folder.names();
        assert!(names.iter().all(|name| name == "x.npy" || name.ends_with(".packed")), "{names:?}");
        stopped += usize::from(names == ["x.npy"]);
        packed(&folder).iter().for_each(|name| fs::remove_file(folder.path(name)).unwrap());
    }
    assert!(stopped > 0, "no signal came while it packed");
}

/// A streamed fit takes no more memory than was allowed, and a tenth; one in memory does.
#[cfg(target_os = "linux")]
#[test]
fn memory_stays_within_the_limit() {
    let folder = table();
    let peak = |limit: &str| {
        let mut child = start(&folder, &format!("fit x.npy --device cpu {FIT} -q{limit}"));
        let (status, mut most) = (format!("/proc/{}/status", child.id()), 0);
        while child.try_wait().unwrap().is_none() {
            let status = fs::read_to_string(&status).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            most = most.max(kib.unwrap_or(0) << 10);
            std::thread::sleep(Duration::from_millis(2));
        }
        most
    };
    let allowed = (78 << 20) / 10 * 11;
    let (streamed, held) = (peak(&format!(" {LIMIT}")), peak(""));
    assert!(streamed > 1 << 20 && streamed <= allowed, "{streamed} bytes");
    assert!(held > streamed, "{held} bytes in memory, {streamed} streamed");
}
