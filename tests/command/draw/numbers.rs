//! Numbers pasted into the page: read, normalised and named like the library and the command do.

use cairn::drawing::{counts, normalise, read};
use cairn::model::Model;
use serde_json::{Value, json};

use super::hand::Dice;
use super::page::Place;
use super::strokes::{agrees, labels, nearest, row, said_of};
use crate::cases::part;

/// The part of the page's script that makes counts, in a page of its own.
fn counting(place: &Place) {
    let page = format!(
        "<!doctype html><title>counts</title><body><div class=\"cairn-draw\"></div><script>{}\n{}</script></body>",
        include_str!("../../../src/report/draw/normalise.js"),
        include_str!("../../../src/report/draw/text.js")
    );
    place.write("counts.html", &page);
}

fn page_counts(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|count| count.as_f64().unwrap()).collect()
}

/// Of any size and scale, dense and sparse, pale and dark; some of them bitmaps.
fn random_picture(dice: &mut Dice) -> (Vec<f64>, usize, usize) {
    let (height, width) = (1 + dice.below(70), 1 + dice.below(70));
    let share = [0.01, 0.1, 0.5, 1.0][dice.below(4)];
    let scale = [1.0, 16.0, 255.0, 1e-300, 1e300, 1e-7][dice.below(6)];
    let bitmap = dice.below(3) == 0;
    let mut pixel = || match dice.roll() < share {
        true if bitmap => scale,
        true => scale * dice.roll() * dice.roll(),
        false => 0.0,
    };
    ((0..height * width).map(|_| pixel()).collect(), height, width)
}

#[test]
fn random_pictures_become_the_same_counts() {
    let place = Place::new();
    counting(&place);
    let mut dice = Dice::new(11);
    let pictures: Vec<_> = (0..400).map(|_| random_picture(&mut dice)).collect();
    let script = format!(
        "done({}.map(([pixels, height, width]) => normalise(pixels, height, width)));",
        json!(pictures)
    );
    let Some(all) = place.play("counts.html", 1280, &script) else { return };
    let mut blank = 0;
    for ((pixels, height, width), on_page) in pictures.iter().zip(all.as_array().unwrap()) {
        match normalise(pixels, *height, *width) {
            Ok(counts) => {
                assert_eq!(page_counts(on_page), counts.map(f64::from), "{height} x {width}: {pixels:?}")
            }
            Err(_) => {
                blank += 1;
                assert!(on_page.is_null());
            }
        }
    }
    assert!(blank < 50, "{blank} pictures without ink");
}

/// 8 x 8 numbers: some counts already, some nearly.
#[test]
fn what_is_counts_already_is_so_on_the_page() {
    let place = Place::new();
    counting(&place);
    let mut dice = Dice::new(12);
    let mut drawing = |_| -> Vec<f64> {
        let (most, broken) = ([17, 12, 13, 18][dice.below(4)], dice.below(8) == 0);
        let mut values: Vec<f64> = (0..64).map(|_| dice.below(most) as f64).collect();
        match dice.below(5) {
            0 => values[..8].fill(0.0),
            1 => values[56..].fill(0.0),
            _ => {}
        }
        values[5] += if broken { 0.5 } else { 0.0 };
        values
    };
    let drawings: Vec<Vec<f64>> = (0..500).map(&mut drawing).collect();
    let Some(all) = place.play("counts.html", 1280, &format!("done({}.map(counted));", json!(drawings)))
    else {
        return;
    };
    let mut kept = 0;
    for (drawing, on_page) in drawings.iter().zip(all.as_array().unwrap()) {
        let counts = counts(drawing).unwrap().map(f64::from).to_vec();
        assert_eq!(page_counts(on_page), counts);
        kept += usize::from(counts == *drawing);
    }
    assert!((100..400).contains(&kept), "{kept} of 500 kept");
}

