//! The bytes of a picture, from a file or standard input.

use std::fs::File;
use std::io::{self, Read};

use anyhow::{anyhow, bail};
use cairn::picture::MOST_BYTES;

/// What a picture is called in messages.
pub(super) fn name(file: &str) -> &str {
    if file == "-" { "standard input" } else { file }
}

/// The bytes of a picture, which are not too many. The error does not name it.
pub(super) fn bytes(file: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match file {
        "-" => io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes),
        file => File::open(file).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes)),
    };
    read.map_err(|error| anyhow!("can't be read: {error}"))?;
    if bytes.len() as u64 > MOST_BYTES {
        bail!("has more than {MOST_BYTES} bytes; cut it, or scale it down");
    }
    Ok(bytes)
}
