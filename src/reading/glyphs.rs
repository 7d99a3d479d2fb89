//! Components -> digits: joins pieces, cuts touching digits, leaves out marks.

use std::ops::RangeInclusive;

use super::components::{Component, Run};

/// Least height of a digit, as a share of the typical height. Lower components are pieces, marks or dirt.
const LEAST_HEIGHT: f64 = 0.5;
/// Least height of a digit in rows: smaller digits can't be told from dirt.
const LEAST_ROWS: f64 = 5.0;
/// Most components considered; of more, those with the most ink. A page of digits has hundreds.
const MOST: usize = 4_000;
/// Limits for joining a piece to the rest of its digit above or below it: least horizontal overlap as a share of the
/// piece's width, largest gap and largest joint height as shares of the typical height.
const PIECE_OVERLAP: f64 = 0.5;
const PIECE_GAP: f64 = 0.3;
const PIECE_TALL: f64 = 1.3;
/// Aspect ratio above which a low component is a rule; tall and thin ones are rules too.
const RULE: f64 = 4.0;
const RULE_HEIGHT: f64 = 0.35;
/// Aspect ratio above which a component may be several touching digits, and least and largest width of each, relative
/// to the height.
const TOUCHING: f64 = 1.1;
const NARROW: f64 = 0.5;
const WIDE: f64 = 1.25;
/// Largest aspect ratio of touching digits. Wider ones are frames, scribbles or noise.
const WIDEST: f64 = 30.0;
/// Most digits that are tried when touching ones are cut, in all of a picture. Two that touch are three to six.
const MOST_TRIED: usize = 3_000;
/// A component is cut only if the parts are nearer to the model's centroids than the whole by this factor.
const RELUCTANCE: f64 = 1.3;
/// Largest distance of a cut from that of equal parts, as a share of their width; and the weight of that distance
/// against the ink that is cut.
const CUT_AWAY: f64 = 0.35;
const CUT_WEIGHT: f64 = 0.5;

/// The components, classified.
pub(super) struct Parted {
    pub(super) glyphs: Vec<Component>,
    /// Marks, dirt and rules.
    pub(super) left_out: Vec<Component>,
    /// The typical height of a digit, in pixels.
    pub(super) height: f64,
}

/// Classifies components.
///
/// Pieces: a component lower than half the typical height, above or below another, is joined to it, such as the bar
/// of a
/// 5. Touching digits: a component wider than 1.1 times its height is cut by vertical lines, for every number of
/// parts that are 0.5 to 1.25 times its height wide. Each cut goes where the ink is thinnest, within about a third of
/// a part from equal division. The division is taken whose parts are nearest to the model's centroids, by `strange`,
/// the mean distance.
///
/// The work is bounded: components beyond the first [`MOST`] by ink, those wider than [`WIDEST`], and touching ones once
/// [`MOST_TRIED`] digits were tried are left out.
pub(super) fn of<E>(
    mut components: Vec<Component>,
    strange: &dyn Fn(&[Component]) -> Result<f64, E>,
) -> Result<Parted, E> {
    components.sort_by_cached_key(|component| std::cmp::Reverse(component.ink()));
    let rest = components.split_off(MOST.min(components.len()));
    let height = usual_height(&components);
    let (rules, pieces): (Vec<_>, Vec<_>) = components.into_iter().partition(|c| is_rule(c, height));
    let least = (LEAST_HEIGHT * height).max(LEAST_ROWS);
    let (whole, marks): (Vec<_>, Vec<_>) =
        joined(pieces, height).into_iter().partition(|c| c.height() as f64 >= least);
    let (mut glyphs, mut uncut) = (Vec::new(), Vec::new());
    let mut left = MOST_TRIED;
    for glyph in whole {
        let divisions = divisions(&glyph, tall(&glyph, height));
        let tried: usize = divisions.clone().sum();
        if wide(&glyph, height) > WIDEST || tried > left {
            uncut.push(glyph);
        } else {
            left -= tried;
            glyphs.extend(cut(glyph, divisions, height, strange)?);
        }
    }
    let left_out = rules.into_iter().chain(marks).chain(uncut).chain(rest).collect();
    Ok(Parted { glyphs, left_out, height })
}