/// Page and library read the same texts to the same numbers, and reject the same texts.
#[test]
fn texts_are_read_as_the_command_reads_them() {
    let place = Place::new();
    counting(&place);
    let one: Vec<String> = (0..64).map(|i| format!("{}.5", i % 17)).collect();
    let numbers = |y: usize, separator: &str| one[8 * y..8 * y + 8].join(separator);
    let rows = |open: &str, close: &str| {
        (0..8).map(|y| format!("{open}{}{close}\n", numbers(y, ", "))).collect::<String>()
    };
    let flat = one.join(", ");
    let texts = vec![
        flat.clone(),
        format!("[{flat}]"),
        format!("[[{flat}],\n [{flat}]]"),
        format!("{{{flat}}};\n{{{flat}}};"),
        format!("\u{feff}{flat}\r\n{flat}\r\n\r\n{flat}"),
        one.join(";"),
        one.join("\t"),
        rows("", ""),
        rows("", "") + "\n" + &rows("", ""),
        format!("[{}]", rows("[", "],")),
        flat.replace("3.5", "3.5e-7").replace("7.5", "+7e2"),
        String::new(),
        " \n,\n".to_owned(),
        "seven".to_owned(),
        flat.replacen("3.5", "seven", 1),
        flat.replacen("3.5", "-3.5", 1),
        flat.replacen("3.5", "1e999", 1),
        flat.replacen("3.5", "0x10", 1),
        flat.replacen("3.5", "NaN", 1),
        one[1..].join(","),
        format!("{flat}, 1"),
        format!("[{flat}] 7"),
        format!("[{flat}"),
        format!("[{flat}]]"),
        format!("[{flat}}}"),
        format!("[{flat}]\n[]"),
        format!("[[{flat}],[]]"),
        "[[], []]".to_owned(),
        rows("[[", "]],"),
        format!("[{}],[{}]", rows("[", "],"), rows("[", "]")),
        format!("[{}", rows("", "")),
        format!("[{}]{}", rows("[", "],"), rows("[", "]")),
        "1 2 3 4 5 6 7 8\n1 2 3 4 5 6 7 8".to_owned(),
    ];
    let script = format!(
        "done({}.map(text => {{ try {{ return parse(text); }} catch (error) {{ return error.message; }} }}));",
        json!(texts)
    );
    let Some(all) = place.play("counts.html", 1280, &script) else { return };
    for (text, on_page) in texts.iter().zip(all.as_array().unwrap()) {
        match read(text) {
            Ok(drawings) => {
                let here: Vec<Vec<f64>> = drawings.into_iter().map(|drawing| drawing.values).collect();
                let there: Vec<Vec<f64>> = on_page
                    .as_array()
                    .unwrap_or_else(|| panic!("{on_page}: {text}"))
                    .iter()
                    .map(page_counts)
                    .collect();
                assert_eq!(there, here, "{text}");
            }
            Err(error) => assert!(on_page.is_string(), "{error}, but the page reads {text}"),
        }
    }
}

#[test]
fn all_rows_of_the_digits_are_named_as_the_command_names_them() {
    let place = Place::with_page(40);
    let table = include_str!("../../../data/digits.csv");
    let rows: Vec<&str> = part(table.lines().skip(1), 4).collect();
    let n = rows.len();
    let numbers: String = rows.iter().map(|line| format!("{}\n", line.rsplit_once(',').unwrap().0)).collect();
    for as_is in [false, true] {
        let script =
            format!("paste({}, {as_is}); done([found(), part('said').textContent]);", json!(numbers));
        let Some(said) = place.play("draw.html", 1280, &script) else { return };
        let digits: Vec<&Value> = said[0].as_array().unwrap().iter().collect();
        assert_eq!(digits.len(), n);
        assert!(digits.iter().all(|digit| digit["within"] == json!(true)));
        assert_eq!(said[1], json!(format!("{n} drawings named above.")));
        agrees(&place, &digits, &numbers);
    }
    // and so are the same digits as other pages print them
    let halved: String = numbers
        .lines()
        .map(|line| {
            line.split(',').map(|x| format!("{:.2} ", x.parse::<f64>().unwrap() / 32.0)).collect::<String>()
                + "\n"
        })
        .collect();
    let said = place.play("draw.html", 1280, &format!("paste({}); done(found());", json!(halved))).unwrap();
    let on_page: Vec<u64> =
        said.as_array().unwrap().iter().map(|digit| digit["cluster"].as_u64().unwrap()).collect();
    place.write("halved.txt", &halved);
    assert_eq!(labels(&place, "--drawings halved.txt"), on_page);
}

