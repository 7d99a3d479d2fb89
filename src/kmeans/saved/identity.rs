//! What a run is of: its table, and the parameters that decide its restarts.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::engine::{Job, Seeding};
use crate::kmeans::Params;
use crate::lattice::Table;
use crate::packed::BLOCK;

/// Digits of a hash that are shown.
const SHOWN: usize = 16;

/// The table and the parameters that decide the restarts of a run. Runs of equal identity have the same restarts, under the
/// same numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunIdentity {
    /// Rows of the table.
    pub n_points: u64,
    /// Features.
    pub n_dims: u64,
    /// Hash of the rows on their lattice, and of the weights: 64 hexadecimal digits.
    pub table: String,
    /// Number of clusters.
    pub n_clusters: u64,
    /// `euclidean` or `cosine`.
    pub metric: String,
    /// `k-means++`, `random` or `centroids`.
    pub init: String,
    /// Hash of the given centroids, if they are given.
    pub starts: Option<String>,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Maximum number of iterations of a restart.
    pub max_iter: u32,
    /// Tolerance, as text: the shortest that reads as the same float.
    pub tol: String,
    /// Fewest points of a cluster, if limited.
    pub min_size: Option<u64>,
    /// Most points of a cluster, if limited.
    pub max_size: Option<u64>,
    /// Whether restarts are refined.
    pub refine: bool,
    /// `restarts` or `evolve`.
    pub search: String,
    /// Restarts of a generation, if there are any.
    pub population: Option<u64>,
    /// Generations without a lower inertia after which the run ends, if set.
    pub patience: Option<u64>,
}

/// Two runs differ: in what, and how.
pub(crate) type Difference = (&'static str, String, String);

impl RunIdentity {
    /// That of a fit of a packed table. It reads the whole table, unless that lies in a file, with hashes of its blocks.
    pub(crate) fn of(params: &Params, job: &Job<'_>, hashes: Option<&[blake3::Hash]>) -> Self {
        let starts = match &job.seeding {
            Seeding::Given(centroids) => Some(hash_of(centroids).to_hex().to_string()),
            Seeding::KMeansPlusPlus | Seeding::Random => None,
        };
        Self {
            n_points: job.table.n_points() as u64,
            n_dims: job.table.n_dims() as u64,
            table: table_hash(job.table, hashes),
            starts,
            ..Self::of_params(params)
        }
    }

    /// What is known before a table is read; the rest is empty.
    pub(crate) fn of_params(params: &Params) -> Self {
        // no more members than restarts
        let population = params.search().population().map(|population| population.min(params.n_restarts()));
        let (min_size, max_size) = params.sizes().unwrap_or_default();
        Self {
            n_points: 0,
            n_dims: 0,
            table: String::new(),
            n_clusters: params.n_clusters() as u64,
            metric: params.metric().name().to_owned(),
            init: params.init().name().to_owned(),
            starts: None,
            seed: params.seed(),
            max_iter: params.max_iter(),
            tol: params.tol().to_string(),
            min_size,
            max_size,
            refine: params.refine(),
            search: params.search().name().to_owned(),
            population,
            patience: params.patience(),
        }
    }

    /// The first difference of parameters.
    pub(crate) fn differs_in_params(&self, other: &Self) -> Option<Difference> {
        let of = |this: &Self| {
            let or_none =
                |number: Option<u64>| number.map_or_else(|| "none".to_owned(), |number| number.to_string());
            [
                ("number of clusters", this.n_clusters.to_string()),
                ("metric", this.metric.clone()),
                ("start of restarts", this.init.clone()),
                ("seed", this.seed.to_string()),
                ("maximum number of iterations", this.max_iter.to_string()),
                ("tolerance", this.tol.clone()),
                ("least size of a cluster", or_none(this.min_size)),
                ("largest size of a cluster", or_none(this.max_size)),
                ("refining", if this.refine { "yes" } else { "no" }.to_owned()),
                ("search", this.search.clone()),
                ("population", or_none(this.population)),
                ("patience", or_none(this.patience)),
            ]
        };
        first(of(self), of(other))
    }

    /// The first difference, of the table too.
    pub(crate) fn differs(&self, other: &Self) -> Option<Difference> {
        let of = |this: &Self| {
            let starts = this.starts.as_deref().map_or("none", shown).to_owned();
            [
                ("number of rows", this.n_points.to_string()),
                ("number of features", this.n_dims.to_string()),
                ("hash of the rows, scaled and weighted as asked,", shown(&this.table).to_owned()),
                ("hash of the start centroids", starts),
            ]
        };
        first(of(self), of(other))
            .or_else(|| self.differs_in_params(other))
            .or_else(|| (self != other).then(|| ("identity", format!("{self:?}"), format!("{other:?}"))))
    }

    /// Rows, features and clusters, as a fingerprint hashes them.
    pub(crate) fn sizes(&self) -> [u64; 3] {
        [self.n_points, self.n_dims, self.n_clusters]
    }
}

fn first<const N: usize>(
    here: [(&'static str, String); N],
    there: [(&'static str, String); N],
) -> Option<Difference> {
    let pairs = here.into_iter().zip(there);
    pairs.map(|((what, here), (_, there))| (what, here, there)).find(|(_, here, there)| here != there)
}

fn shown(hash: &str) -> &str {
    hash.get(..SHOWN).unwrap_or(hash)
}

/// The hash of all that restarts read of a table: coordinates, weights, and the lattice that gives them their units.
fn table_hash(table: &Table, hashes: Option<&[blake3::Hash]>) -> String {
    let mut hash = blake3::Hasher::new();
    let points = match hashes {
        Some(hashes) => hash_of_hashes(table.n_points() * table.n_dims(), hashes),
        None => hash_of(&table.points),
    };
    hash.update(points.as_bytes());
    match table.weights.values() {
        Some(weights) => hash.update(hash_of(weights).as_bytes()),
        None => hash.update(b"no weights"),
    };
    hash.update(&table.weights.unit().to_le_bytes());
    hash.update(&table.lattice.bits.to_le_bytes());
    for (offset, exponent) in table.lattice.offset.iter().zip(&table.lattice.exponent) {
        hash.update(&offset.to_le_bytes());
        hash.update(&exponent.to_le_bytes());
    }
    for (row, q) in &table.outside {
        hash.update(&(*row as u64).to_le_bytes());
        q.iter().for_each(|q| {
            hash.update(&q.to_le_bytes());
        });
    }
    hash.update(b"unplaced");
    for &row in &table.unplaced {
        hash.update(&(row as u64).to_le_bytes());
    }
    hash.finalize().to_hex().to_string()
}

/// A number of 32 bits.
trait Word: Copy + Sync {
    fn bytes(self) -> [u8; 4];
}

impl Word for i32 {
    fn bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }
}

impl Word for u32 {
    fn bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }
}

/// The hash of the hashes of blocks, which threads compute.
fn hash_of<T: Word>(values: &[T]) -> blake3::Hash {
    let block = |values: &[T]| {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.bytes()).collect();
        blake3::hash(&bytes)
    };
    let blocks: Vec<blake3::Hash> = values.par_chunks(BLOCK).map(block).collect();
    hash_of_hashes(values.len(), &blocks)
}

fn hash_of_hashes(n_values: usize, blocks: &[blake3::Hash]) -> blake3::Hash {
    let mut hash = blake3::Hasher::new();
    hash.update(&(n_values as u64).to_le_bytes());
    blocks.iter().for_each(|block| {
        hash.update(block.as_bytes());
    });
    hash.finalize()
}
