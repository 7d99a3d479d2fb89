//! An output as typed: a file, or `-` for standard output.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use cairn::data::DataError;
use cairn::data::write::Output;

use super::terminal;

/// Its name in messages.
pub(super) const STDOUT: &str = "standard output";

/// A file, or standard output, to which a table is written as CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Out {
    File(PathBuf),
    Stdout,
}

impl Out {
    /// The file, if it is one.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Stdout => None,
        }
    }

    /// Checks that it can be written.
    pub(super) fn create(&self) -> Result<Output, DataError> {
        match self {
            Self::File(path) => Output::create(path),
            Self::Stdout => Ok(Output::to_stream(STDOUT, terminal::stdout())),
        }
    }

    /// The same for rows of a table.
    pub(super) fn create_rows(&self) -> Result<Output, DataError> {
        let output = self.create()?;
        output.check_rows()?;
        Ok(output)
    }
}

impl FromStr for Out {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if text == "-" { Self::Stdout } else { Self::File(text.into()) })
    }
}

impl fmt::Display for Out {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Stdout => f.write_str(STDOUT),
        }
    }
}
