//! Files for tests: written into a folder, and the bytes of small arrays of numbers.

use std::fs;

use tempfile::TempDir;

/// Writes a file into the folder and returns its path.
pub(crate) fn write(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("the folder is writable");
    path.to_str().expect("plain name").to_owned()
}

/// A `.npy` file of bytes; `shape` as Python writes it.
pub(crate) fn npy(shape: &str, values: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), values].concat()
}

/// An IDX file of bytes.
pub(crate) fn idx(axes: &[u32], values: &[u8]) -> Vec<u8> {
    let sizes = axes.iter().flat_map(|size| size.to_be_bytes()).collect::<Vec<u8>>();
    [&[0, 0, 8, axes.len() as u8], &sizes[..], values].concat()
}
