//! The result of reading: lines of digits with their positions.

use crate::drawing::SIZE;
use crate::model::Model;

/// A rectangle in a picture, in pixels from the top left.
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

/// A digit found in a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Digit {
    /// Its axis-parallel bounding box in the given picture.
    pub area: Area,
    /// Its normalised form: 8 x 8 counts from 0 to 16, row-major.
    pub counts: [u8; SIZE],
    /// The nearest centroid.
    pub label: u32,
    /// Distance to the nearest centroid, in the model's units.
    pub distance: f64,
    /// The nearest centroid of another name, if there is one.
    pub runner_up: Option<u32>,
    /// `1 - distance / distance to the runner-up`: 1 at a centroid, 0 where the runner-up is equally near. It is not
    /// a probability, but digits of larger confidence are more often right.
    pub confidence: f64,
    /// Whether it lies too far from every centroid to be a digit, such as a letter, a sign or a blot. Its name is `?`
    /// then.
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

/// The text of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Lines from top to bottom; empty if nothing was found.
    pub lines: Vec<Line>,
    /// Skew of the lines, in degrees, positive if they fall to the right. It was corrected.
    pub skew: f64,
    /// Ink that can't be a digit by its size: dots, dirt, rules.
    pub left_out: Vec<Area>,
}

impl Digit {
    /// Its text: the name of its cluster, or `#` and the cluster's number; `?` if it is not a digit.
    #[must_use]
    pub fn name(&self, model: &Model) -> String {
        if self.strange { "?".into() } else { name(model, self.label) }
    }
}

impl Line {
    /// Its text: the names of its digits, with a space for a gap, and around names of several characters.
    #[must_use]
    pub fn text(&self, model: &Model) -> String {
        let names: Vec<String> = self.digits.iter().map(|digit| digit.name(model)).collect();
        let long = names.iter().any(|name| name.chars().count() > 1);
        let gap = |at: usize| if at > 0 && (long || self.digits[at].after_gap) { " " } else { "" };
        names.iter().enumerate().map(|(at, name)| format!("{}{name}", gap(at))).collect()
    }
}

/// A cluster's name, or `#` and its number.
pub(super) fn name(model: &Model, label: u32) -> String {
    let name = model.names.get(label as usize).and_then(Option::as_ref);
    name.map_or_else(|| format!("#{label}"), |name| name.name.clone())
}
