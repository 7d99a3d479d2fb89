//! Self-test of matrix units: the kernel that uses them, on small tables, against plain integers.
//!
//! No specification says how the units round. So before their first use, their kernel finds the nearest centroids of
//! points whose scores must be exact, many of which differ by at most a half, and of points of 31 bits, for which the
//! certificate must hold. If one label is wrong, or the driver refuses the kernel, the units are not used.

use std::time::{Duration, Instant};

use super::built::Built;
use super::shape::Shape as KernelShape;
use crate::engine::gpu::buffers::{Columns, Shared, Sizes, Slot, allocate, uniform};
use crate::engine::gpu::context::Context;
use crate::engine::gpu::narrow::{NarrowCentroids, NarrowPoints};
use crate::engine::gpu::points::{features_of, padded};
use crate::engine::gpu::repair::Repair;
use crate::engine::gpu::units::Units;
use crate::engine::reference::assign::assign;
use crate::engine::{EngineError, Job, Metric, Seeding, certify};
use crate::lattice::{Extent, Packer, Table, Weights};

/// Sizes of a table.
#[derive(Debug, Clone, Copy)]
struct Shape {
    n_points: usize,
    n_dims: usize,
    n_clusters: usize,
}

/// Sizes of the tables. The first: two tiles of points and of centroids, three steps of features, the last of each partial.
const SHAPES: [Shape; 4] = [
    Shape { n_points: 211, n_dims: 75, n_clusters: 150 },
    Shape { n_points: 1000, n_dims: 32, n_clusters: 64 },
    Shape { n_points: 333, n_dims: 130, n_clusters: 97 },
    Shape { n_points: 640, n_dims: 64, n_clusters: 256 },
];

/// Runs the self-test, again on other tables until it has taken `least`. Returns why the units must not be used, if so.
/// `bad` makes the test fail.
pub(in crate::engine::gpu) fn run(
    context: &Context,
    units: Units,
    least: Duration,
    bad: bool,
) -> Result<Option<String>, EngineError> {
    let start = Instant::now();
    for (seed, shape) in (1..).zip(SHAPES.iter().cycle()) {
        // small integers, with ties and near ties; larger ones with exact scores; all bits
        for most in [1, 29, (1 << 30) - 1] {
            if let Some(why) = run_one(context, units, (*shape, most, seed), bad)? {
                return Ok(Some(why));
            }
        }
        if start.elapsed() >= least {
            break;
        }
    }
    Ok(None)
}

fn run_one(
    context: &Context,
    units: Units,
    (shape, most, seed): (Shape, i64, u64),
    bad: bool,
) -> Result<Option<String>, EngineError> {
    let Some(trial) = Trial::new(shape, most, seed) else {
        return Ok(Some("its table could not be made".into()));
    };
    let expected = assign(&trial.table, &trial.centroids);
    let mut labels = match trial.labels(context, units)? {
        Ok(labels) => labels,
        Err(refused) => return Ok(Some(refused)),
    };
    if bad && let Some(label) = labels.last_mut() {
        *label ^= 1;
    }
    Ok(first_difference(&expected, &labels))
}

fn first_difference(expected: &[u32], found: &[u32]) -> Option<String> {
    let row = (0..expected.len()).find(|&row| found.get(row) != expected.get(row))?;
    let found = found.get(row).map_or("nothing".into(), ToString::to_string);
    Some(format!("in their self-test point {row} went to {found}, not {}", expected[row]))
}

/// A table and centroids.
struct Trial {
    table: Table,
    centroids: Vec<i32>,
    n_clusters: usize,
    exact: bool,
}

