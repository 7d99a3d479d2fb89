//! Sources of data, truth and weights.

use super::{Folder, Ran, gzip, npy, npy_f64, npz, zstd};

const TABLE: &[u8] = b"kind;x;y;copies\na;0;0;1\na;0;1;2\nb;9;9;1\nb;9;8;3\n";

#[test]
fn the_digits_are_inside_the_program() {
    let json = Folder::new().json("-r 2");
    assert_eq!(json["data"]["name"], "digits");
    assert_eq!((&json["data"]["n_points"], &json["data"]["n_dims"]), (&1797.into(), &64.into()));
}

#[test]
fn a_path_named_digits_is_a_file() {
    let folder = Folder::with([("digits", b"1\n2\n3\n")]);
    let json = folder.json("./digits -k 1");
    assert_eq!((&json["data"]["name"], &json["data"]["n_points"]), (&"./digits".into(), &3.into()));
    assert_eq!(json["params"]["n_restarts"], 10);
    assert_eq!(folder.json("digits -r 1")["data"]["n_points"], 1797);
}

#[test]
fn restarts_by_default_are_many_for_the_digits_and_ten_elsewhere() {
    let folder = Folder::with([("t.csv", b"1\n2\n3\n"), ("c.csv", b"1\n3\n")]);
    assert_eq!(folder.json("t.csv -k 2")["params"]["n_restarts"], 10);
    assert_eq!(folder.json("t.csv --init random -k 2")["params"]["n_restarts"], 10);
    assert_eq!(folder.json("t.csv --init c.csv")["params"]["n_restarts"], 1);
    assert_eq!(folder.json("-k 2 --max-iter 1")["restarts"]["count"], 1000);
}

#[test]
fn standard_input_may_be_csv_or_npy() {
    let folder = Folder::new();
    let piped = |bytes: &[u8]| {
        let mut command = folder.cairn();
        let ran =
            Ran::of(command.args(["fit", "-", "--device", "cpu", "-k", "2", "--json"]).write_stdin(bytes));
        ran.done();
        serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()
    };
    let (csv, npy) = (piped(b"1,2\n3,4\n5,9\n"), piped(&npy_f64("(3, 2)", &[1., 2., 3., 4., 5., 9.])));
    assert_eq!(csv["data"]["name"], "standard input");
    assert_eq!((&csv["data"]["n_points"], &csv["fingerprint"]), (&3.into(), &npy["fingerprint"]));
    folder.fit("- -k 2").refused(1, &["standard input", "empty"]);
}

/// `TABLE` without its first column, in formats that have no names of columns.
#[test]
fn every_format_gives_the_same_fingerprint_from_a_file_and_from_a_pipe() {
    let values = [0u8, 0, 1, 0, 1, 2, 9, 9, 1, 9, 8, 3];
    let array = npy("'|u1'", "(4, 3)", &values);
    let idx = [&[0, 0, 8, 2, 0, 0, 0, 4, 0, 0, 0, 3][..], &values].concat();
    let vectors: Vec<u8> = values.chunks(3).flat_map(|row| [&[3, 0, 0, 0], row].concat()).collect();
    let text = b"0,0,1\n0,1,2\n9,9,1\n9,8,3\n";
    let utf_16: Vec<u8> =
        "\u{feff}0\t0\t1\n0\t1\t2\n9\t9\t1\n9\t8\t3\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let files: [(&str, Vec<u8>); 9] = [
        ("t.csv", text.to_vec()),
        ("t.csv.gz", gzip(text)),
        ("t.csv.zst", zstd(text)),
        ("t.txt", utf_16),
        ("t.npy", array.clone()),
        ("t.npz", npz("x.npy", &array)),
        ("t-idx2-ubyte", idx.clone()),
        ("t-idx2-ubyte.gz", gzip(&idx)),
        ("t.bvecs", vectors),
    ];
    let folder = Folder::new();
    let first = Folder::with([("t.csv", text)]).json("t.csv -k 2 --weights 3")["fingerprint"].clone();
    for (name, bytes) in files {
        std::fs::write(folder.path(name), &bytes).unwrap();
        assert_eq!(folder.json(&format!("{name} -k 2 --weights 3"))["fingerprint"], first, "{name}");
        if name.ends_with("vecs") {
            continue; // known by their names only
        }
        let mut command = folder.cairn();
        let args = ["fit", "-", "--device", "cpu", "-k", "2", "--weights", "3", "--json"];
        let ran = Ran::of(command.args(args).write_stdin(bytes));
        ran.done();
        let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(json["fingerprint"], first, "{name}");
    }
    assert_eq!(folder.json("t.npz:x -k 2 --weights 3")["data"]["name"], "t.npz:x");
}

