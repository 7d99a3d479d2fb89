//! What guesses need: the points, once, and the centroids of a pass, in the layouts of every arithmetic that may pay.

use std::sync::OnceLock;

use super::bounds::Moves;
use super::columns::Columns;
use super::kernel::{Instructions, Kernel};
use super::narrow::{Bf16, Bf16Columns, IntColumns, Ints, fits_8_bits, in_8_bits, in_16_bits, pays};
use super::pause::Pause;
use super::prune::CandidateRows;
use super::tiles::{self, Span, Tiles};
use crate::engine::certify::{self, Bound};
use crate::lattice::Table;

/// Features from which bounds come from scores in 16 bits: with fewer, gathering rows takes longer than `f32` does.
const BOUNDED: usize = 32;

/// Multiply-adds per point and pass from which listing candidates takes less time than all distances in `f32`.
const LISTS: usize = 2048;

/// Bytes of the points in all layouts together that may be kept from pass to pass, and of each layout but `f32` where there
/// is a single pass.
const KEPT: usize = 44 << 20;
const KEPT_ONCE: usize = 8 << 20;

/// Bytes of the points in each layout; 0 of one that is not made.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    in_f32: usize,
    int8: usize,
    int16: usize,
    bf16: usize,
}

/// Which layouts of the points are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kept {
    in_f32: bool,
    int8: bool,
    int16: bool,
    bf16: bool,
}

impl Kept {
    fn of(sizes: Sizes, span: Span) -> Self {
        let Sizes { in_f32, int8, int16, bf16 } = sizes;
        if span != Span::Many {
            let [int8, int16, bf16] = [int8, int16, bf16].map(|bytes| bytes <= KEPT_ONCE);
            return Self { in_f32: false, int8, int16, bf16 };
        }
        let mut left = KEPT;
        let mut keep = |bytes: usize, most: usize| {
            let keep = bytes <= left.min(most);
            left -= if keep { bytes } else { 0 };
            keep
        };
        // seeding reads those in `f32`, passes the others
        let in_f32 = keep(in_f32, tiles::KEPT);
        Self { in_f32, bf16: keep(bf16, KEPT_ONCE), int8: keep(int8, KEPT), int16: keep(int16, KEPT) }
    }
}

/// The points of a table, prepared for guesses.
#[derive(Debug)]
pub(super) struct Guesser<'a> {
    pub(super) table: &'a Table,
    pub(super) kernel: Kernel,
    gamma: f32,                   // G for the centroids' share of E
    pub(super) sees_movers: bool, // but in tests
    pub(super) tiles: Tiles<'a>,
    pub(super) bf16: Option<Bf16>,
    int8: Option<Ints>,
    /// Whether what 8 bits leave open is listed as candidates. Else it is guessed in `f32`.
    pub(super) lists: bool,
    int16: Option<Ints>,
}

/// The arithmetic of a pass's guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    F32,
    Bf16,
    Int8,
    Int16,
}

/// Centroids in the layouts of the kernels.
#[derive(Debug, Clone)]
pub(super) struct Guess {
    columns: Columns,
    late: OnceLock<Columns>, // what `columns` would be in a pass whose guess needs none
    pub(super) bf16: Option<Bf16Columns>,
    int8: Option<IntColumns>,
    pub(super) rows: CandidateRows, // of the guess in 8 bits
    int16: Option<IntColumns>,
    pub(super) pauses: [Pause; 3], // of bf16, int8, int16
    /// The arithmetic of this pass.
    pub(super) in_use: Arithmetic,
    /// The movers of this pass, in its arithmetic.
    pub(super) movers: Option<MoverColumns>,
}

/// The centroids that are looked at first.
#[derive(Debug, Clone)]
pub(super) enum MoverColumns {
    F32(Columns),
    Ints(IntColumns),
}

impl<'a> Guesser<'a> {
    /// For many passes.
    pub(super) fn new(table: &'a Table, instructions: Instructions, bound: Bound, n_clusters: usize) -> Self {
        Self::spanning(table, instructions, bound, (n_clusters, Span::Many))
    }

