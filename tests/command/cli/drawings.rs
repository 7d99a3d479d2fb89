//! `cairn predict --drawings`.

use super::{Folder, Ran};

/// A model of the digits.
fn fitted() -> Folder {
    let folder = Folder::new();
    folder.fit("-k 60 -r 1 -q --model m.safetensors").done();
    folder
}

fn predict(folder: &Folder, args: &str) -> Ran {
    folder.run(&format!("predict --device cpu m.safetensors {args}"))
}

/// Pixels and class of the first digits.
fn digits(n: usize) -> Vec<(Vec<f64>, String)> {
    let text = include_str!("../../../data/digits.csv");
    let row = |line: &str| {
        let (pixels, digit) = line.rsplit_once(',').unwrap();
        (pixels.split(',').map(|cell| cell.parse().unwrap()).collect(), digit.to_owned())
    };
    text.lines().skip(1).take(n).map(row).collect()
}

/// As the course's page prints them.
fn page(drawings: &[Vec<f64>]) -> String {
    let array = |values: &Vec<f64>| {
        let numbers: Vec<String> = values.iter().map(|value| format!("{value:.2}")).collect();
        format!("[{}]", numbers.join(", "))
    };
    drawings.iter().map(array).collect::<Vec<_>>().join(",\n\n")
}

fn names(ran: &Ran) -> Vec<String> {
    ran.done();
    let mut lines = ran.out.lines().map(|line| line.split(',').nth(1).unwrap().to_owned());
    assert_eq!(lines.next().unwrap(), "name");
    lines.collect()
}

#[test]
fn drawn_digits_are_read() {
    let folder = fitted();
    let digits = digits(100);
    // pale and in a corner: half of each side
    let small = |pixels: &Vec<f64>| {
        let mut drawing = vec![0.0; 64];
        for (at, ink) in pixels.iter().enumerate() {
            drawing[at / 8 / 2 * 8 + at % 8 / 2 + 4] += ink * 0.01;
        }
        drawing
    };
    let right =
        |names: &[String]| names.iter().zip(&digits).filter(|(name, digit)| **name == digit.1).count();
    let small: Vec<Vec<f64>> = digits.iter().map(|(pixels, _)| small(pixels)).collect();
    std::fs::write(folder.path("page.txt"), page(&small)).unwrap();
    let normalised = right(&names(&predict(&folder, "--drawings page.txt")));
    let as_is = right(&names(&predict(&folder, "--drawings page.txt --as-is")));
    assert!(normalised >= 60 && as_is <= 30, "{normalised}, {as_is}");

    let input = page(&small);
    let mut command = folder.cairn();
    let piped = Ran::of(
        command.args(["predict", "m.safetensors", "--device", "cpu", "--drawings", "-"]).write_stdin(input),
    );
    assert_eq!(right(&names(&piped)), normalised);
}

#[test]
fn drawings_as_they_are_are_rows() {
    let folder = fitted();
    let pixels: Vec<Vec<f64>> = digits(30).into_iter().map(|(pixels, _)| pixels).collect();
    let rows = predict(&folder, "digits");
    let first: Vec<&str> = rows.out.lines().take(31).collect();
    let lines: String =
        pixels.iter().map(|row| row.iter().map(|x| format!("{x};")).collect::<String>() + "\n").collect();
    for (name, text) in [("page.txt", page(&pixels)), ("lines.txt", lines)] {
        std::fs::write(folder.path(name), text).unwrap();
        let ran = predict(&folder, &format!("--drawings {name} --as-is"));
        ran.done();
        assert_eq!(ran.out.lines().collect::<Vec<_>>(), first);
    }
    predict(&folder, "--drawings page.txt -o out.jsonl").done();
    assert_eq!(folder.read("out.jsonl").lines().count(), 30);
}

