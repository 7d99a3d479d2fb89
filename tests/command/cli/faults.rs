//! Commands under faults: a call of the system that fails, a kill at a random moment, limits on memory, stack and threads.
//! Each ends in words, an output is the old one or a whole new one, and nothing else is left.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Instant;

use cairn::kmeans::SavedRun;
use cairn::model::Model;

use super::{Folder, npy_f64};
use crate::cases::{long, quick};

/// Subcommands, each with the files that it writes.
const WRITERS: [(&str, &[&str]); 10] = [
    (
        "fit t.csv -k 2 -r 3 -q --device cpu --labels l.csv --centroids c.npy --restarts-out r.csv --model o.safetensors \
         --report p.html",
        &["l.csv", "c.npy", "r.csv", "o.safetensors", "p.html"],
    ),
    ("predict m.safetensors t.npy --device cpu -o l.csv", &["l.csv"]),
    ("name m.safetensors 0=zero -o o.safetensors", &["o.safetensors"]),
    ("sweep t.csv -k 1..2 -q -r 1 --seeds 1 --device cpu --table w.csv", &["w.csv"]),
    ("transform m.safetensors t.csv -o d.npy", &["d.npy"]),
    ("report m.safetensors t.csv --device cpu -q -o p.html", &["p.html"]),
    ("compare t.csv -k 2 -r 1 --devices cpu --runs 1 --warmup 0 -q --export-json j.json", &["j.json"]),
    ("draw digits.safetensors -q -o p.html", &["p.html"]),
    ("fit - -k 2 -q -r 2 --device cpu --labels l.npy", &["l.npy"]),
    ("read digits.safetensors stroke.pgm -q --debug s.png", &["s.png"]),
];

const TABLE: &str = "x,y\n1,2\n2,1\n9,8\n8,9\n1,1\n9,9\n5,5\n0,3\n3,0\n7,7\n";

/// A folder with the inputs of all subcommands.
fn inputs() -> Folder {
    let values: Vec<f64> =
        TABLE.lines().skip(1).flat_map(|row| row.split(',').map(|x| x.parse().unwrap())).collect();
    let folder = Folder::with([("t.csv", TABLE.as_bytes()), ("t.npy", &npy_f64("(10, 2)", &values))]);
    let ink =
        |at: usize| if (27..33).contains(&(at % 60)) && (10..50).contains(&(at / 60)) { 0 } else { 255 };
    let stroke: Vec<u8> = b"P5 60 60 255\n".iter().copied().chain((0..3600).map(ink)).collect();
    fs::write(folder.path("stroke.pgm"), stroke).unwrap();
    folder.fit("t.csv -k 2 -q --model m.safetensors").done();
    folder.fit("digits -k 3 -r 1 -q --model digits.safetensors").done();
    fs::create_dir(folder.path("tmp")).unwrap();
    folder
}

/// The command in the folder, with its own folder for temporary files, and the table on standard input.
fn cairn(folder: &Folder, program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(folder.0.path()).stdin(fs::File::open(folder.path("t.csv")).unwrap());
    command.env("CAIRN_CACHE", folder.path("cache")).env("TMPDIR", folder.path("tmp"));
    command
        .env("XDG_RUNTIME_DIR", folder.path("tmp"))
        .env("RAYON_NUM_THREADS", "2")
        .env_remove("RUST_BACKTRACE");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn program() -> String {
    assert_cmd::cargo::cargo_bin!("cairn").to_str().unwrap().to_owned()
}

fn run(folder: &Folder, line: &str) -> Output {
    cairn(folder, &program(), &line.split_whitespace().collect::<Vec<_>>()).output().unwrap()
}

/// What each writer's files hold after a run without faults.
fn expected(folder: &Folder) -> BTreeMap<&'static str, BTreeMap<&'static str, Vec<u8>>> {
    let run = |&(line, files): &(&'static str, &[&'static str])| {
        let output = run(folder, line);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        (line, files.iter().map(|&file| (file, fs::read(folder.path(file)).unwrap())).collect())
    };
    WRITERS.iter().map(run).collect()
}

/// Whether a file is complete. Times in it differ from run to run.
fn is_whole(path: &Path, bytes: &[u8], expected: &[u8]) -> bool {
    match path.extension().unwrap().to_str().unwrap() {
        "html" => bytes.trim_ascii_end().ends_with(b"</html>"),
        "json" => serde_json::from_slice::<serde_json::Value>(bytes).is_ok(),
        "safetensors" => Model::load(path).is_ok(),
        _ => bytes == expected,
    }
}

