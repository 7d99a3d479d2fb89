//! Output files in both formats, and reading them back.

use std::fs::{self, File};

use npyz::NpyFile;

use super::Folder;

fn npy_shape(folder: &Folder, name: &str) -> Vec<u64> {
    NpyFile::new(File::open(folder.path(name)).unwrap()).unwrap().shape().to_vec()
}

fn npy_values<T: npyz::Deserialize>(folder: &Folder, name: &str) -> Vec<T> {
    NpyFile::new(File::open(folder.path(name)).unwrap()).unwrap().into_vec().unwrap()
}

#[test]
fn labels_are_one_a_row_in_both_formats() {
    let folder = Folder::new();
    let json = folder.json("-r 2 --labels l.csv");
    folder.json("-r 2 --labels l.npy");
    let text = folder.read("l.csv");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("label"));
    let labels: Vec<u32> = lines.map(|line| line.parse().unwrap()).collect();
    assert_eq!(labels, npy_values::<u32>(&folder, "l.npy"));
    let counted = |c| labels.iter().filter(|&&label| label == c).count();
    let counts: Vec<usize> = (0..10).map(counted).collect();
    assert_eq!(serde_json::json!(counts), json["best"]["counts"]);
    assert_eq!(folder.names(), ["l.csv", "l.npy"]);
}

#[test]
fn restarts_are_one_a_line_in_both_formats() {
    let folder = Folder::new();
    let json = folder.json("-r 3 --restarts-out r.csv --max-iter 14");
    folder.json("-r 3 --restarts-out r.npy --max-iter 14");
    let text = folder.read("r.csv");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("restart,inertia,iterations,stopped"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), ["0", "1", "2"]);
    let best = rows[json["best"]["restart"].as_u64().unwrap() as usize].clone();
    assert_eq!(best[1].parse::<f64>().unwrap(), json["best"]["inertia"].as_f64().unwrap());
    assert_eq!(
        (best[2], best[3]),
        (&*json["best"]["iterations"].to_string(), json["best"]["stopped"].as_str().unwrap())
    );

    assert_eq!(npy_shape(&folder, "r.npy"), [3, 4]);
    let code =
        |name: &str| ["fixed_point", "tol", "max_iter"].iter().position(|stop| *stop == name).unwrap() as f64;
    let values: Vec<f64> = rows
        .iter()
        .flat_map(|row| {
            [row[0].parse().unwrap(), row[1].parse().unwrap(), row[2].parse().unwrap(), code(row[3])]
        })
        .collect();
    assert_eq!(npy_values::<f64>(&folder, "r.npy"), values);
}

#[test]
fn centroids_go_out_and_in_again() {
    let folder = Folder::new();
    for (name, shape) in [("c.csv", None), ("c.npy", Some([10, 64]))] {
        let first = folder.json(&format!("-r 5 --centroids {name} --labels first.csv"));
        assert!(shape.is_none_or(|shape| npy_shape(&folder, name) == shape));
        let again = folder.json(&format!("-q --init {name} --max-iter 1 --labels again.csv"));
        assert_eq!(again["params"]["n_clusters"], 10);
        assert_eq!(again["params"]["init"], name);
        assert_eq!(
            (&again["best"]["iterations"], &again["best"]["stopped"]),
            (&1.into(), &"fixed_point".into())
        );
        assert_eq!(again["best"]["inertia_exact"], first["best"]["inertia_exact"]);
        assert_eq!(folder.read("first.csv"), folder.read("again.csv"));
    }
    assert!(folder.read("c.csv").starts_with("pixel_0_0,pixel_0_1,"));
    assert_eq!(folder.read("c.csv").lines().count(), 11);
}

#[test]
fn other_centroids_do_not_converge_at_once() {
    // the check above can fail: from elsewhere one iteration is not enough
    let folder = Folder::new();
    folder.json("-r 1 --max-iter 2 --centroids c.npy");
    let json = folder.json("-q --init c.npy --max-iter 1");
    assert_eq!((&json["best"]["stopped"], &json["best"]["converged"]), (&"max_iter".into(), &false.into()));
}

#[test]
fn a_file_that_is_there_is_replaced_when_all_went_well_and_kept_when_not() {
    let folder = Folder::with([("l.csv", b"before"), ("bad.csv", b"1\nx\n")]);
    folder.fit("bad.csv -k 1 --labels l.csv").refused(1, &["bad.csv"]);
    assert_eq!(folder.read("l.csv"), "before");
    folder.fit("-q -r 1 --labels l.csv").done();
    assert!(folder.read("l.csv").starts_with("label\n"));
}

#[test]
fn all_three_at_once_and_nothing_else() {
    let folder = Folder::new();
    folder.fit("-q -r 2 --labels l.npy --centroids c.csv --restarts-out r.csv").done();
    assert_eq!(folder.names(), ["c.csv", "l.npy", "r.csv"]);
    assert!(fs::metadata(folder.path("l.npy")).unwrap().len() > 1797 * 4);
}