#[test]
fn what_is_no_drawing_is_refused() {
    let folder = fitted();
    std::fs::write(folder.path("plane.csv"), "1,2\n3,4\n").unwrap();
    folder.fit("plane.csv -k 2 -q --model plane.safetensors").done();
    let one = page(&[digits(1).remove(0).0]);
    let zeros = page(&[vec![0.0; 64]]);
    let short = format!("[{}]", one.trim_matches(['[', ']']).rsplit_once(',').unwrap().0);
    let refused = |text: &str, parts: &[&str]| {
        std::fs::write(folder.path("page.txt"), text).unwrap();
        predict(&folder, "--drawings page.txt -o out.csv").refused(1, parts);
        assert!(!folder.path("out.csv").exists());
    };
    refused(&format!("{one}\n{zeros}"), &["page.txt, drawing 2 (line 2)", "no ink"]);
    refused(&format!("{one}\n\n{short}"), &["page.txt, drawing 2 (line 3)", "63 numbers"]);
    refused(&one.replacen("0.00", "ink", 1), &["drawing 1 (line 1)", "\"ink\" is not a number"]);
    refused(&one.replacen("0.00", "-1", 1), &["row 1, column 1: -1"]);
    refused(&one.replacen("0.00", "nan", 1), &["row 1, column 1: NaN"]);
    refused("", &["page.txt", "there is no drawing"]);
    refused(&one[1..], &["bracket ']' has no partner"]);
    std::fs::write(folder.path("bytes.txt"), b"\xff\xfe1").unwrap();
    predict(&folder, "--drawings bytes.txt").refused(1, &["bytes.txt", "not text"]);
    predict(&folder, "--drawings none.txt").refused(1, &["none.txt", "can't be read"]);
    let plane = folder.run("predict plane.safetensors --drawings page.txt");
    plane.refused(1, &["the model has 2 columns, but a drawing has 64 numbers"]);
    // a blank drawing is a row like any other where nothing is made of it
    std::fs::write(folder.path("page.txt"), &zeros).unwrap();
    assert_eq!(names(&predict(&folder, "--drawings page.txt --as-is")).len(), 1);
    std::fs::write(folder.path("page.txt"), zeros.replacen("0.00", "1e300", 1)).unwrap();
    predict(&folder, "--drawings page.txt --as-is").refused(1, &["row 1, column 1"]);
}

#[test]
fn flags_that_contradict_one_another() {
    let folder = fitted();
    std::fs::write(folder.path("page.txt"), "").unwrap();
    let wrong = [
        "",
        "--as-is",
        "digits --as-is",
        "digits --drawings page.txt",
        "--drawings page.txt --ignore x",
        "--drawings page.txt --header no",
    ];
    for args in wrong {
        let ran = predict(&folder, args);
        assert!(ran.code == 2 && ran.out.is_empty() && ran.err.starts_with("error: "), "{args}: {}", ran.err);
    }
    std::fs::write(folder.path("page.csv"), page(&[digits(1).remove(0).0])).unwrap();
    predict(&folder, "--drawings page.csv -o page.csv").refused(2, &["--drawings and --output", "page.csv"]);
    folder.run("transform m.safetensors").code_is(2);
    folder.run("score m.safetensors").code_is(2);
}

impl Ran {
    fn code_is(&self, code: i32) {
        assert_eq!(self.code, code, "{}", self.err);
    }
}

/// An IDX file of the digits of some rows as pictures of 28 x 28, with ink of up to 240 on 0, and one of their classes.
fn idx_of(rows: &[(Vec<f64>, String)]) -> [Vec<u8>; 2] {
    let pixel = |row: &[f64], at: usize| {
        let (y, x) = (at / 28, at % 28);
        let inside = (2..26).contains(&y) && (2..26).contains(&x);
        if inside { (row[(y - 2) / 3 * 8 + (x - 2) / 3] * 15.0) as u8 } else { 0 }
    };
    let n = (rows.len() as u32).to_be_bytes();
    let pixels = rows.iter().flat_map(|(row, _)| (0..784).map(|at| pixel(row, at)));
    let images = [0, 0, 8, 3].into_iter().chain(n).chain([0, 0, 0, 28, 0, 0, 0, 28]).chain(pixels).collect();
    let classes = rows.iter().map(|(_, class)| class.parse::<u8>().unwrap());
    [images, [0, 0, 8, 1].into_iter().chain(n).chain(classes).collect()]
}

/// Rows of the 30 writers.
fn writers(n: usize) -> Vec<(Vec<f64>, String)> {
    let row = |line: &str| {
        let (pixels, digit) = line.rsplit_once(',').unwrap();
        (pixels.split(',').map(|cell| cell.parse().unwrap()).collect(), digit.to_owned())
    };
    include_str!("../../../data/digits-writers30.csv").lines().skip(1).take(n).map(row).collect()
}

