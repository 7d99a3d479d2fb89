//! The model file, in the safetensors format, for which other languages have readers.
//!
//! | tensor | type, shape | what |
//! |---|---|---|
//! | `centroids` | i32 (n_clusters, n_dims) | lattice coordinates, which define the model |
//! | `offsets` | f64 (n_dims) | the user's value of coordinate 0 |
//! | `exponents` | i32 (n_dims) | a step of the lattice is 2^exponent |
//! | `counts` | u64 (n_clusters) | weight of the fitted rows |
//! | `values` | f64 (n_clusters, n_dims) | the centroids in the user's units, for other programs |
//! | `scale_shift`, `scale_factor` | f64 (n_dims) | the numbers of the scaling, if columns are scaled |
//! | `purities` | f64 (n_clusters) | share of a cluster's rows whose truth is its name; NaN without one |
//!
//! The metadata are texts: `format` (`cairn-model`), `version`, `checksum`, `cairn`, `data`, `n_points`,
//! `device`, `fingerprint`, `seed`, `n_restarts`, `init`, `max_iter`, `tol`, `inertia` (in the user's units),
//! `inertia_exact` (in lattice units), `weight_unit`, `columns` and `names` (JSON lists), and where there are
//! any `truth`, `first_restart` (of a part of a run), `algorithm` and `splits` ([`Model::splits`], a JSON list), of minibatch `batches` (their rows and number) and
//! `fixed_point`, of limits on sizes `sizes` (the least and the most, or null) and `unlimited_exact` ([`Model::unlimited`]), `table_columns` ([`Model::table_columns`], as JSON), `image` (`8x8`) and `reach_exact`
//! ([`Model::radius`], in lattice units). Equal models give equal bytes.
//!
//! A model of scaled rows has `scale` (a name of [`Scale`]) too, and version 2: rows must be scaled before they are
//! compared with its centroids, which programs that read version 1 do not know. All others have version 1. One of the
//! metric cosine has `metric` (`cosine`) and the scale `unit`: its nearest centroid is that of least distance, as of any.
//!
//! The checksum is BLAKE3 over all bytes of the file, with the checksum's own 64 digits taken as zeros.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::{ClusterName, Model, ModelError, ModelParams, Provenance};
use crate::data::write::Output;
use crate::data::{Scale, Scaling};
use crate::engine::Metric;
use crate::kmeans::{Algorithm, Minibatch};
use crate::lattice::{Lattice, MAX_DIMS};

/// Latest version of the format. Later ones are rejected.
pub const VERSION: u32 = 2;
/// Version of a file of rows that are not scaled.
const UNSCALED: u32 = 1;
const FORMAT: &str = "cairn-model";
/// Longest header that is read, in bytes. Names of 65,535 columns and many clusters take a few million.
const MAX_HEADER: u64 = 100_000_000;
/// Largest sum of the counts, so that no sum of some of them overflows.
const MOST_COUNTED: u128 = 1 << 62;
/// Digits of a checksum.
const DIGITS: usize = 64;

