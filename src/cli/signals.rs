//! Signals that end the program, and its temporary files with it; and Ctrl-C, which may end the work early instead.

use std::fs;
use std::path::Path;

use cairn::data::write::remove_temporaries;

use super::stop;

/// Starts a thread that waits for SIGHUP, SIGINT and SIGTERM, removes all temporary files and this folder, and ends the
/// program as the signal does by default; SIGINT (Ctrl-C) first asks the work to stop, where it can, and so do the others if
/// the run is kept. Returns when it waits. A signal that is ignored, as by `nohup`, stays so. Without a thread the files stay, until the next run in the
/// same folder.
#[cfg(unix)]
pub(crate) fn clean_up_on_signals(folder: Option<&Path>) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let folder = folder.map(Path::to_owned);
    let (ready, is_ready) = std::sync::mpsc::channel();
    let wait = move || {
        let ending = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|&signal| !is_ignored(signal));
        let Ok(mut signals) = signal_hook::iterator::Signals::new(ending) else { return };
        let _ = ready.send(());
        let stops = |signal| if signal == SIGINT { stop::on_ctrl_c() } else { stop::on_other(signal) };
        let last = signals.forever().find(|&signal| !stops(signal));
        if let Some(signal) = last {
            clean_up(folder.as_deref());
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    };
    let _ = std::thread::Builder::new().name("signals".into()).spawn(wait);
    let _ = is_ready.recv(); // an error if there is no thread: the closure, and `ready` in it, is gone
}

#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let mut now = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: without a new action the call only writes the present one, to memory of its type; zeros are valid there
    let now = unsafe {
        libc::sigaction(signal, std::ptr::null(), now.as_mut_ptr());
        now.assume_init()
    };
    now.sa_sigaction == libc::SIG_IGN
}

/// The same for Ctrl-C alone. Where it can't be handled, it ends the program, and what stays is in the folder for
/// temporary files, and beside outputs.
#[cfg(not(unix))]
pub(crate) fn clean_up_on_signals(folder: Option<&Path>) {
    let folder = folder.map(Path::to_owned);
    let _ = ctrlc::set_handler(move || {
        if !stop::on_ctrl_c() {
            clean_up(folder.as_deref());
            std::process::exit(130);
        }
    });
}

/// Removes what must not stay.
fn clean_up(folder: Option<&Path>) {
    remove_temporaries();
    if let Some(folder) = folder {
        let _ = fs::remove_dir_all(folder); // of this process alone
    }
}
