//! The pictures in a folder.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::error::DataError;
use super::foreign::START;
use super::input::read_error;
use crate::picture::begins_as_picture;

/// Endings of names that are those of pictures, whatever is in the file.
const ENDINGS: [&str; 4] = ["png", "jpg", "jpeg", "bmp"];

/// The content of a folder.
pub(super) struct Folder {
    /// The paths of the pictures in it, by name.
    pub(super) pictures: Vec<String>,
    /// What else is in it, by name; a folder with a slash.
    pub(super) others: Vec<String>,
}

/// The pictures in a folder, in the order of their names: files that begin as pictures do, or are named like some. What
/// is in its folders, and files whose names begin with a dot, are not looked at.
///
/// # Errors
///
/// [`DataError::NoPictures`] if it holds none; [`DataError::NotUtf8Name`]; [`DataError::Read`].
pub(super) fn folder(path: &str) -> Result<Folder, DataError> {
    let failed = |reason| read_error(path, reason);
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().into_string();
        names.push(name.map_err(|_| DataError::NotUtf8Name { name: path.to_owned(), path: entry.path() })?);
    }
    names.retain(|name| !name.starts_with('.'));
    names.sort_unstable();
    let mut found = Folder { pictures: Vec::new(), others: Vec::new() };
    for name in names {
        let file = Path::new(path).join(&name);
        match file.to_str() {
            _ if file.is_dir() => found.others.push(name + "/"),
            Some(file) if is_picture(file)? => found.pictures.push(file.to_owned()),
            _ => found.others.push(name),
        }
    }
    if found.pictures.is_empty() {
        return Err(DataError::NoPictures { name: path.to_owned(), holds: holds(path, &found.others) });
    }
    Ok(found)
}

/// Whether a file begins as a picture does, or is named like one.
fn is_picture(path: &str) -> Result<bool, DataError> {
    let ending = ending(path);
    if ENDINGS.contains(&ending.as_str()) {
        return Ok(true);
    }
    let (metadata, mut start) = (fs::metadata(path), Vec::new());
    if !metadata.is_ok_and(|metadata| metadata.is_file()) {
        return Ok(false); // a pipe would wait for its writer
    }
    let read = File::open(path).and_then(|file| file.take(START).read_to_end(&mut start));
    read.map_err(|reason| read_error(path, reason))?;
    Ok(begins_as_picture(&start, &ending))
}

/// The ending of a name, in lower case.
pub(super) fn ending(path: &str) -> String {
    Path::new(path).extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// What a folder without pictures holds.
fn holds(path: &str, others: &[String]) -> String {
    let slash = if path.ends_with('/') { "" } else { "/" };
    match others.len() {
        0 => "; it is empty".to_owned(),
        _ if others.iter().any(|name| name.ends_with('/')) => {
            format!("; it holds folders, whose pictures a pattern such as '{path}{slash}*/*.png' names")
        }
        _ => "; it holds other files".to_owned(),
    }
}
