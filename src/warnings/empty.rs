//! Clusters that ended empty, and why.

use super::distinct::{Distinct, distinct};
use super::subject::Ended;
use super::warning::{Warning, WarningCode};
use crate::data::{DataError, Dataset};
use crate::engine::Stop;
use crate::lattice::Lattice;
use crate::numbers::plural;

/// A warning if clusters ended empty.
pub(super) fn warning(
    data: &Dataset<'_>,
    lattice: &Lattice,
    ended: &Ended,
) -> Result<Option<Warning>, DataError> {
    let Ended { n_clusters, empty, stop, batches, .. } = *ended;
    if empty == 0 {
        return Ok(None);
    }
    let (code, why) = why(distinct(data, lattice, n_clusters)?, n_clusters, stop, batches);
    Ok(Some(Warning::new(code, format!("{empty} of {n_clusters} clusters ended empty: {why}"))))
}

fn why(distinct: Distinct, n_clusters: usize, stop: Stop, batches: bool) -> (WarningCode, String) {
    let Distinct { given, placed } = distinct;
    let rows = |n: usize| plural(n as u64, "distinct row");
    if given < n_clusters {
        let verb = if given == 1 { "is" } else { "are" };
        let why =
            format!("there {verb} only {}; ask for at most {}", rows(given), plural(given as u64, "cluster"));
        return (WarningCode::FewDistinctRows, why);
    }
    if placed < n_clusters {
        let why = format!(
            "of at least {} rounding to the lattice left {placed}, so rows that differ became equal",
            rows(given)
        );
        return (WarningCode::RowsMerged, why);
    }
    let why = match stop {
        _ if batches => {
            "the sample had too few distinct rows, or batches moved centroids away from all rows; take more rows a batch, or \
             start the algorithm lloyd from these centroids, which fills them"
        }
        Stop::MaxIter => "the maximum number of iterations ended the fit before they were filled; allow more",
        _ => "no row was left to fill them; ask for fewer clusters",
    };
    (WarningCode::EmptyClusters, why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_were_equal_and_rows_that_became_equal_are_told_apart() {
        let code = |given, placed, stop| why(Distinct { given, placed }, 5, stop, false).0;
        assert_eq!(code(4, 4, Stop::FixedPoint), WarningCode::FewDistinctRows);
        assert_eq!(code(4, 2, Stop::MaxIter), WarningCode::FewDistinctRows);
        assert_eq!(code(5, 2, Stop::FixedPoint), WarningCode::RowsMerged);
        assert_eq!(code(5, 5, Stop::MaxIter), WarningCode::EmptyClusters);
        let of_batches = why(Distinct { given: 5, placed: 5 }, 5, Stop::MaxIter, true);
        assert!(of_batches.0 == WarningCode::EmptyClusters && of_batches.1.contains("more rows a batch"));
    }
}
