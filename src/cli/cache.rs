//! The cache folder, and the cost model of this machine kept there.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use cairn::engine::cost::{Costs, CostsError};
use etcetera::BaseStrategy;

const CACHE: &str = "CAIRN_CACHE";
const FILE: &str = "costs.json";

/// The cache folder; `None` if the user has no home folder.
pub(super) fn folder() -> Option<PathBuf> {
    match env::var_os(CACHE).filter(|folder| !folder.is_empty()) {
        Some(folder) => Some(folder.into()),
        // a relative HOME would make folders wherever the command is run
        None => {
            let cache = etcetera::choose_base_strategy().ok()?.cache_dir();
            cache.is_absolute().then(|| cache.join("cairn"))
        }
    }
}

/// The file of the cost model.
pub(super) fn costs_file() -> Option<PathBuf> {
    folder().map(|folder| folder.join(FILE))
}

/// The saved cost model, else the built-in one; and why the saved one is not used.
pub(super) fn costs() -> (Costs, Option<CostsError>) {
    match costs_file().map(|file| Costs::load(&file)).transpose() {
        Ok(costs) => (costs.flatten().unwrap_or_default(), None),
        Err(error) => (Costs::default(), Some(error)),
    }
}

/// A note that the saved cost model is not used. That it is damaged is said in any case, since it was measured on
/// request; that there is none to read, only with `verbose`.
pub(super) fn note(error: &CostsError, verbose: bool) -> Option<String> {
    let file = costs_file()?;
    let file = file.display();
    match error {
        CostsError::Unreadable(why) => verbose.then(|| format!("{file} is ignored: {why}")),
        why => Some(format!("{file} is ignored: {why}; `cairn compare --calibrate` writes a new one")),
    }
}

/// Saves the cost model and returns its path.
pub(super) fn save(costs: &Costs) -> anyhow::Result<PathBuf> {
    let file = costs_file().with_context(|| format!("there is no cache folder; set {CACHE}"))?;
    costs.save(&file).map_err(|why| not_saved(&file, &why))?;
    Ok(file)
}

fn not_saved(file: &Path, why: &str) -> anyhow::Error {
    anyhow!("{}: {why}; set {CACHE} to a folder that can be written", file.display())
}
