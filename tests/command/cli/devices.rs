//! `cairn devices`, and the output of `--device`.
#![allow(clippy::print_stderr, reason = "says which test is skipped")]

use std::sync::OnceLock;

use serde_json::Value;

use super::{Folder, Ran};
use crate::cases::quick;

#[test]
fn devices_names_the_cpu_and_what_auto_takes() {
    let ran = Folder::new().run("devices");
    ran.done();
    assert!(ran.out.starts_with("cpu "), "{}", ran.out);
    assert!(ran.out.lines().last().unwrap().starts_with("auto takes  "), "{}", ran.out);
    assert!(ran.out.lines().any(|line| line.starts_with("gpu ")), "{}", ran.out);
}

#[test]
fn devices_as_json() {
    let ran = Folder::new().run("devices --json");
    ran.done();
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&json["schema"], &json["version"]), (&1.into(), &env!("CARGO_PKG_VERSION").into()));
    let adapters = json["adapters"].as_array().unwrap();
    let real = adapters.iter().any(|adapter| adapter["software"] == false);
    assert!(real || json["auto"]["used"] == "cpu", "{}", ran.out);
    assert!(adapters.iter().all(|adapter| adapter["name"].is_string() && adapter["limits"].is_object()));
}

#[test]
fn auto_says_which_device_it_took_and_why() {
    let folder = Folder::new();
    let ran = folder.run("fit -k 2 -r 1");
    let lines: Vec<&str> = ran.err.lines().collect();
    assert!(ran.code == 0 && lines.len() == 1 && lines[0].starts_with("note: device "), "{}", ran.err);
    assert!(ran.out.contains("asked for: auto"), "{}", ran.out);
    assert_eq!(folder.run("fit -k 2 -r 1 -q").err, "");
}

/// Without this variable Mesa complains on standard error.
#[cfg(feature = "gpu")]
#[test]
fn quiet_is_quiet_without_a_runtime_folder() {
    let folder = Folder::new();
    let temporary = folder.path("temporary");
    std::fs::create_dir(&temporary).unwrap();
    for args in ["devices", "fit -k 2 -r 1 -q --device gpu"] {
        let mut command = folder.cairn();
        command.env_remove("XDG_RUNTIME_DIR").env("TMPDIR", &temporary).args(args.split_whitespace());
        let ran = Ran::of(&mut command);
        let without_gpu = ran.code == 1 && ran.err.starts_with("error: ") && ran.err.lines().count() == 1;
        assert!(ran.code == 0 && ran.err.is_empty() || without_gpu, "{args}: {}", ran.err);
        assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "{args}");
    }
}

#[test]
fn a_device_asked_for_needs_no_reason_unless_verbose() {
    let folder = Folder::new();
    folder.fit("-r 1").done();
    let ran = folder.fit("-r 1 -v");
    assert!(ran.err.contains("note: device cpu (") && ran.err.contains("decided in integers"), "{}", ran.err);
}

/// Once, the steps; twice, their parts. Without the flag nothing is logged.
#[test]
fn verbose_logs_the_steps_on_standard_error() {
    let folder = Folder::new();
    let levels = |flags: &str| {
        let ran = folder.run(&format!("fit --device cpu -r 1 --labels l.csv {flags}"));
        assert!(ran.code == 0 && !ran.out.contains("INFO"), "{}", ran.out);
        for step in ["opened digits: 1797 rows of 64 features", "opened cpu (", "1 restarts in", "wrote "] {
            assert_eq!(ran.err.contains(step), !flags.is_empty(), "{flags}: {step}: {}", ran.err);
        }
        [" INFO cairn::", " DEBUG cairn::"].map(|level| ran.err.contains(level))
    };
    assert_eq!(levels(""), [false, false]);
    assert_eq!(levels("-v"), [true, false]);
    assert_eq!(levels("-vv"), [true, true]);
    let ran = folder.run("sweep -k 2..3 -r 1 --no-measures --json -vv");
    let json = serde_json::from_str::<Value>(&ran.out);
    assert!(json.is_ok() && ran.err.contains("DEBUG cairn::kmeans::run: "), "{}", ran.err);
}

