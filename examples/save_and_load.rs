//! Saves a model, loads it, and checks that it is unchanged.
//!
//! `cargo run --example save_and_load`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use cairn::data;
use cairn::kmeans::{KMeans, fit};
use cairn::model::Model;

fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", save_and_load()?);
    Ok(())
}

/// Contents of the loaded model.
pub(crate) fn save_and_load() -> Result<String, Box<dyn Error>> {
    let digits = data::digits();
    let params = KMeans::new(10).restarts(5).seed(3).check()?;
    let mut model = fit(&digits, &params)?.model(&digits, &params)?;
    model.rename(0, "the first cluster")?;

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("digits.safetensors");
    model.save(&path)?;
    let loaded = Model::load(&path)?;

    Ok(format!(
        "the same: {}\n{} clusters of {} features, the first named {:?}\nfingerprint {}\n",
        loaded == model,
        loaded.n_clusters(),
        loaded.n_dims(),
        loaded.name(0).unwrap_or_default(),
        loaded.fingerprint,
    ))
}
