//! Amounts of money among the numbers that were read: digits, and the marks between and before them.
//!
//! A mark is known by its place and its size next to the digits, not by a cluster. In heights of a digit:
//!
//! | mark | where | size |
//! |---|---|---|
//! | point, comma | between two digits, around their bottom | at most 0.4 high and wide |
//! | minus | before the first digit, around its middle | 0.2 to 1.2 wide, at least 1.8 times its height |
//! | dollar sign, or another | a glyph before the first digit that reaches above and below it | at least 1.2 high |

use super::found::{Area, Digit, Line, Reading};
use crate::model::Model;

/// Limits of marks, in heights of a digit.
const POINT: f64 = 0.4;
const POINT_ABOVE_BOTTOM: f64 = 0.3;
const POINT_BELOW_BOTTOM: f64 = 0.35;
const COMMA_BELOW_BOTTOM: f64 = 0.1;
const MINUS_WIDTH: std::ops::RangeInclusive<f64> = 0.2..=1.2;
const MINUS_PLACE: std::ops::RangeInclusive<f64> = 0.25..=0.75;
/// Least width of a minus, in its heights; and least height of a comma, in its widths.
const MINUS_LONG: f64 = 1.8;
const COMMA_LONG: f64 = 1.4;
/// Least height of a dollar sign, and how far it reaches above and below.
const SIGN_HEIGHT: f64 = 1.2;
const SIGN_BEYOND: f64 = 0.05;
/// Largest distance of a minus from the number, and of a total's right end from that of the others.
const NEAR: f64 = 1.0;

/// A number with a point, a comma, a minus or a sign of a currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Amount {
    /// Its text, such as `-$1,234.50`. The last point or comma is a decimal point if one or two digits follow it; a digit
    /// that was not read is `?`.
    pub text: String,
    /// Its value; `None` if a digit was not read, or its marks make no number.
    pub value: Option<f64>,
    /// The box around its digits and marks, in pixels of the picture.
    pub area: Area,
    /// Its line in the reading, from 0.
    pub line: usize,
    /// Whether it is likely to be the total: the largest of those that end at the right edge. It is a guess.
    pub total: bool,
}

/// The amounts of a reading, in reading order.
#[must_use]
pub fn amounts(reading: &Reading, model: &Model) -> Vec<Amount> {
    let of_line = |(at, line): (usize, &Line)| of_line(line, at, &reading.left_out, model);
    let mut all: Vec<Amount> = reading.lines.iter().enumerate().flat_map(of_line).collect();
    if let Some(total) = total(&all) {
        all[total].total = true;
    }
    all
}

/// The largest of the amounts that end at the right edge; the first of equal ones.
fn total(all: &[Amount]) -> Option<usize> {
    let right = |amount: &Amount| (amount.area.x + amount.area.width) as f64;
    let edge = all.iter().map(right).fold(0.0, f64::max);
    let at_edge = |at: &usize| edge - right(&all[*at]) <= NEAR * all[*at].area.height as f64;
    let valued = (0..all.len()).filter(at_edge).filter_map(|at| Some((at, all[at].value?)));
    valued.rev().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at)
}

fn of_line(line: &Line, at: usize, marks: &[Area], model: &Model) -> Vec<Amount> {
    let height = usual_height(&line.digits);
    let mut numbers: Vec<Number> = Vec::new();
    for digit in &line.digits {
        let last = numbers.last().and_then(|number| number.digits.last());
        let point = last.and_then(|last| point_between(last.area, digit.area, height, marks));
        match numbers.last_mut() {
            Some(number) if !digit.after_gap || point.is_some() => number.push(digit, point),
            _ => numbers.push(Number::begin(digit, height, marks)),
        }
    }
    numbers.into_iter().filter_map(|number| number.amount(at, height, model)).collect()
}

/// The median height of the digits, of two the lower one: one of them may be a sign.
fn usual_height(digits: &[Digit]) -> f64 {
    let mut heights: Vec<usize> = digits.iter().map(|digit| digit.area.height).collect();
    heights.sort_unstable();
    heights.get(heights.len().saturating_sub(1) / 2).map_or(1.0, |&height| height as f64)
}

fn bottom(area: Area) -> f64 {
    (area.y + area.height) as f64
}

fn right(area: Area) -> f64 {
    (area.x + area.width) as f64
}

/// The middle of an area: across, down.
fn middle(area: Area) -> (f64, f64) {
    (area.x as f64 + area.width as f64 / 2.0, area.y as f64 + area.height as f64 / 2.0)
}

/// A point or a comma.
#[derive(Debug, Clone, Copy)]
struct Point {
    comma: bool,
    area: Area,
}