#[test]
fn reference_and_cpu_print_one_fingerprint() {
    let folder = Folder::new();
    let fingerprint = |device: &str| {
        let ran = folder.run(&format!("fit -k 3 -r 1 --device {device}"));
        assert!(ran.out.contains(&format!("asked for: {device}")), "{}", ran.out);
        ran.out.lines().last().unwrap().to_owned()
    };
    assert_eq!(fingerprint("reference"), fingerprint("cpu"));
}

/// A GPU requested by name is used, or it is an error; the CPU is not used silently.
#[cfg(feature = "gpu")]
#[test]
fn gpu_works_or_is_refused() {
    let folder = Folder::new();
    let devices: Value = serde_json::from_str(&folder.run("devices --json").out).unwrap();
    let ran = folder.run("fit --device gpu -k 3 -r 1 --json");
    let Some(first) = devices["adapters"].as_array().unwrap().first() else {
        return ran.refused(1, &["no GPU", "mesa-vulkan-drivers"]);
    };
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["device"]["used"], "gpu");
    assert_eq!(json["fingerprint"], folder.json("-k 3 -r 1")["fingerprint"]);
    assert_eq!(first["software"] == true, ran.err.contains("is a software adapter"), "{}", ran.err);
}

/// Runs the command, without GL if there is no time for all interfaces.
fn run(folder: &Folder, args: &str) -> Ran {
    let mut command = folder.cairn();
    if quick() {
        command.env("WGPU_BACKEND", "vulkan,metal,dx12");
    }
    Ran::of(command.args(args.split_whitespace()))
}

/// One line per device, and nothing else if all checks pass.
#[test]
fn every_device_passes_its_self_check() {
    let folder = Folder::new();
    let ran = run(&folder, "devices --test");
    ran.done();
    let devices: Value = serde_json::from_str(&run(&folder, "devices --json").out).unwrap();
    let n_devices = 1 + devices["adapters"].as_array().unwrap().len();
    let lines: Vec<&str> = ran.out.lines().filter(|line| !line.contains("  skip  ")).collect();
    assert_eq!(lines.len(), n_devices, "{}", ran.out);
    // what took longer than the limit is skipped, and not said to have passed
    let skipped =
        |line: &str| line.contains(" checks passed, ") && line.contains(" skipped at the limit of 10 s");
    let passed = |line: &&str| {
        line.starts_with("device      ")
            && (line.contains(": all ") && line.contains(" checks passed (") || skipped(line))
    };
    assert!(lines.iter().all(passed) && lines[0].starts_with("device      cpu"), "{}", ran.out);
}

/// `devices --test -v`, run once.
fn self_check() -> &'static Ran {
    static RAN: OnceLock<Ran> = OnceLock::new();
    RAN.get_or_init(|| {
        let ran = run(&Folder::new(), "devices --test -v");
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err); // and a log
        ran
    })
}

#[test]
fn a_self_check_names_its_steps_and_kernels_when_asked() {
    let ran = self_check();
    for step in ["seed", "assign", "update", "empty", "stop", "restarts", "nearest"] {
        let of_step = |line: &&str| line.trim_start().starts_with(step) && line.contains("  pass  ");
        assert!(ran.out.lines().filter(of_step).count() > 0, "{step} is missing from {}", ran.out);
    }
    assert!(!ran.out.contains("FAIL"), "{}", ran.out);
}

/// Every kernel that contributes to a result, in every shape, is checked.
#[cfg(feature = "gpu")]
#[test]
fn a_self_check_of_a_gpu_leaves_no_kernel_out() {
    let ran = self_check();
    let kernels = ran.out.split("\n  kernels ").skip(1).map(|text| {
        let end = text.find("\ndevice ").unwrap_or(text.len());
        text[..end].split_whitespace().collect::<Vec<_>>().join(" ")
    });
    // an adapter with matrix units is there a second time, for their kernel
    let of_units = |kernels: &String| kernels.contains("assign_matrix");
    for kernels in kernels.filter(|kernels| !ran.out.contains("  skip  ") && !of_units(kernels)) {
        let all = cairn::engine::gpu::kernel::sources();
        let here = |name: &str| {
            !["peak_", "assign_matrix", "narrow_", "repair"].iter().any(|of| name.starts_with(of))
        };
        for (name, _) in all.iter().filter(|(name, _)| here(name)) {
            assert!(kernels.contains(name), "{name} is missing from {kernels}");
        }
        let tiles = ["HIGH=8 WIDE=8", "HIGH=16 WIDE=8", "HIGH=16 WIDE=16"];
        let tiles = tiles.map(|tile| format!("assign_tiled {tile}"));
        let low = [1, 2, 3, 4].map(|quads| format!("assign_low QUADS={quads}"));
        let small =
            ["1 PACKS=1", "2 PACKS=2", "4 PACKS=3"].map(|slots| format!("assign_small SLOTS={slots}"));
        let streamed = ["seed_pick FETCHED=0", "seed_pick FETCHED=1"].map(str::to_owned);
        for shape in tiles.iter().chain(&low).chain(&small).chain(&streamed) {
            assert!(kernels.contains(shape.as_str()), "{shape} is missing from {kernels}");
        }
    }
}

