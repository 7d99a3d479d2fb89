//! Memory that a step needs, asked for before it begins: what the system refuses then is an error, not the end of the
//! program.

use std::hint::black_box;

/// More memory than the system gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} MiB of memory are needed, more than the system gives; free memory, or take fewer rows", self.mib())]
pub struct OutOfMemory {
    /// Bytes that are needed.
    pub bytes: u64,
}

impl OutOfMemory {
    /// Needed mebibytes, rounded up.
    #[must_use]
    pub fn mib(&self) -> u64 {
        self.bytes.div_ceil(1 << 20)
    }
}

/// Asks the system for so many bytes, and gives them back. Allocations that follow may still fail if another thread or
/// process takes the memory first.
pub(crate) fn check(bytes: u64) -> Result<(), OutOfMemory> {
    let all = usize::try_from(bytes).map_err(|_| OutOfMemory { bytes })?;
    let mut memory = Vec::<u8>::new();
    memory.try_reserve_exact(all).map_err(|_| OutOfMemory { bytes })?;
    black_box(memory.as_mut_ptr()); // or the compiler leaves the request out
    Ok(())
}

/// Makes room for `more` values, as `Vec::reserve` does.
pub(crate) fn reserve<T>(values: &mut Vec<T>, more: usize) -> Result<(), OutOfMemory> {
    let bytes = (values.len() as u64 + more as u64).saturating_mul(size_of::<T>() as u64);
    values.try_reserve(more).map_err(|_| OutOfMemory { bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_system_has_is_refused() {
        assert_eq!(check(1 << 20), Ok(()));
        assert_eq!(check(0), Ok(()));
        for bytes in [1 << 62, u64::MAX] {
            assert_eq!(check(bytes), Err(OutOfMemory { bytes }));
        }
        let mut values = vec![0u64; 3];
        assert_eq!(reserve(&mut values, 5), Ok(()));
        assert!(values.capacity() >= 8);
        assert_eq!(reserve(&mut values, 1 << 59), Err(OutOfMemory { bytes: (3 + (1 << 59)) * 8 }));
        let said = OutOfMemory { bytes: (1 << 20) + 1 }.to_string();
        assert!(said.starts_with("2 MiB of memory are needed"), "{said}");
    }
}