/// Checks how a run ended, and puts the old files back. Returns whether it succeeded.
fn check(folder: &Folder, output: &Output, expected: &BTreeMap<&str, Vec<u8>>, how: &str) -> bool {
    let err = String::from_utf8_lossy(&output.stderr);
    let code = output.status.code();
    assert!(matches!(code, Some(0..=2)) && !err.contains("panicked"), "{how}: {:?}, {err}", output.status);
    assert!(code == Some(0) || err.contains("error: "), "{how}: {err}");
    for (file, expected) in expected {
        let path = folder.path(file);
        let bytes = fs::read(&path).unwrap();
        let is_old = bytes == b"old";
        assert!(is_old || is_whole(&path, &bytes, expected), "{how}: {file} is neither old nor whole; {err}");
        assert!(!is_old || code != Some(0), "{how}: {file} is old");
    }
    put_back(folder, expected);
    code == Some(0)
}

fn put_back(folder: &Folder, expected: &BTreeMap<&str, Vec<u8>>) {
    expected.keys().for_each(|file| fs::write(folder.path(file), "old").unwrap());
}

/// Asserts that there are no temporary files.
fn is_clean(folder: &Folder, before: &[String], how: &str) {
    let left: Vec<String> = folder.names().into_iter().filter(|name| !before.contains(name)).collect();
    assert!(left.is_empty(), "{how}: {left:?} are left");
    let in_tmp: Vec<PathBuf> =
        fs::read_dir(folder.path("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(in_tmp.is_empty(), "{how}: {in_tmp:?} are left");
}

/// The library that makes calls fail, compiled once. `None` where it can't be.
fn shim() -> Option<&'static Path> {
    static SHIM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let build = || {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/faults.rs");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libfaults.so");
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition", "2024", "--crate-type", "cdylib", "-O", "-C", "panic=abort", "-o"]);
        let built = rustc.arg(&library).arg(source).output().ok()?;
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        Some(library)
    };
    SHIM.get_or_init(|| if cfg!(all(target_os = "linux", target_env = "gnu")) { build() } else { None })
        .as_deref()
}

/// A run with faults at the calls `at ..= last`. `None` if there were not so many calls.
fn with_fault(folder: &Folder, line: &str, call: &str, (at, last): (u64, u64)) -> Option<Output> {
    let fired = folder.path("tmp/fired");
    let mut command = cairn(folder, &program(), &line.split_whitespace().collect::<Vec<_>>());
    command.env("LD_PRELOAD", shim()?).env("FAULT_CALL", call).env("FAULT_FIRED", &fired);
    command.env("FAULT_AT", at.to_string()).env("FAULT_LAST", last.to_string());
    let output = command.output().unwrap();
    let has_fired = fs::remove_file(&fired).is_ok();
    (has_fired || output.status.code() != Some(0)).then_some(output)
}

/// The writers that a quick run takes.
fn writers() -> &'static [(&'static str, &'static [&'static str])] {
    if quick() { &WRITERS[..3] } else { &WRITERS }
}

/// The next call after `at`: each one in a long run.
fn next(at: u64, dense: u64) -> u64 {
    if long() { at + 1 } else { at + 1 + at / dense }
}

/// Whether memory was refused where Rust's threads or those of libc take it, which end the program by themselves, in words.
fn is_abort_of_threads(output: &Output) -> bool {
    use std::os::unix::process::ExitStatusExt;
    let err = String::from_utf8_lossy(&output.stderr);
    let says = err.contains("memory allocation of") || err.contains("failed to register TLS destructor");
    output.status.signal() == Some(6) && says
}

fn fail_each(calls: &[&str], dense: u64) {
    let folder = inputs();
    let all = expected(&folder);
    let before = folder.names();
    let (mut fired, mut aborts) = (0, 0);
    for (line, files) in writers() {
        put_back(&folder, &all[line]);
        let before: Vec<String> =
            before.iter().cloned().chain(files.iter().map(|&file| file.to_owned())).collect();
        for call in calls {
            let mut at = 1;
            loop {
                // once, or from then on, as a disk that is full
                let last = if at % 2 == 0 { u64::MAX } else { at };
                let how = format!("{line}, {call} {at}");
                let Some(output) = with_fault(&folder, line, call, (at, last)) else { break };
                fired += 1;
                if is_abort_of_threads(&output) {
                    aborts += 1;
                    put_back(&folder, &all[line]);
                    run(&folder, line); // which sweeps
                    put_back(&folder, &all[line]);
                } else {
                    check(&folder, &output, &all[line], &how);
                }
                is_clean(&folder, &before, &how);
                at = next(at, dense);
            }
            put_back(&folder, &all[line]);
        }
    }
    assert!(fired > 50 || shim().is_none(), "only {fired} faults");
    assert!(aborts * 10 <= fired, "{aborts} of {fired} faults ended in an abort");
}

