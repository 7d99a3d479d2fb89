//! The limit for "not a digit": nearly all digits pass, and many other drawings are rejected.

use cairn::data::{LoadOptions, digits, load};
use cairn::engine::Device;
use cairn::kmeans::{KMeans, fit};
use cairn::lattice::Lattice;
use cairn::model::Model;

use super::hand::{Dice, Shapes, Strokes, blot, counts, scribble, written};

/// Clusters of the 30 writers.
pub(crate) fn of_writers(n_clusters: usize, n_restarts: u64) -> Model {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/digits-writers30.csv");
    let options = LoadOptions { truth: Some("digit".into()), ..LoadOptions::default() };
    let writers = load(path, &options).unwrap();
    let params = KMeans::new(n_clusters).restarts(n_restarts).device(Device::Cpu).check().unwrap();
    fit(&writers, &params).unwrap().model(&writers, &params).unwrap()
}

/// The clusters nearest to a row and the squared distances to them, in lattice units, by plain loops: rows may lie
/// outside of the lattice.
pub(crate) fn nearest(model: &Model, row: &[f64]) -> Vec<(u64, u128)> {
    let Lattice { offset, exponent, .. } = &model.lattice;
    let place = |j: usize| ((row[j] - offset[j]) * 2f64.powi(-exponent[j])).round_ties_even() as i64;
    let q: Vec<i64> = (0..64).map(place).collect();
    let squared =
        |c: &[i32]| q.iter().zip(c).map(|(q, &c)| u128::from(q.abs_diff(i64::from(c))).pow(2)).sum::<u128>();
    let mut all: Vec<(u128, u64)> = model.centroids.chunks(64).map(squared).zip(0..).collect();
    all.sort_unstable();
    all.into_iter().map(|(distance, cluster)| (cluster, distance)).collect()
}

/// Shares of drawings: rejected; read correctly; rejected among those read correctly.
#[derive(Debug, Default)]
struct Shares {
    refused: f64,
    right: f64,
    lost: f64,
}

fn shares(model: &Model, limit: u128, drawings: &[(Vec<f64>, String)]) -> Shares {
    let (mut refused, mut right, mut lost) = (0, 0, 0);
    for (row, meant) in drawings {
        let (cluster, distance) = nearest(model, row)[0];
        let (far, read) = (distance > limit, model.name(cluster as usize) == Some(meant));
        refused += u32::from(far);
        right += u32::from(read);
        lost += u32::from(far && read);
    }
    let n = drawings.len() as f64;
    Shares {
        refused: f64::from(refused) / n,
        right: f64::from(right) / n,
        lost: f64::from(lost) / f64::from(right.max(1)),
    }
}

/// Every way to write every shape, by several hands, small and large.
fn drawn(
    shapes: &std::collections::BTreeMap<String, Vec<Strokes>>,
    dice: &mut Dice,
) -> Vec<(Vec<f64>, String)> {
    let mut all = Vec::new();
    for (name, ways) in shapes {
        for (way, hand) in ways.iter().flat_map(|way| (0..8).map(move |hand| (way, hand))) {
            let size = [60.0, 110.0, 180.0, 250.0][hand % 4];
            all.push((counts(&written(way, size, dice)), name.clone()));
        }
    }
    all
}

fn many(n: usize, mut make: impl FnMut() -> Strokes) -> Vec<(Vec<f64>, String)> {
    (0..n).map(|_| (counts(&make()), String::new())).collect()
}

#[test]
fn digits_are_named_and_most_that_is_none_is_not() {
    let shapes = Shapes::new();
    let data = digits();
    let truth = data.truth.as_ref().unwrap();
    let held: Vec<(Vec<f64>, String)> = data
        .points
        .to_f64()
        .unwrap()
        .chunks(64)
        .zip(&truth.labels)
        .map(|(row, &label)| (row.to_vec(), truth.names[label as usize].clone()))
        .collect();
    let mut dice = Dice::new(7);
    let drawn_digits = drawn(&shapes.digits, &mut dice);
    let letters = drawn(&shapes.letters, &mut dice);
    let scribbles = many(200, || scribble(&mut dice));
    let mut dice = Dice::new(8);
    let blots = many(100, || blot(&mut dice));
    let signs = drawn(&shapes.signs, &mut dice);
    let dashes: Vec<_> = signs.iter().filter(|(_, name)| name == "dash").cloned().collect();

    // clusters; least shares of letters and scribbles refused
    for (k, least_letters, least_scribbles) in [(10, 0.2, 0.55), (40, 0.3, 0.75), (400, 0.6, 0.85)] {
        let model = of_writers(k, 5);
        let limit = model.limit_of_drawn().unwrap();
        let of = |drawings: &[(Vec<f64>, String)]| shares(&model, limit, drawings);
        let (held, hands, letters, scribbles) = (of(&held), of(&drawn_digits), of(&letters), of(&scribbles));
        let (signs, blots) = (of(&signs), of(&blots));
        println!(
            "k = {k}: refused of other writers' rows {:.2}%; of drawn digits {:.1}% ({:.1}% are read right; of these {:.1}% are \
             refused); of letters {:.1}%, signs {:.1}%, scribbles {:.1}%, blots {:.1}%",
            100.0 * held.refused,
            100.0 * hands.refused,
            100.0 * hands.right,
            100.0 * hands.lost,
            100.0 * letters.refused,
            100.0 * signs.refused,
            100.0 * scribbles.refused,
            100.0 * blots.refused,
        );
        assert_eq!(held.refused, 0.0, "rows of other writers");
        assert!(hands.refused < 0.08 && hands.lost < 0.03, "{hands:?}");
        assert!(
            letters.refused > least_letters && scribbles.refused > least_scribbles,
            "{letters:?}, {scribbles:?}"
        );
        assert!(blots.refused > 0.95 && of(&dashes).refused == 1.0, "{blots:?}");
        let all_ink = (vec![16.0; 64], String::new());
        assert_eq!(of(&[all_ink]).refused, 1.0);

        // the radius alone is too strict for drawings, though not for rows
        let radius = shares(&model, model.radius.unwrap(), &drawn_digits);
        println!("        by the radius alone {:.1}% of drawn digits", 100.0 * radius.refused);
        assert!(radius.refused > 2.0 * hands.refused && radius.refused > 0.02, "{radius:?}");
    }
}

#[test]
fn what_the_page_copies_is_counts_already() {
    let shapes = Shapes::new();
    let mut dice = Dice::new(3);
    let mut all: Vec<_> = [&shapes.digits, &shapes.letters, &shapes.signs]
        .into_iter()
        .flat_map(|s| drawn(s, &mut dice))
        .collect();
    all.extend(many(100, || scribble(&mut dice)));
    for (row, name) in all {
        assert!(cairn::drawing::are_counts(&row), "{name}: {row:?}");
    }
    for table in ["data/digits.csv", "data/digits-writers30.csv"] {
        let text =
            std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(table)).unwrap();
        for line in text.lines().skip(1) {
            let row: Vec<f64> = line.split(',').take(64).map(|cell| cell.parse().unwrap()).collect();
            assert!(cairn::drawing::are_counts(&row), "{table}: {line}");
        }
    }
}
