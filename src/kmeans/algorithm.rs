//! How clusters are found.

/// How clusters are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// All clusters at once, by Lloyd's loop.
    #[default]
    Lloyd,
    /// One cluster is split in two, again and again: the one of largest inertia, by the best restart of two clusters
    /// (bisecting k-means: Steinbach, Karypis and Kumar 2000).
    Bisecting,
    /// A sample is fitted; then batches of drawn rows move its centroids, and all rows are labelled once (minibatch k-means:
    /// Sculley 2010). The result is rarely a fixed point.
    Minibatch(Minibatch),
}

impl Algorithm {
    /// All of them, with their usual sizes.
    pub const ALL: [Algorithm; 3] =
        [Algorithm::Lloyd, Algorithm::Bisecting, Algorithm::Minibatch(Minibatch::USUAL)];

    /// Its name: `lloyd`, `bisecting` or `minibatch`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Lloyd => "lloyd",
            Algorithm::Bisecting => "bisecting",
            Algorithm::Minibatch(_) => "minibatch",
        }
    }

    /// The batches of [`Algorithm::Minibatch`]; `None` of other algorithms.
    #[must_use]
    pub fn minibatch(self) -> Option<Minibatch> {
        match self {
            Algorithm::Minibatch(batches) => Some(batches),
            Algorithm::Lloyd | Algorithm::Bisecting => None,
        }
    }
}

/// The batches of minibatch k-means (docs/DEFINITION.md, section 3.16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minibatch {
    /// Rows that are drawn for a batch, at least 1.
    pub rows: u32,
    /// Batches, at least 1. Together they have at most [`Minibatch::MOST_ROWS`] rows.
    pub batches: u32,
}

/// Times the rows of a batch, or the clusters, that a sample has.
const SAMPLE: usize = 3;

impl Minibatch {
    /// Most rows of all batches together: then 64 bits hold every sum of their coordinates.
    pub const MOST_ROWS: u64 = 1 << 30;
    /// 100 batches of 1024 rows.
    pub const USUAL: Self = Self { rows: 1024, batches: 100 };

    /// Rows of all batches.
    #[must_use]
    pub fn all_rows(self) -> u64 {
        u64::from(self.rows) * u64::from(self.batches)
    }

    /// Rows of the sample, if the table has more.
    pub(super) fn sample(self, n_clusters: usize) -> usize {
        SAMPLE.saturating_mul(n_clusters.max(self.rows as usize))
    }
}

impl Default for Minibatch {
    fn default() -> Self {
        Self::USUAL
    }
}
