//! An allocator that puts large blocks on huge pages.
//!
//! Memory that a program touches for the first time costs a page fault for every 4 KiB, and addresses that are far apart
//! are looked up in large tables. With pages of 2 MiB both all but vanish: a table that is read into new memory is there in
//! half the time. Linux gives huge pages to those who ask (`madvise`), as numpy does for its arrays.

use std::alloc::{GlobalAlloc, Layout, System};

/// Bytes from which on a block is large: that of numpy.
const LARGE: usize = 4 << 20;

/// The system's allocator, which asks for huge pages for blocks of 4 MiB and more. Only Linux is asked; elsewhere this is
/// the system's allocator.
///
/// The command `cairn` and the Python package use it. A program that clusters large tables may do so too:
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: cairn::allocator::HugePages = cairn::allocator::HugePages;
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct HugePages;

// SAFETY: every method passes its arguments to the system's allocator and returns what that returns; advice changes no
// contents
unsafe impl GlobalAlloc for HugePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises
        on_huge_pages(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises
        on_huge_pages(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises
        on_huge_pages(unsafe { System.realloc(memory, layout, size) }, size)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Asks for huge pages for a large block, if there is one. Returns the block.
#[cfg(target_os = "linux")]
#[inline]
fn on_huge_pages(block: *mut u8, bytes: usize) -> *mut u8 {
    /// Advice is given for whole pages; none is larger.
    const PAGE: usize = 1 << 16;
    if bytes >= LARGE && !block.is_null() {
        let before = block.align_offset(PAGE);
        // SAFETY: these bytes are within the block. Without huge pages the system refuses, and all stays as it was.
        unsafe { libc::madvise(block.add(before).cast(), bytes - before, libc::MADV_HUGEPAGE) };
    }
    block
}

#[cfg(not(target_os = "linux"))]
fn on_huge_pages(block: *mut u8, _: usize) -> *mut u8 {
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_keep_their_contents_and_sizes() {
        for bytes in [1, LARGE - 1, LARGE, LARGE + 1, 3 * LARGE + 12_345] {
            for align in [1, 16, 4096] {
                let layout = Layout::from_size_align(bytes, align).unwrap();
                // SAFETY: the layout is that of the block, whose bytes are written before they are read
                unsafe {
                    let zeros = HugePages.alloc_zeroed(layout);
                    assert!(std::slice::from_raw_parts(zeros, bytes).iter().all(|&byte| byte == 0));
                    assert_eq!(zeros.align_offset(align), 0);
                    HugePages.dealloc(zeros, layout);
                    let block = HugePages.alloc(layout);
                    std::slice::from_raw_parts_mut(block, bytes).fill(7);
                    let grown = HugePages.realloc(block, layout, 2 * bytes);
                    assert!(std::slice::from_raw_parts(grown, bytes).iter().all(|&byte| byte == 7));
                    HugePages.dealloc(grown, Layout::from_size_align(2 * bytes, align).unwrap());
                }
            }
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn large_blocks_ask_for_huge_pages() {
        /// Whether the system was asked to put this block on huge pages: the flag `hg` of its mapping.
        fn is_advised(block: &[u8]) -> bool {
            let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
            let middle = block.as_ptr() as usize + block.len() / 2;
            let mut within = false;
            for line in maps.lines() {
                let range = line.split(' ').next().and_then(|range| range.split_once('-'));
                if let Some((start, end)) = range
                    && let (Ok(start), Ok(end)) =
                        (usize::from_str_radix(start, 16), usize::from_str_radix(end, 16))
                {
                    within = (start..end).contains(&middle);
                } else if within && let Some(flags) = line.strip_prefix("VmFlags:") {
                    return flags.split_whitespace().any(|flag| flag == "hg");
                }
            }
            false
        }
        if !std::path::Path::new("/sys/kernel/mm/transparent_hugepage").exists() {
            return; // a system without them
        }
        let layout = Layout::from_size_align(16 * LARGE, 16).unwrap();
        // SAFETY: as above
        unsafe {
            let block = HugePages.alloc_zeroed(layout);
            assert!(is_advised(std::slice::from_raw_parts(block, layout.size())));
            HugePages.dealloc(block, layout);
        }
    }
}