impl Model {
    /// Writes the model atomically: to a temporary file, which is then renamed.
    ///
    /// # Errors
    /// [`ModelError::Write`]: no such folder, no permission, a full disk.
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        let output = Output::create_plain(path)?;
        Ok(output.write_bytes(&self.to_bytes()?)?)
    }

    /// Reads a model.
    ///
    /// # Errors
    /// [`ModelError`]: the file can't be read, isn't a model, was damaged, or is of a later version.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let name = path.display().to_string();
        let bytes = read(path).map_err(|problem| problem.at(&name))?;
        Self::from_bytes(&name, &bytes)
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// [`ModelError::TooLarge`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let zeros = "0".repeat(DIGITS);
        let mut bytes = self.encode(&zeros).ok_or(ModelError::TooLarge)?;
        let checksum = blake3::hash(&bytes).to_hex();
        // a name may also contain 64 zeros, so search for the key
        if let Some(at) = checksum_place(&bytes) {
            bytes[at..at + DIGITS].copy_from_slice(checksum.as_bytes());
        }
        Ok(bytes)
    }

    /// Reads the bytes of a file; `name` is its name in messages.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, ModelError> {
        decode(bytes).map_err(|problem| problem.at(name))
    }

    fn encode(&self, checksum: &str) -> Option<Vec<u8>> {
        let (k, d) = (self.n_clusters(), self.n_dims());
        let purity = |name: &Option<ClusterName>| name.as_ref().and_then(|name| name.purity);
        let purities: Vec<f64> = self.names.iter().map(|name| purity(name).unwrap_or(f64::NAN)).collect();
        let values: Vec<f64> = self.values().into_iter().collect();
        let mut tensors = vec![
            ("centroids", Dtype::I32, vec![k, d], little(&self.centroids, i32::to_le_bytes)),
            ("offsets", Dtype::F64, vec![d], little(&self.lattice.offset, f64::to_le_bytes)),
            ("exponents", Dtype::I32, vec![d], little(&self.lattice.exponent, i32::to_le_bytes)),
            ("counts", Dtype::U64, vec![k], little(&self.counts, u64::to_le_bytes)),
            ("values", Dtype::F64, vec![k, d], little(&values, f64::to_le_bytes)),
            ("purities", Dtype::F64, vec![k], little(&purities, f64::to_le_bytes)),
        ];
        if let Some(scaling) = self.scaling.as_ref().filter(|scaling| scaling.scale() != Scale::Unit) {
            let numbers = [("scale_shift", scaling.shift()), ("scale_factor", scaling.factor())];
            tensors.extend(
                numbers.map(|(name, values)| (name, Dtype::F64, vec![d], little(values, f64::to_le_bytes))),
            );
        }
        let mut views = Vec::new();
        for (name, dtype, shape, bytes) in &tensors {
            views.push((*name, TensorView::new(*dtype, shape.clone(), bytes).ok()?));
        }
        let metadata = self.metadata(checksum).into_iter().map(|(key, text)| (key.to_owned(), text));
        sorted(&safetensors::serialize(views, Some(metadata.collect())).ok()?)
    }

    fn metadata(&self, checksum: &str) -> BTreeMap<&'static str, String> {
        let names: Vec<Option<&str>> = (0..self.n_clusters()).map(|c| self.name(c)).collect();
        let Self { params, provenance, .. } = self;
        let mut texts = BTreeMap::from([
            ("format", FORMAT.to_owned()),
            ("version", if self.scaling.is_some() { VERSION } else { UNSCALED }.to_string()),
            ("checksum", checksum.to_owned()),
            ("cairn", provenance.cairn.clone()),
            ("data", provenance.data.clone()),
            ("n_points", provenance.n_points.to_string()),
            ("device", provenance.device.clone()),
            ("fingerprint", self.fingerprint.clone()),
            ("seed", params.seed.to_string()),
            ("n_restarts", params.n_restarts.to_string()),
            ("init", params.init.clone()),
            ("max_iter", params.max_iter.to_string()),
            ("tol", params.tol.to_string()),
            ("inertia", self.inertia().to_string()),
            ("inertia_exact", self.inertia.to_string()),
            ("weight_unit", self.weight_unit.to_string()),
            ("columns", serde_json::json!(self.columns).to_string()),
            ("names", serde_json::json!(names).to_string()),
        ]);
        texts.extend(self.truth.clone().map(|truth| ("truth", truth)));
        texts.extend(
            self.table_columns
                .as_ref()
                .map(|columns| ("table_columns", serde_json::json!(columns).to_string())),
        );
        texts.extend(self.scaling.as_ref().map(|scaling| ("scale", scaling.scale().name().to_owned())));
        if params.algorithm != Algorithm::Lloyd {
            texts.insert("algorithm", params.algorithm.name().to_owned());
            texts.insert("splits", serde_json::json!(self.splits).to_string());
        }
        if params.first_restart > 0 {
            texts.insert("first_restart", params.first_restart.to_string());
        }
        if let Algorithm::Minibatch(Minibatch { rows, batches }) = params.algorithm {
            texts.insert("batches", serde_json::json!([rows, batches]).to_string());
        }
        if let Some((min, max)) = params.sizes {
            texts.insert("sizes", serde_json::json!([min, max]).to_string());
        }
        texts.extend(self.unlimited.map(|inertia| ("unlimited_exact", inertia.to_string())));
        texts.extend(self.fixed_point.map(|fixed| ("fixed_point", fixed.to_string())));
        if params.metric != Metric::Euclidean {
            texts.insert("metric", params.metric.name().to_owned());
        }
        texts.extend(self.radius.map(|radius| ("reach_exact", radius.to_string())));
        texts.extend(self.image.map(|(height, width)| ("image", format!("{height}x{width}"))));
        texts
    }
}

