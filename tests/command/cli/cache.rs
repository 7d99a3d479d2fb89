//! The cache folder, the home folder and the folder for temporary files: no state of them is an error.

use std::fs;
use std::path::Path;

use cairn::engine::cost::{Cost, Costs};

use super::{Folder, Ran};
use crate::cases::part;
#[cfg(feature = "gpu")]
use crate::cases::step;

/// A table of three rows, and what is run on it.
const TABLE: &[u8] = b"1\n2\n9\n";
const FIT: [&str; 6] = ["fit", "t.csv", "-k", "2", "--header", "no"];

fn costs() -> Costs {
    let cost = Cost { fixed: 0.1, per_value: 1e-9, per_restart: 1e-5, per_step: 1e-12 };
    Costs { cpu: Some(cost), threads: 3, ..Costs::default() }
}

/// A fit with an environment variable, on the CPU or on what `auto` chooses.
fn with(folder: &Folder, (name, value): (&str, &str), more: &[&str]) -> Ran {
    let mut command = folder.cairn();
    command.env_remove("CAIRN_CACHE").env("HOME", folder.path("home")).env_remove("XDG_CACHE_HOME");
    Ran::of(command.env(name, value).args(FIT).args(more))
}

fn fifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn no_value_of_a_folder_variable_is_an_error_and_none_makes_files_elsewhere() {
    let long = "x".repeat(5000);
    let values = ["", "relative", &long, "/dev/null", "t.csv", "/proc/none", "pipe", "/", "../none/../x"];
    for variable in ["CAIRN_CACHE", "HOME", "XDG_CACHE_HOME", "TMPDIR", "XDG_RUNTIME_DIR"] {
        for value in values {
            let folder = Folder::with([("t.csv", TABLE)]);
            fifo(&folder.path("pipe"));
            with(&folder, (variable, value), &["--device", "cpu", "-q"]).done();
            let ran = with(&folder, (variable, value), &["--device", "cpu"]);
            ran.done();
            assert_eq!(folder.names(), ["pipe", "t.csv"], "{variable}={value}");
            assert_eq!(fs::read(folder.path("t.csv")).unwrap(), TABLE);
        }
    }
}

#[test]
fn what_is_no_file_in_the_cache_folder_is_ignored_and_said_with_v() {
    type Make = fn(&Path);
    let makes: [(Make, &str); 4] = [
        (|file| fs::create_dir(file).unwrap(), "not a regular file"),
        (fifo, "not a regular file"),
        (|file| std::os::unix::fs::symlink("/dev/zero", file).unwrap(), "not a regular file"),
        (|file| fs::File::create(file).unwrap().set_len(1 << 40).unwrap(), "more than"),
    ];
    for (make, why) in makes {
        let folder = Folder::with([("t.csv", TABLE)]);
        fs::create_dir(folder.path("cache")).unwrap();
        make(&folder.path("cache/costs.json"));
        let fit = |more: &str| folder.run(&format!("{} --device cpu {more}", FIT.join(" ")));
        fit("").done();
        let ran = fit("-v");
        assert_eq!(ran.code, 0);
        let lines: Vec<&str> = ran.err.lines().filter(|line| line.contains("is ignored")).collect();
        assert!(lines.len() == 1 && lines[0].contains(why) && lines[0].contains("costs.json"), "{}", ran.err);
    }
}

#[test]
fn every_flipped_bit_of_a_cost_model_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("costs.json");
    costs().save(&file).unwrap();
    let sound = fs::read(&file).unwrap();
    assert_eq!(Costs::load(&file), Ok(Some(costs())));
    for bit in 0..8 * sound.len() {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&file, flipped).unwrap();
        assert!(Costs::load(&file).is_err(), "bit {bit}");
    }
    for end in 0..sound.len() {
        fs::write(&file, &sound[..end]).unwrap();
        assert!(Costs::load(&file).is_err(), "{end} bytes");
    }
    fs::write(&file, costs().to_json()).unwrap(); // as earlier versions wrote it
    assert_eq!(Costs::load(&file), Ok(Some(costs())));
}

