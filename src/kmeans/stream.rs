//! Streams: k-means of rows that come in batches, of which none is kept (docs/DEFINITION.md, section 3.17).

use ndarray::Array2;

use super::label_all::cost_of;
use super::minibatch::{First, Running, fit_first};
use super::pack::check_size;
use super::stream_error::{MOST_WEIGHT, StreamError};
use super::{Algorithm, FitError, KMeans, Minibatch, Params, ParamsError, directions, params};
use crate::data::{Dataset, Rows, Scaling};
use crate::engine::{DeviceInfo, Engine, Metric};
use crate::lattice::{Extent, Lattice, Packer, Table, Weights, check_shape};

/// k-means of rows that come in batches. The first batch is fitted, and each later one moves the centroids: each is the mean
/// of all rows that were ever nearest to it (minibatch k-means: Sculley 2010). The result depends on the batches and their
/// order, and on no device; it is no fixed point.
///
/// ```
/// use cairn::data::Dataset;
/// use cairn::engine::{Device, OpenOptions, open};
/// use cairn::kmeans::{KMeans, Stream};
///
/// let engine = open(&Device::Cpu, &OpenOptions::default())?.engine;
/// let mut stream = Stream::with_ranges(&KMeans::new(2).check()?, &[(0.0, 10.0)])?;
/// stream.partial_fit(&*engine, &Dataset::from(&[[1.0], [2.0], [8.0]][..]))?;
/// let labels = stream.partial_fit(&*engine, &Dataset::from(&[[9.0], [3.0]][..]))?;
/// assert_eq!(stream.centroids()[(labels[1] as usize, 0)], 2.0); // of 1, 2 and 3
/// // a row outside the range is an error, and changes nothing
/// assert!(stream.partial_fit(&*engine, &Dataset::from(&[[10.5]][..])).is_err());
/// assert_eq!((stream.n_batches(), stream.weight()), (2, 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Stream {
    params: Params,
    place: Option<Place>, // None until the first batch, which then decides
    scaling: Option<Scaling>,
    running: Option<Running>,
    n_batches: u64,
    n_rows: u64,
    cost: u128,
    device: Option<DeviceInfo>,
}

/// Where the rows of all batches lie.
#[derive(Debug, Clone)]
struct Place {
    lattice: Lattice,
    ranges: Vec<(f64, f64)>, // (n_dims), or none of rows of length 1
}

impl Stream {
    /// A stream whose range is decided by its first batch: three times that of each feature, around the middle.
    ///
    /// # Errors
    /// [`FitError::Params`] and [`FitError::Stream`] for parameters that a stream has no use for: another algorithm than
    /// [`Algorithm::Lloyd`] or [`Algorithm::Minibatch`], whose sizes don't matter, and searches.
    pub fn new(params: &Params) -> Result<Self, FitError> {
        if let algorithm @ Algorithm::Bisecting = params.algorithm() {
            return Err(StreamError::Algorithm(algorithm.name()).into());
        }
        // refuses the searches that batches can't follow
        let params =
            KMeans::from(params.clone()).algorithm(Algorithm::Minibatch(Minibatch::USUAL)).check()?;
        let (place, scaling, running, device) = (None, None, None, None);
        Ok(Self { params, place, scaling, running, n_batches: 0, n_rows: 0, cost: 0, device })
    }

    /// A stream with the least and the largest value that each feature may have.
    ///
    /// # Errors
    /// As [`Stream::new`]; [`StreamError::BadRange`], [`StreamError::RangesOfDirections`]; [`FitError::Lattice`] for
    /// ranges too many or too wide.
    pub fn with_ranges(params: &Params, ranges: &[(f64, f64)]) -> Result<Self, FitError> {
        let stream = Self::new(params)?;
        if params.metric() == Metric::Cosine {
            return Err(StreamError::RangesOfDirections.into());
        }
        let bad = |(lo, hi): &(f64, f64)| !(lo.is_finite() && hi.is_finite() && lo <= hi);
        if let Some(at) = ranges.iter().position(bad) {
            let (lo, hi) = ranges[at];
            return Err(StreamError::BadRange { column: at + 1, lo, hi }.into());
        }
        check_shape(1, ranges.len())?;
        let ends: Vec<f64> =
            ranges.iter().map(|(lo, _)| *lo).chain(ranges.iter().map(|(_, hi)| *hi)).collect();
        let mut extent = Extent::new(ranges.len());
        extent.add(0, &ends, &Weights::ones(2))?;
        let place = stream.place_of(extent, ranges.len())?;
        Ok(Self { place: Some(place), ..stream })
    }