fn little<T: Copy, const N: usize>(values: &[T], bytes: fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|&value| bytes(value)).collect()
}

/// The file with its header's keys sorted: the safetensors crate writes the metadata in random order.
fn sorted(bytes: &[u8]) -> Option<Vec<u8>> {
    let (header, values) = split(bytes)?;
    let header: BTreeMap<String, BTreeMap<String, serde_json::Value>> =
        serde_json::from_slice(header).ok()?;
    let mut header = serde_json::to_vec(&header).ok()?;
    header.resize(header.len().next_multiple_of(8), b' ');
    Some([&(header.len() as u64).to_le_bytes(), &header[..], values].concat())
}

/// Header and values of a file.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}

/// Offset of the checksum's digits, in a header written by Cairn.
fn checksum_place(bytes: &[u8]) -> Option<usize> {
    let key = br#""checksum":""#;
    let (header, _) = split(bytes)?;
    // quotes inside texts are escaped, so the key occurs only once
    let at = header.windows(key.len()).position(|window| window == key)?;
    let first = at + key.len();
    (header.get(first + DIGITS) == Some(&b'"')).then_some(8 + first)
}

/// What is wrong with a file, without its name.
#[derive(Debug)]
enum Problem {
    Read(io::Error),
    Foreign(String),
    Newer(String),
    Damaged(String),
}

impl Problem {
    fn at(self, path: &str) -> ModelError {
        let path = path.to_owned();
        match self {
            Self::Read(reason) if reason.kind() == io::ErrorKind::NotFound => ModelError::NotFound { path },
            Self::Read(reason) => ModelError::Read { path, reason },
            Self::Foreign(reason) => ModelError::NotAModel { path, reason },
            Self::Newer(version) => {
                let own = env!("CARGO_PKG_VERSION");
                ModelError::Newer { path, version, own, reads: VERSION }
            }
            Self::Damaged(reason) => ModelError::Damaged { path, reason },
        }
    }
}

fn damaged<T>(reason: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Damaged(reason.into()))
}

fn foreign<T>(reason: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Foreign(reason.into()))
}

/// Reads a file only up to the length in its header, so that a huge file given by mistake is not read.
fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    let mut file = File::open(path).map_err(Problem::Read)?;
    if file.metadata().map_err(Problem::Read)?.is_dir() {
        return foreign("it is a folder");
    }
    let mut bytes = Vec::new();
    let mut more = |bytes: &mut Vec<u8>, most: u64| {
        Read::by_ref(&mut file).take(most).read_to_end(bytes).map_err(Problem::Read)
    };
    more(&mut bytes, 8)?;
    let length = header_length(&bytes)?;
    more(&mut bytes, length)?;
    let end = check_header(&bytes)?;
    more(&mut bytes, end.saturating_add(1))?; // one more byte, to check that the file ends there
    Ok(bytes)
}

fn header_length(bytes: &[u8]) -> Result<u64, Problem> {
    match bytes.first_chunk::<8>().map(|&length| u64::from_le_bytes(length)) {
        Some(length @ 2..=MAX_HEADER) => Ok(length),
        Some(_) => foreign("it does not begin as a safetensors file does"),
        None => foreign(format!("it has {} bytes", bytes.len())),
    }
}

