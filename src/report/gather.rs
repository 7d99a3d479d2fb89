//! One pass over the rows: collects a sample, the rows nearest to and farthest from each centroid, and misread rows.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::gathered::{Gathered, Member, Misread};
use super::scale::{distance, unit_of_feature, unit_of_lattice};
use super::{LabelledRows, ReportError};
use crate::data::{DataError, Rows};
use crate::score::choose;

/// Most rows of the sample, and most bytes of its values.
const MOST_SAMPLED: usize = 2_000;
const MOST_BYTES: usize = 64 << 20;
/// Number of nearest and of farthest rows shown per centroid.
const MEMBERS: usize = 8;
/// Most pairs of classes shown of the misread rows, and most rows of each.
const MOST_PAIRS: usize = 8;
const MOST_MISREAD: usize = 16;

/// Collects the data in one pass over the rows.
pub(super) fn gather(facts: &Facts<'_>, rows: LabelledRows<'_>) -> Result<Gathered, ReportError> {
    let d = facts.model.n_dims();
    let n = rows.labels.len();
    let most = MOST_SAMPLED.min(MOST_BYTES / (8 * d)).max(64).min(n);
    let (misread, n_pairs) = misread(facts, rows);
    let lattice = &facts.model.lattice;
    let mut pass = Pass {
        facts,
        units: (0..d).map(|j| unit_of_feature(lattice, j)).collect(),
        unit: unit_of_lattice(lattice),
        labels: rows.labels,
        sample: choose(n, most, facts.model.params.seed),
        next: 0,
        values: Vec::with_capacity(most * d),
        wanted: misread.iter().flat_map(|pair| &pair.rows).map(|&row| (row, Vec::new())).collect(),
        shown: shown(facts),
        members: vec![(Vec::new(), Vec::new()); facts.model.n_clusters()],
        sums: vec![(0.0, 0.0); d],
    };
    let mut row = Vec::with_capacity(d);
    rows.data.points.visit::<DataError>(&mut |first, chunk| {
        let n_rows = match chunk {
            Rows::F32(values) => values.len(),
            Rows::F64(values) => values.len(),
        } / d;
        for at in 0..n_rows {
            row.clear();
            match chunk {
                Rows::F32(values) => row.extend(values[at * d..][..d].iter().map(|&x| f64::from(x))),
                Rows::F64(values) => row.extend_from_slice(&values[at * d..][..d]),
            }
            pass.see(first + at, &row);
        }
        Ok(())
    })?;
    let deviation = |(&(sum, squares), unit): (&(f64, f64), &f64)| {
        let mean = sum / n as f64;
        (squares / n as f64 - mean * mean).max(0.0).sqrt() * unit
    };
    let deviations = pass.sums.iter().zip(&pass.units).map(deviation).collect();
    let (nearest, farthest) = pass.members.into_iter().unzip();
    Ok(Gathered {
        sample: pass.sample,
        values: pass.values,
        nearest,
        farthest,
        misread,
        n_pairs,
        misread_values: pass.wanted,
        deviations,
    })
}

fn shown(facts: &Facts<'_>) -> Vec<bool> {
    let mut shown = vec![false; facts.model.n_clusters()];
    facts.shown().into_iter().for_each(|c| shown[c] = true);
    shown
}

struct Pass<'a> {
    facts: &'a Facts<'a>,
    labels: &'a [u32],
    sample: Vec<usize>,
    next: usize, // index in the sample
    values: Vec<f64>,
    wanted: BTreeMap<usize, Vec<f64>>,
    shown: Vec<bool>,
    members: Vec<(Vec<Member>, Vec<Member>)>,
    sums: Vec<(f64, f64)>, // sums of the values less the lattice's offset, and of their squares, in `units`
    units: Vec<f64>,       // (n_dims)
    unit: f64,             // of distances
}

impl Pass<'_> {
    fn see(&mut self, row: usize, values: &[f64]) {
        if self.sample.get(self.next) == Some(&row) {
            self.next += 1;
            self.values.extend_from_slice(values);
        }
        if let Some(wanted) = self.wanted.get_mut(&row) {
            wanted.extend_from_slice(values);
        }
        let centres = self.facts.model.lattice.offset.iter().zip(&self.units);
        for ((sum, &x), (centre, unit)) in self.sums.iter_mut().zip(values).zip(centres) {
            let x = (x - centre) / unit;
            sum.0 += x;
            sum.1 += x * x;
        }
        let cluster = self.labels[row] as usize;
        if self.shown[cluster] {
            let centroid = self.facts.centroids.row(cluster);
            let distance = distance(values, centroid, self.unit);
            let (nearest, farthest) = &mut self.members[cluster];
            keep(nearest, row, distance, values, |new, old| new < old);
            keep(farthest, row, distance, values, |new, old| new > old);
        }
    }
}

/// Keeps the first few by distance; ties are in order of rows.
fn keep(members: &mut Vec<Member>, row: usize, distance: f64, values: &[f64], before: fn(f64, f64) -> bool) {
    let at = members.partition_point(|member| !before(distance, member.distance));
    if at < MEMBERS {
        members.insert(at, Member { row, distance, values: values.to_vec() });
        members.truncate(MEMBERS);
    }
}

/// The most frequent mistakes, with some rows of each, and the number of pairs of classes.
fn misread(facts: &Facts<'_>, rows: LabelledRows<'_>) -> (Vec<Misread>, usize) {
    let (Some(score), Some(truth)) = (&facts.score, &rows.data.truth) else { return (Vec::new(), 0) };
    let mut wrong: Vec<_> =
        score.confusion.iter().filter(|entry| entry.named != Some(entry.truth)).copied().collect();
    wrong.sort_by_key(|entry| (std::cmp::Reverse(entry.count), entry.truth, entry.named));
    let n_pairs = wrong.len();
    wrong.truncate(MOST_PAIRS);
    let mut found: Vec<Misread> = wrong
        .iter()
        .map(|w| Misread { class: w.truth, named: w.named, count: w.count, rows: Vec::new() })
        .collect();
    let mut seen = vec![0u64; found.len()];
    for (row, (&label, &class)) in rows.labels.iter().zip(&truth.labels).enumerate() {
        let named = score.cluster_names[label as usize];
        let Some(at) = found.iter().position(|pair| (pair.class, pair.named) == (class, named)) else {
            continue;
        };
        // evenly spaced over the pair's rows
        let pair = &mut found[at];
        let most = (MOST_MISREAD as u64).min(pair.count);
        if seen[at] * most >= pair.rows.len() as u64 * pair.count {
            pair.rows.push(row);
        }
        seen[at] += 1;
    }
    (found, n_pairs)
}
