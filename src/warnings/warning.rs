//! A warning, and its code.

use serde::Serialize;

/// Kind of a warning. In JSON a word in kebab case, such as `few-distinct-rows`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WarningCode {
    /// The device failed, and another one took over.
    DeviceFallback,
    /// The adapter is a software renderer on the CPU.
    SoftwareAdapter,
    /// A few values stretch the range of a column, so that others keep few bits.
    StretchedRange,
    /// Rounding to the lattice changes the inertia, or that of a cluster, by more than a hundredth.
    CoarseRounding,
    /// Whole numbers beyond 2^53 may have been rounded when they were read.
    LargeIntegers,
    /// The weights were rounded.
    WeightsRounded,
    /// Clusters ended empty, since there are fewer distinct rows than clusters.
    FewDistinctRows,
    /// Clusters ended empty, since rounding to the lattice made different rows equal.
    RowsMerged,
    /// Clusters ended empty for another reason.
    EmptyClusters,
    /// The inertia is beyond the largest `f64`.
    InertiaOverflow,
    /// The inertia is not zero, but below the least ordinary `f64`.
    InertiaUnderflow,
    /// Rows have no label, since a value can't be placed on the model's lattice.
    UnlabelledRows,
    /// There are so many restarts that the median is that of the first ones.
    MedianOfFirst,
    /// The fit was stopped after some of its restarts.
    StoppedEarly,
    /// A column that looks like a class is used as a feature.
    ClassColumn,
    /// A column that numbers the rows, or is an id, is used as a feature.
    RowNumber,
    /// A column has nearly all of the variance.
    DominantColumn,
    /// A file of the rows lacks columns, since they can't be read as text.
    ColumnsNotWritten,
    /// Fewer numbers of clusters were tried than the default, since there are fewer rows.
    FewerClusters,
}

/// A doubt about a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Its kind, for programs.
    pub code: WarningCode,
    /// Description and advice, for people.
    pub text: String,
    /// The column concerned, by name.
    pub column: Option<String>,
    /// The rows concerned, as the source numbers them from 1; of many, the first few.
    pub rows: Option<Vec<u64>>,
}

impl Warning {
    /// A warning that concerns no column and no row.
    #[must_use]
    pub fn new(code: WarningCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), column: None, rows: None }
    }

    /// The same, concerning a column.
    #[must_use]
    pub fn in_column(self, column: impl Into<String>) -> Self {
        Self { column: Some(column.into()), ..self }
    }

    /// The same, concerning rows.
    #[must_use]
    pub fn in_rows(self, rows: Vec<u64>) -> Self {
        Self { rows: Some(rows), ..self }
    }
}

/// All warnings of several lists, each once, in their order.
#[must_use]
pub fn merged<'a>(lists: impl IntoIterator<Item = &'a Vec<Warning>>) -> Vec<Warning> {
    let mut all: Vec<Warning> = Vec::new();
    for warning in lists.into_iter().flatten() {
        if !all.contains(warning) {
            all.push(warning.clone());
        }
    }
    all
}

/// A list of row numbers, shortened: `3, 8, 11, ..`.
pub(super) fn listed(rows: &[u64], count: u64) -> String {
    let shown = rows.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    if count > rows.len() as u64 { shown + ", .." } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_words_in_kebab_case() {
        let json = serde_json::to_value(Warning::new(WarningCode::FewDistinctRows, "x")).unwrap();
        let expected =
            serde_json::json!({"code": "few-distinct-rows", "text": "x", "column": null, "rows": null});
        assert_eq!(json, expected);
    }

    #[test]
    fn equal_warnings_are_kept_once() {
        let of = |text: &str| Warning::new(WarningCode::EmptyClusters, text);
        let lists = [vec![of("a"), of("b")], vec![of("b"), of("c")]];
        assert_eq!(merged(&lists), [of("a"), of("b"), of("c")]);
    }
}