/// Checks format and version of a complete header. Returns the bytes of the values.
fn check_header(bytes: &[u8]) -> Result<u64, Problem> {
    let header = &bytes[8.min(bytes.len())..];
    let length = header_length(bytes)?;
    let ours = header.windows(FORMAT.len()).any(|window| window == FORMAT.as_bytes());
    let Some(header) = header.get(..length as usize).filter(|_| ours) else {
        return if ours {
            damaged("it ends within its header")
        } else {
            foreign("its header names no format")
        };
    };
    let header: HashMap<String, HashMap<String, serde_json::Value>> = match serde_json::from_slice(header) {
        Ok(header) => header,
        Err(error) => return damaged(format!("its header can't be read: {error}")),
    };
    let text = |key: &str| Some(header.get("__metadata__")?.get(key)?.as_str()?.to_owned());
    if text("format").as_deref() != Some(FORMAT) {
        return foreign("its header names another format");
    }
    match text("version").map(|version| (version.parse(), version)) {
        Some((Ok(UNSCALED..=VERSION), _)) => {}
        Some((Ok(1..), version)) => return Err(Problem::Newer(version)),
        _ => return damaged("it has no version"),
    }
    let ends = header.values().filter_map(|tensor| tensor.get("data_offsets")?.get(1)?.as_u64());
    Ok(ends.max().unwrap_or(0))
}

fn decode(bytes: &[u8]) -> Result<Model, Problem> {
    check_header(bytes)?;
    check_sum(bytes)?;
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|error| Problem::Damaged(error.to_string()))?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| Problem::Damaged(error.to_string()))?;
    let texts = header.metadata().iter().flatten().map(|(key, text)| (key.clone(), text.clone())).collect();
    let model = Contents { tensors, texts }.model()?;
    check(&model)?;
    Ok(model)
}

fn check_sum(bytes: &[u8]) -> Result<(), Problem> {
    let Some(at) = checksum_place(bytes) else { return damaged("it has no checksum") };
    let (before, rest) = bytes.split_at(at);
    let (stored, after) = rest.split_at(DIGITS);
    let mut hasher = blake3::Hasher::new();
    hasher.update(before).update(&[b'0'; DIGITS]).update(after);
    if hasher.finalize().to_hex().as_bytes() == stored {
        return Ok(());
    }
    damaged("its bytes don't have the checksum in it")
}

/// Contents of a file with a correct checksum, still to be validated.
struct Contents<'b> {
    tensors: SafeTensors<'b>,
    texts: HashMap<String, String>,
}