/// A name that a spreadsheet would run is a text for it, and is itself again when the centroids are read.
#[test]
fn names_like_formulas_go_out_as_texts_and_in_again() {
    let folder = Folder::with([("t.csv", b"=1+1,@x,-y,plain\n1,2,3,4\n5,6,7,8\n9,1,2,3\n")]);
    folder.fit("t.csv -k 2 -q --centroids c.csv").done();
    assert_eq!(folder.read("c.csv").lines().next(), Some("'=1+1,'@x,'-y,plain"));
    let json = folder.json("t.csv --init c.csv");
    assert_eq!(json["params"]["init_columns"], "by name");
    // where the data has the apostrophe too, it is a part of the name
    let folder = Folder::with([
        ("t.csv", b"'=a,b\n1,2\n5,6\n"),
        ("c.csv", b"'=a,b\n1,2\n"),
        ("other.csv", b"'=c,b\n1,2\n"),
    ]);
    assert_eq!(folder.json("t.csv --init c.csv")["params"]["init_columns"], "by name");
    folder.fit("t.csv --init other.csv").refused(1, &["--init other.csv", "missing"]);
}

/// Subcommands with a file that is read, FILE, and one that is written, OUT.
const READ_AND_WRITTEN: [&str; 26] = [
    "fit FILE -k 1 --labels OUT",
    "fit FILE -k 1 --centroids OUT",
    "fit FILE -k 1 --restarts-out OUT",
    "fit FILE -k 1 --model OUT",
    "fit FILE -k 1 --report OUT",
    "fit points.csv --init FILE --labels OUT",
    "fit points.csv --init FILE --model OUT",
    "compare FILE --export-json OUT",
    "compare FILE --export-csv OUT",
    "compare FILE --export-html OUT",
    "compare points.csv --init FILE --export-json OUT",
    "compare points.csv --init FILE --export-csv OUT",
    "compare points.csv --init FILE --export-html OUT",
    "report FILE -o OUT",
    "report points.csv --init FILE -o OUT",
    "report m.safetensors FILE -o OUT",
    "sweep FILE --table OUT",
    "sweep points.csv --test FILE --table OUT",
    "predict m.safetensors FILE -o OUT",
    "predict FILE points.csv -o OUT",
    "predict m.safetensors --drawings FILE -o OUT",
    "transform m.safetensors FILE -o OUT",
    "transform FILE points.csv -o OUT",
    "draw FILE -o OUT",
    "read m.safetensors FILE --debug OUT",
    "read FILE picture.png --debug OUT",
];

