//! The files that a pattern names.

use std::path::Path;

use super::error::DataError;

/// The files of a source: those that match, in the order of their names, if it is a pattern such as `part-*.csv`; the
/// pictures in a folder; else itself. A file of the very name is no pattern.
///
/// # Errors
///
/// [`DataError::NoMatch`] for a pattern that no file matches, or that is none; [`DataError::NoPictures`] for a folder
/// without pictures.
pub fn files_of(source: &str) -> Result<Vec<String>, DataError> {
    #[cfg(feature = "cli")]
    if is_folder(source) {
        return Ok(super::folder::folder(source)?.pictures);
    }
    if !source.contains(['*', '?', '[']) || Path::new(super::input::file_and_part(source).0).exists() {
        return Ok(vec![source.to_owned()]);
    }
    matches(source)
}

/// Whether a source is a folder. The embedded table is none, whatever there is of that name.
#[cfg(feature = "cli")]
pub(super) fn is_folder(source: &str) -> bool {
    source != super::digits::NAME && Path::new(source).is_dir()
}

#[cfg(feature = "cli")]
fn matches(pattern: &str) -> Result<Vec<String>, DataError> {
    let name = || pattern.to_owned();
    let Ok(found) = glob::glob(pattern) else { return Err(DataError::NoMatch { name: name() }) };
    let mut files = Vec::new();
    for path in found {
        let path = path.map_err(|error| super::input::read_error(pattern, error.into()))?;
        if path.is_dir() {
            continue;
        }
        let file = path.into_os_string().into_string();
        files.push(file.map_err(|path| DataError::NotUtf8Name { name: name(), path: path.into() })?);
    }
    if files.is_empty() { Err(DataError::NoMatch { name: name() }) } else { Ok(files) }
}

#[cfg(not(feature = "cli"))]
fn matches(pattern: &str) -> Result<Vec<String>, DataError> {
    Ok(vec![pattern.to_owned()])
}

/// What a table of several sources is called.
#[must_use]
pub fn table_name(sources: &[String]) -> String {
    match sources {
        [] => String::new(),
        [one] => one.clone(),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
    }
}