/// Files of pyarrow and polars, with the column names of the CSV file.
#[cfg(feature = "parquet")]
#[test]
fn parquet_and_arrow_give_the_fingerprint_of_csv() {
    let folder = Folder::with([("t.csv", b"x,y,z\n0,1,200\n3,4,5\n199,7,8\n9,100,11\n12,13,0\n")]);
    let first = folder.json("t.csv -k 2 --weights z --model m.safetensors")["fingerprint"].clone();
    let labels = folder.run("predict m.safetensors t.csv").out;
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/columns");
    for name in
        ["zstd.parquet", "groups.parquet", "polars.parquet", "lz4.feather", "batches.feather", "polars.arrow"]
    {
        let bytes = std::fs::read(fixtures.join(name)).unwrap();
        std::fs::write(folder.path(name), &bytes).unwrap();
        assert_eq!(folder.json(&format!("{name} -k 2 --weights z"))["fingerprint"], first, "{name}");
        let piped = Ran::of(folder.cairn().args(["predict", "m.safetensors", "-"]).write_stdin(bytes));
        assert_eq!(piped.out, labels, "{name}: {}", piped.err);
    }
    std::fs::copy(fixtures.join("kinds.parquet"), folder.path("kinds.parquet")).unwrap();
    let ran = folder.fit("kinds.parquet -k 1 --labels out.csv");
    ran.refused(
        1,
        &[
            "kinds.parquet: column",
            "\"text\"",
            "\"day\"",
            "--ignore text,day,point,lists leaves them out",
            "so does --numeric",
        ],
    );
    let numeric = folder.json("kinds.parquet -k 1 -q --numeric");
    assert_eq!(numeric["data"]["not_numeric"], serde_json::json!(["text", "day", "point", "lists"]));
    folder
        .fit("kinds.parquet -k 1 -q --ignore text,day,point,lists --labels out.parquet --centroids c.jsonl")
        .done();
    assert_eq!(folder.json("out.parquet -k 1")["data"]["n_points"], 3);
    assert!(folder.read("c.jsonl").starts_with("{\"bool\":"));
}

/// As MNIST is distributed.
#[test]
fn pictures_of_idx_are_fitted_reported_and_predicted() {
    let pixels: Vec<u8> = (0..20 * 28 * 28u32).map(|at| (at * at / 7 % 256) as u8).collect();
    let header = [0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 28, 0, 0, 0, 28];
    let folder = Folder::with([("images-idx3-ubyte.gz", &gzip(&[&header[..], &pixels].concat()))]);
    let json = folder.json("images-idx3-ubyte.gz -k 3 --model m.safetensors --report r.html");
    assert_eq!((&json["data"]["n_points"], &json["data"]["n_dims"]), (&20.into(), &784.into()));
    assert!(folder.read("r.html").contains("data:image/png"));
    folder.run("predict m.safetensors images-idx3-ubyte.gz -o l.csv").done();
    assert_eq!(folder.read("l.csv").lines().count(), 21);
    folder.run("report m.safetensors images-idx3-ubyte.gz -o m.html -q").done();
}