/// A folder with a file x.csv, and names that lead to it or, if it is removed, to where it would be.
#[cfg(unix)]
fn with_names_of_one_file() -> (Folder, [&'static str; 6]) {
    use std::os::unix::fs::symlink;
    let folder = Folder::with([("x.csv", b"1\n2\n")]);
    fs::create_dir(folder.path("sub")).unwrap();
    symlink(".", folder.path("folder")).unwrap();
    symlink("x.csv", folder.path("soft.csv")).unwrap();
    symlink("../soft.csv", folder.path("sub/soft2.csv")).unwrap();
    (folder, ["x.csv", "./x.csv", "sub/../x.csv", "folder/x.csv", "soft.csv", "sub/soft2.csv"])
}

#[cfg(unix)]
#[test]
fn no_output_of_any_subcommand_is_an_input_by_any_name() {
    let (folder, names) = with_names_of_one_file();
    fs::hard_link(folder.path("x.csv"), folder.path("hard.csv")).unwrap();
    let before = folder.names();
    for line in READ_AND_WRITTEN {
        for name in names.iter().chain(&["hard.csv"]) {
            for (file, out) in [("x.csv", *name), (*name, "x.csv")] {
                let ran = folder.run(&line.replace("FILE", file).replace("OUT", out));
                assert_eq!(ran.code, 2, "{line}, {file}, {out}: {}", ran.err);
                ran.refused(2, &["are the same file", out, "name two files"]);
            }
        }
    }
    assert_eq!((folder.read("x.csv").as_str(), folder.names()), ("1\n2\n", before));
}

#[cfg(unix)]
#[test]
fn no_two_outputs_are_one_file_that_is_there_or_not() {
    let (folder, names) = with_names_of_one_file();
    for there in [true, false] {
        if !there {
            fs::remove_file(folder.path("x.csv")).unwrap();
        }
        for name in names {
            for line in [
                "fit digits --labels x.csv --centroids OUT",
                "fit digits --restarts-out x.csv --model OUT",
                "compare digits --export-json x.csv --export-html OUT",
            ] {
                folder.run(&line.replace("OUT", name)).refused(2, &["are the same file", name]);
            }
        }
    }
    // two names of pipes and devices are no reason to refuse
    folder.fit("/dev/null --init /dev/null -q").refused(1, &["/dev/null", "is empty"]);
}

#[cfg(unix)]
#[test]
fn redirected_files_count_as_inputs_and_outputs() {
    let folder = Folder::with([("x.csv", b"1\n2\n")]);
    let open = |write: bool| File::options().read(true).append(write).open(folder.path("x.csv")).unwrap();
    let run = |args: &str, from: std::process::Stdio, to: std::process::Stdio| {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("cairn"));
        command.current_dir(folder.0.path()).args(args.split(' ')).stdin(from).stdout(to);
        let output =
            command.stderr(std::process::Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (null, pipe) = (std::process::Stdio::null, std::process::Stdio::piped);
    for (line, from, to, said) in [
        (
            "fit - -k 1 --labels x.csv",
            open(false).into(),
            pipe(),
            "DATA and --labels are the same file, x.csv",
        ),
        ("fit x.csv -k 1", null(), open(true).into(), "DATA and standard output are the same file"),
        ("predict x.csv x.csv", null(), open(true).into(), "MODEL and standard output are the same"),
        ("fit -k 1 --labels x.csv", null(), open(true).into(), "--labels and standard output are the same"),
    ] {
        let (code, err) = run(line, from, to);
        assert!(code == Some(2) && err.contains(said), "{line}: {err}");
    }
    assert_eq!(folder.read("x.csv"), "1\n2\n");
}

#[test]
fn standard_input_is_read_for_one_purpose() {
    let folder = Folder::with([("x.csv", b"1\n2\n")]);
    for line in ["fit - --init -", "report - --init -", "sweep - --test -", "compare - --init -"] {
        folder.run(line).refused(2, &["are both standard input", "name a file for one of them"]);
    }
}

/// Each kind of output, over a file that is there.
const WRITTEN: [&str; 8] = [
    "fit t.csv -k 2 -q --device cpu --labels OUT",
    "fit t.csv -k 2 -q --device cpu --centroids OUT",
    "fit t.csv -k 2 -q --device cpu --restarts-out OUT",
    "fit t.csv -k 2 -q --device cpu --model OUT",
    "sweep t.csv -k 2 -q --device cpu --table OUT",
    "predict m.safetensors t.csv --device cpu -o OUT",
    "transform m.safetensors t.csv -o OUT",
    "name m.safetensors 0=zero -o OUT",
];

#[cfg(unix)]
#[test]
fn a_file_that_is_replaced_keeps_its_mode_its_owner_and_its_names() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
    let folder = Folder::with([("t.csv", b"x\n1\n2\n9\n")]);
    folder.fit("t.csv -k 2 -q --model m.safetensors").done();
    let path = folder.path("old.csv");
    for line in WRITTEN {
        for mode in [0o600, 0o644, 0o640, 0o664, 0o755] {
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let owned = chown(&path, Some(1234), Some(2345)).is_ok(); // only root can
            folder.run(&line.replace("OUT", "old.csv")).done();
            let now = fs::metadata(&path).unwrap();
            assert_eq!(now.mode() & 0o7777, mode, "{line}");
            assert!(!owned || (now.uid(), now.gid()) == (1234, 2345), "{line}");
            assert_ne!(fs::read(&path).unwrap(), b"old");
            fs::remove_file(&path).unwrap();
        }
    }
    for line in WRITTEN {
        fs::write(&path, "old").unwrap();
        fs::hard_link(&path, folder.path("hard.csv")).unwrap();
        folder.run(&line.replace("OUT", "hard.csv")).done();
        assert_ne!(fs::read(&path).unwrap(), b"old", "{line}");
        assert_eq!(fs::metadata(&path).unwrap().nlink(), 2);
        [path.clone(), folder.path("hard.csv")].iter().for_each(|file| fs::remove_file(file).unwrap());
        // a link to what is not there yet
        symlink("old.csv", folder.path("soft.csv")).unwrap();
        folder.run(&line.replace("OUT", "soft.csv")).done();
        assert!(path.is_file() && folder.path("soft.csv").is_symlink(), "{line}");
        [path.clone(), folder.path("soft.csv")].iter().for_each(|file| fs::remove_file(file).unwrap());
    }
    assert_eq!(folder.names(), ["m.safetensors", "t.csv"]);
}

/// `cairn predict` on a pipe without an end, once it has a temporary file.
#[cfg(unix)]
fn endless(folder: &Folder, shell: &str) -> std::process::Child {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let cairn = assert_cmd::cargo::cargo_bin!("cairn");
    let line = format!("{shell} exec {} predict m.safetensors - --device cpu -o out.csv", cairn.display());
    // whoever runs the tests may ignore some of the signals, as nohup does
    let default = if cfg!(target_os = "linux") { &["--default-signal=HUP,INT,TERM"][..] } else { &[] };
    let mut command = Command::new("env");
    command
        .args(default)
        .args(["sh", "-c", &line])
        .current_dir(folder.0.path())
        .stdin(Stdio::piped())
        .stderr(Stdio::null());
    command.env("TMPDIR", folder.path("tmp")).env_remove("XDG_RUNTIME_DIR");
    // one that has rows: an empty one may be that by which the folder is checked
    let has_rows = |name: &&String| fs::metadata(folder.path(name)).is_ok_and(|file| file.len() > 0);
    let temporaries =
        || folder.names().iter().filter(|name| name.starts_with(".cairn-")).filter(has_rows).count();
    let before = temporaries();
    let mut child = command.spawn().unwrap();
    let mut rows = child.stdin.take().unwrap();
    std::thread::spawn(move || {
        rows.write_all(b"x\n").ok();
        while rows.write_all(&b"1\n".repeat(1 << 12)).is_ok() {}
    });
    let start = std::time::Instant::now();
    while temporaries() <= before {
        assert!(start.elapsed().as_secs() < 60 && child.try_wait().unwrap().is_none(), "nothing is written");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child
}

#[cfg(unix)]
fn kill(child: &std::process::Child, signal: &str) {
    let mut kill = std::process::Command::new("kill");
    assert!(kill.args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn no_signal_leaves_a_temporary_file_for_longer_than_until_the_next_run() {
    use std::os::unix::process::ExitStatusExt;
    let folder = Folder::with([("t.csv", b"x\n1\n2\n9\n"), ("out.csv", b"old")]);
    folder.fit("t.csv -k 2 -q --model m.safetensors").done();
    fs::create_dir(folder.path("tmp")).unwrap();
    let before = folder.names();
    for (signal, number) in [("HUP", 1), ("INT", 2), ("TERM", 15)].repeat(3) {
        let mut child = endless(&folder, "");
        kill(&child, signal);
        assert_eq!(child.wait().unwrap().signal(), Some(number));
        assert_eq!((folder.names(), folder.read("out.csv").as_str()), (before.clone(), "old"), "{signal}");
        assert_eq!(fs::read_dir(folder.path("tmp")).unwrap().count(), 0, "{signal}");
    }
    // what is ignored from the start stays so
    let mut child = endless(&folder, "trap '' HUP;");
    kill(&child, "HUP");
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(child.try_wait().unwrap().is_none());
    let mut other = endless(&folder, "");
    kill(&child, "KILL");
    child.wait().unwrap();
    folder.run("predict m.safetensors t.csv --device cpu -o other.csv").done();
    let left = folder.names().iter().filter(|name| name.starts_with(".cairn-")).count();
    assert_eq!(left, 1, "the file of a run that goes on");
    kill(&other, "TERM");
    other.wait().unwrap();
    fs::remove_file(folder.path("other.csv")).unwrap();
    assert_eq!(folder.names(), before);
}

/// Each waits for the one before.
#[cfg(unix)]
#[test]
fn of_many_names_given_at_a_time_none_is_lost() {
    let folder = Folder::new();
    folder.fit("digits -k 20 -r 1 --max-iter 2 -q --model m.safetensors").done();
    let name = |cluster: usize| {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("cairn"));
        command.current_dir(folder.0.path()).args([
            "name",
            "m.safetensors",
            &format!("{cluster}=n{cluster}x"),
        ]);
        command.spawn().unwrap()
    };
    let children: Vec<_> = (0..20).map(name).collect();
    children.into_iter().for_each(|mut child| assert!(child.wait().unwrap().success()));
    let list = folder.run("name m.safetensors").out;
    (0..20).for_each(|cluster| assert!(list.contains(&format!(" n{cluster}x ")), "{cluster}: {list}"));
    assert_eq!(folder.names(), ["m.safetensors"]);
}

#[cfg(target_os = "linux")]
#[test]
fn what_stands_after_a_failure_is_said() {
    let folder = Folder::with([("t.csv", b"x\n1\n2\n9\n"), ("old.csv", b"old")]);
    let line = "fit t.csv -k 2 -q --device cpu --labels";
    // no file may grow
    for (name, left) in [("old.csv", "the old file stands"), ("new.csv", "nothing was left there")] {
        let cairn = assert_cmd::cargo::cargo_bin!("cairn");
        let line = format!("trap '' XFSZ; ulimit -f 0; exec {} {line} {name}", cairn.display());
        let mut command = std::process::Command::new("sh");
        let output = command.args(["-c", &line]).current_dir(folder.0.path()).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && err.contains(left) && err.contains(name), "{err}");
        assert_eq!(folder.names(), ["old.csv", "t.csv"]);
    }
    assert_eq!(folder.read("old.csv"), "old");
}
