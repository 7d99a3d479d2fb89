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
