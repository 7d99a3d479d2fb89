//! Temporary files, removed on drop unless they are renamed.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

/// Names tried. A collision of 64 random bits is unlikely.
const TRIES: usize = 16;

/// A temporary file with a random name.
#[derive(Debug)]
pub(crate) struct Temporary {
    file: File,
    path: PathBuf,
    named: bool,
}

/// Who may open a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Only this user.
    Private,
    /// Everyone who may open a new file of this user by default.
    Usual,
}

impl Temporary {
    /// Creates one in a folder, open for reading and writing.
    pub(crate) fn new_in(folder: &Path, access: Access) -> io::Result<Self> {
        let mut tries = 0;
        loop {
            let path = folder.join(format!(".cairn-{:016x}", random()));
            tries += 1;
            match options(access).open(&path) {
                Ok(file) => return Ok(Self { file, path, named: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The open file.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Renames it, replacing an existing file. The new name must be on the same file system.
    pub(crate) fn persist(mut self, name: &Path) -> io::Result<()> {
        fs::rename(&self.path, name)?;
        self.named = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.named {
            let _ = fs::remove_file(&self.path); // may already be removed
        }
    }
}

fn options(access: Access) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    if access == Access::Private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = access; // the folder's permissions apply
    options
}

/// A number that differs between calls and between processes.
fn random() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        fs::read_dir(folder).unwrap().map(name).collect()
    }

    #[test]
    fn it_is_gone_when_dropped_and_stays_when_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("name"), "before").unwrap();
        let [one, two] = [Access::Private, Access::Usual].map(|access| {
            let temporary = Temporary::new_in(folder.path(), access).unwrap();
            temporary.file().write_all(b"after").unwrap();
            temporary
        });
        assert_ne!(one.path(), two.path());
        drop(one);
        assert_eq!(names(folder.path()).len(), 2);
        two.persist(&folder.path().join("name")).unwrap();
        assert_eq!(names(folder.path()), ["name"]);
        assert_eq!(fs::read(folder.path().join("name")).unwrap(), b"after");
    }

    #[test]
    fn what_can_not_be_named_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let temporary = Temporary::new_in(folder.path(), Access::Usual).unwrap();
        assert!(temporary.persist(&folder.path().join("none/name")).is_err());
        assert!(names(folder.path()).is_empty());
        assert!(Temporary::new_in(&folder.path().join("none"), Access::Usual).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_private_one_is_for_this_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let temporary = Temporary::new_in(folder.path(), Access::Private).unwrap();
        assert_eq!(temporary.file().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
