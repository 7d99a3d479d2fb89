//! Appearance of the page: on a phone and on a desktop, with names that are markup, without names, in the report.

use std::fs::File;
use std::io::BufReader;

use cairn::model::Model;
use serde_json::json;

use super::hand::Shapes;
use super::page::{Place, on_board};
use crate::browser;
use crate::cases::part;

/// A script that draws three digits side by side.
fn three(high: f64) -> String {
    let shapes = Shapes::new();
    let mut strokes = Vec::new();
    for (i, digit) in ["2", "3", "0"].iter().enumerate() {
        let left = 190.0 * (i as f64 - 1.0);
        let place = |at: &[f64; 2]| [left + 1.5 * (at[0] - 50.0), 1.8 * (at[1] - 50.0)];
        strokes.extend(shapes.digits[*digit][0].iter().map(|s| s.iter().map(place).collect::<Vec<_>>()));
    }
    format!("draw({});", json!(on_board(&strokes, high)))
}

/// The colours of a picture of the page that was played last, which must be so wide.
fn colors(place: &Place, width: u32) -> usize {
    let to = place.file("shot.png");
    browser::picture(&place.file("played.html"), width, &to).unwrap();
    let mut decoder = png::Decoder::new(BufReader::new(File::open(&to).unwrap()));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.width, width);
    let mut colors: Vec<&[u8]> = pixels.chunks_exact(info.color_type.samples()).collect();
    colors.sort_unstable();
    colors.dedup();
    colors.len()
}

/// Whether anything sticks out to the right, and whether the clusters of the cards have room for their numbers.
const FITS: &str = "const wide = document.documentElement, cut = [...home.querySelectorAll('.cd-called')].filter(e => e.scrollWidth > e.clientWidth + 1);\
                    done([wide.scrollWidth <= wide.clientWidth, cut.map(e => e.textContent), part('text').textContent,\
                    home.querySelectorAll('.cd-near li').length, innerWidth]);";

#[test]
fn drawn_digits_fit_a_phone_and_a_desk() {
    let place = Place::with_page(400);
    let unnamed = Place::new();
    let table = include_str!("../../../data/digits.csv");
    let no_truth: String =
        table.lines().map(|line| format!("{}\n", line.rsplit_once(',').unwrap().0)).collect();
    unnamed.write("digits.csv", &no_truth);
    unnamed.cairn("fit digits.csv -k 400 -r 1 --max-iter 5 -q --device cpu --model m.safetensors");
    unnamed.cairn("draw m.safetensors -o draw.html");
    for (width, high) in part([(390, 520.0), (1280, 320.0)], 2) {
        let script = three(high)
            + "document.querySelectorAll('details').forEach(part => { part.open = true; });"
            + FITS;
        let Some(said) = place.play("draw.html", width, &script) else { return };
        assert_eq!(said, json!([true, [], "230", 9, width]));
        let n = colors(&place, width);
        assert!(n > 100, "{n} colours at {width} pixels: the page is blank");
        let said = unnamed.play("draw.html", width, &script).unwrap();
        assert_eq!((&said[0], &said[1], &said[3]), (&json!(true), &json!([]), &json!(9)));
        assert!(said[2].as_str().unwrap().split(' ').all(|name| name.starts_with('#')), "{said}");
    }
}

#[test]
fn names_do_nothing() {
    let place = Place::new();
    place.cairn("fit digits -k 2 -r 1 -q --device cpu --model m.safetensors");
    let evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>";
    let ran = place.run(&["name", "m.safetensors", &format!("0={evil}"), "1=<b>&amp;\u{2028}\"'"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    place.cairn("draw m.safetensors -o draw.html");
    let page = place.read("draw.html");
    assert!(!page.contains("alert(1)</script>") && !page.contains("<img"), "a name became markup");
    let script = three(320.0)
        + "done([found()[0].name, home.querySelectorAll('img, b b').length, document.scripts.length]);";
    let Some(said) = place.play("draw.html", 1280, &script) else { return };
    assert!(said[0] == json!(evil) || said[0] == json!("<b>&amp;\u{2028}\"'"), "{said}");
    assert_eq!((&said[1], &said[2]), (&json!(0), &json!(3)));
    place.cairn("report m.safetensors -o report.html");
    let said = place.play("report.html", 1280, &(three(320.0) + "done(found().length);")).unwrap();
    assert_eq!(said, json!(3));
}

/// Files of before models kept how far their rows lie.
#[test]
fn a_model_without_a_reach_names_all_and_says_so() {
    let place = Place::with_page(10);
    let model = Model { radius: None, ..Model::load(&place.file("m.safetensors")).unwrap() };
    model.save(&place.file("old.safetensors")).unwrap();
    assert_eq!(Model::load(&place.file("old.safetensors")).unwrap(), model);
    place.cairn("draw old.safetensors -o old.html");
    let blot = format!("paste({}); const said = found();", json!(["16"; 64].join(",")));
    let script = blot + "done([said[0].within, part('limit').textContent]);";
    let Some(new) = place.play("draw.html", 1280, &script) else { return };
    let old = place.play("old.html", 1280, &script).unwrap();
    assert_eq!((&new[0], &old[0]), (&json!(false), &json!(true)));
    assert!(
        new[1]
            .as_str()
            .unwrap()
            .starts_with("Of 1000 rows that the model was fitted to, all but one lie within ")
    );
    assert!(old[1].as_str().unwrap().contains("so no drawing is too far to be named"));
}

#[test]
fn the_report_has_the_board_where_it_fits() {
    let place = Place::new();
    place.cairn("fit digits -r 20 -q --device cpu --report report.html --model m.safetensors");
    let page = place.read("report.html");
    assert!(page.len() < 1_500_000, "{} bytes", page.len());
    let policy = |page: &str| {
        page.split("Content-Security-Policy\" content=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    };
    assert!(
        policy(&page).contains("script-src 'unsafe-inline'") && policy(&page).contains("default-src 'none'")
    );
    for (width, high) in [(390, 520.0), (1280, 320.0)] {
        let Some(said) = place.play("report.html", width, &(three(high) + FITS)) else { return };
        assert_eq!(
            (&said[0], &said[1], &said[3], &said[4]),
            (&json!(true), &json!([]), &json!(9), &json!(width))
        );
    }
    place.cairn("report m.safetensors -o model.html");
    assert!(place.read("model.html").contains("<section id=\"draw\""));
    place.write("plane.csv", "x,y\n1,2\n3,4\n5,7\n");
    place.cairn("report plane.csv -k 2 --device cpu -o plane.html");
    let plane = place.read("plane.html");
    assert!(
        !policy(&plane).contains("script") && !plane.contains("<script") && !plane.contains("cairn-draw")
    );
}
