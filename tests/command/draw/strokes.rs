//! Strokes as pointer events: the page and the command give the same names.

use cairn::drawing::normalise;
use cairn::model::Model;
use serde_json::{Value, json};

use super::hand::{Dice, Shapes, Strokes, blot, scribble, written};
use super::page::{Place, on_board};
use crate::cases::part;

/// Every way to write every shape, then scribbles and blots.
fn recorded(size: f64) -> Vec<Strokes> {
    let shapes = Shapes::new();
    let mut dice = Dice::new(1);
    let ways = shapes.digits.values().chain(shapes.letters.values()).chain(shapes.signs.values()).flatten();
    let mut all: Vec<Strokes> = ways.map(|way| written(way, size, &mut dice)).collect();
    let middle = |strokes: Strokes| -> Strokes {
        strokes.iter().map(|s| s.iter().map(|at| at.map(|x| x - 100.0)).collect()).collect()
    };
    all.extend((0..8).map(|_| middle(scribble(&mut dice))));
    all.extend((0..4).map(|_| middle(blot(&mut dice))));
    all.push(vec![vec![[-40.0, 12.0]]]); // a tap
    all
}

/// Drawn one after the other: what the page found, and the numbers that it copies.
fn played(place: &Place, width: u32, high: f64, all: &[Strokes]) -> Option<Value> {
    let drawings: Vec<_> = all.iter().map(|strokes| on_board(strokes, high)).collect();
    let script = format!(
        "const all = {}; done(all.map(strokes => {{ clear(); draw(strokes); part('copy').click(); return [found(), part('box').value]; }}));",
        json!(drawings)
    );
    place.play("draw.html", width, &script)
}

/// The nearest three of a row, distances as texts.
pub(crate) fn nearest(model: &Model, row: &[f64]) -> Vec<(u64, String)> {
    let found = super::limit::nearest(model, row);
    found.into_iter().take(3).map(|(cluster, distance)| (cluster, distance.to_string())).collect()
}

/// What the page says of a digit: its nearest, as [`nearest`] has them.
pub(crate) fn said_of(digit: &Value) -> Vec<(u64, String)> {
    let near =
        |near: &Value| (near["cluster"].as_u64().unwrap(), near["distance"].as_str().unwrap().to_owned());
    digit["found"].as_array().unwrap().iter().map(near).collect()
}

pub(crate) fn row(digit: &Value) -> Vec<f64> {
    digit["counts"].as_array().unwrap().iter().map(|count| count.as_f64().unwrap()).collect()
}

/// The label of each row of the command's answer.
pub(crate) fn labels(place: &Place, args: &str) -> Vec<u64> {
    let out = place.cairn(&format!("predict --device cpu m.safetensors {args}"));
    out.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect()
}

/// All ways to hand numbers to the command give the labels of the page.
pub(crate) fn agrees(place: &Place, digits: &[&Value], numbers: &str) {
    place.write("numbers.csv", numbers);
    let on_page: Vec<u64> = digits.iter().map(|digit| digit["cluster"].as_u64().unwrap()).collect();
    for args in ["--drawings numbers.csv", "--drawings numbers.csv --as-is", "numbers.csv --header no"] {
        assert_eq!(labels(place, args), on_page, "{args}");
    }
    let model = Model::load(&place.file("m.safetensors")).unwrap();
    for digit in digits {
        assert_eq!(said_of(digit), nearest(&model, &row(digit)));
    }
}