/// The median height of components, weighted by ink and without rules: dirt has little ink.
pub(super) fn usual_height(components: &[Component]) -> f64 {
    let mut heights: Vec<(usize, usize)> = components
        .iter()
        .filter(|c| (c.width() as f64) < RULE * c.height() as f64)
        .map(|c| (c.height(), c.ink()))
        .collect();
    heights.sort_unstable();
    let half = heights.iter().map(|(_, ink)| ink).sum::<usize>() / 2;
    let mut below = 0;
    let median = heights.iter().find(|(_, ink)| {
        below += ink;
        below > half
    });
    median.map_or(1.0, |&(height, _)| height as f64)
}

fn is_rule(component: &Component, height: f64) -> bool {
    let (w, h) = (component.width() as f64, component.height() as f64);
    (w > RULE * h && h < RULE_HEIGHT * height) || (h > RULE * w && h > RULE * height)
}

/// Joins pieces to their digits, the tallest first.
fn joined(mut components: Vec<Component>, height: f64) -> Vec<Component> {
    components.sort_by_key(|c| std::cmp::Reverse(c.height()));
    let mut whole: Vec<Component> = Vec::new();
    for piece in components {
        let low = (piece.height() as f64) < LEAST_HEIGHT * height;
        let of = whole.iter_mut().filter(|c| low && belongs(&piece, c, height));
        match of.min_by_key(|c| gap(&piece, c)) {
            Some(digit) => digit.join(piece),
            None => whole.push(piece),
        }
    }
    whole
}

fn belongs(piece: &Component, digit: &Component, height: f64) -> bool {
    let overlap = piece.right.min(digit.right).saturating_sub(piece.left.max(digit.left)) as f64;
    let together = piece.bottom.max(digit.bottom) - piece.top.min(digit.top);
    overlap >= PIECE_OVERLAP * piece.width() as f64
        && gap(piece, digit) as f64 <= PIECE_GAP * height
        && together as f64 <= PIECE_TALL * height.max(digit.height() as f64)
}

/// Rows between two components.
fn gap(a: &Component, b: &Component) -> usize {
    a.top.max(b.top).saturating_sub(a.bottom.min(b.bottom))
}

/// The height by which a component's width is judged.
fn tall(component: &Component, height: f64) -> f64 {
    (component.height() as f64).max(LEAST_HEIGHT * height)
}

/// Width, in heights.
fn wide(component: &Component, height: f64) -> f64 {
    component.width() as f64 / tall(component, height)
}

/// The numbers of digits that a component may be; none for one that is not wide.
fn divisions(component: &Component, tall: f64) -> RangeInclusive<usize> {
    let width = component.width() as f64 / tall;
    if width <= TOUCHING {
        return RangeInclusive::new(1, 0);
    }
    ((width / WIDE).ceil() as usize).max(1)..=(width / NARROW) as usize
}

/// The digits of a component.
fn cut<E>(
    component: Component,
    divisions: RangeInclusive<usize>,
    height: f64,
    strange: &dyn Fn(&[Component]) -> Result<f64, E>,
) -> Result<Vec<Component>, E> {
    let tall = tall(&component, height);
    let columns = columns(&component);
    let mut best: Option<(f64, Vec<Component>)> = None;
    for parts in divisions {
        let digits = in_parts(&component, &columns, parts, tall);
        let distance = strange(&digits)? * if parts > 1 { RELUCTANCE } else { 1.0 };
        if best.as_ref().is_none_or(|(least, _)| distance < *least) {
            best = Some((distance, digits));
        }
    }
    Ok(best.map_or_else(|| vec![component], |(_, digits)| digits))
}

/// The ink pixels of each column, from the leftmost.
fn columns(component: &Component) -> Vec<u32> {
    let mut columns = vec![0i32; component.width() + 1];
    for run in &component.runs {
        columns[run.from - component.left] += 1;
        columns[run.to - component.left] -= 1;
    }
    let sum = |ink: &mut i32, change: i32| {
        *ink += change;
        Some(*ink as u32)
    };
    columns.into_iter().scan(0, sum).collect()
}

