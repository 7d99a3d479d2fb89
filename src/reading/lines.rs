//! Digits -> lines, in reading order.

use super::components::Component;

/// Least vertical overlap of a digit with its line, as a share of the lower height.
const LEVEL: f64 = 0.4;
/// Number of last digits whose tops and bottoms define where a line runs.
const LAST: usize = 3;
/// Gap between numbers, in heights of a digit.
const GAP: f64 = 1.0;

/// The lines from top to bottom, each from left to right, with whether there is a gap before each digit. `height` is
/// the typical height of a digit.
pub(super) fn of(mut glyphs: Vec<Component>, height: f64) -> Vec<Vec<(Component, bool)>> {
    glyphs.sort_by_key(|glyph| (glyph.left + glyph.right, glyph.top));
    let mut lines: Vec<Vec<Component>> = Vec::new();
    for glyph in glyphs {
        let of = lines.iter_mut().map(|line| (level(&glyph, line), line)).max_by(|a, b| a.0.total_cmp(&b.0));
        match of.filter(|(level, _)| *level >= LEVEL) {
            Some((_, line)) => line.push(glyph),
            None => lines.push(vec![glyph]),
        }
    }
    let centre = |line: &[Component]| {
        line.iter().map(|glyph| (glyph.top + glyph.bottom) as f64).sum::<f64>() / line.len() as f64
    };
    lines.sort_by(|a, b| centre(a).total_cmp(&centre(b)));
    lines.into_iter().map(|line| gaps(line, height)).collect()
}

/// Vertical overlap of a glyph with the end of a line, as a share of the lower height.
fn level(glyph: &Component, line: &[Component]) -> f64 {
    let end = &line[line.len().saturating_sub(LAST)..];
    let mean = |of: fn(&Component) -> usize| end.iter().map(of).sum::<usize>() as f64 / end.len() as f64;
    let (top, bottom) = (mean(|c| c.top), mean(|c| c.bottom));
    let common = bottom.min(glyph.bottom as f64) - top.max(glyph.top as f64);
    common / (bottom - top).min(glyph.height() as f64).max(1.0)
}

fn gaps(line: Vec<Component>, height: f64) -> Vec<(Component, bool)> {
    let mut end = None;
    let after = |glyph: Component| {
        let gap = end.is_some_and(|end: usize| glyph.left as f64 - end as f64 > GAP * height);
        end = Some(glyph.right.max(end.unwrap_or(0)));
        (glyph, gap)
    };
    line.into_iter().map(after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::components::Run;

    /// A block of ink.
    fn block(x: usize, y: usize, width: usize, height: usize) -> Component {
        Component::of((y..y + height).map(|y| Run { y, from: x, to: x + width }).collect())
    }

    #[test]
    fn lines_from_the_top_digits_from_the_left_gaps_between() {
        // two lines, the second falling by half a digit; a gap in the first
        let first = [block(10, 12, 15, 30), block(34, 8, 12, 30), block(90, 10, 16, 28)];
        let second =
            [block(5, 60, 15, 30), block(30, 66, 15, 30), block(55, 71, 15, 30), block(80, 75, 4, 31)];
        let mut all: Vec<Component> = second.into_iter().chain(first).collect();
        all.reverse();
        let lines = of(all, 30.0);
        let found: Vec<Vec<(usize, bool)>> =
            lines.iter().map(|line| line.iter().map(|(glyph, gap)| (glyph.left, *gap)).collect()).collect();
        assert_eq!(found[0], [(10, false), (34, false), (90, true)]);
        assert_eq!(found[1], [(5, false), (30, false), (55, false), (80, false)]);
        assert!(of(Vec::new(), 30.0).is_empty());
    }
}
