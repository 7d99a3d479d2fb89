//! Names of clusters: by majority of the truth, or by hand.

use super::{ClusterName, Model, ModelError};
use crate::data::Truth;
use crate::kmeans::labelled_values;
use crate::score::{Contingency, majority_names};

/// Names each cluster by the most frequent truth of its rows; ties go to the first class. A cluster without rows gets
/// no name. `labels` are those of the truth's rows. (n_clusters)
pub(super) fn by_majority(
    truth: &Truth,
    labels: &[u32],
    n_clusters: usize,
) -> Result<Vec<Option<ClusterName>>, ModelError> {
    let (classes, labels) = labelled_values(&truth.labels, labels);
    let table = Contingency::new(&classes, truth.names.len(), &labels, n_clusters)?;
    let name = |(cluster, class): (usize, Option<u32>)| {
        let class = class?;
        let size = table.cluster_sizes()[cluster];
        let purity = table.count(cluster as u32, class) as f64 / size as f64;
        let name = truth.names.get(class as usize)?.clone();
        Some(ClusterName { name, purity: Some(purity) })
    };
    Ok(majority_names(&table).into_iter().enumerate().map(name).collect())
}

impl Model {
    /// A cluster's name, if it has one.
    #[must_use]
    pub fn name(&self, cluster: usize) -> Option<&str> {
        self.names.get(cluster)?.as_ref().map(|name| name.name.as_str())
    }

    /// Whether any cluster has a name.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.names.iter().any(Option::is_some)
    }

    /// Names a cluster by hand; an empty name removes its name.
    ///
    /// # Errors
    /// [`ModelError::NoSuchCluster`].
    pub fn rename(&mut self, cluster: usize, name: &str) -> Result<(), ModelError> {
        let n_clusters = self.n_clusters();
        let place = self.names.get_mut(cluster).ok_or(ModelError::NoSuchCluster { cluster, n_clusters })?;
        let kept = |old: &ClusterName| old.name == name;
        if !place.as_ref().is_some_and(kept) {
            *place = (!name.is_empty()).then(|| ClusterName { name: name.to_owned(), purity: None });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_majority_names_a_cluster_ties_go_to_the_first_and_empty_ones_stay_nameless() {
        let truth = Truth {
            column: "pet".into(),
            labels: vec![0, 1, 1, 0, 1, 0, 0],
            names: vec!["cat".into(), "dog".into()],
        };
        let names = by_majority(&truth, &[0, 0, 0, 2, 2, 3, 3], 4).unwrap();
        let named = |name: &str, purity| Some(ClusterName { name: name.into(), purity: Some(purity) });
        assert_eq!(names, [named("dog", 2.0 / 3.0), None, named("cat", 0.5), named("cat", 1.0)]);
    }
}