impl Contents<'_> {
    fn model(&self) -> Result<Model, Problem> {
        let (shape, centroids) = self.tensor("centroids", Dtype::I32, i32::from_le_bytes)?;
        let &[n_clusters, n_dims] = &shape[..] else { return damaged("its centroids are not a matrix") };
        if !(1..=MAX_DIMS).contains(&n_dims) || u32::try_from(n_clusters).map_or(true, |k| k == 0) {
            return damaged(format!("it has {n_clusters} clusters of {n_dims} features"));
        }
        let exponent = self.list("exponents", Dtype::I32, n_dims, i32::from_le_bytes)?;
        let most = exponent.iter().copied().max().unwrap_or(0);
        let shift = exponent.iter().map(|&p| most.abs_diff(p)).collect();
        let offset = self.list("offsets", Dtype::F64, n_dims, f64::from_le_bytes)?;
        let Some(lattice) = Lattice::new(offset, exponent, shift) else {
            return damaged("its exponents differ too much");
        };
        let purities = self.list("purities", Dtype::F64, n_clusters, f64::from_le_bytes)?;
        let names: Vec<Option<String>> = self.json("names")?;
        if names.len() != n_clusters {
            return damaged(format!("it has {} names for {n_clusters} clusters", names.len()));
        }
        let purity = |purity: f64| (!purity.is_nan()).then_some(purity);
        let named =
            |(name, value): (Option<String>, f64)| Some(ClusterName { name: name?, purity: purity(value) });
        let model = Model {
            lattice,
            scaling: self.scaling(n_dims)?,
            centroids,
            counts: self.list("counts", Dtype::U64, n_clusters, u64::from_le_bytes)?,
            weight_unit: self.number("weight_unit")?,
            columns: self.json("columns")?,
            table_columns: self
                .texts
                .contains_key("table_columns")
                .then(|| self.json("table_columns"))
                .transpose()?,
            names: names.into_iter().zip(purities).map(named).collect(),
            truth: self.texts.get("truth").cloned(),
            image: self.image()?,
            params: self.params()?,
            splits: self.splits()?,
            unlimited: self
                .texts
                .get("unlimited_exact")
                .map(|_| self.number("unlimited_exact"))
                .transpose()?,
            fixed_point: self.texts.get("fixed_point").map(|_| self.json("fixed_point")).transpose()?,
            inertia: self.number("inertia_exact")?,
            radius: self.texts.contains_key("reach_exact").then(|| self.number("reach_exact")).transpose()?,
            provenance: Provenance {
                data: self.text("data")?.to_owned(),
                n_points: self.number("n_points")?,
                cairn: self.text("cairn")?.to_owned(),
                device: self.text("device")?.to_owned(),
            },
            fingerprint: self.text("fingerprint")?.to_owned(),
        };
        Ok(model)
    }

    /// The scaling, if the file is of a version that has one.
    fn scaling(&self, n_dims: usize) -> Result<Option<Scaling>, Problem> {
        let Some(name) = self.texts.get("scale") else { return Ok(None) };
        if self.text("version")? == UNSCALED.to_string() {
            return damaged("it is of version 1, and has a scale");
        }
        let Some(scale) = Scale::ALL.into_iter().find(|scale| scale.name() == name) else {
            return damaged(format!("its scale is {name:?}"));
        };
        let numbers = |name| match scale {
            Scale::Unit => Ok(Vec::new()),
            _ => self.list(name, Dtype::F64, n_dims, f64::from_le_bytes),
        };
        let scaling = Scaling::new(scale, n_dims, numbers("scale_shift")?, numbers("scale_factor")?);
        scaling
            .map_or_else(|| damaged("a number of its scale is not finite, or 0"), |scaling| Ok(Some(scaling)))
    }

    fn params(&self) -> Result<ModelParams, Problem> {
        Ok(ModelParams {
            seed: self.number("seed")?,
            n_restarts: self.number("n_restarts")?,
            first_restart: match self.texts.contains_key("first_restart") {
                true => self.number("first_restart")?,
                false => 0,
            },
            init: self.text("init")?.to_owned(),
            max_iter: self.number("max_iter")?,
            tol: self.number("tol")?,
            algorithm: self.algorithm()?,
            sizes: self.texts.get("sizes").map(|_| self.json("sizes")).transpose()?,
            metric: self.metric()?,
        })
    }

    fn algorithm(&self) -> Result<Algorithm, Problem> {
        let Some(name) = self.texts.get("algorithm") else { return Ok(Algorithm::Lloyd) };
        let algorithm = Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name);
        match algorithm {
            Some(Algorithm::Minibatch(_)) => {
                let [rows, batches] = self.json("batches")?;
                Ok(Algorithm::Minibatch(Minibatch { rows, batches }))
            }
            Some(algorithm) => Ok(algorithm),
            None => damaged(format!("its algorithm is {name:?}")),
        }
    }

    fn splits(&self) -> Result<Vec<u32>, Problem> {
        if self.texts.contains_key("splits") { self.json("splits") } else { Ok(Vec::new()) }
    }

    fn metric(&self) -> Result<Metric, Problem> {
        let Some(name) = self.texts.get("metric") else { return Ok(Metric::Euclidean) };
        let metric = Metric::ALL.into_iter().find(|metric| metric.name() == name);
        metric.map_or_else(|| damaged(format!("its metric is {name:?}")), Ok)
    }

    fn image(&self) -> Result<Option<(usize, usize)>, Problem> {
        let Some(text) = self.texts.get("image") else { return Ok(None) };
        let sizes = text.split_once('x').and_then(|(h, w)| Some((h.parse().ok()?, w.parse().ok()?)));
        sizes.map_or_else(|| damaged(format!("its image is {text:?}")), |sizes| Ok(Some(sizes)))
    }

    fn text(&self, key: &str) -> Result<&str, Problem> {
        self.texts.get(key).map_or_else(|| damaged(format!("it has no {key}")), |text| Ok(text.as_str()))
    }

    fn number<T: FromStr>(&self, key: &str) -> Result<T, Problem> {
        let text = self.text(key)?;
        text.parse().or_else(|_| damaged(format!("its {key} is {text:?}")))
    }

    fn json<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<T, Problem> {
        serde_json::from_str(self.text(key)?).or_else(|_| damaged(format!("its {key} are not a list")))
    }

    fn list<T, const N: usize>(
        &self,
        name: &str,
        dtype: Dtype,
        length: usize,
        from: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, Problem> {
        let (shape, values) = self.tensor(name, dtype, from)?;
        if shape == [length] {
            return Ok(values);
        }
        damaged(format!("its {name} have shape {shape:?} where [{length}] is needed"))
    }

    fn tensor<T, const N: usize>(
        &self,
        name: &str,
        dtype: Dtype,
        from: fn([u8; N]) -> T,
    ) -> Result<(Vec<usize>, Vec<T>), Problem> {
        let Ok(view) = self.tensors.tensor(name) else { return damaged(format!("it has no {name}")) };
        if view.dtype() != dtype {
            return damaged(format!("its {name} are {:?} where {dtype:?} is needed", view.dtype()));
        }
        let (cells, _) = view.data().as_chunks::<N>();
        Ok((view.shape().to_vec(), cells.iter().map(|&cell| from(cell)).collect()))
    }
}