/// Only the command reads these variables: it says which of them is wrong.
#[test]
fn variables_with_unknown_names_are_refused() {
    let folder = Folder::new();
    let with = |variable: &str, value: &str, args: &str| {
        Ran::of(folder.cairn().env(variable, value).args(args.split_whitespace()))
    };
    for args in [
        "fit --device cpu -r 1",
        "sweep --device cpu -k 2 --seeds 1 -r 1",
        "compare --devices cpu",
        "devices",
    ] {
        let ran = with("CAIRN_CPU", "fast", args);
        let said = ran.err.contains("CAIRN_CPU=fast: unknown CPU kernel \"fast\": this processor runs ");
        assert!(ran.code == 1 && said && ran.err.contains("portable"), "{args}: {}", ran.err);
    }
    let ran = with("WGPU_BACKEND", "vulkan,glide", "fit -k 2 -r 1");
    assert!(ran.code == 2 && ran.err.contains("WGPU_BACKEND=vulkan,glide"), "{}", ran.err);
    let ran = with("CAIRN_CPU", "portable", "fit --device cpu -k 2 -r 1 -v");
    assert!(ran.code == 0 && ran.err.contains("note: device cpu (portable, "), "{}", ran.err);
    with("CAIRN_CPU", "", "fit --device cpu -k 2 -r 1").done();
}

/// One folder for all that is kept, where the variable says.
#[cfg(feature = "gpu")]
#[test]
fn what_is_kept_of_a_gpu_is_in_the_cache_folder() {
    let folder = Folder::new();
    let ran = Ran::of(
        folder.cairn().env("CAIRN_GPU", "trial").args(["fit", "-k", "5", "-r", "1", "--device", "gpu"]),
    );
    if ran.code == 1 && ran.err.contains("no GPU adapter found") {
        return;
    }
    assert_eq!(ran.code, 0, "{}", ran.err);
    let kept = std::fs::read_dir(folder.path("cache")).unwrap();
    let names: Vec<_> = kept.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().any(|name| name.starts_with("choices-")), "{names:?}");
}

/// A second Vulkan driver of another make, which Debian's Chromium brings along.
#[cfg(feature = "gpu")]
#[test]
fn swiftshader_gives_the_same_bits() {
    let driver = "/usr/lib/chromium/vk_swiftshader_icd.json";
    if !std::path::Path::new(driver).exists() {
        return eprintln!("skipped: no {driver}");
    }
    let folder = Folder::new();
    let fingerprint = |args: &str| {
        let mut command = folder.cairn();
        command.env("VK_DRIVER_FILES", driver).env("WGPU_BACKEND", "vulkan");
        let ran = Ran::of(command.args(args.split_whitespace()));
        assert_eq!(ran.code, 0, "{args}: {}", ran.err);
        let json: Value = serde_json::from_str(&ran.out).unwrap();
        (json["fingerprint"].clone(), json["device"]["adapter"].to_string())
    };
    for job in
        ["digits -r 3", "digits -k 70 -r 1 --max-iter 2", "digits -k 9 -r 5 --init random --max-iter 9"]
    {
        let (cpu, _) = fingerprint(&format!("fit {job} --json --device cpu"));
        let (gpu, adapter) = fingerprint(&format!("fit {job} --json --device gpu"));
        assert!(adapter.contains("SwiftShader"), "{adapter}");
        assert_eq!(gpu, cpu, "{job}");
    }
}
