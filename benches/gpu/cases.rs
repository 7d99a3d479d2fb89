//! The cases, generated here and equal on every machine, so that a single binary can be copied to a machine with a
//! GPU.

use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, bail};
use cairn::data::{Dataset, Points, digits};
use cairn::kmeans::{Init, KMeans, Params, pack_for};
use cairn::lattice::Table;
use ndarray::{Array2, s};
use rayon::prelude::*;

/// A table and a job.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// `None`: the digits.
    sizes: Option<(usize, usize)>,
    n_clusters: usize,
    /// Restarts of k-means++ to the fixed point; else one restart of this many iterations from given rows.
    work: Work,
}

#[derive(Clone, Copy)]
enum Work {
    Restarts(u64),
    Iterations(u32),
}

/// All cases, in sizes for a data centre's GPU, or `small` ones for a software adapter.
pub(crate) fn cases(small: bool) -> Vec<Case> {
    let pick = |full, few| if small { few } else { full };
    let iterations = Work::Iterations(if small { 3 } else { 25 });
    let case = |name, sizes, n_clusters, work| Case { name, sizes, n_clusters, work };
    vec![
        case("digits", None, 10, Work::Restarts(if small { 200 } else { 100_000 })),
        case("codes", Some(pick((100_000, 128), (2000, 128))), if small { 64 } else { 1024 }, iterations),
        case("points", Some(pick((8_000_000, 16), (20_000, 16))), if small { 20 } else { 100 }, iterations),
        case(
            "embeddings",
            Some(pick((1_000_000, 128), (3000, 128))),
            if small { 100 } else { 1000 },
            iterations,
        ),
    ]
}

impl Case {
    /// Whether it has many centroids of many features.
    pub(crate) fn suits_matrix_units(&self) -> bool {
        self.n_clusters >= 64 && self.sizes.is_some_and(|(_, n_dims)| n_dims >= 32)
    }

    fn points(&self) -> Dataset<'static> {
        let Some((n, d)) = self.sizes else { return digits() };
        let points = blobs(n, d, 4 * self.n_clusters).into();
        Dataset {
            name: self.name.into(),
            points,
            columns: Vec::new(),
            truth: None,
            weights: None,
            reading: cairn::data::Reading::default(),
        }
    }

    /// First centroids: evenly spaced rows of the table, whose order is random.
    fn starts(&self, points: &Array2<f32>) -> Array2<f32> {
        let step = points.nrows() / self.n_clusters;
        points.slice(s![..step * self.n_clusters; step, ..]).to_owned()
    }

    /// The packed table, and the parameters.
    pub(crate) fn prepare(&self) -> anyhow::Result<(Table, Params)> {
        let data = self.points();
        let kmeans = KMeans::new(self.n_clusters);
        let kmeans = match (self.work, &data.points) {
            (Work::Iterations(most), Points::F32(points)) => {
                let starts = self.starts(&points.to_owned()).mapv(f64::from);
                kmeans.restarts(1).init(Init::Centroids(starts)).max_iter(most)
            }
            (Work::Restarts(restarts), _) => kmeans.restarts(restarts).seed(42),
            (Work::Iterations(most), _) => kmeans.restarts(1).max_iter(most),
        };
        let params = kmeans.check()?;
        Ok((pack_for(&data, &params)?, params))
    }

    /// Writes points and starts as `.npy` files, with the job in their names.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let points = match self.points().points {
            Points::F32(points) => points.into_owned(),
            Points::F64(points) => points.mapv(|value| value as f32),
            Points::Source(_) | Points::Scaled(_) => bail!("the points of {} are not in memory", self.name),
        };
        let what = match self.work {
            Work::Restarts(restarts) => format!("r{restarts}"),
            Work::Iterations(most) => format!("i{most}"),
        };
        let stem = format!("{}-k{}-{what}", self.name, self.n_clusters);
        write_npy(&folder.join(format!("{stem}-points.npy")), &points)?;
        write_npy(&folder.join(format!("{stem}-starts.npy")), &self.starts(&points))
    }
}

/// A number in -1 .. 1 for each index, by SplitMix64, so that rows can be generated in any order.
fn number(place: u64) -> f32 {
    let mut z = place.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 40) as f32 / (1u32 << 23) as f32 - 1.0
}

/// Values around `k` centres, wide enough to overlap. (n, d)
fn blobs(n: usize, d: usize, n_centres: usize) -> Array2<f32> {
    let mut values = vec![0.0; n * d];
    values.par_chunks_mut(d).enumerate().for_each(|(i, row)| {
        let centre = (number(i as u64 | 1 << 40).abs() * n_centres as f32) as u64;
        for (j, value) in row.iter_mut().enumerate() {
            let at = (i * d + j) as u64;
            let noise = number(3 * at) + number(3 * at + 1) + number(3 * at + 2); // nearly Gaussian
            *value = 2.0 * number((centre * d as u64 + j as u64) | 1 << 50) + noise;
        }
    });
    Array2::from_shape_vec((n, d), values).unwrap_or_default()
}

/// Version 1.0 of the format, little-endian f32.
fn write_npy(path: &Path, values: &Array2<f32>) -> anyhow::Result<()> {
    let named = || path.display().to_string();
    let (n, d) = values.dim();
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({n}, {d}), }}");
    let padded = format!("{header:<width$}\n", width = (10 + header.len() + 1).next_multiple_of(64) - 11);
    let mut file = BufWriter::new(File::create(path).with_context(named)?);
    file.write_all(b"\x93NUMPY\x01\x00").with_context(named)?;
    file.write_all(&(padded.len() as u16).to_le_bytes()).with_context(named)?;
    file.write_all(padded.as_bytes()).with_context(named)?;
    for value in values {
        file.write_all(&value.to_le_bytes()).with_context(named)?;
    }
    file.flush().with_context(named)
}
