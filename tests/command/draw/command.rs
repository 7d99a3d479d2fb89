//! `cairn draw`.

use super::page::Place;

/// A table of pixels, each a whole number below `below`.
fn pixels(header: impl Fn(usize) -> String, n: usize, below: usize) -> String {
    let line = |cell: &dyn Fn(usize) -> String| (0..n).map(cell).collect::<Vec<_>>().join(",") + "\n";
    let mut text = line(&|j| header(j));
    for i in 0..40 {
        text += &line(&|j| ((i * 7 + j * 5 + i * j) % below).to_string());
    }
    text
}

fn refused(place: &Place, table: &str, parts: &[&str]) {
    place.write("t.csv", table);
    place.cairn("fit t.csv -k 2 -r 1 -q --device cpu --header yes --model t.safetensors");
    let ran = place.run(&["draw", "t.safetensors", "-o", "t.html"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{}", ran.err);
    for part in parts.iter().chain(&["t.safetensors: "]) {
        assert!(ran.err.contains(part), "{}; not {part}", ran.err);
    }
    assert!(!place.file("t.html").exists());
    place.cairn("report t.safetensors -o r.html");
    assert!(!place.read("r.html").contains("cairn-draw"), "the report has no board for it either");
}

#[test]
fn models_that_are_no_drawings_are_refused() {
    let place = Place::new();
    let named = |width: usize| move |j: usize| format!("pixel_{}_{}", j / width, j % width);
    refused(&place, "x,y\n1,2\n3,4\n5,6\n", &["the model has 2 columns, but a drawing has 64 numbers"]);
    refused(&place, &pixels(named(28), 784, 17), &["784 columns", "8 x 8"]);
    refused(&place, &pixels(named(8), 64, 256), &["not counts from 0 to 16", "its centroids range from"]);
    refused(&place, &pixels(named(8), 64, 2), &["not counts from 0 to 16"]);
    refused(&place, &pixels(named(4), 64, 17), &["a picture of 16 x 4", "pixel_0_0 to pixel_7_7"]);
    refused(&place, &pixels(|j| format!("feature {j}"), 64, 17), &["are not a picture"]);
    let negative = pixels(named(8), 64, 17).replace(",3,", ",-3,");
    refused(&place, &negative, &["not counts from 0 to 16"]);
}

#[test]
fn counts_under_other_names_or_none_are_drawings() {
    let place = Place::new();
    place.write("t.csv", &pixels(|j| format!("ink_{}_{}", j / 8, j % 8), 64, 17));
    place.cairn("fit t.csv -k 3 -r 1 -q --device cpu --model t.safetensors");
    place.cairn("draw t.safetensors -o t.html -q");
    let text = pixels(|j| j.to_string(), 64, 17);
    place.write("bare.csv", text.split_once('\n').unwrap().1);
    place.cairn("fit bare.csv -k 3 -r 1 -q --device cpu --model bare.safetensors");
    let ran = place.run(&["draw", "bare.safetensors", "-o", "bare.html"]);
    assert!(ran.code == Some(0) && ran.out.is_empty() && ran.err.starts_with("bare.html: "), "{}", ran.err);
    assert!(place.read("t.html").contains("3 clusters of t.csv"));
}

#[test]
fn files_are_checked_before_any_work() {
    let place = Place::new();
    let refused = |args: &[&str], code: i32, parts: &[&str]| {
        let ran = place.run(args);
        assert_eq!(ran.code, Some(code), "{}", ran.err);
        parts.iter().for_each(|part| assert!(ran.err.contains(part), "{}; not {part}", ran.err));
    };
    // the place to write to is looked at first, then the model
    refused(&["draw", "none.safetensors", "-o", "nowhere/draw.html"], 1, &["nowhere"]);
    refused(&["draw", "none.safetensors", "-o", "draw.html"], 1, &["none.safetensors"]);
    place.write("junk.safetensors", "junk");
    refused(&["draw", "junk.safetensors", "-o", "draw.html"], 1, &["junk.safetensors"]);
    refused(
        &["draw", "junk.safetensors", "-o", "junk.safetensors"],
        2,
        &["MODEL and --output are the same file"],
    );
    refused(&["draw", "junk.safetensors"], 2, &["--output"]);
    assert!(!place.file("draw.html").exists());
    assert_eq!(place.read("junk.safetensors"), "junk");
}
