//! Drawings: read from text, normalised, and recognised by clusters of other writers' digits.
#![allow(clippy::print_stdout, reason = "the rates, for those who ask for them by --nocapture")]
#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

use cairn::data::{Dataset, LoadOptions, Points, digits, load};
use cairn::drawing::{DrawingError, ReadError, normalise, read};
use cairn::engine::Device;
use cairn::kmeans::{Fit, KMeans, fit};
use cairn::lattice::{Packer, Weights};
use cairn::score::{Contingency, accuracy, majority_names};
use cairn::sweep::nearest_labels;
use ndarray::Array2;

/// 64 numbers that differ, as text.
fn numbers(separator: &str) -> String {
    (0..64).map(|i| format!("{}.5", i % 17)).collect::<Vec<_>>().join(separator)
}

fn expected() -> Vec<f64> {
    (0..64).map(|i| f64::from(i % 17) + 0.5).collect()
}

#[test]
fn every_way_to_write_arrays() {
    let rows = |open: &str, close: &str| -> String {
        let row = |y: usize| {
            let numbers: Vec<String> = (y * 8..y * 8 + 8).map(|i| format!("{}.5", i % 17)).collect();
            format!("{open}{}{close}\n", numbers.join(", "))
        };
        (0..8).map(row).collect()
    };
    let one = numbers(", ");
    let wrapped = one.replace("7.5, ", "7.5,\n   ");
    for text in [
        format!("[{one}]"),
        format!("[{one},]\n"),
        format!("[\n{wrapped}\n]"),
        format!("[[{one}]]"),
        format!("[[{one}],\n [{one}]]"),
        format!("[{one}], [{one}], [{one}]"),
        format!("[{one}]\r\n\r\n[{one}]\r\n"),
        format!("{{{one}}};\n{{{one}}};"),
        one.clone(),
        format!("\u{feff}{one}\n{one}\n\n{one}"),
        numbers(","),
        numbers(" "),
        numbers("\t"),
        numbers(";"),
        format!("[{}]", numbers("  ")),
        rows("", ""),
        rows("", "") + "\n" + &rows("", ""),
        format!("[{}]", rows("[", "],")),
        format!("[[{}],[{}]]", rows("[", "],"), rows("[", "]")),
        rows("[", "]"),
        format!("digits = [{one}]"),
        format!("new_samples = np.array([\n[{one}],\n[{one}]\n])"),
        format!("import numpy as np\n\nx = np.array([[{one}]], dtype=np.float64)\nprint(model.predict(x))\n"),
        format!("array([[{one}],\n       [{one}]])"),
        format!("[array([{one}]), array([{one}], dtype=float32)]"),
        format!("[{}]", one.split(", ").map(|x| format!("np.float64({x})")).collect::<Vec<_>>().join(", ")),
        format!("const drawings = [[{one}], [{one}]];"),
        format!("{{\"drawings\": [[{one}]]}}"),
    ] {
        let drawings = read(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(drawings.iter().all(|drawing| drawing.values == expected()), "{text}");
        let n = text.matches("16.5").count() / expected().iter().filter(|&&x| x == 16.5).count();
        assert_eq!(drawings.len(), n, "{text}");
    }
}

#[test]
fn lines_and_numbers_of_drawings_are_told() {
    let one = numbers(", ");
    assert_eq!(read(&format!("[{one}]\n\n[\n{one}]")).unwrap()[1].line, 3);
    let refused = |text: &str| {
        let ReadError { number, line, error } = read(text).unwrap_err();
        (number, line, error)
    };
    let short = one.rsplit_once(',').unwrap().0;
    let found = |found| DrawingError::Count { found };
    assert_eq!(refused(&format!("[{one}]\n[{short}]")), (2, 2, found(63)));
    assert_eq!(refused(&format!("{one}\n{one}\n{short}")), (3, 3, found(63)));
    assert_eq!(refused(&format!("[{one}, 1]")), (1, 1, found(65)));
    assert_eq!(refused("1 2 3 4 5 6 7 8\n1 2 3 4 5 6 7 8"), (1, 1, found(16)));
    assert_eq!(refused(&format!("[{one}]\n[]")), (2, 2, found(0)));
    assert_eq!(refused(&format!("[{one}] 7")), (2, 1, found(1)));
    assert_eq!(refused(&format!("7 [{one}]")), (1, 1, found(1)));
    assert_eq!(refused(""), (1, 1, DrawingError::Empty));
    assert_eq!(refused(" \n,\n"), (1, 1, DrawingError::Empty));
    let text = |text: &str| DrawingError::Text { text: text.into() };
    assert_eq!(refused(&one.replacen("3.5", "seven", 1)), (1, 1, text("seven")));
    assert_eq!(refused(&format!("[{one}]\n# [{one}]")), (2, 2, text("#")));
    assert_eq!(refused(&format!("[[{one}], ..., [{one}]]")), (2, 1, text("...")));
    assert_eq!(refused(&format!("[{}]", one.replacen("3.5", "ink", 1))), (1, 1, text("ink")));
    assert_eq!(refused(&"x".repeat(9999)), (1, 1, text(&"x".repeat(40))));
    let ink = |value| DrawingError::Ink { row: 1, column: 4, value };
    assert_eq!(refused(&one.replacen("3.5", "-3.5", 1)), (1, 1, ink(-3.5)));
    assert_eq!(refused(&one.replacen("3.5", "1e999", 1)), (1, 1, ink(f64::INFINITY)));
    assert!(matches!(refused(&one.replacen("3.5", "NaN", 1)).2, DrawingError::Ink { .. }));
    let bracket = |bracket| DrawingError::Bracket { bracket };
    assert_eq!(refused(&format!("[{one}]\n[{one}")), (2, 2, bracket('[')));
    assert_eq!(refused(&format!("[{one}]]")), (2, 1, bracket(']')));
    assert_eq!(refused(&format!("[{one}}}")), (1, 1, bracket('[')));
    let message = read(&format!("[{short}]")).unwrap_err().to_string();
    assert_eq!(
        message,
        "drawing 1 (line 1): it has 63 numbers; a drawing has 64, row by row from the top left"
    );
}

#[test]
fn an_empty_drawing_is_read_but_not_normalised() {
    let drawing = &read(&["0"; 64].join(",")).unwrap()[0];
    let error = normalise(&drawing.values, 8, 8).unwrap_err();
    assert_eq!(error.to_string(), "there is no ink: all its numbers are 0");
}

/// Clusters of the 30 writers' digits.
struct Reader {
    fit: Fit,
    names: Vec<Option<u32>>,
    writers: Dataset<'static>,
}

impl Reader {
    fn new() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/digits-writers30.csv");
        let options = LoadOptions { truth: Some("digit".into()), ..LoadOptions::default() };
        let writers = load(path, &options).unwrap();
        let params = KMeans::new(400).restarts(5).device(Device::Cpu).check().unwrap();
        let fit = fit(&writers, &params).unwrap();
        let truth = writers.truth.as_ref().unwrap();
        let names = majority_names(&Contingency::new(&truth.labels, 10, fit.labels(), 400).unwrap());
        Self { fit, names, writers }
    }

    /// The share of rows that are read right. `rows` is (n_points, 64).
    fn rate(&self, rows: &[f64], truth: &[u32]) -> f64 {
        let mut packer = Packer::new(self.fit.lattice.clone(), Weights::ones(truth.len()), truth.len());
        packer.add(rows).unwrap();
        let labels = nearest_labels(&packer.finish(), &self.fit.state.centroids);
        accuracy(&Contingency::new(truth, 10, &labels, 400).unwrap(), &self.names)
    }
}