    /// Learns from the next batch: the first one is fitted, each later one moves the centroids. Returns the labels of its
    /// rows, by the centroids before they moved; of the first one those of its fit.
    ///
    /// Weights are whole numbers: their unit is that of all batches. The data of all batches are scaled alike, for
    /// [`Metric::Cosine`] by [`Scale::Unit`](crate::data::Scale::Unit).
    ///
    /// # Errors
    /// [`FitError::Stream`]; [`FitError::Params`] for a first batch of fewer rows than clusters; others as those of
    /// [`fit`](super::fit). After an error the stream is what it was before.
    pub fn partial_fit(&mut self, engine: &dyn Engine, data: &Dataset<'_>) -> Result<Vec<u32>, FitError> {
        check_size(data)?;
        let n_dims = data.points.n_dims();
        if let Some(lattice) = self.lattice().filter(|lattice| lattice.n_dims() != n_dims) {
            return Err(StreamError::Features { n_dims, expected: lattice.n_dims() }.into());
        }
        if self.n_batches > 0 && data.points.scaling() != self.scaling.as_ref() {
            return Err(StreamError::OtherScale.into());
        }
        let weights = whole_weights(data, self.weight())?;
        let place = match &self.place {
            Some(place) => place.clone(),
            None => self.place_of_first(data, &weights)?,
        };
        let table = self.pack(&place, data, weights)?;
        let (labels, device) = match &self.running {
            None => {
                let job = self.params.job(&table)?;
                let First { running, labels, inertia, device, .. } =
                    fit_first(engine, &table, &self.params, &job, &mut |_| super::CONTINUE)?;
                (self.running, self.cost) = (Some(running), inertia);
                self.scaling = data.points.scaling().cloned();
                (labels, device)
            }
            Some(before) => {
                let mut running = before.clone();
                let (found, device) = running.follow(engine, &table, self.params.metric())?;
                self.cost += cost_of(&table, &found);
                self.running = Some(running);
                (found.iter().map(|found| found.label).collect(), device)
            }
        };
        self.place = Some(place);
        self.device = Some(device);
        self.n_batches += 1;
        self.n_rows += table.n_points() as u64;
        Ok(labels)
    }

    /// The place of an extent, widened by given start centroids, for [`MOST_WEIGHT`].
    fn place_of(&self, mut extent: Extent, n_dims: usize) -> Result<Place, FitError> {
        if let Some(starts) = self.params.starts() {
            extent.add_starts(&params::values_of(starts, n_dims)?).map_err(ParamsError::Centroid)?;
        }
        Ok(Place { lattice: extent.lattice(MOST_WEIGHT)?, ranges: extent.ranges() })
    }

    fn place_of_first(&self, data: &Dataset<'_>, weights: &Weights) -> Result<Place, FitError> {
        let n_dims = data.points.n_dims();
        if self.params.metric() == Metric::Cosine {
            return Ok(Place { lattice: Lattice::of_directions(n_dims, MOST_WEIGHT), ranges: Vec::new() });
        }
        let mut extent = Extent::new(n_dims);
        data.points.visit(&mut |first, rows| -> Result<(), FitError> {
            match rows {
                Rows::F32(rows) => extent.add(first, rows, weights)?,
                Rows::F64(rows) => extent.add(first, rows, weights)?,
            }
            Ok(())
        })?;
        extent.widen();
        self.place_of(extent, n_dims)
    }

    /// The rows on the lattice, all of them inside its ranges.
    fn pack(&self, place: &Place, data: &Dataset<'_>, weights: Weights) -> Result<Table, FitError> {
        let Place { lattice, ranges } = place;
        if self.params.metric() == Metric::Cosine {
            return directions::pack_directions_on(lattice.clone(), data, weights);
        }
        let d = lattice.n_dims();
        let mut packer = Packer::new(lattice.clone(), weights, data.points.n_points());
        data.points.visit(&mut |first, rows| -> Result<(), FitError> {
            let rows = rows.to_f64();
            packer.add(&rows)?; // refuses what is not finite
            let is_outside = |(at, value): (usize, &f64)| {
                let (lo, hi) = ranges[at % d];
                *value < lo || *value > hi
            };
            let Some(at) = rows.iter().enumerate().position(is_outside) else { return Ok(()) };
            let (lo, hi) = ranges[at % d];
            let (row, column) = (first + at / d + 1, at % d + 1);
            Err(StreamError::Outside { row, column, value: rows[at], lo, hi }.into())
        })?;
        Ok(packer.finish())
    }

