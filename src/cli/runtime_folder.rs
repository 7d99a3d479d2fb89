//! The XDG runtime folder. Without it Mesa prints two lines on standard error, even with `-q`.

use std::env;

use tempfile::TempDir;

const VARIABLE: &str = "XDG_RUNTIME_DIR";

/// Sets `XDG_RUNTIME_DIR` to a private temporary folder if it is not set. The folder is removed when the result is
/// dropped. `None` if it is set already or no folder can be created.
///
/// # Safety
/// No other thread may run, since it could read the environment at the same time.
pub(crate) unsafe fn runtime_folder() -> Option<TempDir> {
    if !cfg!(all(unix, feature = "gpu")) || env::var_os(VARIABLE).is_some_and(|folder| !folder.is_empty()) {
        return None;
    }
    let folder = private()?;
    // SAFETY: by the caller's contract this is the only thread
    unsafe { env::set_var(VARIABLE, folder.path()) };
    Some(folder)
}

fn private() -> Option<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("cairn-");
    #[cfg(unix)]
    {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(Permissions::from_mode(0o700));
    }
    builder.tempdir().ok()
}
