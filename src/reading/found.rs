//! What is found in a picture: lines of digits, and where each stands.

use crate::drawing::SIZE;
use crate::model::Model;

/// A part of a picture, in its pixels from the top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// Leftmost column.
    pub x: usize,
    /// Topmost row.
    pub y: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// A digit that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Digit {
    /// Where it stands in the picture that was given: upright, around the whole digit.
    pub area: Area,
    /// What was named: 8 x 8 counts of 0 to 16, row by row.
    pub counts: [u8; SIZE],
    /// The nearest centroid.
    pub label: u32,
    /// How far it is, in the model's units.
    pub distance: f64,
    /// The nearest centroid of another name, if there is one.
    pub runner_up: Option<u32>,
    /// 1 on a centroid, 0 halfway to one of another name: `1 - distance / distance to the runner-up`. No
    /// probability, but of two digits the one of larger confidence is more often right.
    pub confidence: f64,
    /// Whether it lies further from every centroid than a digit does: a letter, a sign, a blot. Then its name is `?`.
    pub strange: bool,
    /// Whether there is a gap before it, as between two numbers.
    pub after_gap: bool,
}

/// A line of digits, from left to right.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its digits, at least one.
    pub digits: Vec<Digit>,
}

/// What a picture says.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// From the top to the bottom; none where there is nothing to read.
    pub lines: Vec<Line>,
    /// Degrees by which the lines fall to the right; they were turned back by as much.
    pub skew: f64,
    /// Ink that is no digit by its size: dots, dirt, rules.
    pub left_out: Vec<Area>,
}

impl Digit {
    /// What it is called: the name of its cluster, or `#` and the cluster's number; `?` where it is no digit.
    #[must_use]
    pub fn name(&self, model: &Model) -> String {
        if self.strange { "?".into() } else { name(model, self.label) }
    }
}

impl Line {
    /// Its text: the names one after the other, a space for a gap; names of several letters are apart.
    #[must_use]
    pub fn text(&self, model: &Model) -> String {
        let names: Vec<String> = self.digits.iter().map(|digit| digit.name(model)).collect();
        let long = names.iter().any(|name| name.chars().count() > 1);
        let gap = |at: usize| if at > 0 && (long || self.digits[at].after_gap) { " " } else { "" };
        names.iter().enumerate().map(|(at, name)| format!("{}{name}", gap(at))).collect()
    }
}

/// What a cluster is called: its name, or `#` and its number.
pub(super) fn name(model: &Model, label: u32) -> String {
    let name = model.names.get(label as usize).and_then(Option::as_ref);
    name.map_or_else(|| format!("#{label}"), |name| name.name.clone())
}
