//! Barriers of subgroups that also order workgroup memory.
//!
//! `subgroupBarrier()` of WGSL makes the invocations of a subgroup wait for each other. naga 30 writes it to SPIR-V with
//! no memory but a class of its own, which Vulkan ignores: stores to workgroup memory before it need not be visible after
//! it. WGSL has no way to ask for both, naga's representation has.

use std::borrow::Cow;

use wgpu::naga::{Barrier, Block, Module, Statement, front::wgsl};

/// A kernel's source, in which every barrier of a subgroup orders workgroup memory too.
pub(super) fn source(text: &str) -> wgpu::ShaderSource<'_> {
    match ordered(text) {
        Some(module) => wgpu::ShaderSource::Naga(Cow::Owned(module)),
        None => wgpu::ShaderSource::Wgsl(text.into()),
    }
}

/// The kernel's module with such barriers. `None` if it has none, or can't be read: then the device says why.
fn ordered(text: &str) -> Option<Module> {
    if !text.contains("subgroupBarrier") {
        return None;
    }
    let mut module = wgsl::parse_str(text).ok()?;
    let functions = module.functions.iter_mut().map(|(_, function)| function);
    let entries = module.entry_points.iter_mut().map(|entry| &mut entry.function);
    functions.chain(entries).for_each(|function| order(&mut function.body));
    Some(module)
}

fn order(block: &mut Block) {
    for statement in block.iter_mut() {
        match statement {
            Statement::ControlBarrier(barrier) if barrier.contains(Barrier::SUB_GROUP) => {
                *barrier |= Barrier::WORK_GROUP;
            }
            Statement::Block(inner) => order(inner),
            Statement::If { accept, reject, .. } => [accept, reject].into_iter().for_each(order),
            Statement::Loop { body, continuing, .. } => [body, continuing].into_iter().for_each(order),
            Statement::Switch { cases, .. } => cases.iter_mut().for_each(|case| order(&mut case.body)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Barriers in a function, a branch, a loop and a switch.
    const KERNEL: &str = "
        fn wait() { subgroupBarrier(); }
        @compute @workgroup_size(64) fn it(@builtin(local_invocation_index) local: u32) {
            wait();
            workgroupBarrier();
            for (var i = 0u; i < 2u; i++) { if (i == 0u) { subgroupBarrier(); } else { subgroupBarrier(); } }
            switch local { case 0u: { subgroupBarrier(); } default: {} }
        }";

    #[test]
    fn every_barrier_of_a_subgroup_orders_workgroup_memory() {
        let module = ordered(KERNEL).expect("it has such barriers");
        let text = format!("{module:?}");
        assert_eq!(text.matches("ControlBarrier").count(), 5);
        assert_eq!(text.matches("ControlBarrier(Barrier(WORK_GROUP | SUB_GROUP))").count(), 4, "{text}");
        assert!(ordered("@compute @workgroup_size(1) fn it() { workgroupBarrier(); }").is_none());
    }
}
