//! Where the rows of a table are: in a file, chunk by chunk; in the memory of this process; or with several ranks, of which
//! each has some.

use std::borrow::Cow;
use std::ops::{ControlFlow, Range};

use crate::comm::{self, Alone, Comm, CommError, Partial};
use crate::engine::{EngineError, Watch};
use crate::lattice::{Moments, Table};
use crate::packed::PackedTable;

/// What is done with some rows: the index of the first of them, and they as a table.
pub(super) type Visit<'a> = dyn FnMut(usize, &Table) -> Result<ControlFlow<()>, EngineError> + 'a;

/// Labels of a rank that are gathered at a time.
const PIECE: usize = 1 << 22;

/// Where the rows of this process are.
#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    File(&'a PackedTable),
    Memory(&'a Table),
    Nowhere, // it has none
}

/// The rows of a table, in their parts. Rows are numbered as in the whole table.
#[derive(Clone, Copy)]
pub struct RowParts<'a> {
    head: &'a Table,
    moments: &'a Moments,
    place: Place<'a>,
    firsts: &'a [usize], // the first row of each rank, and the number of all rows
    comm: &'a dyn Comm,
}

impl<'a> RowParts<'a> {
    /// The rows of a file, of one process.
    #[must_use]
    pub fn of_file(table: &'a PackedTable) -> Self {
        let place = Place::File(table);
        Self { head: table.head(), moments: table.moments(), place, firsts: &[], comm: &Alone }
    }

    /// The rows of several ranks. `head` is all of the whole table but its points, and `moments` are those of all rows; `own` are
    /// the rows of this rank as a table. Of rank r they are those from `firsts[r]` to `firsts[r + 1]`. (n_ranks + 1)
    #[must_use]
    pub fn of_ranks(
        (head, moments): (&'a Table, &'a Moments),
        own: &'a Table,
        firsts: &'a [usize],
        comm: &'a dyn Comm,
    ) -> Self {
        let place = if own.n_points() == 0 { Place::Nowhere } else { Place::Memory(own) };
        Self { head, moments, place, firsts, comm }
    }

