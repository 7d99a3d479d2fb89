//! `--progress`: lines for programs and for logs, and none.

use serde_json::Value;

use super::Folder;
#[cfg(unix)]
use super::interrupted;

fn lines(err: &str) -> Vec<Value> {
    let json = err.lines().filter(|line| line.starts_with("{\"progress\""));
    json.map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn each_step_is_told_to_programs_from_begin_to_end() {
    let rows: String = (0..5000).map(|i| format!("{},{}\n", i % 97, i % 89)).collect();
    let folder = Folder::with([("t.csv", format!("x,y\n{rows}").as_bytes())]);
    let ran = folder.fit("t.csv -k 5 -r 30 --json --progress json -q --rows-out o.csv");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let said = lines(&ran.err);
    assert_eq!(said.len(), ran.err.lines().count(), "{}", ran.err);
    let summary: Value = serde_json::from_str(&ran.out).unwrap();
    let bytes = std::fs::metadata(folder.path("t.csv")).unwrap().len();
    for (step, unit, of) in [
        ("read", "bytes", bytes),
        ("pack", "rows", 5000),
        ("restarts", "restarts", 30),
        ("write", "rows", 5000),
    ] {
        let of_step: Vec<&Value> = said.iter().filter(|line| line["progress"] == step).collect();
        assert!(of_step.len() >= 2, "{step}: {}", ran.err);
        let (first, last) = (of_step[0], of_step[of_step.len() - 1]);
        assert_eq!(
            (&first["done"], &first["ended"], &last["ended"]),
            (&0.into(), &false.into(), &true.into()),
            "{step}"
        );
        assert_eq!((&last["unit"], &last["of"]), (&unit.into(), &of.into()), "{step}");
        assert_eq!(last["done"], of, "{step}");
    }
    let last = said.iter().rfind(|line| line["progress"] == "restarts").unwrap();
    assert_eq!(last["best_inertia"], summary["best"]["inertia"]);
    assert!(last["iterations"].as_u64().unwrap() >= 30, "{last}");
    let order: Vec<&str> = said
        .iter()
        .filter(|line| line["ended"] == true)
        .map(|line| line["progress"].as_str().unwrap())
        .collect();
    assert_eq!(order, ["read", "pack", "restarts", "write"]);
}

#[test]
fn every_subcommand_that_takes_long_tells_programs() {
    let folder = Folder::new();
    folder.fit("digits -r 1 -q --model m.safetensors").done();
    for (args, steps) in [
        ("sweep -k 2,3 --seeds 1 -r 1 --device cpu", &["read", "fits"][..]),
        ("report -r 2 --device cpu --sweep 2,3", &["read", "pack", "restarts", "fits"]),
        ("predict m.safetensors digits -o p.csv", &["read"]),
        ("score m.safetensors digits", &["read"]),
        ("compare -k 3 -r 2 --runs 1 --warmup 0 --devices cpu,reference", &["read", "compare"]),
    ] {
        let ran = folder.run(&format!("{args} --progress json"));
        let said = lines(&ran.err);
        let ended =
            |step: &&&str| said.iter().any(|line| line["progress"] == **step && line["ended"] == true);
        let missing: Vec<&&str> = steps.iter().filter(|step| !ended(step)).collect();
        assert!(ran.code == 0 && missing.is_empty(), "{args}: {missing:?}: {}", ran.err);
        let silent = folder.run(&format!("{args} --progress none"));
        assert!(lines(&silent.err).is_empty() && !silent.err.contains("progress:"), "{}", silent.err);
    }
}

/// A log gets a line now and then, with rate, time left and the best inertia.
#[test]
#[cfg(unix)]
fn a_log_gets_a_line_every_ten_seconds() {
    let (code, _, err) = interrupted(&Folder::new(), "fit --device cpu -k 4 -r 3000000", 12);
    let said: Vec<&str> = err.lines().filter(|line| line.starts_with("progress: ")).collect();
    assert!(code == Some(130) && said.len() == 1, "{err}");
    let parts = ["progress: fitting, ", " of 3000000 restarts, ", "/s, about ", " left, best inertia 1"];
    parts.iter().for_each(|part| assert!(said[0].contains(part), "{part:?} is missing from {}", said[0]));
}