#[test]
fn any_call_on_a_file_may_fail() {
    fail_each(&["read", "write", "open", "sync", "rename", "seek", "lock", "mode"], 6);
}

/// The file of a run is the old one or a whole new one, whatever call fails, and the run goes on from it.
#[test]
fn a_checkpoint_is_whole_whatever_call_fails() {
    let folder = inputs();
    let fit = "fit t.csv -k 2 -q --device cpu --checkpoint c.run --checkpoint-every 0s --resume";
    assert!(run(&folder, &format!("{fit} -r 2")).status.success());
    let two = fs::read(folder.path("c.run")).unwrap();
    let mut fired = 0;
    for call in ["read", "write", "open", "sync", "rename"] {
        let mut at = 1;
        while let Some(output) = with_fault(&folder, &format!("{fit} -r 5"), call, (at, u64::MAX)) {
            let err = String::from_utf8_lossy(&output.stderr);
            let how = format!("{call} {at}: {err}");
            let code = output.status.code();
            assert!(code == Some(0) || (code == Some(1) && err.contains("error: ")), "{how}");
            let kept = SavedRun::load(&folder.path("c.run")).unwrap_or_else(|error| panic!("{how}: {error}"));
            assert!((2..=5).contains(&kept.count()), "{how}");
            fs::write(folder.path("c.run"), &two).unwrap();
            (fired, at) = (fired + 1, next(at, 6));
        }
        fs::write(folder.path("c.run"), &two).unwrap();
    }
    assert!(fired > 20 || shim().is_none(), "only {fired} faults");
}

/// A packed table is the old one or a whole new one, whatever call fails while it is written, and nothing else is left.
#[test]
fn a_packed_table_is_whole_whatever_call_fails() {
    let folder = inputs();
    let table = |add: f64| {
        let values: Vec<f64> =
            (0..2_400_000).map(|i| f64::from(i % 50_021 * 7919 % 1009) / 8.0 + add).collect();
        fs::write(folder.path("big.npy"), npy_f64("(300000, 8)", &values)).unwrap();
    };
    let fit = "fit big.npy -k 3 -q -r 1 --init random --max-iter 2 --device cpu --threads 2 --memory 79MiB \
               --scratch scratch --labels l.npy";
    fs::create_dir(folder.path("scratch")).unwrap();
    let packed = || {
        let mut files = fs::read_dir(folder.path("scratch")).unwrap().map(|file| file.unwrap().path());
        let (file, more) = (files.next(), files.count());
        assert_eq!(more, 0, "other files are left");
        file.map(|file| fs::read(file).unwrap())
    };
    table(0.25);
    let done = run(&folder, fit);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let (old, labels) = (packed().expect("it is kept"), fs::read(folder.path("l.npy")).unwrap());
    let file = fs::read_dir(folder.path("scratch")).unwrap().next().unwrap().unwrap().path();
    table(0.5);
    assert!(run(&folder, fit).status.success());
    let new = packed().expect("it is kept");
    assert!(old != new && old.len() > 3 << 20);
    let mut fired = 0;
    for call in ["write", "sync", "rename", "open"] {
        let mut at = 1;
        loop {
            fs::write(&file, &old).unwrap();
            fs::write(folder.path("l.npy"), &labels).unwrap();
            // from then on, as a disk that is full
            let Some(output) = with_fault(&folder, fit, call, (at, u64::MAX)) else { break };
            let err = String::from_utf8_lossy(&output.stderr);
            let how = format!("{call} {at}: {err}");
            let code = output.status.code();
            assert!(code == Some(0) || (code == Some(1) && err.contains("error: ")), "{how}");
            assert!(packed().is_some_and(|bytes| bytes == old || bytes == new), "{how}");
            let written = fs::read(folder.path("l.npy")).unwrap();
            assert!(code == Some(0) || written == labels || written.len() == labels.len(), "{how}");
            (fired, at) = (fired + 1, next(at, 3));
        }
    }
    assert!(fired > 12 || shim().is_none(), "only {fired} faults");
}

#[test]
fn any_allocation_may_be_refused() {
    fail_each(&["allocate"], if quick() { 3 } else { 12 });
}

#[test]
fn threads_that_can_not_be_started_are_done_without() {
    let folder = inputs();
    let all = expected(&folder);
    for (line, _) in writers() {
        put_back(&folder, &all[line]);
        for at in 1..8 {
            for last in [at, u64::MAX] {
                let how = format!("{line}, thread {at} to {last}");
                let Some(output) = with_fault(&folder, line, "thread", (at, last)) else { break };
                let err = String::from_utf8_lossy(&output.stderr);
                // the measurements of compare end early only by a thread
                let is_excused = err.contains("Ctrl-C can't be handled");
                assert!(check(&folder, &output, &all[line], &how) || is_excused, "{how}");
                assert!(is_excused || err.lines().all(|line| line.starts_with("note: ")), "{how}: {err}");
            }
        }
    }
    let Some(output) =
        with_fault(&folder, "predict m.safetensors t.csv --device cpu", "thread", (1, u64::MAX))
    else {
        return;
    };
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("note: 1 thread instead of 2: the system started no more"), "{err}");
}