#[test]
fn recorded_strokes_are_named_as_the_command_names_them() {
    let place = Place::with_page(40);
    for (width, high, size) in part([(1280, 320.0, 180.0), (390, 520.0, 300.0)], 2) {
        let all = recorded(size);
        let Some(played) = played(&place, width, high, &all) else { return };
        let mut digits = Vec::new();
        let mut numbers = String::new();
        for drawing in played.as_array().unwrap() {
            assert!(!drawing[0].as_array().unwrap().is_empty());
            digits.extend(drawing[0].as_array().unwrap());
            numbers += drawing[1].as_str().unwrap();
        }
        assert!(digits.len() >= all.len());
        agrees(&place, &digits, &numbers);
        for digit in &digits {
            let drawing = &digit["drawing"];
            let pixels: Vec<f64> =
                drawing["pixels"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
            let size = |name: &str| drawing[name].as_u64().unwrap() as usize;
            let counts = normalise(&pixels, size("height"), size("width")).unwrap();
            assert_eq!(counts.map(f64::from).to_vec(), row(digit));
        }
        // a tap is the last: no digit, whatever lies nearest
        let tap = digits.last().unwrap();
        assert_eq!((&tap["within"], &tap["why"]), (&json!(false), &json!("no more than a dot")));
    }
}

#[test]
fn several_digits_at_once_are_read_in_their_order() {
    let place = Place::with_page(400);
    let shapes = Shapes::new();
    let text = "3107524";
    // strokes of all digits in one go, the last digit first; then a second line below the first
    let put = |n: usize, top: f64, high: f64, size: f64| -> Vec<Strokes> {
        let digit = |(i, c): (usize, char)| -> Strokes {
            let left = (i as f64 + 0.5) * 580.0 / n as f64 - 290.0;
            let move_it =
                |at: &[f64; 2]| [left + (at[0] - 50.0) * size / 100.0, top + (at[1] - 50.0) * high / 100.0];
            shapes.digits[&c.to_string()][0].iter().map(|s| s.iter().map(move_it).collect()).collect()
        };
        text.chars().take(n).enumerate().map(digit).collect()
    };
    let script = |strokes: Vec<Strokes>, high: f64| {
        let strokes: Strokes = strokes.into_iter().rev().flatten().collect();
        format!(
            "draw({}, 'touch'); const text = part('text').textContent; const cards = home.querySelectorAll('.cd-digit').length;\
             part('undo').click(); settle(); const one = part('text').textContent; clear();\
             done([text, cards, one, part('text').textContent, part('undo').disabled]);",
            json!(on_board(&strokes, high))
        )
    };
    let one_line = script(put(7, 0.0, 150.0, 70.0), 320.0);
    let Some(said) = place.play("draw.html", 1280, &one_line) else { return };
    assert_eq!(said, json!([text, 7, &text[1..], "nothing yet", true]));
    let two = [put(4, -125.0, 170.0, 100.0), put(4, 125.0, 170.0, 100.0)].concat();
    let said = place.play("draw.html", 390, &script(two, 520.0)).unwrap();
    assert_eq!(said[0], json!("31073107"));
}

#[test]
fn a_full_board_says_so() {
    let place = Place::with_page(10);
    let taps: Strokes =
        (0..305).map(|i| vec![[f64::from(i % 20 * 30 - 290), f64::from(i / 20 * 18 - 140)]]).collect();
    let script = format!(
        "draw({}); const hint = part('hint'); const full = [hint.hidden, hint.textContent, found().length > 0];\
         part('undo').click(); settle(); const again = hint.hidden; clear(); done([full, again, part('text').textContent]);",
        json!(on_board(&taps, 320.0))
    );
    let Some(said) = place.play("draw.html", 1280, &script) else { return };
    assert_eq!(said, json!([[false, "the board is full: undo or clear", true], true, "nothing yet"]));
}

/// No player but the page's own frames, in a real browser's time; a mouse with its button, and keys.
#[test]
fn a_page_left_to_itself_names_what_is_drawn() {
    let place = Place::with_page(40);
    let page = place.read("draw.html").replace(
        "</body>",
        "<script>const board = document.querySelector('.cd-pad'), box = board.getBoundingClientRect();\
         const tell = (type, x, y, button) => board.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerId: 1, pointerType: 'mouse', button, clientX: box.left + x, clientY: box.top + y }));\
         tell('pointermove', 10, 10, -1); tell('pointerdown', 10, 10, 2); tell('pointermove', 90, 200, -1); tell('pointerup', 90, 200, 2);\
         const press = key => board.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));\
         press(' '); for (let i = 0; i < 18; i++) press('ArrowDown'); press(' ');</script></body>",
    );
    let Some(seen) = crate::browser::open(&place.write("alone.html", &page)) else { return };
    assert!(seen.console.is_empty() && seen.requests.is_empty(), "{:?}, {:?}", seen.console, seen.requests);
    let text = seen.dom.split("class=\"cd-text\">").nth(1).and_then(|rest| rest.split('<').next());
    assert_eq!(text, Some("1"), "one stroke downwards by keys, and none of the mouse's other button");
}