#[test]
fn several_files_are_one_table_in_every_subcommand() {
    let [first, second]: [&[u8]; 2] = [b"x,y,c\n0,0,a\n0,1,a\n", b"x,y,c\n9,9,b\n9,8,b\n"];
    let whole = [first, &second[6..]].concat();
    let folder = Folder::with([("p-1.csv", first), ("p-2.csv", second), ("whole.csv", &whole)]);
    let fingerprint = |args: &str| folder.json(&format!("{args} -k 2 --truth c"))["fingerprint"].clone();
    let expected = fingerprint("whole.csv --model m.safetensors");
    assert_eq!(fingerprint("p-1.csv p-2.csv"), expected);
    assert_eq!(fingerprint("p-*.csv --labels l.csv"), expected);
    assert_eq!(folder.read("l.csv").lines().count(), 5);
    let predicted = folder.run("predict m.safetensors whole.csv");
    for files in ["p-1.csv p-2.csv", "p-?.csv"] {
        assert_eq!(folder.run(&format!("predict m.safetensors {files}")).out, predicted.out);
        let ran = folder.run(&format!("score m.safetensors {files} --truth c --json"));
        assert!(ran.out.contains("\"n_points\": 4"), "{}", ran.out);
        let ran = folder.run(&format!("sweep {files} --ignore c -k 2 --device cpu --json"));
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    folder
        .fit("p-*.csv -k 2 --ignore c --labels p-2.csv")
        .refused(2, &["DATA and --labels are the same file", "p-2.csv"]);
    folder.fit("q-*.csv -k 2 --labels out.csv").refused(1, &["q-*.csv: no file has such a name"]);
    folder.fit("p-1.csv q.csv -k 2 --labels out.csv").refused(1, &["q.csv: no such file"]);
    assert_eq!(folder.read("p-2.csv").as_bytes(), second);
}

#[test]
fn truth_and_weights_by_name_or_number() {
    let folder = Folder::with([("t.csv", TABLE)]);
    let named = folder.json("t.csv -k 2 --truth kind --weights copies");
    let numbered = folder.json("t.csv -k 2 --truth 1 --weights 4");
    assert_eq!(named["data"]["n_dims"], 2);
    assert_eq!(named["score"]["accuracy"], 1.0);
    assert_eq!(named["fingerprint"], numbered["fingerprint"]);
    assert_eq!(named["score"], numbered["score"]);
    assert_ne!(named["fingerprint"], folder.json("t.csv -k 2 --truth 1")["fingerprint"]); // then a feature
}

#[test]
fn a_weight_is_so_many_copies() {
    let copies = b"0,0\n0,1\n0,1\n9,9\n9,8\n9,8\n9,8\n";
    let folder = Folder::with([("t.csv", TABLE), ("copies.csv", copies)]);
    let weighted = folder.json("t.csv -k 2 --truth kind --weights copies --restarts-out r.csv");
    let plain = folder.json("copies.csv -k 2 --restarts-out p.csv");
    for key in ["inertia", "inertia_exact", "iterations", "counts"] {
        assert_eq!(weighted["best"][key], plain["best"][key], "{key}");
    }
    assert_eq!(folder.read("r.csv"), folder.read("p.csv"));
}

#[test]
fn counts_are_in_the_weights_that_were_given() {
    let folder = Folder::with([("t.csv", b"x,w\n0,0.5\n0,1\n9,2\n")]);
    let json = folder.json("t.csv -k 2 --weights w --init random");
    let mut counts: Vec<f64> =
        json["best"]["counts"].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
    counts.sort_by(f64::total_cmp);
    assert_eq!(counts, [1.5, 2.0]);
    assert!(json["best"]["counts"].as_array().unwrap().contains(&2.into())); // whole, so an integer
}

#[test]
fn headers_and_delimiters_as_told() {
    let folder = Folder::with([("t.csv", b"1:2\n3:4\n5:6\n"), ("tab.txt", b"1\t2\n3\t4\n")]);
    let rows = |args: &str| folder.json(&format!("{args} -k 1"))["data"].clone();
    assert_eq!(rows("t.csv --delimiter :")["n_points"], 3);
    assert_eq!(rows("t.csv --delimiter : --header yes")["n_points"], 2);
    for tab in ["tab", "\\t"] {
        assert_eq!(rows(&format!("tab.txt --delimiter {tab}"))["n_dims"], 2);
    }
}

#[test]
fn threads_change_nothing() {
    let folder = Folder::new();
    let fingerprint = |threads| folder.json(&format!("-r 5 --threads {threads}"))["fingerprint"].clone();
    assert_eq!(fingerprint(1), fingerprint(3));
    assert_ne!(fingerprint(1), folder.json("-r 5 --seed 43")["fingerprint"]);
}

/// Each subcommand that takes `--truth` takes a file of classes instead, with the same result.
#[test]
fn classes_may_be_in_a_file_of_their_own() {
    let folder = Folder::with([
        ("t.csv", b"x,y,kind\n0,0,a\n0,1,a\n9,9,b\n9,8,b\n"),
        ("bare.csv", b"x,y\n0,0\n0,1\n9,9\n9,8\n"),
        ("kind.csv", b"kind\na\na\nb\nb\n"),
        ("short.csv", b"1\n2\n3\n"),
    ]);
    let column = folder.json("t.csv -k 2 --truth kind --model c.safetensors");
    let file = folder.json("bare.csv -k 2 --truth-file kind.csv --model f.safetensors");
    for key in ["fingerprint", "score"] {
        assert_eq!(column[key], file[key], "{key}");
    }
    assert_eq!(file["params"]["truth"], "kind");
    let names = |model: &str| folder.run(&format!("predict {model} bare.csv")).out;
    assert_eq!(names("f.safetensors"), names("c.safetensors"));
    let scored = |args: &str| {
        let ran = folder.run(&format!("score f.safetensors {args} --json"));
        ran.done();
        let mut json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        json.as_object_mut().unwrap().retain(|key, _| !["data", "input"].contains(&key.as_str()));
        json
    };
    assert_eq!(scored("bare.csv --truth-file kind.csv"), scored("t.csv --truth kind --ignore kind"));
    folder.run("report f.safetensors bare.csv --truth-file kind.csv -o r.html -q").done();
    assert!(folder.read("r.html").contains("kind"));
    folder.run("report bare.csv --truth-file kind.csv -k 2 -o d.html -q").done();
    let swept = folder.run(
        "sweep bare.csv -k 2 --device cpu --truth-file kind.csv --test bare.csv --test-truth-file kind.csv",
    );
    assert!(swept.out.contains("100.00%"), "{}{}", swept.out, swept.err);
    let dry = folder.fit("bare.csv -k 2 --truth-file kind.csv --dry-run");
    assert!(dry.out.contains("\"kind\", 2 classes"), "{}", dry.out);
    // through a pipe, either of them
    let piped = |args: &[&str], input: &str| {
        let ran = Ran::of(folder.cairn().args(args).write_stdin(folder.read(input)));
        assert!(ran.out.contains("accuracy 100.00%"), "{}{}", ran.out, ran.err);
    };
    piped(&["fit", "-", "-k", "2", "--truth-file", "kind.csv"], "bare.csv");
    piped(&["fit", "bare.csv", "-k", "2", "--truth-file", "-"], "kind.csv");
}

#[test]
fn what_is_wrong_with_a_file_of_classes() {
    let folder = Folder::with([("t.csv", b"x,y\n0,0\n0,1\n9,9\n9,8\n"), ("short.csv", b"1\n2\n3\n")]);
    folder.fit("- -k 2 --truth-file -").refused(2, &["DATA and --truth-file are both standard input"]);
    folder
        .fit("t.csv -k 2 --truth-file short.csv")
        .refused(1, &["short.csv: has 3 rows where t.csv has 4 rows; give the class"]);
    folder.fit("t.csv -k 2 --truth-file t.csv").refused(1, &["t.csv: has 2 columns"]);
    let both = folder.fit("t.csv -k 2 --truth-file short.csv --truth y");
    assert!(
        both.code == 2 && both.err.contains("'--truth-file <FILE>' cannot be used with '--truth"),
        "{}",
        both.err
    );
    folder
        .fit("t.csv -k 2 --truth-file short.csv --labels short.csv")
        .refused(2, &["--truth-file and --labels are the same file"]);
    folder
        .run("sweep t.csv -k 2 --truth-file short.csv --test t.csv")
        .refused(2, &["--truth-file short.csv has the classes of t.csv", "--test-truth-file"]);
    folder
        .run("sweep t.csv -k 2 --test-truth-file short.csv")
        .refused(2, &["--test-truth-file short.csv has the classes of --test, which there is not"]);
    folder.fit("t.csv -k 2 -q --model m.safetensors").done();
    folder.run("score m.safetensors t.csv").refused(2, &["--truth", "--truth-file"]);
    folder.run("score m.safetensors t.csv --truth-file short.csv").refused(1, &["short.csv: has 3 rows"]);
}
