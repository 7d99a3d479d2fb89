//! Every device equals the reference, bit for bit: labels, centroids, counts, inertia, iterations, stop reason and
//! digest of every restart, for any batch size and any number of threads.
//!
//! | file | what is varied |
//! |---|---|
//! | `definition` | the definition itself, by a second implementation's cases |
//! | `shapes` | sizes: the digits, ones, k = n, partial tiles, many columns, many rows |
//! | `scales` | values: negative, huge, tiny, mixed, constant, one far outlier |
//! | `ties` | equal distances: duplicates, equal centroids, bisectors, binary tables; and a far centroid |
//! | `empties` | empty clusters |
//! | `weights` | zero, one, 2^32 - 1; copies of rows; a common factor |
//! | `bisecting` | bisecting k-means |
//! | `minibatch` | minibatch k-means, and streams |
//! | `sizes` | limits on sizes |
//! | `cosine` | the metric cosine: sizes, cones, sums of zero, weights, empty clusters |
//! | `stops` | tolerance, few iterations, random and given starts |
//! | `cancels` | runs that are cancelled within a restart, and what is left of them |
//! | `limits` | the largest sizes: correct, or an error |
//! | `narrow` | many centroids of many features: guesses in 16-bit integers |
//! | `mutations` | the certificate: careless ones are caught |
//! | `random` | all of it at once, by proptest |
//! | `races` | a GPU's kernels in every shape, for a race detector |
//! | `search` | refined restarts, and children of a population |
//! | `instructions` | the processor's, each set of them |
//! | `kernels` | a GPU's, each of them |
//! | `seeds` | a GPU's two ways of seeding |
//! | `units` | a GPU's matrix units: tested before they are used, doubted by the right bound, refused when they err |
//! | `reported` | small tables that other programs get wrong |
//! | `truth` | the same algorithm by scikit-learn |
//! | `nearest` | the nearest and the second nearest centroid |
//! | `predict` | a model on rows |
//! | `gpu_faults` | a GPU does the work itself; faults, the fallback, the choice of an adapter |
//! | `gpu_loop` | the loop around a GPU's kernels |
//! | `plan` | what a GPU's plan says buffers take, against what they are given |
//! | `peak` | what a device can do at most |

#[path = "../common/mod.rs"]
mod common;

mod bisecting;
mod cancels;
mod cosine;
mod definition;
mod empties;
mod gpu_faults;
mod gpu_loop;
mod instructions;
mod kernels;
mod limits;
mod minibatch;
mod mutations;
mod narrow;
mod nearest;
mod peak;
mod plan;
mod predict;
mod races;
mod random;
mod reported;
mod scales;
mod search;
mod seeds;
mod shapes;
mod sizes;
mod stops;
mod ties;
mod truth;
mod units;
mod weights;