/// Shrunk to `size` by `size` at half intensity, at a random place of the field.
fn small(row: &[f64], size: usize, next: &mut impl FnMut(usize) -> usize) -> Vec<f64> {
    let (top, left) = (next(9 - size), next(9 - size));
    let share = |new: usize, old: usize| {
        let (from, to) = (new as f64 * 8.0 / size as f64, (new + 1) as f64 * 8.0 / size as f64);
        (to.min(old as f64 + 1.0) - from.max(old as f64)).max(0.0) * size as f64 / 8.0
    };
    let mut field = vec![0.0; 64];
    for (y, x) in (0..size).flat_map(|y| (0..size).map(move |x| (y, x))) {
        let ink = (0..64).map(|at| row[at] * share(y, at / 8) * share(x, at % 8));
        field[(top + y) * 8 + left + x] = ink.sum::<f64>() / 2.0;
    }
    field
}

fn counts(drawing: &[f64]) -> Vec<f64> {
    normalise(drawing, 8, 8).unwrap().map(f64::from).to_vec()
}

fn rows(data: &Dataset<'_>) -> Vec<Vec<f64>> {
    data.points.to_f64().unwrap().chunks(64).map(<[f64]>::to_vec).collect()
}

#[test]
fn small_pale_digits_at_random_places_are_read() {
    let reader = Reader::new();
    let digits = digits();
    let truth = &digits.truth.as_ref().unwrap().labels;
    let mut state = 2026u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    let rates = |rows: &[Vec<f64>], truth: &[u32]| {
        let normalised: Vec<f64> = rows.iter().flat_map(|row| counts(row)).collect();
        (reader.rate(&rows.concat(), truth), reader.rate(&normalised, truth))
    };

    let whole = rows(&digits);
    let (as_is, normalised) = rates(&whole, truth);
    println!("as they are: {as_is:.4}, normalised {normalised:.4}");
    assert!(as_is > 0.96 && normalised > 0.94, "{as_is}, {normalised}");

    for (size, least) in [(7, 0.9), (6, 0.9), (5, 0.85)] {
        let drawings: Vec<Vec<f64>> = whole.iter().map(|row| small(row, size, &mut next)).collect();
        let (as_is, normalised) = rates(&drawings, truth);
        println!("{size} x {size}: as it is {as_is:.4}, normalised {normalised:.4}");
        assert!(normalised >= least, "{size}: {normalised}");
        assert!(size > 6 || as_is < 0.35, "{size}: {as_is}");
    }

    // the rules were chosen on these rows; on the others they do as well
    let writers = rows(&reader.writers);
    let drawings: Vec<Vec<f64>> = writers.iter().map(|row| small(row, 6, &mut next)).collect();
    let (_, own) = rates(&drawings, &reader.writers.truth.as_ref().unwrap().labels);
    println!("6 x 6, the 30 writers: normalised {own:.4}");
    assert!(own >= 0.9, "{own}");
}

#[test]
fn normalised_drawings_make_a_table() {
    let text = format!("[{}]\n[{}]", numbers(", "), numbers(" "));
    let drawings = read(&text).unwrap();
    let rows: Vec<f64> = drawings.iter().flat_map(|drawing| counts(&drawing.values)).collect();
    let points = Points::from(Array2::from_shape_vec((2, 64), rows).unwrap());
    let values = points.to_f64().unwrap();
    assert_eq!(values[..64], values[64..]);
    assert!(values.iter().all(|&x| (0.0..=16.0).contains(&x) && x.fract() == 0.0));
}