    /// For these passes.
    pub(super) fn spanning(
        table: &'a Table,
        instructions: Instructions,
        bound: Bound,
        (n_clusters, span): (usize, Span),
    ) -> Self {
        let Instructions { kernel, matrix, bytes } = instructions;
        let (for_points, gamma) = bound.gammas(table.n_dims(), certify::UNIT_CPU);
        let pays = pays(table, n_clusters, span != Span::Many);
        let bytes = bytes.filter(|_| pays);
        let bytes = bytes.filter(|&products| fits_8_bits(table, products));
        let matrix = matrix.filter(|_| pays);
        let values = |made: bool, n: usize| if made { 4 * n * tiles::padded(table, kernel) } else { 0 };
        let d = table.n_dims();
        let kept = Kept::of(
            Sizes {
                in_f32: values(true, d),
                int8: values(bytes.is_some(), d.div_ceil(4)),
                int16: values(kernel.is_narrow() && pays, d.div_ceil(2)),
                bf16: values(matrix.is_some(), Bf16::n_values(d)),
            },
            span,
        );
        let tiles = Tiles::spanning(table, kernel, for_points, (span, kept.in_f32));
        let of_int8 = (&tiles, kept.int8);
        let int8 = bytes.and_then(|products| in_8_bits(table, of_int8, (kernel, products), bound));
        // a single pass has no use for what comes next
        let int16 = kernel.is_narrow() && pays && (span == Span::Many || int8.is_none());
        let int16 = int16.then(|| in_16_bits(table, (&tiles, kept.int16), kernel, bound));
        let of_bf16 = (&tiles, kept.bf16);
        let bf16 = matrix.map(|matrix| Bf16::new(table, of_bf16, kernel, matrix, bound));
        let lists = n_clusters * table.n_dims() >= LISTS;
        Self { table, kernel, gamma, sees_movers: bound.sees_movers(), tiles, bf16, int8, lists, int16 }
    }

    /// The points as integers, if a pass is in these.
    pub(super) fn ints(&self, arithmetic: Arithmetic) -> Option<&Ints> {
        match arithmetic {
            Arithmetic::Int8 => self.int8.as_ref(),
            Arithmetic::Int16 => self.int16.as_ref(),
            Arithmetic::F32 | Arithmetic::Bf16 => None,
        }
    }