#[test]
fn a_kill_at_any_moment_leaves_old_or_whole_files_and_the_next_run_sweeps() {
    let folder = inputs();
    let all = expected(&folder);
    let kills = if long() {
        50
    } else if quick() {
        4
    } else {
        12
    };
    let before = folder.names();
    let mut killed = 0;
    for (line, files) in WRITERS {
        put_back(&folder, &all[line]);
        let start = Instant::now();
        check(&folder, &run(&folder, line), &all[line], line);
        let usual = start.elapsed();
        for at in 0..kills {
            let args: Vec<&str> = line.split_whitespace().collect();
            let mut child = cairn(&folder, &program(), &args)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(usual.mul_f64((f64::from(at) + 0.5) / f64::from(kills)));
            child.kill().unwrap();
            killed += u32::from(!child.wait().unwrap().success());
            for file in files {
                let path = folder.path(file);
                let bytes = fs::read(&path).unwrap();
                let whole = bytes == b"old" || is_whole(&path, &bytes, &all[line][file]);
                assert!(whole, "{line}, kill {at}: {file} is neither old nor whole");
            }
        }
        let output = run(&folder, line);
        check(&folder, &output, &all[line], line);
        let left: Vec<String> = folder
            .names()
            .into_iter()
            .filter(|name| !before.contains(name) && !files.contains(&name.as_str()))
            .collect();
        assert!(
            left.iter().all(|name| all.values().any(|files| files.contains_key(name.as_str()))),
            "{line}: {left:?}"
        );
    }
    assert!(killed > 0, "all runs ended before they were killed");
}

/// A run in a shell that sets a limit. One that waits for ever is killed.
fn limited(folder: &Folder, limit: &str, line: &str) -> Output {
    let line = format!("ulimit {limit} && exec timeout -s KILL 300 {} {line}", program());
    cairn(folder, "bash", &["-c", &line]).output().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn any_limit_on_memory_ends_in_words() {
    let folder = inputs();
    fs::write(folder.path("big.csv"), "1,2,3,4,5\n6,7,8,9,10\n".repeat(100_000)).unwrap();
    let all = expected(&folder);
    let table = ("fit big.csv -k 2 -q -r 1 --device cpu --labels b.csv", &["b.csv"][..]);
    let output = run(&folder, table.0);
    assert!(output.status.success());
    let of_table = BTreeMap::from([("b.csv", fs::read(folder.path("b.csv")).unwrap())]);
    let mut refused = 0;
    for (line, _) in writers().iter().chain(&[table]) {
        let expected = all.get(line).unwrap_or(&of_table);
        put_back(&folder, expected);
        let mut mib = 16;
        loop {
            // a trace of Rust's own, which users ask for by a variable, may need memory again
            let trace = if mib % 2 == 0 { "" } else { " && export RUST_BACKTRACE=1" };
            let output = limited(&folder, &format!("-v {}{trace}", mib << 10), line);
            // below what the system's loader needs, nothing of ours runs
            let err = String::from_utf8_lossy(&output.stderr).into_owned();
            let loaded = !err.contains("error while loading")
                && !err.contains("timeout: ")
                && output.status.code() != Some(127);
            assert_ne!(output.status.code(), Some(137), "{line}, {mib} MiB: it waited for ever");
            if loaded && !err.is_empty() || output.status.success() {
                if check(&folder, &output, expected, &format!("{line}, {mib} MiB")) {
                    break;
                }
                refused += 1;
            }
            assert!(mib < 1 << 14, "{line}: nothing suffices: {err}");
            mib = if quick() { mib * 5 / 4 } else { mib * 17 / 16 };
        }
    }
    assert!(refused > 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_small_stack_and_many_threads_are_no_trouble() {
    let folder = inputs();
    let all = expected(&folder);
    for (line, _) in WRITERS {
        put_back(&folder, &all[line]);
        let output = limited(&folder, "-s 64", line);
        assert!(
            check(&folder, &output, &all[line], line),
            "{line}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let mut command = cairn(&folder, &program(), &["fit", "t.csv", "-k", "2", "--device", "cpu", "--json"]);
    let output = command.env("RAYON_NUM_THREADS", "10000").output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && err.contains("RAYON_NUM_THREADS=10000: 1024 threads"), "{err}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("threads: 1024"));
}
