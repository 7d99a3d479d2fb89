//! Puts a finished temporary file in an output's place.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Seek};
use std::path::Path;

use super::place::folder;
use crate::data::error::Left;
use crate::temporary::Temporary;

/// Gives a written file its name, once it is on disk. A file that is there keeps its mode and its owner. One with
/// several names keeps these: it is overwritten. On failure says what is left.
pub(super) fn replace(temporary: Temporary, target: &Path) -> Result<(), (io::Error, Left)> {
    let old = fs::metadata(target).ok();
    let unless_written = |error| (error, Left::of(target));
    temporary.file().sync_all().map_err(unless_written)?;
    match &old {
        Some(old) if has_other_names(old) || !take_after(temporary.file(), old) => {
            overwrite(temporary, target)?;
        }
        _ => temporary.persist(target).map_err(unless_written)?,
    }
    // the file itself is safe: not every file system can do more
    let _ = File::open(folder(target)).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Writes the content over a file. If that fails, the content stays in another one.
fn overwrite(temporary: Temporary, target: &Path) -> Result<(), (io::Error, Left)> {
    let mut to = OpenOptions::new().write(true).open(target).map_err(|error| (error, Left::of(target)))?;
    let mut from = temporary.file();
    let written = from.rewind().and_then(|()| to.set_len(0));
    let written = written.and_then(|()| io::copy(&mut from, &mut to)).and_then(|_| to.sync_all());
    written.map_err(|error| match temporary.leave() {
        Ok(path) => (error, Left::Content(path)),
        Err(_) => (error, Left::Part),
    })
}

#[cfg(unix)]
fn has_other_names(old: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(old) > 1
}

/// Gives a file the owner, the group and the mode of another one. False if the system forbids it.
#[cfg(unix)]
pub(crate) fn take_after(file: &File, old: &Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt, fchown};
    let Ok(new) = file.metadata() else { return false };
    let other = |new: u32, old: u32| (new != old).then_some(old);
    let (user, group) = (other(new.uid(), old.uid()), other(new.gid(), old.gid()));
    let owned = (user.is_none() && group.is_none()) || fchown(file, user, group).is_ok();
    owned && file.set_permissions(old.permissions()).is_ok() // the mode last: a change of owner may clear bits
}

#[cfg(not(unix))]
fn has_other_names(_old: &Metadata) -> bool {
    false
}

#[cfg(not(unix))]
pub(crate) fn take_after(_file: &File, _old: &Metadata) -> bool {
    true // the folder's permissions apply
}

/// Whether the folder lets only owners replace a file, and this one belongs to another user. `own` is a file of this
/// user.
#[cfg(unix)]
pub(super) fn is_stuck(target: &Path, own: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    const STICKY: u32 = 0o1000;
    let (Ok(own), Ok(folder), Ok(old)) = (own.metadata(), fs::metadata(folder(target)), fs::metadata(target))
    else {
        return false;
    };
    let of_other = |metadata: &Metadata| metadata.uid() != own.uid();
    own.uid() != 0 && folder.mode() & STICKY != 0 && of_other(&folder) && of_other(&old)
}

#[cfg(not(unix))]
pub(super) fn is_stuck(_target: &Path, _own: &File) -> bool {
    false
}
