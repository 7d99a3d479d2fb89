//! Every line fits into the terminal, whose width a shell may set as `COLUMNS`; misspelt subcommands.

use super::{Folder, Ran};

const SUBCOMMANDS: [&str; 14] = [
    "completions",
    "man",
    "fit",
    "compare",
    "predict",
    "transform",
    "score",
    "name",
    "sweep",
    "report",
    "draw",
    "read",
    "quantize",
    "devices",
];

/// The lines of both outputs that are wider than this. A single word, such as a fingerprint, can't be broken.
fn too_wide(ran: &Ran, width: usize) -> Vec<String> {
    let is_wide = |line: &&str| line.chars().count() > width && line.trim().contains(' ');
    ran.out.lines().chain(ran.err.lines()).filter(is_wide).map(str::to_owned).collect()
}

fn at(folder: &Folder, width: usize, args: &str) -> Ran {
    Ran::of(folder.cairn().env("COLUMNS", width.to_string()).args(args.split_whitespace()))
}

#[test]
fn every_line_fits_into_the_terminal() {
    let names: Vec<String> = (0..70).map(|j| format!("a column of a long name {j}")).collect();
    let row = |i: usize| (0..70).map(|j| ((i * 7 + j * 3) % 11).to_string()).collect::<Vec<_>>().join(",");
    let rows: Vec<String> = (0..40).map(row).collect();
    let table = format!("{}\n{}\n", names.join(","), rows.join("\n"));
    let folder = Folder::with([("a-table-of-a-long-name.csv", table.as_bytes())]);
    folder.fit("digits -r 1 -q --model m.safetensors").done();
    let mut commands: Vec<String> = SUBCOMMANDS.iter().map(|name| format!("{name} --help")).collect();
    commands.extend(
        [
            "--help",
            "fit -r 3 -v --measures --device cpu",
            "fit -r 3 -k 40",
            "fit a-table-of-a-long-name.csv -k 3",
            "fit nowhere-to-be-found/a-table-of-a-very-long-name-that-does-not-end.csv",
            "fit --seed -1",
            "fit --device nosuch -r 1",
            "fit --unknown-flag-of-some-length",
            "compare -k 3 -r 2 --runs 1 --warmup 0 --devices cpu,reference",
            "compare -k 3 -r 2 --runs 1 --warmup 0 --devices cpu,reference --sweep restarts=1,2,5",
            "sweep -k 2..4 --seeds 1,2 -r 1 --test digits",
            "score m.safetensors digits --measures",
            "name m.safetensors",
            "devices",
            "devices -v",
        ]
        .map(str::to_owned),
    );
    for width in [60, 80, 120] {
        for args in &commands {
            let ran = at(&folder, width, args);
            let wide = too_wide(&ran, width);
            assert!(wide.is_empty(), "{args} at {width}:\n{}", wide.join("\n"));
        }
    }
}

/// What is no terminal gets each line whole, for other programs.
#[test]
fn elsewhere_lines_stay_whole() {
    let ran =
        Ran::of(Folder::new().cairn().env_remove("COLUMNS").args(["fit", "-r", "3", "--device", "cpu"]));
    for label in ["data  ", "asked for  ", "device  ", "time  ", "spread  ", "truth  ", "fingerprint "] {
        assert_eq!(ran.out.lines().filter(|line| line.starts_with(label)).count(), 1, "{label}: {}", ran.out);
    }
    assert!(ran.out.lines().all(|line| !line.starts_with("        ") || line.contains("  ")), "{}", ran.out);
}

#[test]
fn devices_are_one_line_each_and_limits_are_asked_for() {
    let folder = Folder::new();
    let json: serde_json::Value = serde_json::from_str(&folder.run("devices --json").out).unwrap();
    let n_adapters = json["adapters"].as_array().unwrap().len();
    for width in [60, 120] {
        let ran = at(&folder, width, "devices");
        let lines: Vec<&str> = ran.out.lines().take_while(|line| !line.starts_with("auto takes")).collect();
        assert_eq!(lines.len(), 1 + n_adapters.max(1), "{}", ran.out);
        assert!(!ran.out.contains("limits"), "{}", ran.out);
        let verbose = at(&folder, width, "devices -v");
        assert_eq!(verbose.out.matches("\n  limits ").count(), n_adapters, "{}", verbose.out);
    }
}

#[test]
fn misspelt_subcommands_find_theirs() {
    for (typed, meant) in [("fti", "fit"), ("comprae", "compare"), ("swep", "sweep"), ("predcit", "predict")]
    {
        let ran = Folder::new().run(typed);
        let tip = format!("tip: a similar subcommand exists: '{meant}'");
        assert!(ran.code == 2 && ran.err.contains(&tip), "{typed}: {}", ran.err);
    }
    assert!(!Folder::new().run("cluster").err.contains("tip"));
}

#[test]
fn numbers_below_zero_are_refused_as_numbers() {
    for flag in ["--seed", "-k", "-r", "--max-iter", "--threads"] {
        let ran = Folder::new().run(&format!("fit {flag} -1"));
        assert!(ran.code == 2 && ran.err.contains("give a whole number, 0 or more"), "{flag}: {}", ran.err);
        assert!(!ran.err.contains("tip"), "{flag}: {}", ran.err);
    }
    let ran = Folder::new().run("compare --runs -1");
    assert!(ran.code == 2 && ran.err.contains("give a whole number, 1 or more"), "{}", ran.err);
}