/// As MNIST is distributed: pictures of 28 x 28, and a file of their classes.
#[test]
fn a_model_of_idx_pictures_predicts_reads_and_draws() {
    let ([images, labels], [new, new_labels]) = (idx_of(&writers(1500)), idx_of(&digits(300)));
    let folder = Folder::with([
        ("train-images-idx3-ubyte", &images),
        ("train-labels-idx1-ubyte", &labels),
        ("t10k-images-idx3-ubyte", &new),
        ("t10k-labels-idx1-ubyte", &new_labels),
    ]);
    let fit = "train-images-idx3-ubyte --as-drawings --truth-file train-labels-idx1-ubyte -k 100 -r 2";
    let json = folder.json(&format!("{fit} --model m.safetensors --report r.html"));
    assert_eq!(
        (&json["data"]["n_dims"], &json["data"]["name"]),
        (&64.into(), &"train-images-idx3-ubyte".into())
    );
    let expected = serde_json::json!({"height": 28, "width": 28, "ink": "bright", "votes": 100, "of": 100, "left_out": []});
    assert_eq!(
        (&json["data"]["drawings"], &json["params"]["truth"]),
        (&expected, &"train-labels-idx1-ubyte".into())
    );
    assert!(folder.read("r.html").contains("cd-keys")); // with the page to draw on
    let new = "t10k-images-idx3-ubyte --as-drawings";
    let predicted = predict(&folder, new);
    predicted.noted(&["each row, a picture of 28 x 28, is counted to 8 x 8; ink is brighter than paper: 100 of the first 100"]);
    let right = names(&predicted).iter().zip(digits(300)).filter(|(name, digit)| **name == digit.1).count();
    assert!(right > 240, "{right}");
    let scored = folder
        .run(&format!("score m.safetensors {new} --truth-file t10k-labels-idx1-ubyte --device cpu --json"));
    scored.done();
    let json: serde_json::Value = serde_json::from_str(&scored.out).unwrap();
    assert_eq!(json["accuracy_by_names"].as_f64().unwrap(), right as f64 / 300.0);
    assert_eq!(json["drawings"]["ink"], "bright");
    // the digits are such counts already, as text too
    let rows: Vec<Vec<f64>> = digits(20).into_iter().map(|(pixels, _)| pixels).collect();
    let text = rows.iter().map(|row| format!("{row:?}\n")).collect::<String>();
    std::fs::write(folder.path("page.txt"), text).unwrap();
    let as_text = names(&predict(&folder, "--drawings page.txt"));
    assert_eq!(as_text, names(&predict(&folder, "digits --as-drawings"))[..20]);
    folder.run("draw m.safetensors -o page.html -q").done();
    folder.run("report m.safetensors t10k-images-idx3-ubyte --as-drawings --truth-file t10k-labels-idx1-ubyte -o new.html -q").done();
    let swept = folder.run(
        "sweep train-images-idx3-ubyte --as-drawings --truth-file train-labels-idx1-ubyte -k 20 --seeds 1 -r 1 --no-measures \
         --test t10k-images-idx3-ubyte --test-truth-file t10k-labels-idx1-ubyte --device cpu --json"
    );
    let json: serde_json::Value = serde_json::from_str(&swept.out).unwrap();
    assert!(json["table"][0]["held_out_accuracy"]["median"].as_f64().unwrap() > 0.6, "{}", swept.out);
    // a picture of one of the digits, on paper
    let ran =
        folder.run(&format!("read m.safetensors {}/docs/numbers.png --plain", env!("CARGO_MANIFEST_DIR")));
    assert!(
        ran.code == 0 && ran.out.lines().count() == 2 && ran.out.contains("141"),
        "{}{}",
        ran.out,
        ran.err
    );
    folder.run(&format!("predict m.safetensors {new} --rows-out rows.csv --device cpu")).done();
    let first = folder.read("rows.csv").lines().next().unwrap().to_owned();
    assert!(first.starts_with("pixel_0_0,") && first.ends_with("pixel_7_7,label,name,distance"), "{first}");
    folder.fit(&format!("{fit} --rows-out fitted.csv -q")).done();
    assert_eq!(folder.read("fitted.csv").lines().count(), 1501);
}

