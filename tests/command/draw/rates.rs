//! How many digits are read right: on the page, as numbers (`--drawings`) and in a picture (`cairn read`).
//!
//! `cargo test --test command -- draw::rates --nocapture` prints the rates that README quotes. The strokes,
//! `tests/fixtures/strokes.json`, follow other rules than those on which the constants were chosen.

use std::collections::BTreeMap;

use cairn::drawing::counts;
use cairn::model::Model;
use cairn::reading::{Picture, read};
use serde_json::json;

use super::hand::{Strokes, bitmap};
use super::limit::{nearest, of_writers};
use super::page::Place;

/// Height and width of the board, in the strokes' pixels.
const BOARD: [usize; 2] = [320, 640];
/// Half of a pen's width on paper, as a share of the height of what is written.
const PEN: f64 = 0.06;

#[derive(serde::Deserialize)]
struct Drawing {
    kind: String,
    text: String,
    strokes: Strokes,
}

fn drawings() -> Vec<Drawing> {
    serde_json::from_str(include_str!("../../fixtures/strokes.json")).unwrap()
}

/// Drawings, those read right, those with a "?".
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    all: u32,
    right: u32,
    refused: u32,
}

impl Tally {
    fn add(&mut self, right: bool, refused: bool) {
        self.all += 1;
        self.right += u32::from(right);
        self.refused += u32::from(refused);
    }

    fn shares(self) -> [f64; 2] {
        [self.right, self.refused].map(|n| 100.0 * f64::from(n) / f64::from(self.all))
    }
}

/// Counts what was read, by kind and over single digits and all; prints it, and returns that of single digits and of
/// several.
fn tally(name: &str, read: &[(&Drawing, String)]) -> [Tally; 2] {
    let mut kinds: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut sums = [Tally::default(); 2];
    for (drawing, text) in read {
        let (right, refused) = (*text == drawing.text, text.contains('?'));
        let kind = drawing.kind.split(',').next().unwrap();
        kinds.entry(kind).or_default().add(right, refused);
        sums[usize::from(drawing.text.len() > 1)].add(right, refused);
    }
    for (kind, tally) in kinds.into_iter().chain([("one digit", sums[0]), ("several digits", sums[1])]) {
        if tally.all > 0 {
            let [right, refused] = tally.shares();
            println!("{name}: {kind}: {right:.1}% of {} right, {refused:.1}% with a ?", tally.all);
        }
    }
    sums
}

#[test]
fn of_the_page() {
    let place = Place::new();
    place.cairn("draw -o draw.html");
    let all = drawings();
    let on_board = |strokes: &Strokes| -> Strokes {
        let at = |at: &[f64; 2]| [at[0] / BOARD[1] as f64, at[1] / BOARD[0] as f64];
        strokes.iter().map(|stroke| stroke.iter().map(at).collect()).collect()
    };
    let strokes: Vec<Strokes> = all.iter().map(|drawing| on_board(&drawing.strokes)).collect();
    let script = format!(
        "done({}.map(strokes => {{ clear(); draw(strokes); return part('text').textContent; }}));",
        json!(strokes)
    );
    let Some(said) = place.play("draw.html", 1280, &script) else { return };
    let texts = said.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned());
    let [one, several] = tally("page", &all.iter().zip(texts).collect::<Vec<_>>());
    assert!(one.shares()[0] > 88.0 && one.shares()[1] < 2.5, "{one:?}");
    assert!(several.shares()[0] > 65.0, "{several:?}");
}

#[test]
fn of_numbers() {
    let model = Model::digits();
    let limit = model.limit_of_drawn().unwrap();
    let all = drawings();
    let read = |drawing: &Drawing| {
        let counts = counts(&small(&drawing.strokes)).unwrap().map(f64::from);
        let (cluster, distance) = nearest(&model, &counts)[0];
        if distance > limit { "?".into() } else { model.name(cluster as usize).unwrap().to_owned() }
    };
    let single = all.iter().filter(|drawing| drawing.text.len() == 1);
    let [one, _] = tally("--drawings", &single.map(|drawing| (drawing, read(drawing))).collect::<Vec<_>>());
    assert!(one.shares()[0] > 80.0, "{one:?}");
}

/// A drawing as 8 x 8 pixels of grey in a frame: what a program has that knows nothing of the data.
fn small(strokes: &Strokes) -> Vec<f64> {
    let (pixels, height, width) = bitmap(strokes);
    let side = height.max(width) as f64 * 1.1;
    let mut grey = vec![0.0; 64];
    for (at, ink) in pixels.iter().enumerate() {
        let place = |at: usize, size: usize| ((at as f64 + (side - size as f64) / 2.0) / side * 8.0) as usize;
        grey[place(at / width, height) * 8 + place(at % width, width)] += ink / 300.0;
    }
    grey
}

#[test]
fn of_pictures() {
    let model = Model::digits();
    let all = drawings();
    let of = |drawing: &Drawing| {
        let found = read(&picture(&drawing.strokes), &model).unwrap();
        let lines: Vec<String> = found.lines.iter().map(|line| line.text(&model)).collect();
        lines.join("").replace(' ', "")
    };
    let [one, several] = tally("read", &all.iter().map(|drawing| (drawing, of(drawing))).collect::<Vec<_>>());
    assert!(one.shares()[0] > 85.0 && several.shares()[0] > 50.0, "{one:?}, {several:?}");
}

/// The strokes on paper.
fn picture(strokes: &Strokes) -> Picture {
    let [height, width] = BOARD;
    let ys = || strokes.iter().flatten().map(|at| at[1]);
    let pen = PEN * (ys().fold(0.0, f64::max) - ys().fold(f64::INFINITY, f64::min));
    let mut pixels = vec![255; height * width];
    for stroke in strokes {
        for (i, &to) in stroke.iter().enumerate() {
            let from = stroke[i.max(1) - 1];
            let range = |axis: usize, end: usize| {
                let first = (from[axis].min(to[axis]) - pen).ceil().max(0.0) as usize;
                first..((from[axis].max(to[axis]) + pen).floor() as usize + 1).min(end)
            };
            for (y, x) in range(1, height).flat_map(|y| range(0, width).map(move |x| (y, x))) {
                if super::hand::near([x as f64, y as f64], from, to, pen) {
                    pixels[y * width + x] = 0;
                }
            }
        }
    }
    Picture { width, height, pixels }
}

/// data/README.md has the command.
#[test]
fn the_built_in_model_is_what_its_command_makes() {
    let writers = of_writers(400, 20);
    let Model { names, radius, fingerprint, .. } = Model::digits();
    assert_eq!(fingerprint, "cc065363c4740e0d6f4a72c9bdb8099377c344f657edc787069ef37194baa9d9");
    assert_eq!((writers.names, writers.radius, writers.fingerprint), (names, radius, fingerprint));
    assert_eq!(writers.centroids, Model::digits().centroids);
}