#[test]
fn where_no_cost_model_can_be_saved_the_measurement_is_shown_and_the_error_says_so() {
    let folder = Folder::with([("t.csv", TABLE)]);
    for place in part(["/dev/null", "t.csv", "/proc/none"], 3) {
        let ran = Ran::of(folder.cairn().env("CAIRN_CACHE", place).args([
            "compare",
            "--calibrate",
            "--devices",
            "cpu",
        ]));
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert!(ran.out.contains("per value"), "{}", ran.out);
        let parts = ["costs could not be saved", place, "set CAIRN_CACHE"];
        assert!(parts.iter().all(|part| ran.err.contains(part)), "{}", ran.err);
    }
}

#[test]
fn pipes_are_read_and_written_whatever_tmpdir_says() {
    let folder = Folder::with([("t.csv", TABLE)]);
    folder.fit("t.csv -k 2 -q --header no --model m.safetensors").done();
    for tmpdir in ["", "none", "t.csv", "/dev/null", "/proc/none"] {
        let run = |args: &str| {
            let mut command = folder.cairn();
            command.env("TMPDIR", tmpdir).env_remove("XDG_RUNTIME_DIR").args(args.split_whitespace());
            Ran::of(command.write_stdin(TABLE))
        };
        run("fit - -k 2 -q --device cpu --header no").done();
        let ran = run("predict m.safetensors - --device cpu --header no");
        assert_eq!((ran.code, ran.out.lines().count()), (0, 4), "{tmpdir}: {}", ran.err);
        assert_eq!(folder.names(), ["m.safetensors", "t.csv"], "{tmpdir}");
    }
}

/// With a GPU: each file that is kept of it, damaged in each way, harms nothing and is put right.
#[cfg(feature = "gpu")]
#[test]
fn what_is_kept_of_a_gpu_may_be_damaged_in_any_way() {
    let folder = Folder::with([("t.csv", TABLE)]);
    let fit = || {
        let mut command = folder.cairn();
        command.env("CAIRN_GPU", "trial").args(FIT).args(["--device", "gpu", "-v"]);
        Ran::of(command.timeout(std::time::Duration::from_secs(60)))
    };
    let first = fit();
    if first.code == 1 && first.err.contains("no GPU adapter found") {
        return;
    }
    assert_eq!(first.code, 0, "{}", first.err);
    let entries = fs::read_dir(folder.path("cache")).unwrap().map(|entry| entry.unwrap().path());
    for (at, file) in entries.enumerate().collect::<Vec<_>>() {
        let sound = fs::read(&file).unwrap();
        let middle = sound.len() / 2;
        let damages: [&dyn Fn(); 7] = [
            &|| {
                fs::write(&file, [&sound[..middle], &[sound[middle] ^ 1], &sound[middle + 1..]].concat())
                    .unwrap()
            },
            &|| fs::write(&file, [&sound[..sound.len() - 1], &[0x80]].concat()).unwrap(),
            &|| fs::write(&file, &sound[..middle]).unwrap(),
            &|| fs::write(&file, "").unwrap(),
            &|| (fs::remove_file(&file).unwrap(), fifo(&file)).1,
            &|| (fs::remove_file(&file).unwrap(), std::os::unix::fs::symlink("/dev/zero", &file).unwrap()).1,
            &|| (fs::remove_file(&file).unwrap(), fs::create_dir(&file).unwrap()).1,
        ];
        // another part of them for each file
        for (way, damage) in damages.iter().enumerate().skip(at % 2).step_by(step(2, 3)) {
            damage();
            let ran = fit();
            assert_eq!(ran.code, 0, "{way}: {}", ran.err);
            let noted = ran.err.lines().filter(|line| line.contains("is ignored")).count();
            assert_eq!(noted, 1, "{way}: {}", ran.err);
            if !file.is_dir() {
                let ran = fit(); // it was put right
                assert!(ran.code == 0 && !ran.err.contains("is ignored"), "{way}: {}", ran.err);
            }
        }
        fs::remove_dir(&file).or_else(|_| fs::remove_file(&file)).unwrap();
        fs::write(&file, sound).unwrap();
    }
}
