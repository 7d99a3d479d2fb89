//! Self-test of matrix units: the kernel that uses them, on small tables, against plain integers.
//!
//! No specification says how the units round. So before their first use, their kernel finds the nearest centroids of
//! points whose scores must be exact, many of which differ by at most a half, and of points of 31 bits, for which the
//! certificate must hold. If one label is wrong, or the driver refuses the kernel, the units are not used.

use super::built::Built;
use super::shape::Shape;
use crate::engine::gpu::buffers::{Columns, Shared, Sizes, Slot, allocate, uniform};
use crate::engine::gpu::context::Context;
use crate::engine::gpu::narrow::{NarrowCentroids, NarrowPoints};
use crate::engine::gpu::points::{features_of, padded};
use crate::engine::gpu::repair::Repair;
use crate::engine::gpu::units::Units;
use crate::engine::reference::assign::assign;
use crate::engine::{EngineError, Job, Seeding, certify};
use crate::lattice::{Extent, Packer, Table, Weights};

/// Sizes of the tables: two tiles of points and of centroids, three steps of features, the last of each partial.
const N_POINTS: usize = 211;
const N_DIMS: usize = 75;
const N_CLUSTERS: usize = 150;

/// Runs the self-test. Returns why the units must not be used, if so. `bad` makes the test fail.
pub(in crate::engine::gpu) fn run(
    context: &Context,
    units: Units,
    bad: bool,
) -> Result<Option<String>, EngineError> {
    // small integers, with ties and near ties; larger ones with exact scores; all bits
    for most in [1, 29, (1 << 30) - 1] {
        let Some(trial) = Trial::new(most) else { return Ok(Some("its table could not be made".into())) };
        let expected = assign(&trial.table, &trial.centroids);
        let mut labels = match trial.labels(context, units)? {
            Ok(labels) => labels,
            Err(refused) => return Ok(Some(refused)),
        };
        if bad && let Some(label) = labels.last_mut() {
            *label ^= 1;
        }
        if let Some(why) = first_difference(&expected, &labels) {
            return Ok(Some(why));
        }
    }
    Ok(None)
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
    exact: bool,
}

