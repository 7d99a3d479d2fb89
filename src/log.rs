//! Events for a program's log (crate `tracing`), with the feature `cli`. Without it there are none.

#[cfg(not(feature = "cli"))]
macro_rules! nothing {
    ($($said:tt)+) => {{
        let _ = || format!($($said)+); // so that what is said counts as used
    }};
}

#[cfg(not(feature = "cli"))]
pub(crate) use nothing as debug;
#[cfg(not(feature = "cli"))]
pub(crate) use nothing as info;
#[cfg(feature = "cli")]
pub(crate) use tracing::{debug, info};
