//! What is wrong with the file of a run.

use std::io;
use std::path::PathBuf;

/// Why the file of a run can't be read, written, gone on from or joined with others.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SavedRunError {
    /// The file can't be read.
    #[error("{}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The message of the operating system.
        reason: io::Error,
    },
    /// The file is not that of a run.
    #[error("{}: this is not a run of Cairn: {reason}", path.display())]
    NotARun {
        /// The file.
        path: PathBuf,
        /// What shows it.
        reason: String,
    },
    /// The file is of another version.
    #[error("{}: the {what} of this run is {found}, and this program has {reads}; go on with the program that wrote it", path.display())]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Of what: the format, or the definition of results.
        what: &'static str,
        /// The version in the file.
        found: String,
        /// The version that is read.
        reads: String,
    },
    /// The file is damaged.
    #[error("{}: the run in this file is damaged: {reason}; use a copy of it, or begin again without it", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The file can't be written.
    #[error("{}: the run can't be written: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The message of the operating system, or what is in the way.
        reason: io::Error,
    },
    /// There is such a file already, and the run is not to go on from it.
    #[error("{} is there already, and would be replaced; go on from it, remove it, or name another file", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Another run has written to the file since.
    #[error("{}: another run has written to this file, which is left as it is; give each run a file of its own", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// The run in the file is another one.
    #[error("{}: the {what} of the run in this file is {found}, and here it is {asked}; go on with the same data and parameters, or with another file", path.display())]
    OtherRun {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// In the file.
        found: String,
        /// Here.
        asked: String,
    },
    /// More restarts were done than are asked for.
    #[error("{}: {done} restarts of this run are done, and {asked} are asked for; ask for {done} or more", path.display())]
    MoreDone {
        /// The file.
        path: PathBuf,
        /// Restarts in the file.
        done: u64,
        /// Restarts asked for.
        asked: u64,
    },
    /// More restarts than a file holds.
    #[error(
        "{n_restarts} restarts asked for; the file of a run holds at most {most}: divide them among several runs"
    )]
    TooMany {
        /// Restarts asked for.
        n_restarts: u64,
        /// The most.
        most: u64,
    },
    /// A fit whose state a file does not hold.
    #[error("{what} can't be written down and gone on from; leave one of the two out")]
    NotKept {
        /// What it is.
        what: &'static str,
    },
    /// Nothing to join.
    #[error("no runs were given; at least one is needed")]
    NoRuns,
    /// Two runs to be joined differ.
    #[error("{} and {}: these are parts of different runs: the {what} of the first is {one}, that of the second {two}", first.display(), second.display())]
    OtherPart {
        /// A file.
        first: PathBuf,
        /// The other one.
        second: PathBuf,
        /// What differs.
        what: &'static str,
        /// In the first.
        one: String,
        /// In the second.
        two: String,
    },
    /// A run to be joined is not done.
    #[error("{}: {done} of {n_restarts} restarts of this run are done; go on with it to its end first", path.display())]
    Unfinished {
        /// The file.
        path: PathBuf,
        /// Restarts done.
        done: u64,
        /// Restarts asked for.
        n_restarts: u64,
    },
    /// Restarts that no run to be joined has.
    #[error("restarts {from} to {to} are missing: {} ends with restart {}, and {} begins with restart {}", first.display(), from.wrapping_sub(1), second.display(), to + 1)]
    Gap {
        /// The file before.
        first: PathBuf,
        /// The file after.
        second: PathBuf,
        /// First restart missing.
        from: u64,
        /// Last restart missing.
        to: u64,
    },
    /// Restarts that two runs to be joined have.
    #[error("{} and {} both have restarts {from} to {to}; leave one of the two out", first.display(), second.display())]
    Overlap {
        /// A file.
        first: PathBuf,
        /// The other one.
        second: PathBuf,
        /// First restart in both.
        from: u64,
        /// Last restart in both.
        to: u64,
    },
}
