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
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 2] = [Algorithm::Lloyd, Algorithm::Bisecting];

    /// Its name: `lloyd` or `bisecting`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Lloyd => "lloyd",
            Algorithm::Bisecting => "bisecting",
        }
    }
}
