//! Seeding in one workgroup per restart (seed_small.wgsl): which tables it suits, and the layout of their points.

use crate::engine::gpu::buffers::Sizes;
use crate::engine::gpu::trips::trips;
use crate::lattice::Table;

/// Invocations of the workgroup.
const WIDTH: usize = 256;
/// Most rows.
const MAX_POINTS: usize = 8192;
/// Most multiply-adds per restart: one workgroup does all of them, and should finish within milliseconds.
const MAX_WORK: u128 = 1 << 27;
/// Vectors of four candidates' words in workgroup memory.
const SHELF: usize = 256;

/// A table's points in the layout of `seed_small`: small integers, several per word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed {
    /// Four integers of 8 bits per word, else two of 16.
    pub(super) eight: bool,
    /// Coordinates (n_planes, rows of an owner, owners), then squared norms and weights (fours, 2, owners).
    pub(super) words: Vec<[u32; 4]>,
}

impl Packed {
    /// Packs a table that is on the device as a whole. `None` if the table is not suitable, or the driver's limit of
    /// `most_trips` loop trips is too low.
    pub(super) fn new(table: &Table, sizes: &Sizes, most_trips: u64) -> Option<Self> {
        let steps = u128::from(table.max_coordinate >> table.granularity);
        let farthest = table.n_dims() as u128 * (2 * steps) * (2 * steps);
        let fits = sizes.small() && farthest * u128::from(table.weights.max()) < 1 << 32;
        let n = table.n_points();
        if !fits || n > MAX_POINTS || work(sizes) > MAX_WORK {
            return None;
        }
        let has_weight = |&i: &usize| table.weights.get(i) > 0;
        let bits_8 = |x: i32| i8::try_from(x).is_ok();
        let eight = (0..n).filter(has_weight).all(|i| steps_of(table, i).all(bits_8));
        let layout = Layout::new(sizes, eight);
        let fits = layout.shelf(sizes) <= SHELF && trips(0, 0, layout.steps(sizes)) <= most_trips;
        fits.then(|| Self { eight, words: layout.pack(table) })
    }
}

/// Multiply-adds per restart.
pub(super) fn work(sizes: &Sizes) -> u128 {
    let [n, d, k, l] = [sizes.n_points, sizes.n_dims, sizes.n_clusters, sizes.n_candidates].map(u128::from);
    n * d * k * (l + 1)
}

/// A row in units of the table's granularity. (n_dims)
fn steps_of(table: &Table, row: usize) -> impl Iterator<Item = i32> {
    table.point(row).iter().map(|q| q >> table.granularity)
}

/// How rows are distributed: each owner, an invocation, has the same number of consecutive rows.
#[derive(Debug, Clone, Copy)]
struct Layout {
    fours: usize, // four rows each, of an owner
    n_owners: usize,
    n_planes: usize, // four words of each row
    word: usize,     // coordinates of a word
}

impl Layout {
    fn new(sizes: &Sizes, eight: bool) -> Self {
        let n = sizes.n_points as usize;
        let fours = n.div_ceil(4 * WIDTH);
        let word = if eight { 4 } else { 2 };
        let n_planes = (sizes.n_quads as usize).div_ceil(word);
        Self { fours, n_owners: n.div_ceil(4 * fours), n_planes, word }
    }

    /// Vectors of the shelf that all candidates need.
    fn shelf(&self, sizes: &Sizes) -> usize {
        (sizes.n_candidates as usize).div_ceil(4) * (4 * self.n_planes + 1)
    }

    /// Upper bound on the loop trips of an invocation over all steps: its rows, four at a time, with each four candidates,
    /// and the choice among the candidates.
    fn steps(&self, sizes: &Sizes) -> u64 {
        let fours_of_candidates = (sizes.n_candidates as usize).div_ceil(4);
        let pass = self.fours * (self.n_planes + 1);
        let step = 50 + pass + fours_of_candidates * (pass + 16 * self.fours + 37);
        u64::from(sizes.n_clusters) * step as u64
    }

    fn pack(&self, table: &Table) -> Vec<[u32; 4]> {
        let per = 4 * self.fours;
        let rows: Vec<Row> = (0..per * self.n_owners).map(|i| self.row(table, i)).collect();
        let owners = |at: usize| (0..self.n_owners).map(move |owner| owner * per + at);
        let mut words = Vec::with_capacity((self.n_planes * per + 2 * self.fours) * self.n_owners);
        for plane in 0..self.n_planes {
            for at in 0..per {
                words.extend(owners(at).map(|i| rows[i].planes[plane]));
            }
        }
        for four in 0..self.fours {
            let of_four = |i: usize| &rows[i..i + 4];
            let fold = |of: fn(&Row) -> u32| move |rows: &[Row]| [0, 1, 2, 3].map(|at| of(&rows[at]));
            words.extend(owners(4 * four).map(of_four).map(fold(|row| row.norm)));
            words.extend(owners(4 * four).map(of_four).map(fold(|row| row.weight)));
        }
        words
    }

    /// A packed row; zeros if it is past the end or has no weight.
    fn row(&self, table: &Table, i: usize) -> Row {
        let mut row = Row { planes: vec![[0; 4]; self.n_planes], norm: 0, weight: 0 };
        if i >= table.n_points() || table.weights.get(i) == 0 {
            return row;
        }
        row.weight = table.weights.get(i);
        let bits = 32 / self.word;
        let mask = u32::MAX >> (32 - bits);
        for (j, x) in steps_of(table, i).enumerate() {
            let word = j / self.word;
            row.planes[word / 4][word % 4] |= (x as u32 & mask) << (bits * (j % self.word));
            row.norm = row.norm.wrapping_add((x * x) as u32);
        }
        row
    }
}

/// A packed row.
#[derive(Debug)]
struct Row {
    planes: Vec<[u32; 4]>,
    norm: u32, // modulo 2^32
    weight: u32,
}
