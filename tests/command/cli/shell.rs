//! `cairn completions`, `cairn man`, the groups of the help, `--dry-run`.

use super::{Folder, npy_f64};

#[test]
fn completions_are_scripts_of_each_shell() {
    let folder = Folder::new();
    for (shell, marks) in [
        ("bash", ["complete -F _cairn", "--rows-out"]),
        ("zsh", ["#compdef cairn", "--rows-out"]),
        ("fish", ["complete -c cairn", "rows-out"]),
        ("powershell", ["Register-ArgumentCompleter", "--rows-out"]),
        ("elvish", ["edit:completion:arg-completer[cairn]", "--rows-out"]),
    ] {
        let ran = folder.run(&format!("completions {shell}"));
        ran.done();
        assert!(marks.iter().all(|mark| ran.out.contains(mark)), "{shell}: {}", ran.out);
    }
    assert_eq!(folder.run("completions tcsh").code, 2);
}

/// Bash itself completes subcommands, flags and values by the script.
#[test]
#[cfg(target_os = "linux")]
fn bash_completes_by_the_script() {
    let folder = Folder::new();
    std::fs::write(folder.path("c.bash"), folder.run("completions bash").out).unwrap();
    for (words, expected) in
        [("cairn swe", "sweep"), ("cairn fit --rows", "--rows-out"), ("cairn fit --scale rob", "robust")]
    {
        let script = format!(
            "source c.bash; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _cairn cairn \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\"; echo \"${{COMPREPLY[*]}}\""
        );
        let bash =
            std::process::Command::new("bash").arg("-c").arg(script).current_dir(folder.path("")).output();
        let bash = bash.unwrap();
        let said = String::from_utf8(bash.stdout).unwrap();
        assert_eq!(said.trim(), expected, "{words}: {}", String::from_utf8_lossy(&bash.stderr));
    }
}

#[test]
fn manual_pages_go_to_a_folder() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("man1")).unwrap();
    let ran = folder.run("man man1");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", "man1: 16 pages of the manual\n"));
    let pages = std::fs::read_dir(folder.path("man1")).unwrap().count();
    assert_eq!(pages, 16);
    let fit = folder.read("man1/cairn-fit.1");
    assert!(fit.starts_with(".ie") && fit.contains("rows\\-out"), "{fit}");
    folder.run("man nowhere").refused(1, &["nowhere: no such folder"]);
    std::fs::write(folder.path("file"), "").unwrap();
    folder.run("man file").refused(1, &["file: is not a folder"]);
}

#[test]
fn subcommands_stand_in_groups() {
    let help = Folder::new().run("--help").out;
    let at = |text: &str| help.find(text).unwrap_or_else(|| panic!("{text:?} is missing from {help}"));
    let order = [
        "Tables:",
        "  fit ",
        "  sweep ",
        "Digits, drawings and pictures:",
        "  draw ",
        "Devices:",
        "  compare ",
        "This program:",
        "Options:",
    ];
    assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{help}");
    assert_eq!(Folder::new().run("-h").out.matches("\n  fit ").count(), 1);
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let text = "id,kind,x,y,w\n1,a,1,2,1\n2,b,3,,2\n3,a,5,6,1\n4,b,7,9,1\n";
    let folder = Folder::with([("t.csv", text.as_bytes())]);
    let args = "t.csv -k 2 -r 7 --ignore id --truth kind --weights w --missing drop --labels l.csv --model m.safetensors --dry-run";
    let ran = folder.fit(args);
    ran.done();
    for line in [
        "data        t.csv, 4 rows x 5 columns",
        "missing     1 of 4 rows left out, which lack values: 1 in \"y\"",
        "features    2: \"x\", \"y\"",
        "truth       \"kind\", 2 classes",
        "weights     w",
        "asked for   2 clusters, 7 restarts from k-means++, seed 42",
        "outputs     l.csv, m.safetensors",
        "dry run     nothing was fitted, and nothing was written",
    ] {
        assert!(ran.out.lines().any(|said| said == line), "{line:?} is missing from {}", ran.out);
    }
    // 3 rows of 2 values: 4 bytes each, and 48 a row
    assert!(
        ran.out.contains("memory      168 B for the rows on the lattice and a restart, 24 B for"),
        "{}",
        ran.out
    );
    let json = folder.json(args);
    assert_eq!(
        (&json["dry_run"], &json["data"]["n_points"], &json["table_columns"]),
        (&true.into(), &3.into(), &5.into())
    );
    assert_eq!(
        (&json["params"]["n_restarts"], &json["memory_bytes"]["packed_and_a_restart"]),
        (&7.into(), &168.into())
    );
    assert_eq!(
        (&json["features"], &json["outputs"]),
        (&serde_json::json!(["x", "y"]), &serde_json::json!(["l.csv", "m.safetensors"]))
    );
    assert!(json["fingerprint"].is_null());
    assert_eq!(folder.names(), ["t.csv"]);
}

#[test]
fn a_dry_run_finds_what_would_stop_the_fit() {
    let folder = Folder::with([("x.npy", &npy_f64("(2, 1)", &[1.0, f64::NAN])), ("t.csv", b"x\n1\n2\n")]);
    folder.fit("x.npy -k 1 --dry-run").refused(1, &["x.npy, row 2, column 1: NaN is not a finite number"]);
    folder.fit("t.csv -k 3 --dry-run").refused(1, &["3"]);
    folder.fit("t.csv -k 2 --dry-run --labels nowhere/l.csv").refused(1, &["nowhere/l.csv"]);
    folder.fit("t.csv --dry-run").refused(2, &["how many clusters?"]);
}
