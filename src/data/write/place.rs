//! Where an output of some name goes.

use std::fs;
use std::path::{Path, PathBuf};

/// Most symbolic links that are followed, as on Linux.
const MOST_LINKS: usize = 40;

/// The path of the file that an output of this name makes or replaces. Symbolic links are followed, also one that leads
/// to a file that does not exist yet; the folder is canonical if it exists.
#[must_use]
pub fn place(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        if let Ok(canonical) = path.canonicalize() {
            return canonical;
        }
        let Ok(link) = fs::read_link(&path) else { break };
        path = folder(&path).join(link);
    }
    match (folder(&path).canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

/// The folder of a file.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