/// The largest point or comma between two digits.
fn point_between(left: Area, to: Area, height: f64, marks: &[Area]) -> Option<Point> {
    let baseline = f64::midpoint(bottom(left), bottom(to));
    let is_point = |mark: &&Area| {
        let (across, down) = middle(**mark);
        let between = middle(left).0 < across && across < middle(to).0;
        let small = mark.width.max(mark.height) as f64 <= POINT * height;
        let low = baseline - POINT_ABOVE_BOTTOM * height..=baseline + POINT_BELOW_BOTTOM * height;
        between && small && low.contains(&down)
    };
    let area = *marks.iter().filter(is_point).max_by_key(|mark| mark.width * mark.height)?;
    let long = area.height as f64 >= COMMA_LONG * area.width as f64;
    Some(Point { comma: long || bottom(area) > baseline + COMMA_BELOW_BOTTOM * height, area })
}

/// The minus before a digit.
fn minus_before(first: Area, height: f64, marks: &[Area]) -> Option<Area> {
    let is_minus = |mark: &&Area| {
        let (width, own) = (mark.width as f64, mark.height as f64);
        let place = (middle(**mark).1 - first.y as f64) / first.height as f64;
        let gap = first.x as f64 - right(**mark);
        MINUS_WIDTH.contains(&(width / height))
            && width >= MINUS_LONG * own
            && MINUS_PLACE.contains(&place)
            && gap <= NEAR * height
            && middle(**mark).0 < first.x as f64
    };
    marks.iter().filter(is_minus).max_by_key(|mark| mark.x).copied()
}

/// Digits without a gap, and their marks.
struct Number<'a> {
    minus: Option<Area>,
    digits: Vec<&'a Digit>,
    /// A point or comma after each digit but the last.
    points: Vec<Option<Point>>,
}

impl<'a> Number<'a> {
    fn begin(first: &'a Digit, height: f64, marks: &[Area]) -> Self {
        Self { minus: minus_before(first.area, height, marks), digits: vec![first], points: Vec::new() }
    }

    fn push(&mut self, digit: &'a Digit, point: Option<Point>) {
        self.digits.push(digit);
        self.points.push(point);
    }

    /// Whether the first glyph reaches above and below the others, as a dollar sign does.
    fn has_sign(&self, height: f64) -> bool {
        let [first, next, ..] = self.digits[..] else { return false };
        let beyond = SIGN_BEYOND * height;
        first.area.height as f64 >= SIGN_HEIGHT * height
            && first.area.y as f64 + beyond <= next.area.y as f64
            && bottom(first.area) >= bottom(next.area) + beyond
            && self.points[0].is_none()
    }

    fn amount(&self, line: usize, height: f64, model: &Model) -> Option<Amount> {
        let sign = self.has_sign(height);
        let (digits, points) =
            if sign { (&self.digits[1..], &self.points[1..]) } else { (&self.digits[..], &self.points[..]) };
        if !sign && self.minus.is_none() && points.iter().all(Option::is_none) {
            return None;
        }
        let number = number(digits, points, model);
        let minus = if self.minus.is_some() { "-" } else { "" };
        let text = format!("{minus}{}{number}", if sign { "$" } else { "" });
        let value = format!("{minus}{}", number.replace(',', "")).parse().ok();
        let value = value.filter(|_| is_grouped(&number));
        let of_points = points.iter().flatten().map(|point| point.area);
        let areas = self.digits.iter().map(|digit| digit.area).chain(of_points).chain(self.minus);
        Some(Amount { text, value, area: areas.reduce(around)?, line, total: false })
    }
}

/// The digits with their points and commas. Before one or two last digits it is a decimal point, before three others a
/// comma; where neither fits it stays what it looks like.
fn number(digits: &[&Digit], points: &[Option<Point>], model: &Model) -> String {
    let last = points.iter().rposition(Option::is_some);
    let mut text = String::new();
    for (at, digit) in digits.iter().enumerate() {
        text += &digit.name(model);
        let Some(point) = points.get(at).copied().flatten() else { continue };
        let next =
            points[at + 1..].iter().position(Option::is_some).map_or(digits.len() - at - 1, |next| next + 1);
        text.push(match (Some(at) == last, next) {
            (true, 1 | 2) => '.',
            (false, 3) => ',',
            _ if point.comma => ',',
            _ => '.',
        });
    }
    text
}

/// Whether three digits stand after each comma, before the next one or the point.
fn is_grouped(number: &str) -> bool {
    let whole = number.split('.').next().unwrap_or_default();
    let mut groups = whole.split(',');
    let first = groups.next().map_or(0, str::len);
    let mut rest = groups.peekable();
    rest.peek().is_none() || (1..=3).contains(&first) && rest.all(|group| group.len() == 3)
}