/// The same pictures are the same table in every format, and from a pipe.
#[test]
fn pictures_give_one_fingerprint_in_every_format() {
    let [images, _] = idx_of(&writers(200));
    let pixels = &images[16..];
    let row = |row: &[u8]| row.iter().map(u8::to_string).collect::<Vec<_>>().join(",") + "\n";
    let text: String = pixels.chunks(784).map(row).collect();
    let array = super::npy("'|u1'", "(200, 784)", pixels);
    let folder = Folder::with([("t-idx3-ubyte", &images), ("t.npy", &array), ("t.csv", text.as_bytes())]);
    std::fs::create_dir(folder.path("pictures")).unwrap();
    for (at, picture) in pixels.chunks(784).enumerate() {
        let dark: Vec<u8> = picture.iter().map(|ink| 255 - ink).collect();
        let picture = image::GrayImage::from_raw(28, 28, dark).unwrap();
        picture.save(folder.path(&format!("pictures/{at:03}.png"))).unwrap();
    }
    let fingerprint =
        |args: &str| folder.json(&format!("{args} --as-drawings -k 5 -r 2"))["fingerprint"].clone();
    let first = fingerprint("t-idx3-ubyte");
    assert!(["t.npy", "t.csv", "pictures"].iter().all(|file| fingerprint(file) == first));
    folder
        .fit("pictures --as-drawings -k 5 -r 1")
        .noted(&["ink is darker than paper: 100 of the first 100 have a bright border"]);
    for bytes in [&images, &array, text.as_bytes()] {
        let mut command = folder.cairn();
        let args = ["fit", "-", "--as-drawings", "-k", "5", "-r", "2", "--json", "--device", "cpu"];
        let ran = Ran::of(command.args(args).write_stdin(bytes));
        let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(json["fingerprint"], first);
    }
}

#[test]
fn what_drawings_refuse() {
    let [mut images, _] = idx_of(&writers(20));
    let whole = images.clone();
    images[16 + 784 * 7..16 + 784 * 8].fill(0);
    let folder = Folder::with([
        ("blank-idx3-ubyte", &images),
        ("whole-idx3-ubyte", &whole),
        ("t.npy", &super::npy("'|u1'", "(20, 784)", &whole[16..])),
        ("t.csv", b"a,b\n1,2\n3,4\n"),
    ]);
    let blank = "blank-idx3-ubyte --as-drawings -k 2 -r 1";
    folder.fit(blank).refused(
        1,
        &["blank-idx3-ubyte, row 8: all its pixels are 0", "--missing drop leaves such rows out"],
    );
    assert_eq!(folder.json(&format!("{blank} --missing drop --labels l.csv"))["data"]["rows_dropped"], 1);
    assert_eq!(folder.read("l.csv").lines().nth(8), Some("\"\""));
    folder.fit("t.csv --as-drawings -k 1").refused(1, &["2 columns are no square number", "--ignore"]);
    for other in ["--pixels", "--channels grey"] {
        let ran = folder.fit(&format!("whole-idx3-ubyte --as-drawings -k 2 {other}"));
        assert!(ran.code == 2 && ran.err.contains("cannot be used with"), "{}", ran.err);
    }
    folder.fit("whole-idx3-ubyte --as-drawings=bright -k 5 -r 1 --model m.safetensors -q").done();
    let ran = predict(&folder, "blank-idx3-ubyte --as-drawings");
    assert!(ran.code == 0 && ran.out.lines().nth(8) == Some(",,,,"), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("1 row has no label: blank-idx3-ubyte, row 8: is no drawing"), "{}", ran.err);
    predict(&folder, "blank-idx3-ubyte --as-drawings --strict").refused(1, &["row 8: all its pixels are 0"]);
    // the upper left corner of a larger picture has the same names
    predict(&folder, "whole-idx3-ubyte")
        .refused(1, &["pictures of 28 x 28 pixels, and the model's are pictures of 8 x 8", "--as-drawings"]);
    predict(&folder, "t.npy")
        .refused(1, &["784 columns", "has 64", "--as-drawings counts pictures of 28 x 28"]);
}
