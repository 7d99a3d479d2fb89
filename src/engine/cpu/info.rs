//! [`DeviceInfo`] of the CPU.

use super::kernel::Instructions;
use crate::engine::DeviceInfo;

/// The processor's instructions and threads.
pub(super) fn info(instructions: Instructions) -> DeviceInfo {
    DeviceInfo {
        used: "cpu",
        adapter: format!("{}, threads: {}", instructions.name(), rayon::current_num_threads()),
        driver: String::new(),
        software: false,
        fallback: None,
    }
}