/// The box around two boxes.
fn around(a: Area, b: Area) -> Area {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    let (right, bottom) = ((a.x + a.width).max(b.x + b.width), (a.y + a.height).max(b.y + b.height));
    Area { x, y, width: right - x, height: bottom - y }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEIGHT: usize = 40;

    /// A line of digits 26 wide, 36 apart, and marks: `.` `,` on the baseline, `-` in the middle; a space is a gap, `$` a
    /// taller glyph, and `?` one that was not read.
    fn line(text: &str, left: usize, top: usize, model: &Model) -> (Line, Vec<Area>) {
        let (mut digits, mut marks, mut x, mut after_gap) = (Vec::new(), Vec::new(), left, false);
        for letter in text.chars() {
            let mark = |width, height, down| Area { x, y: top + down, width, height };
            match letter {
                ' ' => x += 3 * HEIGHT,
                '.' => marks.push(mark(6, 6, HEIGHT - 5)),
                ',' => marks.push(mark(7, 14, HEIGHT - 6)),
                '-' => marks.push(mark(20, 5, HEIGHT / 2)),
                _ => {}
            }
            if letter == ' ' {
                after_gap = true;
                continue;
            }
            if ".,-".contains(letter) {
                x += if letter == '-' { 28 } else { 12 };
                continue;
            }
            let name = letter.to_string();
            let label =
                (0..model.n_clusters()).position(|c| model.name(c) == Some(&name)).unwrap_or(0) as u32;
            let (y, height) = if letter == '$' { (top - 6, HEIGHT + 12) } else { (top, HEIGHT) };
            digits.push(Digit {
                area: Area { x, y, width: 26, height },
                counts: [0; 64],
                label,
                distance: 0.0,
                runner_up: None,
                confidence: 1.0,
                strange: "$?".contains(letter),
                after_gap,
            });
            after_gap = false;
            x += 36;
        }
        (Line { digits }, marks)
    }

    fn found(lines: &[(&str, usize)]) -> Vec<Amount> {
        let model = Model::digits();
        let mut reading = Reading { lines: Vec::new(), skew: 0.0, left_out: Vec::new() };
        for (at, (text, left)) in lines.iter().enumerate() {
            let (line, marks) = line(text, *left, 20 + 100 * at, &model);
            reading.lines.push(line);
            reading.left_out.extend(marks);
        }
        amounts(&reading, &model)
    }

    fn texts(text: &str) -> Vec<(String, Option<f64>)> {
        found(&[(text, 10)]).into_iter().map(|amount| (amount.text, amount.value)).collect()
    }

    #[test]
    fn marks_make_amounts_of_numbers() {
        let one = |text: &str, value: f64| vec![(text.to_owned(), Some(value))];
        assert_eq!(texts("1,234.50"), one("1,234.50", 1234.5));
        assert_eq!(texts("12,345,678.90"), one("12,345,678.90", 12_345_678.9));
        assert_eq!(texts("-7.25"), one("-7.25", -7.25));
        assert_eq!(texts("$19.99"), one("$19.99", 19.99));
        assert_eq!(texts("-$5"), one("-$5", -5.0));
        assert_eq!(texts("3,5"), one("3.5", 3.5)); // a decimal comma
        assert_eq!(texts("1.234,50"), one("1,234.50", 1234.5));
        assert_eq!(texts("12 3.40 567"), one("3.40", 3.4));
        assert!(texts("1234 56").is_empty());
        assert_eq!(texts("1?.50"), [("1?.50".to_owned(), None)]);
        assert_eq!(texts("1,2345.6"), [("1,2345.6".to_owned(), None)]);
        assert_eq!(texts("12.").len() + texts(".5").len() + texts("5-3").len(), 0);
    }

    #[test]
    fn the_box_is_around_digits_and_marks() {
        let amounts = found(&[("-$1.5", 50)]);
        let Area { x, y, width, height } = amounts[0].area;
        assert_eq!((x, y, height), (50, 14, HEIGHT + 12));
        assert_eq!(x + width, 50 + 28 + 36 + 36 + 12 + 26);
    }

    #[test]
    fn the_likely_total_is_the_largest_at_the_right_edge() {
        // 999.99 is larger, but not at the right edge
        let amounts = found(&[("12.50", 400), ("999.99", 20), ("3.10", 436), ("15.60", 400), ("15", 500)]);
        let totals: Vec<&str> = amounts.iter().filter(|a| a.total).map(|a| a.text.as_str()).collect();
        assert_eq!((amounts.len(), totals), (4, vec!["15.60"]));
        assert_eq!(amounts.iter().map(|amount| amount.line).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert!(found(&[("123", 10)]).is_empty());
    }
}