    /// The centroids of this pass in `f32`, converted when a point first needs them.
    pub(super) fn in_f32<'g>(&self, guess: &'g Guess, centroids: &[i32]) -> &'g Columns {
        match guess.in_use {
            Arithmetic::F32 => &guess.columns,
            Arithmetic::Int8 if self.lists => &guess.columns,
            _ => guess.late.get_or_init(|| {
                let mut columns = self.columns(centroids.len() / self.table.n_dims());
                columns.fill(self.table, self.kernel.squaring(), centroids);
                columns
            }),
        }
    }

    /// Whether every guess that may be chosen gives bounds, in as little time as without.
    pub(super) fn gives_bounds(&self) -> bool {
        self.bf16.is_none() && self.table.n_dims() >= BOUNDED
    }

    /// The points in 8 bits, if these are exact, and twice as large ones too.
    pub(super) fn exact_bytes(&self) -> Option<&Ints> {
        self.int8.as_ref().filter(|int8| int8.doubles())
    }

    fn columns(&self, n_columns: usize) -> Columns {
        Columns::new(self.table, n_columns, self.kernel.block(n_columns), self.gamma)
    }

    /// Buffers for `n_clusters` centroids, in this kernel's blocks.
    pub(super) fn guess(&self, n_clusters: usize) -> Guess {
        let ints = |ints: &Option<Ints>| ints.as_ref().map(|ints| ints.columns(n_clusters));
        let rows = if self.int8.is_some() && self.lists { n_clusters } else { 0 };
        Guess {
            columns: self.columns(n_clusters),
            late: OnceLock::new(),
            bf16: self.bf16.as_ref().map(|bf16| bf16.columns(n_clusters)),
            int8: ints(&self.int8),
            rows: CandidateRows::new(self.table.n_dims(), rows),
            int16: ints(&self.int16),
            pauses: [Pause::default(); 3],
            in_use: Arithmetic::F32,
            movers: None,
        }
    }

    /// Converts new centroids (n_clusters, n_dims) for a guess in `f32`, and with `bytes` for one in 8 bits too. Whether there
    /// is one.
    pub(super) fn fill_costs(&self, guess: &mut Guess, centroids: &[i32], bytes: bool) -> bool {
        guess.columns.fill(self.table, self.kernel.squaring(), centroids);
        guess.in_use = Arithmetic::F32;
        let ints = self.int8.as_ref().zip(guess.int8.as_mut()).filter(|_| bytes);
        ints.is_some_and(|(ints, columns)| ints.fill(columns, centroids, &self.table.centre))
    }

    /// Converts new centroids (n_clusters, n_dims), and chooses the guess of the next pass. With bounds, `moves` says how
    /// the centroids have moved since the last.
    pub(super) fn fill(&self, guess: &mut Guess, centroids: &[i32], moves: Option<&mut Moves>) {
        guess.in_use = self.choose(guess, centroids, moves.is_some());
        let (table, squares) = (self.table, self.kernel.squaring());
        guess.late = OnceLock::new();
        match guess.in_use {
            Arithmetic::Int8 if self.lists => {
                guess.columns.fill_bases(table, squares, centroids);
                guess.rows.fill(centroids, &table.centre);
            }
            Arithmetic::F32 => guess.columns.fill(table, squares, centroids),
            Arithmetic::Bf16 | Arithmetic::Int8 | Arithmetic::Int16 => {}
        }
        guess.movers = None;
        if let Some(moves) = moves
            && !moves.movers.is_empty()
        {
            guess.movers = self.movers(guess.in_use, centroids, &moves.movers);
            if guess.movers.is_none() {
                moves.without_movers();
            }
        }
    }

    /// The fastest guess that can take these centroids, and does not pause: on matrix units, in 8 bits, in 16. Matrix
    /// units give no bounds.
    fn choose(&self, guess: &mut Guess, centroids: &[i32], bounds: bool) -> Arithmetic {
        let Guess { bf16, int8, int16, pauses: [of_bf16, of_int8, of_int16], .. } = guess;
        let centre = &self.table.centre;
        if let (Some(guess), Some(columns)) = (&self.bf16, bf16)
            && !bounds
            && of_bf16.is_over()
        {
            guess.fill(columns, centroids, centre);
            return Arithmetic::Bf16;
        }
        if let (Some(guess), Some(columns)) = (&self.int8, int8)
            && of_int8.is_over()
            && guess.fill(columns, centroids, centre)
        {
            return Arithmetic::Int8;
        }
        if let (Some(guess), Some(columns)) = (&self.int16, int16)
            && (!bounds || centre.len() >= BOUNDED)
            && of_int16.is_over()
            && guess.fill(columns, centroids, centre)
        {
            return Arithmetic::Int16;
        }
        Arithmetic::F32
    }

    /// Converts the movers. `None` if there is no room for one.
    fn movers(&self, arithmetic: Arithmetic, centroids: &[i32], movers: &[u32]) -> Option<MoverColumns> {
        let d = self.table.n_dims();
        let rows: Vec<i32> =
            movers.iter().flat_map(|&c| &centroids[c as usize * d..][..d]).copied().collect();
        if let Some(ints) = self.ints(arithmetic) {
            let mut columns = ints.columns(movers.len());
            let has_room = ints.fill(&mut columns, &rows, &self.table.centre);
            return has_room.then_some(MoverColumns::Ints(columns));
        }
        let mut columns = self.columns(movers.len());
        columns.fill(self.table, self.kernel.squaring(), &rows);
        Some(MoverColumns::F32(columns))
    }
}

impl Guess {
    /// The centroids as integers, if a pass is in these.
    pub(super) fn ints(&self, arithmetic: Arithmetic) -> Option<&IntColumns> {
        match arithmetic {
            Arithmetic::Int8 => self.int8.as_ref(),
            Arithmetic::Int16 => self.int16.as_ref(),
            Arithmetic::F32 | Arithmetic::Bf16 => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_kept_within_their_room() {
        let sizes = |mib: usize| Sizes { in_f32: mib << 20, int8: mib << 18, int16: mib << 19, bf16: 0 };
        let layouts = |kept: Kept| [kept.in_f32, kept.int8, kept.int16];
        for (mib, kept) in [
            (25, [true, true, true]),    // 25 + 6.25 + 12.5
            (28, [true, true, false]),   // 28 + 7 + 14
            (40, [true, false, false]),  // 40 + 10 + 20
            (58, [false, true, true]),   // 58 + 14.5 + 29
            (100, [false, true, false]), // 100 + 25 + 50
            (240, [false, false, false]),
        ] {
            assert_eq!(layouts(Kept::of(sizes(mib), Span::Many)), kept, "{mib} MiB");
        }
        let without_bytes = Sizes { int8: 0, ..sizes(80) };
        assert!(Kept::of(without_bytes, Span::Many).int16); // what is not made takes no room
        assert_eq!(layouts(Kept::of(sizes(20), Span::One)), [false, true, false]);
    }
}
