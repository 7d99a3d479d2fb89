//! Memory that the system refuses: the program ends with an error in words, not with a core dump.
//!
//! Large tables are asked for first (`cairn::memory`). A request that is refused elsewhere can't be answered in Rust: it ends
//! in `abort`. So the allocator notes the refusal, and a handler of the signal says it. Where even a small request is
//! refused, no step goes on, and the allocator says it itself: Rust's own message may need memory, and then waits for ever.

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicUsize, Ordering};

use cairn::allocator::HugePages;

/// Bytes of the last request that was refused; 0 if there was none.
static REFUSED: AtomicUsize = AtomicUsize::new(0);

/// Bytes up to which a request is small: next to no step goes on without so many, not even to an error of its own.
const SMALL: usize = 1 << 16;

/// An allocator that notes refusals.
pub(crate) struct Allocator;

fn noted(memory: *mut u8, bytes: usize) -> *mut u8 {
    if memory.is_null() {
        refused(bytes);
    }
    memory
}

#[cold]
fn refused(bytes: usize) {
    REFUSED.store(bytes.max(1), Ordering::Relaxed);
    if bytes <= SMALL {
        #[cfg(unix)]
        end_in_words();
    }
}

// SAFETY: every method passes its arguments to another allocator and returns what that returns
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises
        noted(unsafe { HugePages.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises
        noted(unsafe { HugePages.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises
        noted(unsafe { HugePages.realloc(memory, layout, size) }, size)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises
        unsafe { HugePages.dealloc(memory, layout) }
    }
}

/// Makes an abort for want of memory an exit with code 1 and an error in words. Other aborts stay what they are.
#[cfg(unix)]
pub(crate) fn explain_out_of_memory() {
    let handler: extern "C" fn(libc::c_int) = on_abort;
    // SAFETY: the handler calls what a handler may, and to remove temporaries what ends even if it is refused memory
    unsafe { libc::signal(libc::SIGABRT, handler as libc::sighandler_t) };
}

#[cfg(unix)]
extern "C" fn on_abort(_: libc::c_int) {
    if REFUSED.load(Ordering::Relaxed) != 0 {
        end_in_words();
    } // else `abort` goes on as if there were no handler
}

/// Says that there is no memory, and ends the program with code 1. It waits for no lock longer than a fraction of a second,
/// and needs no memory.
#[cfg(unix)]
fn end_in_words() -> ! {
    cairn::data::write::try_remove_temporaries();
    let said =
        b"error: out of memory; close other programs, raise the limit (ulimit -v), or take fewer rows\n";
    // SAFETY: the bytes are there; the process ends, so that nothing of it can be in a bad state
    unsafe {
        libc::write(libc::STDERR_FILENO, said.as_ptr().cast(), said.len());
        libc::_exit(1);
    }
}

/// The system shows its own message.
#[cfg(not(unix))]
pub(crate) fn explain_out_of_memory() {}
