//! Text whose cells are separated by white space -> text whose cells are separated by single tabs.

use std::io::{self, Read};

/// Bytes read at a time.
const BLOCK: usize = 1 << 13;

/// Replaces each run of blanks and tabs within a line by one tab, and drops those at its ends. Line ends and text in
/// quotes stay as they are.
pub(super) struct TabbedText<R> {
    text: R,
    /// Whether the text is changed at all.
    active: bool,
    block: Vec<u8>,
    at: usize,
    state: State,
}

/// What was read of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At most blanks.
    LineStart,
    /// A cell, then blanks.
    Blank,
    /// A tab was written, the cell has not begun.
    CellStart,
    /// Part of a cell.
    Cell,
    /// Part of a cell in quotes.
    Quoted,
    /// A cell in quotes up to a quote, which ends it unless another quote follows.
    Closed,
}

impl<R: Read> TabbedText<R> {
    /// A reader of the text. If it is not `active` the text does not change.
    pub(super) fn new(text: R, active: bool) -> TabbedText<R> {
        TabbedText { text, active, block: Vec::new(), at: 0, state: State::LineStart }
    }

    /// Writes as much of the block as there is room for. Returns the number of bytes written.
    fn squeeze(&mut self, to: &mut [u8]) -> usize {
        use State::{Blank, Cell, CellStart, Closed, LineStart, Quoted};
        let mut n = 0;
        while n < to.len()
            && let Some(&byte) = self.block.get(self.at)
        {
            self.at += 1;
            let (state, written) = match (self.state, byte) {
                (Quoted, b'"') => (Closed, Some(byte)),
                (Quoted, _) => (Quoted, Some(byte)),
                (_, b'\n' | b'\r') => (LineStart, Some(byte)),
                (LineStart | CellStart, b' ' | b'\t') => (self.state, None),
                (_, b' ' | b'\t') => (Blank, None),
                (Blank, _) => {
                    self.at -= 1; // it is read again after the tab
                    (CellStart, Some(b'\t'))
                }
                (LineStart | CellStart | Closed, b'"') => (Quoted, Some(byte)),
                (_, _) => (Cell, Some(byte)),
            };
            self.state = state;
            if let Some(written) = written {
                to[n] = written;
                n += 1;
            }
        }
        n
    }

    /// Reads the next block. False at the end of the text.
    fn refill(&mut self) -> io::Result<bool> {
        self.block.resize(BLOCK, 0);
        self.at = 0;
        let read = self.text.read(&mut self.block);
        self.block.truncate(*read.as_ref().unwrap_or(&0));
        read.map(|n| n > 0)
    }
}

impl<R: Read> Read for TabbedText<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if !self.active {
            return self.text.read(to);
        }
        loop {
            let n = self.squeeze(to);
            if n > 0 || to.is_empty() || !self.refill()? {
                return Ok(n);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text as read in pieces of every small size.
    fn squeezed(text: &str) -> String {
        let read = |size: usize| {
            let (mut blanks, mut all, mut piece) =
                (TabbedText::new(text.as_bytes(), true), Vec::new(), vec![0; size]);
            while let Ok(n @ 1..) = blanks.read(&mut piece) {
                all.extend_from_slice(&piece[..n]);
            }
            String::from_utf8(all).expect("whole characters")
        };
        let whole = read(100);
        (1..9).for_each(|size| assert_eq!(read(size), whole, "{size}"));
        whole
    }

    #[test]
    fn runs_of_blanks_become_tabs_and_lines_stay() {
        assert_eq!(squeezed("  1   2\t\t3  \n\n4 5 6\r\n \t \n7"), "1\t2\t3\n\n4\t5\t6\r\n\n7");
    }

    #[test]
    fn quotes_keep_their_blanks() {
        assert_eq!(
            squeezed("\"a  b\"  \"c \"\" d\"  5\"  6\n\" \n \" x"),
            "\"a  b\"\t\"c \"\" d\"\t5\"\t6\n\" \n \"\tx"
        );
    }

    #[test]
    fn an_inactive_reader_changes_nothing() {
        let mut text = String::new();
        TabbedText::new("1  2".as_bytes(), false).read_to_string(&mut text).expect("memory");
        assert_eq!(text, "1  2");
    }
}
