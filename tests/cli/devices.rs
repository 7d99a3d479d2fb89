//! `cairn devices`, and what `--device` says.

use serde_json::Value;

use super::Folder;

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

#[test]
fn a_device_asked_for_needs_no_reason_unless_verbose() {
    let folder = Folder::new();
    folder.fit("-r 1").done();
    let ran = folder.fit("-r 1 -v");
    assert!(ran.err.contains("note: device cpu (") && ran.err.contains("decided in integers"), "{}", ran.err);
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

/// Asked for by name it is a GPU or an error, never quietly the CPU.
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
    assert_eq!(first["software"] == true, ran.err.contains("is no GPU"), "{}", ran.err);
}

#[test]
fn every_device_passes_its_self_check() {
    let ran = Folder::new().run("devices --test");
    ran.done();
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].starts_with("device      cpu"), "{}", ran.out);
    for step in ["seed", "assign", "update", "empty", "stop", "restarts"] {
        let of_step = |line: &&&str| line.trim_start().starts_with(step) && line.contains("  pass  ");
        assert!(lines.iter().filter(of_step).count() > 0, "{step} is missing from {}", ran.out);
    }
    assert!(!ran.out.contains("FAIL"), "{}", ran.out);
}