    /// Number of clusters.
    #[must_use]
    pub fn n_clusters(&self) -> usize {
        self.params.n_clusters()
    }

    /// The parameters.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The lattice of all batches; `None` before the first one decides it.
    #[must_use]
    pub fn lattice(&self) -> Option<&Lattice> {
        self.place.as_ref().map(|place| &place.lattice)
    }

    /// How the rows of the first batch were scaled.
    #[must_use]
    pub fn scaling(&self) -> Option<&Scaling> {
        self.scaling.as_ref()
    }

    /// Batches so far.
    #[must_use]
    pub fn n_batches(&self) -> u64 {
        self.n_batches
    }

    /// Rows of all batches.
    #[must_use]
    pub fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// Weight of the rows of all batches.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.counts().iter().sum()
    }

    /// Weight of all rows that were ever nearest to each centroid. (n_clusters), or empty before the first batch.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        self.running.as_ref().map_or(&[], |running| &running.sums.counts)
    }

    /// Lattice coordinates of the centroids. (n_clusters, n_dims), or empty before the first batch.
    #[must_use]
    pub fn coordinates(&self) -> &[i32] {
        self.running.as_ref().map_or(&[], |running| &running.centroids)
    }

    /// Centroids in the user's units, as [`Fit::centroids`](super::Fit::centroids). (n_clusters, n_dims), or no rows before
    /// the first batch.
    #[must_use]
    pub fn centroids(&self) -> Array2<f64> {
        let Some((lattice, running)) = self.lattice().zip(self.running.as_ref()) else {
            return Array2::zeros((0, 0));
        };
        let d = lattice.n_dims();
        let mut values = lattice.centroid_values(&running.centroids);
        self.scaling.iter().for_each(|scaling| scaling.undo(&mut values));
        Array2::from_shape_fn((values.len() / d, d), |(c, j)| values[c * d + j])
    }

    /// The cost: the inertia of the first batch, and of each later one the weighted squared distances to the centroids
    /// before it. In lattice units.
    #[must_use]
    pub fn cost(&self) -> u128 {
        self.cost
    }

    /// What the last batch ran on.
    #[must_use]
    pub fn device(&self) -> Option<&DeviceInfo> {
        self.device.as_ref()
    }

    /// Hash of the state, as 64 hexadecimal digits: equal for equal batches in equal order, on every device.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = blake3::Hasher::new();
        hash.update(b"cairn-stream-1");
        let d = self.lattice().map_or(0, Lattice::n_dims);
        for size in [self.n_clusters() as u64, d as u64, self.n_batches] {
            hash.update(&size.to_le_bytes());
        }
        hash.update(&self.cost.to_le_bytes());
        if let Some(Running { centroids, sums }) = &self.running {
            centroids.iter().for_each(|q| {
                hash.update(&q.to_le_bytes());
            });
            sums.sums.iter().for_each(|sum| {
                hash.update(&sum.to_le_bytes());
            });
            sums.counts.iter().for_each(|count| {
                hash.update(&count.to_le_bytes());
            });
        }
        hash.finalize().to_hex().to_string()
    }
}

/// The weights of a batch, taken as they are.
fn whole_weights(data: &Dataset<'_>, before: u64) -> Result<Weights, FitError> {
    let n_points = data.points.n_points();
    let weights = match &data.weights {
        None => Weights::ones(n_points),
        Some(weights) => {
            let whole = |w: f64| w >= 0.0 && w.fract() == 0.0 && w <= f64::from(u32::MAX);
            if let Some(at) = weights.iter().position(|&w| !whole(w)) {
                return Err(StreamError::Weight { row: at + 1, value: weights[at] }.into());
            }
            // checks how many there are, and that not all are 0
            Weights::new(weights, n_points)?;
            Weights::of_integers(weights.iter().map(|&w| w as u32).collect())
        }
    };
    match weights.total().checked_add(before) {
        Some(total) if total <= MOST_WEIGHT => Ok(weights),
        _ => Err(StreamError::TooHeavy { batch: weights.total(), before }.into()),
    }
}
