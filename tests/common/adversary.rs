//! Points that an unsound bound would label wrongly, in lattice coordinates.

use cairn::data::Dataset;
use cairn::kmeans::{Init, KMeans};
use ndarray::Array2;

use super::{Case, Numbers, integers};

/// Points, and the centroids to assign them to.
pub(crate) struct Adversary {
    pub(crate) n_dims: usize,
    pub(crate) points: Vec<f64>,    // (n_points, n_dims)
    pub(crate) centroids: Vec<f64>, // (n_clusters, n_dims)
}

impl Adversary {
    /// The points as a table whose coordinates are these very numbers, seen from 0 by guesses. Added are the points
    /// mirrored, a row of zeros, and two rows at the edges.
    pub(crate) fn data(&self) -> Dataset<'static> {
        let mirrored = self.points.iter().map(|x| -x);
        let zeros = vec![0.0; self.n_dims];
        integers(self.n_dims, self.points.iter().copied().chain(mirrored).chain(zeros).collect())
    }

    /// Starts from the centroids.
    pub(crate) fn case(&self, max_iter: u32) -> Case {
        let shape = (self.centroids.len() / self.n_dims, self.n_dims);
        let starts = Array2::from_shape_vec(shape, self.centroids.clone()).expect("whole rows");
        let kmeans = KMeans::new(shape.0).restarts(1).init(Init::Centroids(starts)).max_iter(max_iter);
        let case = Case::new(&self.data(), kmeans);
        assert!(case.table.points.iter().map(|&q| f64::from(q)).zip(&self.points).all(|(q, &x)| q == x));
        assert!(case.table.centre.iter().all(|&m| m == 0));
        case
    }
}

/// Points exactly between two centroids, and one lattice unit to either side, all of them large numbers.
///
/// The centroids are m - v and m + v, a point m + w with w at right angles to v. `n_dims` is even.
pub(crate) fn bisector(n_dims: usize, seed: u64) -> Adversary {
    let mut numbers = Numbers::new(seed);
    let most = (1 << 28) - 1;
    let middle: Vec<f64> = (0..n_dims).map(|_| numbers.whole(-most, most)).collect();
    let v: Vec<f64> = (0..n_dims).map(|_| numbers.whole(1, most)).collect();
    let mut points = Vec::new();
    for _ in 0..40 {
        // each pair of features turned by a quarter, and scaled by -1 or 1
        let mut point = middle.clone();
        for j in (0..n_dims).step_by(2) {
            let sign = if numbers.below(2) == 0 { 1.0 } else { -1.0 };
            point[j] += sign * v[j + 1];
            point[j + 1] -= sign * v[j];
        }
        let at = numbers.below(n_dims as u64) as usize;
        for step in [0.0, 1.0, -1.0] {
            points.extend(&point);
            let last = points.len() - n_dims + at;
            points[last] += step;
        }
    }
    let ends = [-1.0, 1.0].map(|side| middle.iter().zip(&v).map(|(m, v)| m + side * v).collect::<Vec<f64>>());
    Adversary { n_dims, points, centroids: ends.concat() }
}

/// Points whose nearest centroid has a huge norm and is barely nearer than a centroid at zero.
///
/// In units of 2^7, feature `at` holds 2^22 in the points and 2^23 in the far centroid, the others some 2^10 and
/// 2^11 - 1. A sum of 24 bits that passes 2^45 in that feature drops the products of all others, each a little below
/// half a step of it: the far centroid's score comes out too high by far more than the near one's bound.
pub(crate) fn far_centroid(n_dims: usize, at: usize, seed: u64) -> Adversary {
    let mut numbers = Numbers::new(seed);
    let row = |big: f64, small: &mut dyn FnMut() -> f64| -> Vec<f64> {
        (0..n_dims).map(|j| 128.0 * if j == at { big } else { small() }).collect()
    };
    let mut points = Vec::new();
    for i in 0..60 {
        // 2^10 takes a point to the far side, 2^10 - 1 to the near one
        points.extend(row(f64::from(1 << 22), &mut || 1024.0 - f64::from(numbers.below(60) < i)));
    }
    let far = row(f64::from(1 << 23), &mut || 2047.0);
    let near = vec![0.0; n_dims];
    let aside = row(-4_000_000.0, &mut || 77.0);
    Adversary { n_dims, points, centroids: [near, aside, far].concat() }
}

/// A point in the middle of two centroids but for one lattice unit, of a single feature. Rounded to bf16, whose
/// steps are 2^22 there, the near one moves away by almost half a step, and the far one as much nearer.
pub(crate) fn rounded_apart(n_clusters: usize) -> Adversary {
    let step = f64::from(1 << 22);
    let (point, off) = (200.0 * step, step / 2.0 - 1.0);
    let near = point - step + off;
    let far = point + step - off + 1.0;
    let mut centroids = vec![-point; n_clusters];
    (centroids[3], centroids[7]) = (far, near);
    Adversary { n_dims: 1, points: vec![point; 2 * n_clusters], centroids }
}

/// The same for bytes: steps are 2^30 / 127 there, since rows at the edges take part in the range. All other features
/// are zero, so that Cauchy and Schwarz agree.
pub(crate) fn rounded_apart_in_bytes(n_dims: usize, n_clusters: usize) -> Adversary {
    let step = f64::from(1 << 30) / 127.0;
    let (point, off) = ((60.0 * step).round(), (0.51 * step).round());
    let mut centroids = vec![-point; n_clusters];
    (centroids[3], centroids[7]) = (point + off + 1.0, point - off);
    let rows = |first: &[f64]| -> Vec<f64> {
        first.iter().flat_map(|&x| std::iter::once(x).chain(vec![0.0; n_dims - 1])).collect()
    };
    let points = rows(&[point, -point, 0.0].repeat(n_clusters));
    Adversary { n_dims, points, centroids: rows(&centroids) }
}

/// The same where points have few bits, so that only centroids are rounded: to a fifteenth of a step of the points' grid,
/// which is an eighth of the range. All features are equal, so that Cauchy and Schwarz agree.
pub(crate) fn rounded_apart_beside_a_grid(n_dims: usize, n_clusters: usize) -> Adversary {
    let grid = f64::from(1 << 27);
    let (point, off) = (7.0 * grid, (0.51 * grid / 15.0).round());
    let mut centroids = vec![-point; n_clusters];
    (centroids[3], centroids[7]) = (point + off + 1.0, point - off);
    let rows = |of: &[f64]| -> Vec<f64> { of.iter().flat_map(|&x| vec![x; n_dims]).collect() };
    let points = rows(&[point, -point, 0.0].repeat(n_clusters));
    Adversary { n_dims, points, centroids: rows(&centroids) }
}

/// Points on one side of a bisector that go to the other when they and the centroids are rounded to f16, by nearly
/// all that its 11 bits allow: a point v lies between 4 v - 1 and -2 v, which is farther by a unit. All three lose
/// half a step in magnitude, and that takes the near one away and brings the far one near. The middle of all
/// points is zero.
pub(crate) fn rounded_apart_in_f16(n_clusters: usize) -> Adversary {
    let v = f64::from((1 << 27) + (1 << 16) - (1 << 7));
    let mut centroids = vec![-1e9; n_clusters];
    (centroids[3], centroids[7]) = (-2.0 * v, 4.0 * v - 1.0);
    Adversary { n_dims: 1, points: [v, -v].repeat(n_clusters), centroids }
}
