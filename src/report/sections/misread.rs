//! The misread rows: rows in clusters named by another class.

use askama::Template;

use super::super::gathered::Misread;
use super::super::images::InlineImage;
use super::{Facts, ReportError, Section};
use crate::numbers::{grouped_plural, short_percent};

#[derive(Template)]
#[template(path = "report/misread.html")]
struct Gallery {
    words: Vec<String>,
    groups: Vec<MisreadGroup>,
}

struct MisreadGroup {
    heading: String,
    count: String,
    pictures: Vec<InlineImage>,
    rows: String,
}

pub(super) fn section(facts: &Facts<'_>) -> Result<Option<Section>, ReportError> {
    let (Some(gathered), Some(score)) = (&facts.gathered, &facts.score) else { return Ok(None) };
    if gathered.misread.is_empty() {
        return Ok(None);
    }
    let groups: Result<Vec<MisreadGroup>, ReportError> =
        gathered.misread.iter().map(|pair| group(facts, pair)).collect();
    let shown = gathered.misread.len();
    let mut words = vec![format!(
        "{} of the rows are in a cluster named by another class. The most frequent mistakes come first; their rows are \
         evenly spaced samples.",
        short_percent(1.0 - score.accuracy)
    )];
    if shown < gathered.n_pairs {
        words.push(format!("{shown} of {} of mistakes are shown.", grouped_plural(gathered.n_pairs, "kind")));
    }
    super::section::section("misread", "Misread", &Gallery { words, groups: groups? })
}

fn group(facts: &Facts<'_>, pair: &Misread) -> Result<MisreadGroup, ReportError> {
    let name = |class: u32| {
        facts.truth().and_then(|truth| truth.names.get(class as usize)).cloned().unwrap_or_default()
    };
    let (class, named) = (name(pair.class), pair.named.map(name));
    let heading = match named {
        Some(named) => format!("{class} taken for {named}"),
        None => format!("{class} in clusters without a name"),
    };
    let numbers = pair.rows.iter().map(|&row| facts.row_name(row)).collect::<Vec<_>>().join(", ");
    Ok(MisreadGroup {
        pictures: pictures(facts, pair, &heading)?,
        rows: if facts.ink.is_none() { format!("rows {numbers}") } else { String::new() },
        count: grouped_plural(pair.count as usize, "row"),
        heading,
    })
}

fn pictures(facts: &Facts<'_>, pair: &Misread, heading: &str) -> Result<Vec<InlineImage>, ReportError> {
    let (Some(ink), Some(gathered)) = (facts.ink, &facts.gathered) else { return Ok(Vec::new()) };
    let values = |row: &usize| Some((*row, gathered.misread_values.get(row)?));
    let picture = |(row, values): (usize, &Vec<f64>)| {
        ink.picture(values, format!("{heading}, {}", facts.row_words(row)), String::new())
    };
    pair.rows.iter().filter_map(values).map(picture).collect()
}
