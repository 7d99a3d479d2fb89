//! Refill of empty clusters with the farthest locations (docs/DEFINITION.md, section 3.3), in passes over the file.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;

use super::distances::Distances;
use crate::engine::reference::Sums;
use crate::engine::{EngineError, Watch};
use crate::packed::PackedTable;

/// Rows that a pass finds: some for each empty cluster, since those of one location count once.
const ROWS: usize = 16;

/// The rows of one location: how many, their weight, and their label.
#[derive(Default)]
struct Location {
    rows: usize,
    weight: u64,
    label: u32,
}

/// As [`refill`](crate::engine::reference::empty::refill) of the reference, but that the labels of rows that move stay as they are:
/// a pass over all rows follows. `None` if the watch ends the run.
pub(super) fn refill(
    table: &PackedTable,
    centroids: &[i32],
    labels: &[u32],
    sums: &mut Sums,
    watch: &Watch<'_>,
) -> Result<Option<usize>, EngineError> {
    let mut empties = (0..sums.counts.len()).filter(|&c| sums.counts[c] == 0).collect::<Vec<_>>().into_iter();
    let Some(mut empty) = empties.next() else { return Ok(Some(0)) };
    let (mut seen, mut moved) = (HashSet::new(), 0);
    loop {
        let most = (empties.len() + 1) * ROWS;
        let Some(far) = farthest(table, centroids, labels, (&seen, most), watch)? else { return Ok(None) };
        let all = far.len() < most;
        let Some(mut locations) = locations(table, labels, &far, watch)? else { return Ok(None) };
        for point in far {
            let Some(Location { rows, weight, label }) = locations.remove(&point) else { continue };
            let donor = label as usize;
            let stays = sums.counts[donor] == weight;
            if !stays {
                moved += rows;
                // all rows of a location have the same coordinates
                for (cluster, weight) in [(donor, -weight.cast_signed()), (empty, weight.cast_signed())] {
                    sums.add(cluster, &point, weight);
                }
            }
            seen.insert(point);
            match (stays, empties.len()) {
                (true, _) => {}
                (false, 0) => return Ok(Some(moved)),
                (false, _) => empty = empties.next().unwrap_or(empty),
            }
        }
        if all {
            return Ok(Some(moved));
        }
    }
}

/// Coordinates of the rows of positive weight that are farthest from their own centroids, at a distance above zero, but for
/// those seen before: by decreasing distance, then by row. At most `most`.
fn farthest(
    table: &PackedTable,
    centroids: &[i32],
    labels: &[u32],
    (seen, most): (&HashSet<Vec<i32>>, usize),
    watch: &Watch<'_>,
) -> Result<Option<Vec<Vec<i32>>>, EngineError> {
    let (d, distances) = (table.head().n_dims(), Distances::on(&table.head().lattice));
    let mut far: BTreeSet<(Reverse<u128>, usize, Vec<i32>)> = BTreeSet::new();
    table.visit::<EngineError>(&mut |first, chunk| {
        if watch.ends() {
            return Ok(ControlFlow::Break(()));
        }
        for i in (0..chunk.n_points()).filter(|&i| chunk.weights.get(i) > 0) {
            let (row, point) = (first + i, chunk.point(i));
            let own = distances.of(point, &centroids[labels[row] as usize * d..][..d]);
            let beyond =
                far.len() == most && far.last().is_some_and(|last| (Reverse(own), row) > (last.0, last.1));
            if own > 0 && !beyond && !seen.contains(point) {
                far.insert((Reverse(own), row, point.to_vec()));
                if far.len() > most {
                    far.pop_last();
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((!watch.has_ended()).then(|| far.into_iter().map(|(_, _, point)| point).collect()))
}

/// All rows of positive weight with these coordinates.
fn locations(
    table: &PackedTable,
    labels: &[u32],
    points: &[Vec<i32>],
    watch: &Watch<'_>,
) -> Result<Option<HashMap<Vec<i32>, Location>>, EngineError> {
    let mut found: HashMap<Vec<i32>, Location> =
        points.iter().map(|point| (point.clone(), Location::default())).collect();
    table.visit::<EngineError>(&mut |first, chunk| {
        if watch.ends() {
            return Ok(ControlFlow::Break(()));
        }
        for i in (0..chunk.n_points()).filter(|&i| chunk.weights.get(i) > 0) {
            if let Some(location) = found.get_mut(chunk.point(i)) {
                location.rows += 1;
                location.weight += u64::from(chunk.weights.get(i));
                location.label = labels[first + i];
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((!watch.has_ended()).then_some(found))
}
