//! The cache folder, and the cost model of this machine kept there.

use std::path::PathBuf;
use std::{env, fs, io};

use anyhow::Context;
use cairn::data::write::Output;
use cairn::engine::cost::Costs;
use etcetera::BaseStrategy;

const CACHE: &str = "CAIRN_CACHE";
const FILE: &str = "costs.json";

/// The cache folder; `None` if the user has no home folder.
pub(super) fn folder() -> Option<PathBuf> {
    match env::var_os(CACHE).filter(|folder| !folder.is_empty()) {
        Some(folder) => Some(folder.into()),
        None => Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("cairn")),
    }
}

/// The saved cost model, else the built-in one; and a note if the saved one is invalid.
pub(super) fn costs() -> (Costs, Option<String>) {
    let Some(file) = folder().map(|folder| folder.join(FILE)) else { return Default::default() };
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Default::default(),
        Err(error) => return (Costs::default(), Some(ignored(&file, &error))),
    };
    match Costs::from_json(&text) {
        Ok(costs) => (costs, None),
        Err(error) => (Costs::default(), Some(ignored(&file, &error))),
    }
}

fn ignored(file: &std::path::Path, why: &dyn std::fmt::Display) -> String {
    format!("{} is ignored: {why}; `cairn compare --calibrate` writes a new one", file.display())
}

/// Saves the cost model and returns its path.
pub(super) fn save(costs: &Costs) -> anyhow::Result<PathBuf> {
    let no_folder = || format!("there is no cache folder; set {CACHE}");
    let folder = folder().with_context(no_folder)?;
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let file = folder.join(FILE);
    Output::create_plain(&file)?.write_bytes(costs.to_json().as_bytes())?;
    Ok(file)
}
