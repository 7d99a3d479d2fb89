//! Several files of the same columns, one after the other, as one table.

use std::ops::ControlFlow;

use super::columns::{Columns, listed};
use super::error::DataError;
use super::pick::Pick;
use super::reading::TextReading;
use super::source::{Chunk, Source};
use super::texts::CellType;

/// Opens a part once more.
pub(super) type Reopen = Box<dyn Fn() -> Result<Box<dyn Source>, DataError> + Send + Sync>;

/// A part of a table.
enum Part {
    Open(Box<dyn Source>),
    /// A text of which only the columns were read: thousands of files can't be open at a time.
    Closed(Reopen),
}

/// Parts of one table.
pub(super) struct Joined {
    columns: Columns,
    parts: Vec<Part>,
    n_rows: Option<usize>,
    can_reread: bool,
}

impl Joined {
    /// An empty table of this name, with the columns of its first part.
    pub(super) fn new(name: &str, first: Box<dyn Source>) -> Joined {
        let columns = first.columns().clone().called(name);
        let (n_rows, can_reread) = (first.n_rows(), first.can_reread());
        Joined { columns, n_rows, can_reread, parts: vec![Part::Open(first)] }
    }

    /// Adds a part, which must have the same columns.
    pub(super) fn push(&mut self, part: Box<dyn Source>, reopen: Reopen) -> Result<(), DataError> {
        check_columns(self.first().columns(), part.columns())?;
        self.columns.add_text_of(part.columns());
        self.n_rows = self.n_rows.zip(part.n_rows()).and_then(|(all, more)| all.checked_add(more));
        self.can_reread &= part.can_reread();
        let is_open = part.n_rows().is_some() || !part.can_reread();
        self.parts.push(if is_open { Part::Open(part) } else { Part::Closed(reopen) });
        Ok(())
    }

    fn first(&self) -> &dyn Source {
        match &self.parts[0] {
            Part::Open(first) => &**first,
            Part::Closed(_) => unreachable!("the first part stays open"),
        }
    }
}

/// Checks that a part has the columns of the first one, by name and in order.
fn check_columns(first: &Columns, part: &Columns) -> Result<(), DataError> {
    let difference = match (first.header(), part.header()) {
        _ if first.count() != part.count() => {
            format!("has {} columns where {} has {}", part.count(), first.source(), first.count())
        }
        (Some(names), Some(others)) => match (0..names.len()).find(|&at| names[at] != others[at]) {
            None => return Ok(()),
            Some(at) => {
                let (column, found) = (at + 1, listed(&others[at..=at]));
                let expected = listed(&names[at..=at]);
                format!(
                    "column {column} is called {found}, where that of {} is called {expected}",
                    first.source()
                )
            }
        },
        (None, None) => return Ok(()),
        (Some(_), None) => format!("has no names of columns where {} has them", first.source()),
        (None, Some(_)) => format!("has names of columns where {} has none", first.source()),
    };
    Err(DataError::OtherColumns { name: part.source().to_owned(), difference })
}

impl Source for Joined {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn n_rows(&self) -> Option<usize> {
        self.n_rows
    }

    fn can_reread(&self) -> bool {
        self.can_reread
    }

    fn n_files(&self) -> usize {
        self.parts.len()
    }

    fn check(&self, pick: &Pick) -> Result<(), DataError> {
        self.parts.iter().try_for_each(|part| match part {
            Part::Open(part) => part.check(pick),
            Part::Closed(_) => Ok(()),
        })
    }

    fn text(&self, pick: &Pick) -> Option<TextReading> {
        self.first().text(pick)
    }

    fn cell_types(&self) -> Vec<CellType> {
        self.first().cell_types()
    }

    fn read(&self, pick: &Pick, each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Result<(), DataError> {
        let (mut before, mut flow) = (0, ControlFlow::Continue(()));
        for part in &self.parts {
            let reopened;
            let part = match part {
                Part::Open(part) => part,
                Part::Closed(reopen) => {
                    reopened = reopen()?;
                    check_columns(self.first().columns(), reopened.columns())?;
                    &reopened
                }
            };
            // a file before the first row that is wanted is not read
            if let Some(n_rows) = part.n_rows().filter(|n_rows| before + n_rows <= pick.from) {
                before += n_rows;
                continue;
            }
            let pick = &Pick { from: pick.from.saturating_sub(before), ..pick.clone() };
            let mut n_rows = 0;
            part.read(pick, &mut |chunk| {
                n_rows = chunk.first + chunk.n_rows;
                // errors have the row's number in its own file
                let numbers: Vec<u64> = (0..chunk.n_rows).map(|row| chunk.number(row)).collect();
                flow = each(Chunk { first: before + chunk.first, numbers: Some(&numbers), ..chunk });
                flow
            })?;
            if flow.is_break() {
                break;
            }
            before += n_rows;
        }
        Ok(())
    }
}