impl Trial {
    /// Random integers of magnitude at most `most`.
    fn new(most: i64) -> Option<Self> {
        let mut state = 1u64;
        let mut number = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (((state >> 33) as i64) % (2 * most + 1) - most) as f64
        };
        let mut rows: Vec<f64> = (0..N_POINTS * N_DIMS).map(|_| number()).collect();
        // the first rows are extremes, so that the lattice has offset 0
        rows[..N_DIMS].fill(most as f64);
        rows[N_DIMS..2 * N_DIMS].fill(-most as f64);
        let weights = Weights::ones(N_POINTS);
        let mut extent = Extent::new(N_DIMS);
        extent.add(0, &rows, &weights).ok()?;
        let mut packer = Packer::new(extent.lattice(N_POINTS as u64).ok()?, weights, N_POINTS);
        packer.add(&rows).ok()?;
        let table = packer.finish();
        let rows: Vec<f64> = (0..N_CLUSTERS * N_DIMS).map(|_| number()).collect();
        let centroids = table.lattice.place_centroids(&rows).ok()?;
        Some(Self { table, centroids, exact: most < 100 })
    }

    /// The kernel's labels, or why the driver refused the kernel.
    fn labels(&self, context: &Context, units: Units) -> Result<Result<Vec<u32>, String>, EngineError> {
        let job = Job {
            table: &self.table,
            n_clusters: N_CLUSTERS,
            // random seeding implies that centroids are points, so that the kernel takes scores as exact
            seeding: if self.exact { Seeding::Random } else { Seeding::Given(Vec::new()) },
            seed: 0,
            max_iter: 1,
            shift_limit: None,
        };
        let gamma = certify::gamma(N_DIMS, certify::UNIT_WGSL);
        let sizes = Sizes::new(&job, gamma, 0).with_matrix(&self.table, 1.0);
        let built = match build(context, &sizes, units) {
            Ok(built) => built,
            Err(refused) => return Ok(Err(refused)),
        };
        let labels = allocate(context, "self-test labels", N_POINTS * 4)?;
        let shared = self.shared(context, &sizes, gamma)?;
        let slots = self.slots(context, &sizes, &labels)?;
        let (points, centroids) =
            (NarrowPoints::build(context, units), NarrowCentroids::build(context, units));
        let repair = Repair::build(context);
        let [values, half_norms, running, states, labels_of_slots, centroids_f16, others] = &slots;
        let of_centroids = [&shared.sizes, values, running, states, centroids_f16];
        let bound = [
            (points.bind(context, &shared), NarrowPoints::blocks(N_POINTS)),
            (centroids.bind_to(context, of_centroids), NarrowCentroids::blocks(&sizes)),
            (built.bind_to(context, &shared, slots.each_ref()), N_POINTS.div_ceil(built.points())),
            (
                repair.bind_to(
                    context,
                    &shared,
                    [values, half_norms, running, states, labels_of_slots, others],
                ),
                Repair::blocks(N_POINTS),
            ),
        ];
        let mut encoder = context.encoder();
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        bound.iter().for_each(|(kernel, blocks)| kernel.dispatch(&mut pass, *blocks, 1));
        drop(pass);
        context.submit(encoder)?;
        let found = context.read(&[(&labels, 0, N_POINTS as u64 * 4)])?;
        Ok(Ok(bytemuck::pod_collect_to_vec(&found)))
    }

    fn shared(&self, context: &Context, sizes: &Sizes, gamma: f32) -> Result<Shared, EngineError> {
        let table = &self.table;
        let width = sizes.n_quads as usize * 4;
        let errors: Vec<f32> =
            (0..N_POINTS).map(|i| certify::point_error(gamma, table.half_norm(i))).collect();
        Ok(Shared {
            sizes: uniform(context, sizes)?,
            points: filled(context, "self-test points", &padded(table, 0..N_POINTS, width))?,
            weights: allocate(context, "self-test weights", 4)?,
            errors: filled(context, "self-test errors", &errors)?,
            features: filled(context, "self-test features", &features_of(table, sizes))?,
            points_f16: allocate(context, "self-test points in f16", sizes.points_f16_bytes(N_POINTS))?,
            norms: allocate(context, "self-test norms", N_POINTS * 4)?,
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
            allocate(context, "self-test others", sizes.unit_bytes(N_POINTS))?,
        ])
    }
}

/// The kernel, or why the driver refused it; without an error of the device.
fn build(context: &Context, sizes: &Sizes, units: Units) -> Result<Built, String> {
    let scopes = [wgpu::ErrorFilter::Internal, wgpu::ErrorFilter::Validation];
    let scopes = scopes.map(|filter| context.device.push_error_scope(filter));
    let built = Built::new(context, sizes, Shape::Matrix(units));
    let refused = scopes.into_iter().rev().filter_map(|scope| pollster::block_on(scope.pop())).last();
    match refused {
        None => Ok(built),
        Some(error) => {
            let words = error.to_string();
            let words: Vec<&str> = words.split_whitespace().collect();
            Err(format!("the driver refused their kernel: {}", words.join(" ")))
        }
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
        let small = Trial::new(1).expect("a table");
        let granularity = small.table.granularity;
        for table in [&small.table, &Trial::new(29).expect("a table").table] {
            assert!(certify::matrix_scores_are_exact(N_DIMS, table.reach(), table.granularity));
        }
        // many points have ties or near ties
        let distance = |x: &[i32], c: &[i32]| -> i64 {
            x.iter().zip(c).map(|(&x, &c)| (i64::from(x) - i64::from(c)) >> granularity).map(|d| d * d).sum()
        };
        let close = (0..N_POINTS).filter(|&i| {
            let x = small.table.point(i);
            let mut all: Vec<i64> = small.centroids.chunks(N_DIMS).map(|c| distance(x, c)).collect();
            all.sort_unstable();
            all[1] - all[0] <= 2
        });
        assert!(close.count() > N_POINTS / 4);
        let large = Trial::new((1 << 30) - 1).expect("a table");
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
