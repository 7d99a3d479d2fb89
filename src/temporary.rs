//! Temporary files, removed on drop unless they are renamed.
//!
//! A process that is stopped by a signal can remove its own ([`remove_all`]). What one that was killed has left is
//! removed by the next that writes to the same folder ([`sweep`]): it has no lock any more.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Names tried. A collision of 64 random bits is unlikely.
const TRIES: usize = 16;
/// The name is this and 16 hexadecimal digits.
const PREFIX: &str = ".cairn-";

/// Milliseconds for which a thread is waited for that makes a file.
const WAITS: usize = 200;

/// The temporary files of this process.
static LIVE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A temporary file with a random name.
#[derive(Debug)]
pub(crate) struct Temporary {
    file: File,
    path: PathBuf,
    kept: bool,
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
            let path = folder.join(format!("{PREFIX}{:016x}", random()));
            tries += 1;
            let mut live = live(); // until it is entered: `remove_all` must not miss it
            let entry = path.clone();
            live.reserve(1); // memory may be refused only before there is a file
            match options(access).open(&path) {
                Ok(file) if is_own(&file) => {
                    live.push(entry);
                    return Ok(Self { file, path, kept: false });
                }
                Ok(_) if tries < TRIES => {}
                Ok(_) => return Err(io::Error::other("temporary files are removed by another process")),
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
        self.kept = true;
        Ok(())
    }

    /// Leaves it under its temporary name, which is returned. A later [`sweep`] spares it.
    pub(crate) fn leave(mut self) -> io::Result<PathBuf> {
        let path = self.path.with_file_name(format!("cairn-{:016x}.part", random()));
        fs::rename(&self.path, &path)?;
        self.kept = true;
        Ok(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        forget(&self.path, self.kept);
    }
}

/// Takes a file from the list of this process, and removes it unless it is kept.
fn forget(path: &Path, kept: bool) {
    let mut live = live();
    if !kept {
        let _ = fs::remove_file(path); // may already be removed
    }
    live.retain(|other| other != path);
}

/// A file that says that its process is at something which may end the process. It is locked, and removed on drop.
#[cfg(feature = "gpu")]
#[derive(Debug)]
pub(crate) struct Marker {
    path: PathBuf,
    left: bool,
    _file: File, // holds the lock
}

/// What became of a request for a marker.
#[cfg(feature = "gpu")]
#[derive(Debug)]
pub(crate) enum Marked {
    /// It is this process's.
    Ours(Marker),
    /// A process that runs has it.
    Others,
    /// A process that ended has left it.
    Left,
}

/// Makes a marker of this name, if there is none.
#[cfg(feature = "gpu")]
pub(crate) fn mark(path: &Path) -> io::Result<Marked> {
    let mut live = live();
    let entry = path.to_owned();
    live.reserve(1);
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => {
            let _ = file.try_lock(); // or there are no locks here
            live.push(entry.clone());
            Ok(Marked::Ours(Marker { path: entry, left: false, _file: file }))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if !fs::symlink_metadata(path)?.is_file() {
                return Err(io::Error::other("it is not a regular file"));
            }
            // who has just made it may not have locked it yet
            for wait in [0, 100] {
                std::thread::sleep(Duration::from_millis(wait));
                if let Err(fs::TryLockError::WouldBlock) = File::open(path)?.try_lock() {
                    return Ok(Marked::Others);
                }
            }
            Ok(Marked::Left)
        }
        Err(error) => Err(error),
    }
}

#[cfg(feature = "gpu")]
impl Marker {
    /// Leaves it, for other processes to find.
    pub(crate) fn leave(mut self) {
        self.left = true;
    }
}

#[cfg(feature = "gpu")]
impl Drop for Marker {
    fn drop(&mut self) {
        forget(&self.path, self.left);
    }
}

/// Removes the temporary files of this process, which must end at once: it can make no others.
pub(crate) fn remove_all() {
    remove_and_keep(live());
}

/// [`remove_all`], unless this thread has the list of them. Another has it for a moment, which is waited for.
pub(crate) fn try_remove_all() {
    for _ in 0..WAITS {
        if let Ok(live) = LIVE.try_lock() {
            return remove_and_keep(live);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Removes them, and keeps the list locked, so that no other is made.
fn remove_and_keep(live: MutexGuard<'static, Vec<PathBuf>>) {
    for path in live.iter() {
        let _ = fs::remove_file(path); // may have been renamed
    }
    std::mem::forget(live);
}

fn live() -> MutexGuard<'static, Vec<PathBuf>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes temporary files that processes left in a folder when they were killed.
pub(crate) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_str().is_some_and(is_name);
        if is_ours && entry.file_type().is_ok_and(|kind| kind.is_file()) && is_stale(&entry.path()) {
            let _ = fs::remove_file(entry.path()); // may be another user's
        }
    }
}

fn is_name(name: &str) -> bool {
    let digits = |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.strip_prefix(PREFIX).is_some_and(digits)
}

/// Whether no process has locked it. In doubt it is not stale.
#[cfg(unix)]
fn is_stale(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// Locks a new file. False if a sweep of another process came first.
#[cfg(unix)]
fn is_own(file: &File) -> bool {
    let locked = !matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)); // or there are no locks here
    let is_linked = |metadata: fs::Metadata| std::os::unix::fs::MetadataExt::nlink(&metadata) > 0;
    locked && file.metadata().is_ok_and(is_linked)
}

/// Locks would keep this process from opening its own file again.
#[cfg(not(unix))]
fn is_stale(_path: &Path) -> bool {
    false
}

#[cfg(not(unix))]
fn is_own(_file: &File) -> bool {
    true
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

    #[cfg(all(unix, feature = "gpu"))]
    #[test]
    fn a_marker_is_known_as_ours_as_another_s_and_as_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mark");
        let Ok(Marked::Ours(marker)) = mark(&path) else { panic!("there was none") };
        assert!(matches!(mark(&path), Ok(Marked::Others)));
        drop(marker);
        assert!(!path.exists());
        let Ok(Marked::Ours(marker)) = mark(&path) else { panic!("it is gone") };
        marker.leave();
        assert!(matches!(mark(&path), Ok(Marked::Left)) && path.exists());
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(mark(&path).is_err() && mark(&folder.path().join("none/mark")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_private_one_is_for_this_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let temporary = Temporary::new_in(folder.path(), Access::Private).unwrap();
        assert_eq!(temporary.file().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_sweep_removes_what_has_no_owner_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let owned = Temporary::new_in(folder.path(), Access::Usual).unwrap();
        let stale = ".cairn-0123456789abcdef";
        let others =
            [".cairn-", ".cairn-0123456789abcde", ".cairn-0123456789abcdeg", "x.csv", ".cairn-notes"];
        for name in others.iter().chain([&stale]) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join(".cairn-1123456789abcdef")).unwrap();
        std::os::unix::fs::symlink("x.csv", folder.path().join(".cairn-2123456789abcdef")).unwrap();
        let before = names(folder.path());
        sweep(folder.path());
        let mut expected = before.clone();
        expected.retain(|name| name != stale);
        let mut after = names(folder.path());
        expected.sort();
        after.sort();
        assert_eq!(after, expected);
        assert!(owned.path().exists());
        sweep(&folder.path().join("none"));
    }
}