impl Trial {
    /// Random integers of magnitude at most `most`.
    fn new(shape: Shape, most: i64, seed: u64) -> Option<Self> {
        let Shape { n_points, n_dims, n_clusters } = shape;
        let mut state = seed;
        let mut number = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (((state >> 33) as i64) % (2 * most + 1) - most) as f64
        };
        let mut rows: Vec<f64> = (0..n_points * n_dims).map(|_| number()).collect();
        // the first rows are extremes, so that the lattice has offset 0
        rows[..n_dims].fill(most as f64);
        rows[n_dims..2 * n_dims].fill(-most as f64);
        let weights = Weights::ones(n_points);
        let mut extent = Extent::new(n_dims);
        extent.add(0, &rows, &weights).ok()?;
        let mut packer = Packer::new(extent.lattice(n_points as u64).ok()?, weights, n_points);
        packer.add(&rows).ok()?;
        let table = packer.finish();
        let rows: Vec<f64> = (0..n_clusters * n_dims).map(|_| number()).collect();
        let centroids = table.lattice.place_centroids(&rows).ok()?;
        Some(Self { table, centroids, n_clusters, exact: most < 100 })
    }

    /// The kernel's labels, or why the driver refused the kernel.
    fn labels(&self, context: &Context, units: Units) -> Result<Result<Vec<u32>, String>, EngineError> {
        let job = Job {
            table: &self.table,
            metric: Metric::Euclidean,
            n_clusters: self.n_clusters,
            // random seeding implies that centroids are points, so that the kernel takes scores as exact
            seeding: if self.exact { Seeding::Random } else { Seeding::Given(Vec::new()) },
            seed: 0,
            max_iter: 1,
            shift_limit: None,
            refine: false,
            sizes: None,
        };
        let gamma = certify::gamma(self.table.n_dims(), certify::UNIT_WGSL);
        let sizes = Sizes::new(&job, gamma, 0).with_matrix(&self.table, 1.0);
        let built = match Built::try_new(context, &sizes, KernelShape::Matrix(units)) {
            Ok(built) => built,
            Err(refused) => return Ok(Err(format!("the driver refused their kernel: {refused}"))),
        };
        let labels = allocate(context, "self-test labels", self.table.n_points() * 4)?;
        let shared = self.shared(context, &sizes, gamma)?;
        let slots = self.slots(context, &sizes, &labels)?;
        let (points, centroids) =
            (NarrowPoints::build(context, units), NarrowCentroids::build(context, units));
        let repair = Repair::build(context);
        let [values, half_norms, running, states, labels_of_slots, centroids_f16, others] = &slots;
        let of_centroids = [&shared.sizes, values, running, states, centroids_f16];
        let bound = [
            (points.bind(context, &shared), NarrowPoints::blocks(self.table.n_points())),
            (centroids.bind_to(context, of_centroids), NarrowCentroids::blocks(&sizes)),
            (
                built.bind_to(context, &shared, slots.each_ref()),
                self.table.n_points().div_ceil(built.points()),
            ),
            (
                repair.bind_to(
                    context,
                    &shared,
                    [values, half_norms, running, states, labels_of_slots, others],
                ),
                Repair::blocks(self.table.n_points()),
            ),
        ];
        let mut encoder = context.encoder();
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        bound.iter().for_each(|(kernel, blocks)| kernel.dispatch(&mut pass, *blocks, 1));
        drop(pass);
        context.submit(encoder)?;
        let found = context.read(&[(&labels, 0, self.table.n_points() as u64 * 4)])?;
        Ok(Ok(bytemuck::pod_collect_to_vec(&found)))
    }

    fn shared(&self, context: &Context, sizes: &Sizes, gamma: f32) -> Result<Shared, EngineError> {
        let table = &self.table;
        let width = sizes.n_quads as usize * 4;
        let errors: Vec<f32> =
            (0..self.table.n_points()).map(|i| certify::point_error(gamma, table.half_norm(i))).collect();
        Ok(Shared {
            sizes: uniform(context, sizes)?,
            points: filled(context, "self-test points", &padded(table, 0..self.table.n_points(), width))?,
            weights: allocate(context, "self-test weights", 4)?,
            errors: filled(context, "self-test errors", &errors)?,
            features: filled(context, "self-test features", &features_of(table, sizes))?,
            points_f16: allocate(
                context,
                "self-test points in f16",
                sizes.points_f16_bytes(self.table.n_points()),
            )?,
            norms: allocate(context, "self-test norms", self.table.n_points() * 4)?,
        })
    }

    /// Buffers of one slot in its first pass, in the order of the kernel's bindings.
    fn slots(
        &self,
        context: &Context,
        sizes: &Sizes,
        labels: &wgpu::Buffer,
    ) -> Result<[wgpu::Buffer; 7], EngineError> {
        let Columns { values, half_norms } = Columns::new(&self.table, sizes, &self.centroids);
        Ok([
            filled(context, "self-test centroids", &values)?,
            filled(context, "self-test half norms", &half_norms)?,
            filled(context, "self-test running", &[0u32])?,
            filled(context, "self-test slots", &[Slot::default()])?,
            labels.clone(),
            allocate(context, "self-test centroids in f16", sizes.centroids_f16_bytes())?,
            allocate(context, "self-test others", sizes.unit_bytes(self.table.n_points()))?,
        ])
    }
}

fn filled<T: bytemuck::Pod>(
    context: &Context,
    name: &'static str,
    data: &[T],
) -> Result<wgpu::Buffer, EngineError> {
    let buffer = allocate(context, name, size_of_val(data))?;
    context.write(&buffer, 0, data);
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_what_they_are_meant_to_be() {
        let small = Trial::new(SHAPES[0], 1, 1).expect("a table");
        let granularity = small.table.granularity;
        for table in [&small.table, &Trial::new(SHAPES[0], 29, 1).expect("a table").table] {
            assert!(certify::matrix_scores_are_exact(SHAPES[0].n_dims, table.reach(), table.granularity));
        }
        // many points have ties or near ties
        let distance = |x: &[i32], c: &[i32]| -> i64 {
            x.iter().zip(c).map(|(&x, &c)| (i64::from(x) - i64::from(c)) >> granularity).map(|d| d * d).sum()
        };
        let close = (0..SHAPES[0].n_points).filter(|&i| {
            let x = small.table.point(i);
            let mut all: Vec<i64> =
                small.centroids.chunks(SHAPES[0].n_dims).map(|c| distance(x, c)).collect();
            all.sort_unstable();
            all[1] - all[0] <= 2
        });
        assert!(close.count() > SHAPES[0].n_points / 4);
        let large = Trial::new(SHAPES[0], (1 << 30) - 1, 1).expect("a table");
        assert!(large.table.max_coordinate > 1 << 29 && large.table.granularity == 0);
    }

    #[test]
    fn a_wrong_label_is_seen() {
        assert_eq!(first_difference(&[3, 1, 2], &[3, 1, 2]), None);
        let why = first_difference(&[3, 1, 2], &[3, 0, 2]).expect("they differ");
        assert!(why.ends_with("point 1 went to 0, not 1"), "{why}");
        assert!(first_difference(&[3], &[]).is_some());
    }
}
