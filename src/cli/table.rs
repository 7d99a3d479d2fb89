//! Tables in the terminal. Columns that do not fit beside the others follow below them, with the first column again.

use super::terminal;

/// Columns between two columns.
const GAP: usize = 2;

/// A table of texts, without rules. All columns but the first are right-aligned.
pub(super) struct Table {
    /// Texts of each column, from its header on, all of the same number.
    columns: Vec<Vec<String>>,
    /// Whether the first column is left-aligned, as names are.
    names: bool,
    /// Columns left free at the left.
    indent: usize,
}

impl Table {
    /// A table with a row for each name, which is its first text. A row may end early.
    pub(super) fn of_names(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Self {
        let mut columns: Vec<Vec<String>> = header.iter().map(|&title| vec![title.to_owned()]).collect();
        for row in rows {
            let cells = row.into_iter().chain(std::iter::repeat(String::new()));
            columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell));
        }
        Self { columns, names: true, indent: 2 }
    }

    /// A table of these columns, of which the first has numbers.
    pub(super) fn of_columns(columns: Vec<Vec<String>>) -> Self {
        Self { columns, names: false, indent: 0 }
    }

    /// The table for the width of standard output.
    pub(super) fn text(&self) -> String {
        self.within(terminal::room())
    }

    /// The table in as many parts as it takes to fit into `room` columns.
    fn within(&self, room: Option<usize>) -> String {
        let Some((first, others)) = self.columns.split_first() else { return String::new() };
        let room = room.unwrap_or(usize::MAX);
        let widest = others.iter().map(|column| width(column)).max().unwrap_or(0);
        // a very long name leaves no room for a number
        let most = room.saturating_sub(self.indent + GAP + widest).max(1);
        let first: Vec<String> = first.iter().map(|cell| terminal::shortened(cell, most)).collect();
        let begin = self.indent + width(&first);
        let mut parts: Vec<Vec<&Vec<String>>> = vec![Vec::new()];
        let mut used = begin;
        for column in others {
            used += GAP + width(column);
            if used > room && parts.last().is_some_and(|part| !part.is_empty()) {
                parts.push(Vec::new());
                used = begin + GAP + width(column);
            }
            parts.last_mut().into_iter().for_each(|part| part.push(column));
        }
        parts.iter().map(|part| self.part(&first, part)).collect::<Vec<_>>().join("\n")
    }

    fn part(&self, first: &[String], others: &[&Vec<String>]) -> String {
        let line = |row: usize| {
            let wide = width(first);
            let name = &first[row];
            let name = if self.names { format!("{name:<wide$}") } else { format!("{name:>wide$}") };
            let cells =
                others.iter().map(|column| format!("{:>width$}", column[row], width = GAP + width(column)));
            let line = " ".repeat(self.indent) + &name + &cells.collect::<String>();
            line.trim_end().to_owned() + "\n"
        };
        (0..first.len()).map(line).collect()
    }
}

fn width(cells: &[String]) -> usize {
    cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let row = |name: &str, cells: [&str; 3]| {
            std::iter::once(name).chain(cells).map(str::to_owned).collect::<Vec<String>>()
        };
        let rows = [row("cpu", ["64.7 ms", "1", "10"]), row("gpu", ["13.6 s", "208", "6"])];
        Table::of_names(&["", "median", "ratio", "runs"], rows.into_iter())
    }

    #[test]
    fn a_table_that_fits_stays_whole() {
        let whole = "        median  ratio  runs\n  cpu  64.7 ms      1    10\n  gpu   13.6 s    208     6\n";
        assert_eq!(table().within(None), whole);
        assert_eq!(table().within(Some(27)), whole);
    }

    #[test]
    fn columns_that_do_not_fit_follow_below() {
        let parts = "        median  ratio\n  cpu  64.7 ms      1\n  gpu   13.6 s    208\n\n       runs\n  cpu    10\n  gpu     6\n";
        assert_eq!(table().within(Some(26)), parts);
        for room in 14..40 {
            let text = table().within(Some(room));
            assert!(text.lines().all(|line| line.chars().count() <= room), "{room}:\n{text}");
            assert!(["64.7 ms", "13.6 s", "208", "10"].iter().all(|cell| text.contains(cell)), "{text}");
        }
    }

    #[test]
    fn long_names_are_cut_off_and_short_rows_filled() {
        let row = vec!["a device of a long name".to_owned(), "failed".to_owned()];
        let table = Table::of_names(&["", "median", "runs"], [row].into_iter());
        assert_eq!(
            table.within(Some(20)),
            "             median\n  a device…  failed\n\n             runs\n  a device…\n"
        );
    }

    #[test]
    fn numbers_are_aligned_at_the_right() {
        let columns = [["k", "9", "10"], ["inertia", "5.5", "1234"]];
        let columns = columns.map(|column| column.map(str::to_owned).to_vec()).to_vec();
        assert_eq!(Table::of_columns(columns).within(None), " k  inertia\n 9      5.5\n10     1234\n");
    }
}
