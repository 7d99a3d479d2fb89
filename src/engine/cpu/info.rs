//! How the processor is named.

use super::kernel::Instructions;
use crate::engine::DeviceInfo;

/// The processor's instructions and threads.
pub(super) fn info() -> DeviceInfo {
    // a wrong name is refused when a job is loaded
    let instructions = Instructions::pick().unwrap_or_else(|_| Instructions::widest());
    DeviceInfo {
        used: "cpu",
        adapter: format!("{}, threads: {}", instructions.name(), rayon::current_num_threads()),
        driver: String::new(),
        software: false,
        fallback: None,
    }
}
