//! Connected components of ink, as runs of pixels.

use super::Area;
use super::ink::Ink;

/// Most runs in a picture. A page at 600 dpi that is full of digits has about half a million.
pub(super) const MOST_RUNS: usize = 1 << 21;

/// Smaller components, in pixels, are dust and not reported.
const DUST: usize = 4;

/// A picture has more than [`MOST_RUNS`] runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crowded;

/// A horizontal run of ink pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) y: usize,
    /// First column.
    pub(super) from: usize,
    /// Column after the last.
    pub(super) to: usize,
}

/// A connected component of ink, with 8-connectivity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Component {
    /// Its runs, at least one.
    pub(super) runs: Vec<Run>,
    pub(super) left: usize,
    pub(super) right: usize,
    pub(super) top: usize,
    pub(super) bottom: usize,
}

impl Component {
    /// A component of these runs, at least one.
    pub(super) fn of(runs: Vec<Run>) -> Self {
        let left = runs.iter().map(|run| run.from).min().unwrap_or(0);
        let right = runs.iter().map(|run| run.to).max().unwrap_or(0);
        let top = runs.iter().map(|run| run.y).min().unwrap_or(0);
        let bottom = runs.iter().map(|run| run.y + 1).max().unwrap_or(0);
        Self { runs, left, right, top, bottom }
    }

    pub(super) fn width(&self) -> usize {
        self.right - self.left
    }

    pub(super) fn height(&self) -> usize {
        self.bottom - self.top
    }

    /// Number of ink pixels.
    pub(super) fn ink(&self) -> usize {
        self.runs.iter().map(|run| run.to - run.from).sum()
    }

    pub(super) fn area(&self) -> Area {
        Area { x: self.left, y: self.top, width: self.width(), height: self.height() }
    }

    /// Adds the runs of `other`.
    pub(super) fn join(&mut self, other: Self) {
        self.runs.extend(other.runs);
        self.left = self.left.min(other.left);
        self.right = self.right.max(other.right);
        self.top = self.top.min(other.top);
        self.bottom = self.bottom.max(other.bottom);
    }
}

/// All components except dust, from left to right.
///
/// # Errors
/// [`Crowded`].
pub(super) fn of(ink: &Ink) -> Result<Vec<Component>, Crowded> {
    let mut runs: Vec<Run> = Vec::new();
    let mut forest = Forest::default();
    let mut above = 0..0; // runs of the row above
    for y in 0..ink.height {
        let first = runs.len();
        runs.extend(row(ink, y));
        if runs.len() > MOST_RUNS {
            return Err(Crowded);
        }
        let mut upper = above.start;
        for at in first..runs.len() {
            forest.add();
            while upper < above.end && runs[upper].to < runs[at].from {
                upper += 1;
            }
            let mut touching = upper;
            while touching < above.end && runs[touching].from <= runs[at].to {
                forest.join(at, touching);
                touching += 1;
            }
        }
        above = first..runs.len();
    }
    let mut sizes = vec![0; runs.len()];
    runs.iter().enumerate().for_each(|(at, run)| sizes[forest.root(at)] += run.to - run.from);
    let mut groups: Vec<Vec<Run>> = vec![Vec::new(); runs.len()];
    for (at, run) in runs.iter().enumerate() {
        let root = forest.root(at);
        if sizes[root] >= DUST {
            groups[root].push(*run);
        }
    }
    let groups = groups.into_iter().filter(|runs| !runs.is_empty());
    let mut components: Vec<Component> = groups.map(Component::of).collect();
    components.sort_by_key(|component| (component.left, component.top));
    Ok(components)
}

/// The runs of a row.
fn row(ink: &Ink, y: usize) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut from = None;
    for x in 0..=ink.width {
        let is_ink = x < ink.width && ink.is(y * ink.width + x);
        match (is_ink, from) {
            (true, None) => from = Some(x),
            (false, Some(start)) => {
                runs.push(Run { y, from: start, to: x });
                from = None;
            }
            _ => {}
        }
    }
    runs
}

/// Disjoint sets, with path halving (Tarjan and van Leeuwen, "Worst-case analysis of set union
/// algorithms", Journal of the ACM 31 (1984), 245-281).
#[derive(Default)]
struct Forest {
    parents: Vec<usize>,
}

impl Forest {
    fn add(&mut self) {
        self.parents.push(self.parents.len());
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parents[at] != at {
            self.parents[at] = self.parents[self.parents[at]];
            at = self.parents[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Ink wherever a character is not `.`.
    pub(in super::super) fn drawn(lines: &[&str]) -> Ink {
        let (height, width) = (lines.len(), lines[0].len());
        let amount =
            lines.iter().flat_map(|line| line.bytes().map(|b| f32::from(u8::from(b != b'.')))).collect();
        Ink { width, height, amount, scale: 1 }
    }

    #[test]
    fn what_touches_even_at_a_corner_is_one() {
        let ink = drawn(&[
            "##....##.#", //
            "#..#....##", //
            "#.#.#....#", //
            "##...#####", //
        ]);
        let found = of(&ink).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        let ink = drawn(&[
            "##..##.##.", //
            "#...#..##.", //
            "#...#....#", //
            "##..##...#", //
        ]);
        let areas: Vec<(usize, usize)> = of(&ink).unwrap().iter().map(|c| (c.left, c.ink())).collect();
        assert_eq!(areas, [(0, 6), (4, 6), (7, 6)]);
    }

    #[test]
    fn dust_is_left_out() {
        assert!(of(&drawn(&["#..#", ".#..", "...."])).unwrap().is_empty());
        assert!(of(&drawn(&["...."])).unwrap().is_empty());
    }
}