/// Rejects values that no fit makes, and values that would overflow.
fn check(model: &Model) -> Result<(), Problem> {
    let (lattice, d) = (&model.lattice, model.n_dims());
    let positive = |x: f64| x.is_finite() && x > 0.0;
    let counted: u128 = model.counts.iter().map(|&count| u128::from(count)).sum();
    let refused = [
        (
            model.centroids.iter().any(|q| q.unsigned_abs() > lattice.max_coordinate().unsigned_abs()),
            "a centroid lies off the lattice",
        ),
        (lattice.offset.iter().any(|x| !x.is_finite()), "an offset is not finite"),
        (lattice.exponent.iter().any(|p| !(-1200..=1200).contains(p)), "an exponent is out of range"),
        (model.columns.len() != d, "its columns are not as many as its features"),
        (
            model.table_columns.as_ref().is_some_and(|(n_columns, features)| {
                features.len() != d
                    || !features.is_sorted_by(|a, b| a < b)
                    || features.last().is_some_and(|last| last >= n_columns)
            }),
            "its features are not among its table_columns",
        ),
        (
            model.image.is_some_and(|(h, w)| h.checked_mul(w) != Some(d)),
            "its image has another number of pixels",
        ),
        (!(1..=MOST_COUNTED).contains(&counted), "its counts are all 0, or too large"),
        (
            model.params.metric == Metric::Cosine
                && model.scaling.as_ref().map(Scaling::scale) != Some(Scale::Unit),
            "its metric is cosine, and its rows are not scaled to length 1",
        ),
        (
            !model.splits.is_empty()
                && (model.splits.len() != model.n_clusters() - 1
                    || model.splits.iter().enumerate().any(|(at, &cluster)| cluster as usize > at)),
            "its splits are not those of its clusters",
        ),
        (!positive(model.weight_unit), "its weight_unit is not a positive number"),
        (
            model.names.iter().flatten().filter_map(|name| name.purity).any(|p| !(0.0..=1.0).contains(&p)),
            "a purity is not between 0 and 1",
        ),
    ];
    match refused.into_iter().find(|(bad, _)| *bad) {
        Some((_, reason)) => damaged(reason),
        None => Ok(()),
    }
}