/// Rows between the steps of the lattice, and up to the farthest that it has.
#[test]
fn any_numbers_have_the_distances_that_the_definition_gives_them() {
    let place = Place::with_page(40);
    let mut dice = Dice::new(13);
    let mut number = || match dice.below(4) {
        0 => dice.below(1 << 26) as f64 / f64::from(1 << 22), // ties between two steps among them
        1 => 16.0 * dice.roll(),
        most => 10f64.powi(most as i32 * 2) * dice.roll(),
    };
    let rows: Vec<Vec<f64>> = (0..200).map(|_| (0..64).map(|_| number()).collect()).collect();
    let text: String = rows.iter().map(|row| json!(row).to_string() + "\n").collect();
    let Some(said) = place.play("draw.html", 1280, &format!("paste({}, true); done(found());", json!(text)))
    else {
        return;
    };
    let digits: Vec<&Value> = said.as_array().unwrap().iter().collect();
    assert_eq!(digits.iter().map(|digit| row(digit)).collect::<Vec<_>>(), rows);
    let model = Model::load(&place.file("m.safetensors")).unwrap();
    digits.iter().for_each(|digit| assert_eq!(said_of(digit), nearest(&model, &row(digit))));
    place.write("rows.txt", &text);
    let on_page: Vec<u64> = digits.iter().map(|digit| digit["cluster"].as_u64().unwrap()).collect();
    assert_eq!(labels(&place, "--drawings rows.txt --as-is"), on_page);
}

#[test]
fn what_is_no_drawing_gets_honest_words() {
    let place = Place::with_page(40);
    let numbers = |n: usize, number: &str| vec![number; n].join(",");
    let tall = |number: &str| numbers(64, number);
    let says = |text: String, as_is: bool| {
        format!(
            "paste({}, {as_is}); said.push([part('said').textContent, found().map(digit => digit.why)]);",
            json!(text)
        )
    };
    let script = [
        "const said = []; part('copy').click(); said.push([part('said').textContent, []]);".to_owned(),
        says(String::new(), false),
        says("what is this?".into(), false),
        says(numbers(63, "1"), false),
        says(numbers(65, "1"), false),
        says(tall("0"), false),
        says(tall("-1"), false),
        says(tall("1e999"), true),
        says(tall("16"), false),
        says(tall("1e300"), false),
        says(tall("1e300"), true),
        says("7".repeat(5_000_000), false),
        "done(said);".to_owned(),
    ]
    .concat();
    let Some(said) = place.play("draw.html", 390, &script) else { return };
    let words: Vec<&str> = said.as_array().unwrap().iter().map(|said| said[0].as_str().unwrap()).collect();
    let expected = [
        "There is nothing to copy yet",
        "There are no numbers",
        "“what” is not a number",
        "has 63 numbers; a drawing has 64",
        "has 65 numbers; a drawing has 64",
        "there is no ink",
        "-1 is not an amount of ink",
        "1e999 is not an amount of ink",
        "1 drawing named above, 1 of them not a digit",
        "1 drawing named above, 1 of them not a digit",
        "1 drawing named above, 1 of them not a digit",
        "more than 4 million characters",
    ];
    for (words, expected) in words.iter().zip(expected) {
        assert!(words.contains(expected), "{words}; not {expected}");
    }
    let why = |at: usize| said[at][1][0].as_str().unwrap();
    assert!(why(8).starts_with("too far even from"), "{}", why(8));
    assert_eq!(why(10), "these numbers are far too large");
}
