//! Refill of empty clusters with the farthest locations (docs/DEFINITION.md, section 3.3), in passes over all rows.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;

use super::distances::Distances;
use super::rows::{RowParts, bytes_of, values_of};
use crate::engine::reference::Sums;
use crate::engine::{EngineError, Watch};

/// Rows that a pass finds: some for each empty cluster, since those of one location count once.
const ROWS: usize = 16;

/// The rows of one location: how many, their weight, and their label.
#[derive(Clone, Copy, Default)]
struct Location {
    rows: usize,
    weight: u64,
    label: u32,
}

/// As [`refill`](crate::engine::reference::empty::refill) of the reference, but that the labels of rows that move stay as they are:
/// a pass over all rows follows. `None` if the watch ends the run.
pub(super) fn refill(
    rows: &RowParts<'_>,
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
        let Some(far) = farthest(rows, centroids, labels, (&seen, most), watch)? else { return Ok(None) };
        let all = far.len() < most;
        let Some(mut locations) = locations(rows, labels, &far, watch)? else { return Ok(None) };
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
    rows: &RowParts<'_>,
    centroids: &[i32],
    labels: &[u32],
    (seen, most): (&HashSet<Vec<i32>>, usize),
    watch: &Watch<'_>,
) -> Result<Option<Vec<Vec<i32>>>, EngineError> {
    let (d, distances) = (rows.head().n_dims(), Distances::on(&rows.head().lattice));
    let mut far = Far { points: BTreeSet::new(), most };
    let all = rows.visit(watch, &mut |first, chunk| {
        for i in (0..chunk.n_points()).filter(|&i| chunk.weights.get(i) > 0) {
            let (row, point) = (first + i, chunk.point(i));
            let own = distances.of(point, &centroids[labels[row] as usize * d..][..d]);
            if own > 0 && far.takes(own, row) && !seen.contains(point) {
                far.add(own, row, point.to_vec());
            }
        }
        Ok(ControlFlow::Continue(()))
    });
    let own = all.map(|all| all.then(|| far.bytes()));
    let Some(all) = rows.gather(own)? else { return Ok(None) };
    let mut far = Far { points: BTreeSet::new(), most };
    for bytes in &all {
        for one in bytes.chunks_exact(24 + d * 4) {
            let (distance, rest) = one.split_at(16);
            let (row, point) = rest.split_at(8);
            let distance = u128::from_le_bytes(distance.try_into().unwrap_or_default());
            let row = u64::from_le_bytes(row.try_into().unwrap_or_default()) as usize;
            far.add(distance, row, values_of(point).collect());
        }
    }
    Ok(Some(far.points.into_iter().map(|(_, _, point)| point).collect()))
}

/// The farthest rows so far: by decreasing distance, then by row.
struct Far {
    points: BTreeSet<(Reverse<u128>, usize, Vec<i32>)>,
    most: usize,
}

impl Far {
    /// Whether a row at this distance would be one of them.
    fn takes(&self, distance: u128, row: usize) -> bool {
        self.points.len() < self.most
            || self.points.last().is_some_and(|last| (Reverse(distance), row) < (last.0, last.1))
    }

    fn add(&mut self, distance: u128, row: usize, point: Vec<i32>) {
        self.points.insert((Reverse(distance), row, point));
        if self.points.len() > self.most {
            self.points.pop_last();
        }
    }

    /// Of each its distance u128, its row u64 and its coordinates i32, little-endian.
    fn bytes(&self) -> Vec<u8> {
        let bytes = |(Reverse(distance), row, point): &(Reverse<u128>, usize, Vec<i32>)| {
            [&distance.to_le_bytes()[..], &(*row as u64).to_le_bytes(), &bytes_of(point)].concat()
        };
        self.points.iter().flat_map(bytes).collect()
    }
}

/// All rows of positive weight with these coordinates.
fn locations(
    rows: &RowParts<'_>,
    labels: &[u32],
    points: &[Vec<i32>],
    watch: &Watch<'_>,
) -> Result<Option<HashMap<Vec<i32>, Location>>, EngineError> {
    let mut found: HashMap<&[i32], Location> =
        points.iter().map(|point| (&point[..], Location::default())).collect();
    let all = rows.visit(watch, &mut |first, chunk| {
        for i in (0..chunk.n_points()).filter(|&i| chunk.weights.get(i) > 0) {
            if let Some(location) = found.get_mut(chunk.point(i)) {
                location.rows += 1;
                location.weight += u64::from(chunk.weights.get(i));
                location.label = labels[first + i];
            }
        }
        Ok(ControlFlow::Continue(()))
    });
    // of each location its rows, its weight and its label
    let own = all.map(|all| {
        let of = |point: &Vec<i32>| {
            let Location { rows, weight, label } = found.get(&point[..]).copied().unwrap_or_default();
            [rows as u64, weight, label.into()].into_iter().flat_map(u64::to_le_bytes).collect::<Vec<u8>>()
        };
        all.then(|| points.iter().flat_map(of).collect())
    });
    let Some(all) = rows.gather(own)? else { return Ok(None) };
    let mut found: Vec<Location> = points.iter().map(|_| Location::default()).collect();
    for bytes in &all {
        for (location, words) in found.iter_mut().zip(bytes.as_chunks::<8>().0.chunks_exact(3)) {
            let [rows, weight, label] = [words[0], words[1], words[2]].map(u64::from_le_bytes);
            if rows > 0 {
                // rows of equal coordinates have equal labels
                location.label = label as u32;
                location.rows += rows as usize;
                location.weight += weight;
            }
        }
    }
    Ok(Some(points.iter().cloned().zip(found).collect()))
}
