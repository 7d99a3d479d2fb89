//! Stop: the kernel that decides whether a slot goes on, has empty clusters, or is done.

use super::buffers::{Shared, Slots};
use super::context::Context;
use super::kernel::{Bound, Kernel};

pub(super) fn build(context: &Context) -> Kernel {
    Kernel::build(context, "stop", &[])
}

pub(super) fn bind<'a>(kernel: &'a Kernel, context: &Context, shared: &Shared, slots: &Slots) -> Bound<'a> {
    kernel.bind(context, &[&shared.sizes, &slots.running, &slots.slots, &slots.counts])
}
