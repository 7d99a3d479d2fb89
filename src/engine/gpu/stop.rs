//! Stop: the kernel that decides what a lane does next.

use super::buffers::{Lanes, Shared};
use super::context::Context;
use super::kernel::{Bound, Kernel};

pub(super) fn build(context: &Context) -> Kernel {
    Kernel::build(context, "stop", &[])
}

pub(super) fn bind<'a>(kernel: &'a Kernel, context: &Context, shared: &Shared, lanes: &Lanes) -> Bound<'a> {
    kernel.bind(context, &[&shared.sizes, &lanes.running, &lanes.lanes, &lanes.counts, &lanes.tallies])
}