    /// All of the whole table but its points.
    #[must_use]
    pub fn head(&self) -> &'a Table {
        self.head
    }

    /// Sums of the coordinates of all rows, and of their squares.
    #[must_use]
    pub fn moments(&self) -> &'a Moments {
        self.moments
    }

    /// How ranks reach each other.
    #[must_use]
    pub fn comm(&self) -> &'a dyn Comm {
        self.comm
    }

    /// The rows of this process, if they are in memory.
    pub(super) fn in_memory(&self) -> Option<&'a Table> {
        match self.place {
            Place::Memory(table) => Some(table),
            Place::File(_) | Place::Nowhere => None,
        }
    }

    /// The rows of this process, if they are in a file.
    pub(super) fn in_file(&self) -> Option<&'a PackedTable> {
        match self.place {
            Place::File(table) => Some(table),
            Place::Memory(_) | Place::Nowhere => None,
        }
    }

    /// The rows of this process.
    pub(super) fn own(&self) -> Range<usize> {
        match self.firsts {
            [] => 0..self.head.n_points(),
            firsts => firsts[self.comm.rank()]..firsts[self.comm.rank() + 1],
        }
    }

    /// The rows of a chunk: the index of the first, and they as a table.
    pub(super) fn chunk(&self, chunk: usize) -> Result<(usize, Cow<'a, Table>), EngineError> {
        match self.place {
            Place::File(table) => Ok((table.chunk_rows(chunk).start, Cow::Owned(table.chunk(chunk)?))),
            Place::Memory(table) => Ok((self.own().start, Cow::Borrowed(table))),
            Place::Nowhere => Ok((self.own().start, Cow::Owned(self.head.part(0..0, Vec::new())))),
        }
    }

    /// Calls `visit` for all chunks of this process in order. False if the watch ended it.
    pub(super) fn visit(&self, watch: &Watch<'_>, visit: &mut Visit<'_>) -> Result<bool, EngineError> {
        let mut ended = false;
        let mut watched = |first: usize, table: &Table| {
            ended = watch.ends();
            if ended { Ok(ControlFlow::Break(())) } else { visit(first, table) }
        };
        match self.place {
            Place::File(table) => table.visit(&mut watched)?,
            Place::Memory(table) => watched(self.own().start, table).map(drop)?,
            Place::Nowhere => ended = watch.ends(),
        }
        Ok(!ended)
    }

    /// Coordinates of a row, of whichever rank. (n_dims). `None` if the watch ends the run.
    pub(super) fn row(&self, row: usize, watch: &Watch<'_>) -> Result<Option<Vec<i32>>, EngineError> {
        let own = (!watch.ends()).then(|| self.own_row(row)).transpose();
        let bytes = |point: Option<Vec<i32>>| point.map(|point| bytes_of(&point));
        let Some(all) = self.gather(own.map(bytes))? else { return Ok(None) };
        Ok(Some(all.iter().flat_map(|bytes| values_of(bytes)).collect()))
    }

    /// Coordinates of a row, if this process has it; else none.
    fn own_row(&self, row: usize) -> Result<Vec<i32>, EngineError> {
        if !self.own().contains(&row) {
            return Ok(Vec::new());
        }
        match self.place {
            Place::File(table) => Ok(table.row(row)?),
            Place::Memory(table) => Ok(table.point(row - self.own().start).to_vec()),
            Place::Nowhere => Ok(Vec::new()),
        }
    }

    /// The bytes of all ranks, by rank. `None` if the watch of any of them ends the run.
    pub(super) fn gather(
        &self,
        own: Result<Option<Vec<u8>>, EngineError>,
    ) -> Result<Option<Vec<Vec<u8>>>, EngineError> {
        comm::gather(self.comm, own)
    }

    /// The sum of those of all ranks, which have one shape. `None` as of [`gather`](Self::gather).
    pub(super) fn sum(
        &self,
        own: Result<Option<Partial>, EngineError>,
        like: &Partial,
    ) -> Result<Option<Partial>, EngineError> {
        if self.comm.size() == 1 {
            return own;
        }
        let shape = like.shape();
        let own = own.map(|own| own.map(|own| own.words()));
        let words = comm::sum(self.comm, own, shape.n_words())?;
        Ok(words.and_then(|words| Partial::of_words(&words, shape)))
    }

    /// Fills in the labels of the other ranks' rows. (n_points)
    pub(super) fn gather_labels(&self, labels: &mut [u32]) -> Result<(), EngineError> {
        if self.comm.size() == 1 {
            return Ok(());
        }
        let longest = self.firsts.windows(2).map(|ends| ends[1] - ends[0]).max().unwrap_or(0);
        for at in (0..longest).step_by(PIECE) {
            let own = self.own();
            let own = (own.start + at).min(own.end)..(own.start + at + PIECE).min(own.end);
            let own = labels[own].iter().flat_map(|label| label.to_le_bytes()).collect();
            let Some(all) = comm::gather::<EngineError>(self.comm, Ok(Some(own)))? else { return Ok(()) };
            for (bytes, first) in all.iter().zip(self.firsts) {
                let to = labels.iter_mut().skip(first + at);
                let piece = bytes.as_chunks().0;
                to.zip(piece).for_each(|(label, &bytes)| *label = u32::from_le_bytes(bytes));
            }
        }
        Ok(())
    }
}

pub(super) fn bytes_of(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

pub(super) fn values_of(bytes: &[u8]) -> impl Iterator<Item = i32> {
    bytes.as_chunks().0.iter().map(|&bytes| i32::from_le_bytes(bytes))
}

impl From<CommError> for EngineError {
    fn from(error: CommError) -> Self {
        Self::Comm(error)
    }
}
