//! The truth column: each distinct value becomes a class.

use std::collections::HashMap;

/// The known class of each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// The column's name.
    pub column: String,
    /// The class of each row, as an index into `names`. (n_points)
    pub labels: Vec<u32>,
    /// The distinct values, sorted as numbers if all of them are, else as text.
    pub names: Vec<String>,
}

/// Collects the cells of a truth column, in row order.
#[derive(Debug)]
pub(super) struct TruthBuilder {
    column: String,
    seen: HashMap<String, u32>,
    ids: Vec<u32>,
}

impl TruthBuilder {
    pub(super) fn new(column: String) -> TruthBuilder {
        TruthBuilder { column, seen: HashMap::new(), ids: Vec::new() }
    }

    /// Adds the next row's cell.
    pub(super) fn push(&mut self, text: &str) {
        let id = match self.seen.get(text) {
            Some(&id) => id,
            None => {
                // 2^32 distinct texts do not fit in memory
                let id = u32::try_from(self.seen.len()).unwrap_or(u32::MAX);
                self.seen.insert(text.to_owned(), id);
                id
            }
        };
        self.ids.push(id);
    }

    /// Sorts the names, as numbers if all of them are, else as text, and converts the rows to indices.
    pub(super) fn finish(self) -> Truth {
        let mut sorted: Vec<(Option<f64>, String, u32)> =
            self.seen.into_iter().map(|(name, id)| (name.parse().ok(), name, id)).collect();
        let numeric = sorted.iter().all(|(value, ..)| value.is_some());
        sorted.sort_by(|a, b| {
            let by_number = match (a.0, b.0) {
                (Some(x), Some(y)) if numeric => x.total_cmp(&y),
                _ => std::cmp::Ordering::Equal,
            };
            by_number.then_with(|| a.1.cmp(&b.1))
        });
        let mut label_of = vec![0; sorted.len()];
        for (label, (_, _, id)) in (0..).zip(&sorted) {
            label_of[*id as usize] = label;
        }
        Truth {
            column: self.column,
            labels: self.ids.iter().map(|&id| label_of[id as usize]).collect(),
            names: sorted.into_iter().map(|(_, name, _)| name).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(cells: &[&str]) -> Truth {
        let mut builder = TruthBuilder::new("class".into());
        cells.iter().for_each(|cell| builder.push(cell));
        builder.finish()
    }

    #[test]
    fn numbers_sort_as_numbers() {
        let truth = truth(&["10", "9", "-1.5", "10"]);
        assert_eq!(truth.names, ["-1.5", "9", "10"]);
        assert_eq!(truth.labels, [2, 1, 0, 2]);
    }

    #[test]
    fn one_text_makes_all_of_them_text() {
        let truth = truth(&["10", "9", "cat", "9"]);
        assert_eq!(truth.names, ["10", "9", "cat"]);
        assert_eq!(truth.labels, [0, 1, 2, 1]);
        assert_eq!(truth.column, "class");
    }
}