fn in_parts(component: &Component, columns: &[u32], parts: usize, tall: f64) -> Vec<Component> {
    let mut ends: Vec<usize> = (1..parts).map(|part| place(component, columns, part, parts, tall)).collect();
    ends.push(component.right);
    let mut digits = vec![Vec::new(); ends.len()];
    for run in &component.runs {
        let mut from = run.from;
        let first = ends.partition_point(|&end| end <= from);
        for (digit, &end) in digits[first..].iter_mut().zip(&ends[first..]) {
            if from >= run.to {
                break;
            }
            digit.push(Run { y: run.y, from, to: run.to.min(end) });
            from = end;
        }
    }
    digits.into_iter().filter(|runs| !runs.is_empty()).map(Component::of).collect()
}

/// The column of the cut after `part` of `parts`.
fn place(component: &Component, columns: &[u32], part: usize, parts: usize, height: f64) -> usize {
    let step = component.width() as f64 / parts as f64;
    let ideal = component.left as f64 + step * part as f64;
    let (from, to) = (ideal - CUT_AWAY * step, ideal + CUT_AWAY * step);
    let cost = |x: usize| {
        let ink = columns.get(x - component.left).map_or(0.0, |&ink| f64::from(ink));
        ink / height + CUT_WEIGHT * ((x as f64 - ideal) / step).powi(2)
    };
    let places = from.ceil() as usize..=to.floor() as usize;
    places.min_by(|&a, &b| cost(a).total_cmp(&cost(b))).unwrap_or(ideal as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::components::{self, tests::drawn};

    /// With a model whose digits are nearly as wide as high.
    fn parted(lines: &[&str]) -> Parted {
        let strange = |digits: &[Component]| -> Result<f64, ()> {
            let off = digits.iter().map(|c| (c.width() as f64 / c.height() as f64 - 0.9).abs());
            Ok(off.sum::<f64>() / digits.len() as f64)
        };
        of(components::of(&drawn(lines)).unwrap(), &strange).unwrap()
    }

    fn areas(components: &[Component]) -> Vec<(usize, usize)> {
        let mut areas: Vec<(usize, usize)> = components.iter().map(|c| (c.left, c.right)).collect();
        areas.sort_unstable();
        areas
    }

    #[test]
    fn a_bar_above_belongs_to_its_digit_and_a_dot_beside_it_does_not() {
        let found = parted(&[
            ".####......##....##.", //
            "...........##....##.", //
            ".##........##....##.", //
            "..##.......##....##.", //
            "...##......##....##.", //
            "...##......##....##.", //
            "...##......##....##.", //
            "...##......##....##.", //
            "...##......##....##.", //
            ".###....##.##....##.", //
            "........##.##....##.", //
        ]);
        assert_eq!(areas(&found.glyphs), [(1, 5), (11, 13), (17, 19)]);
        assert_eq!(areas(&found.left_out), [(8, 10)]);
    }

    #[test]
    fn touching_digits_are_cut_where_they_touch() {
        let found = parted(&[
            ".######...######....", //
            ".#....#...#....#....", //
            ".#....#...#....#....", //
            ".#....#####....#....", //
            ".#....#...#....#....", //
            ".#....#...#....#....", //
            ".#....#...#....#....", //
            ".######...######....", //
        ]);
        assert_eq!(found.glyphs.len(), 2, "{:?}", found.glyphs);
        let ends = areas(&found.glyphs);
        assert!((7..11).contains(&ends[0].1) && ends[0].1 == ends[1].0, "{ends:?}");
        let ink: usize = found.glyphs.iter().map(Component::ink).sum();
        assert_eq!(ink, 2 * 24 + 3); // nothing is lost
    }

    #[test]
    fn rules_are_left_out() {
        let found = parted(&[
            "..##....##....##....", //
            "..##....##....##....", //
            "..##....##....##....", //
            "..##....##....##....", //
            "..##....##....##....", //
            "....................", //
            "####################", //
        ]);
        assert_eq!((found.glyphs.len(), areas(&found.left_out)), (3, vec![(0, 20)]));
    }

    #[test]
    fn nothing_is_nothing() {
        let found = parted(&["...."]);
        assert!(found.glyphs.is_empty() && found.left_out.is_empty());
    }
}
