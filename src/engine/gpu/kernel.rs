//! Builds pipelines from WGSL. No other module reads `shaders/`.

use std::sync::{Arc, OnceLock};

use super::barriers;
use super::context::Context;
use super::counters::{Tally, count};
use super::races::plant;
use super::throughput::Slice;
use super::units::Units;

/// A compiled kernel.
#[derive(Debug)]
pub(super) struct Kernel {
    name: &'static str,
    tally: Arc<Tally>,
    pipeline: wgpu::ComputePipeline,
    slots: usize, // of a workgroup
}

/// Name of the kernel for matrix units.
const MATRIX: &str = "assign_matrix";

const PRELUDE: &str = include_str!("../../../shaders/prelude.wgsl");
const DIRECTION_PRELUDE: &str = include_str!("../../../shaders/direction_prelude.wgsl");
const DISTANCE_PRELUDE: &str = include_str!("../../../shaders/distance_prelude.wgsl");
const EMPTY_PRELUDE: &str = include_str!("../../../shaders/empty_prelude.wgsl");
const ASSIGN_PRELUDE: &str = include_str!("../../../shaders/assign_prelude.wgsl");
const REPAIR_PRELUDE: &str = include_str!("../../../shaders/repair_prelude.wgsl");
const TOTALS_PRELUDE: &str = include_str!("../../../shaders/totals_prelude.wgsl");
const SUMS_PRELUDE: &str = include_str!("../../../shaders/sums_prelude.wgsl");
const WRITE_PRELUDE: &str = include_str!("../../../shaders/write_prelude.wgsl");
const MATRIX_8_PRELUDE: &str = include_str!("../../../shaders/matrix_8_prelude.wgsl");
const MATRIX_16_PRELUDE: &str = include_str!("../../../shaders/matrix_16_prelude.wgsl");
const EMULATED_PRELUDE: &str = include_str!("../../../shaders/matrix_emulated_prelude.wgsl");
const MATRIX_TEXT: &str = include_str!("../../../shaders/assign_matrix.wgsl");
const NARROW_PRELUDE: &str = include_str!("../../../shaders/narrow_prelude.wgsl");
const SEED_PRELUDE: &str = include_str!("../../../shaders/seed_prelude.wgsl");

/// The text of `assign_matrix` for some units.
fn matrix_source(units: Units) -> String {
    let body = format!("{PRELUDE}\n{NARROW_PRELUDE}\n{MATRIX_TEXT}");
    let Units { edge, members, emulated } = units;
    let subgroup = format!("const MEMBERS = {members}u; // invocations of a subgroup\n");
    if emulated {
        let body = EMULATED.iter().fold(body, |text, (unit, own)| text.replace(unit, own));
        return format!("enable f16;\nconst EDGE = {edge}u;\n{subgroup}{EMULATED_PRELUDE}\n{body}");
    }
    let prelude = if edge == 8 { MATRIX_8_PRELUDE } else { MATRIX_16_PRELUDE };
    format!("{prelude}\n{subgroup}\n{body}")
}

/// Replacements in the kernel's text for operations that only real units have.
const EMULATED: [(&str, &str); 9] = [
    ("coopLoadT<Left>(&points_f16[", "load_left(("),
    ("coopLoad<Right>(&centroids_f16[", "load_right(("),
    ("], EDGE)", "), EDGE)"),
    ("coopMultiplyAdd(", "multiply_add("),
    ("coopStore(", "store("),
    ("&scores[to_0]", "to_0"),
    ("&scores[to_1]", "to_1"),
    ("subgroupBarrier()", "workgroupBarrier()"),
    (
        ",\n                 @builtin(num_subgroups) subgroups: u32, @builtin(subgroup_id) subgroup: u32,\n                 @builtin(subgroup_invocation_id) member: u32) {",
        ") {\n    let subgroups = SUBGROUPS;\n    let subgroup = local / MEMBERS;\n    let member = local % MEMBERS;\n    lane = member;",
    ),
];

/// Name and text of every kernel, with its preludes. `assign_matrix` occurs twice, for units of two sizes.
#[must_use]
pub fn sources() -> Vec<(&'static str, String)> {
    all().clone()
}

fn all() -> &'static Vec<(&'static str, String)> {
    static ALL: OnceLock<Vec<(&'static str, String)>> = OnceLock::new();
    ALL.get_or_init(write_all)
}

/// The whole text of a kernel. Panics if there is none of that name: names are written in the code, not given.
pub(super) fn source(name: &str) -> &'static str {
    let found = all().iter().find(|(other, _)| *other == name);
    found.map_or_else(|| panic!("no kernel is called {name:?}"), |(_, text)| text)
}

fn write_all() -> Vec<(&'static str, String)> {
    let plain = [
        ("stop", include_str!("../../../shaders/stop.wgsl")),
        ("seed_begin", include_str!("../../../shaders/seed_begin.wgsl")),
        ("seed_choose", include_str!("../../../shaders/seed_choose.wgsl")),
        ("seed_small", include_str!("../../../shaders/seed_small.wgsl")),
        ("nearest_two", include_str!("../../../shaders/nearest_two.wgsl")),
        ("seed_place", include_str!("../../../shaders/seed_place.wgsl")),
        ("poll", include_str!("../../../shaders/poll.wgsl")),
        ("collect", include_str!("../../../shaders/collect.wgsl")),
        ("save_best", include_str!("../../../shaders/save_best.wgsl")),
        ("peak_fma", include_str!("../../../shaders/peak_fma.wgsl")),
        ("peak_copy", include_str!("../../../shaders/peak_copy.wgsl")),
        ("probe", include_str!("../../../shaders/probe.wgsl")),
    ];
    let summing = [
        ("update_sums", include_str!("../../../shaders/update_sums.wgsl")),
        ("update_sums_shared", include_str!("../../../shaders/update_sums_shared.wgsl")),
    ];
    let means = include_str!("../../../shaders/update_means.wgsl");
    let means = ("update_means", format!("{PRELUDE}\n{DIRECTION_PRELUDE}\n{means}"));
    let repair = include_str!("../../../shaders/repair.wgsl");
    let repair =
        ("repair", format!("{PRELUDE}\n{DISTANCE_PRELUDE}\n{ASSIGN_PRELUDE}\n{REPAIR_PRELUDE}\n{repair}"));
    let assigning = [
        ("assign", include_str!("../../../shaders/assign.wgsl")),
        ("assign_small", include_str!("../../../shaders/assign_small.wgsl")),
        ("assign_tiled", include_str!("../../../shaders/assign_tiled.wgsl")),
        ("assign_low", include_str!("../../../shaders/assign_low.wgsl")),
    ];
    let narrowing = [
        ("narrow_points", include_str!("../../../shaders/narrow_points.wgsl")),
        ("narrow_centroids", include_str!("../../../shaders/narrow_centroids.wgsl")),
    ];
    let seeding = [("seed_weigh", include_str!("../../../shaders/seed_weigh.wgsl"))];
    let drawing = [
        ("seed_draw", include_str!("../../../shaders/seed_draw.wgsl")),
        ("seed_pick", include_str!("../../../shaders/seed_pick.wgsl")),
    ];
    let emptying = [
        ("empty_begin", include_str!("../../../shaders/empty_begin.wgsl")),
        ("empty_next", include_str!("../../../shaders/empty_next.wgsl")),
        ("empty_pick", include_str!("../../../shaders/empty_pick.wgsl")),
        ("empty_weigh", include_str!("../../../shaders/empty_weigh.wgsl")),
    ];
    let plain = plain.map(|(name, text)| (name, format!("{PRELUDE}\n{text}")));
    let summing = summing.map(|(name, text)| (name, format!("{PRELUDE}\n{SUMS_PRELUDE}\n{text}")));
    let narrowing = narrowing.map(|(name, text)| (name, format!("{PRELUDE}\n{NARROW_PRELUDE}\n{text}")));
    let seeding = seeding.map(|(name, text)| (name, format!("{PRELUDE}\n{SEED_PRELUDE}\n{text}")));
    let drawing = drawing.map(|(name, text)| {
        let distances = if name == "seed_pick" { SEED_PRELUDE } else { "" };
        (name, format!("{PRELUDE}\n{TOTALS_PRELUDE}\n{distances}\n{text}"))
    });
    let emptying = emptying.map(|(name, text)| (name, format!("{PRELUDE}\n{EMPTY_PRELUDE}\n{text}")));
    let far = ("empty_far", include_str!("../../../shaders/empty_far.wgsl"));
    let far = (far.0, format!("{PRELUDE}\n{DISTANCE_PRELUDE}\n{EMPTY_PRELUDE}\n{}", far.1));
    let assigning = assigning.map(|(name, text)| {
        let own = if name == "assign_tiled" { REPAIR_PRELUDE } else { WRITE_PRELUDE };
        (name, format!("{PRELUDE}\n{DISTANCE_PRELUDE}\n{ASSIGN_PRELUDE}\n{own}\n{text}"))
    });
    let matrix = [8, 16].map(|edge| (MATRIX, matrix_source(Units { edge, members: 32, emulated: false })));
    let assigning = assigning.into_iter().chain(matrix);
    plain
        .into_iter()
        .chain(summing)
        .chain(assigning)
        .chain(narrowing)
        .chain(seeding)
        .chain(drawing)
        .chain(emptying)
        .chain([far, repair, means])
        .collect()
}

impl Kernel {
    /// Builds the kernel `name` of [`sources`]. `constants` are its WGSL overrides.
    pub(super) fn build(context: &Context, name: &'static str, constants: &[(&str, f64)]) -> Self {
        Self::build_text(context, name, source(name), constants)
    }

    /// Builds the kernel for matrix units.
    pub(super) fn build_matrix(context: &Context, units: Units) -> Self {
        Self::build_text(context, MATRIX, &matrix_source(units), &[])
    }

    fn build_text(context: &Context, name: &'static str, text: &str, constants: &[(&str, f64)]) -> Self {
        let named = constants.iter().map(|(name, value)| format!(" {name}={value}"));
        let full_name = name.to_owned() + &named.collect::<String>();
        if let Ok(mut kernels) = context.tally.kernels.lock() {
            kernels.insert(full_name.clone());
        }
        let text = plant(context.race, name, text);
        let build = || pipeline(context, (name, &full_name), &text, constants);
        let pipeline = context.built.get(format!("{full_name}\n{text}"), build);
        Self { name, tally: Arc::clone(&context.tally), pipeline, slots: 1 }
    }

    /// Sets the number of slots per workgroup.
    pub(super) fn for_slots(self, slots: usize) -> Self {
        Self { slots, ..self }
    }

    /// The kernel with its buffers, in the order of their bindings.
    pub(super) fn bind(&self, context: &Context, buffers: &[&wgpu::Buffer]) -> Bound<'_> {
        let entries: Vec<_> = buffers
            .iter()
            .enumerate()
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding: binding as u32,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let bindings = context.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(self.name),
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        Bound { kernel: self, bindings }
    }
}

/// `name`: of the entry point, and with its constants.
fn pipeline(
    context: &Context,
    (name, full_name): (&'static str, &str),
    text: &str,
    constants: &[(&str, f64)],
) -> wgpu::ComputePipeline {
    let source = barriers::source(text);
    let module = wgpu::ShaderModuleDescriptor { label: Some(name), source };
    let checks = wgpu::ShaderRuntimeChecks::unchecked();
    // SAFETY: these are our own kernels; every index they form is below a size that the host allocated
    // from the same `Sizes`, and every loop ends. Tests run all of them against the reference.
    let module = unsafe { context.device.create_shader_module_trusted(module, checks) };
    context.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(full_name),
        layout: None,
        module: &module,
        entry_point: Some(name),
        compilation_options: wgpu::PipelineCompilationOptions {
            constants,
            zero_initialize_workgroup_memory: false,
        },
        cache: context.pipelines(),
    })
}

/// A kernel with its buffers.
pub(super) struct Bound<'a> {
    kernel: &'a Kernel,
    bindings: wgpu::BindGroup,
}

/// Most workgroups along a dimension of the grid.
pub(super) const MAX_GROUPS: usize = 65_535;

impl Bound<'_> {
    /// Dispatches `blocks` workgroups (wrapped into a second dimension if there are many) for each of `slots` slots.
    pub(super) fn dispatch(&self, pass: &mut wgpu::ComputePass<'_>, blocks: usize, slots: usize) {
        self.dispatch_slice(pass, &Slice { first: [0, 0], size: [blocks, slots] });
    }

    /// Dispatches a slice of a larger grid.
    pub(super) fn dispatch_slice(&self, pass: &mut wgpu::ComputePass<'_>, slice: &Slice) {
        count(&self.kernel.tally.dispatches, 1);
        let [blocks, slots] = slice.size;
        let y = blocks.div_ceil(MAX_GROUPS);
        pass.set_pipeline(&self.kernel.pipeline);
        pass.set_bind_group(0, &self.bindings, &[]);
        let [first_block, first_slot] = slice.first;
        let seen = [first_block, first_slot, slots].map(|number| number as u32);
        pass.set_immediates(0, bytemuck::cast_slice(&seen));
        let z = slots.div_ceil(self.kernel.slots);
        pass.dispatch_workgroups(blocks.div_ceil(y) as u32, y as u32, z as u32);
    }

    /// Dispatches one workgroup for each of `slots` slots, along the first dimension.
    pub(super) fn dispatch_slots(&self, pass: &mut wgpu::ComputePass<'_>, slots: usize) {
        count(&self.kernel.tally.dispatches, 1);
        pass.set_pipeline(&self.kernel.pipeline);
        pass.set_bind_group(0, &self.bindings, &[]);
        pass.dispatch_workgroups(slots as u32, 1, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "no kernel is called \"assing\"")]
    fn an_unknown_kernel_is_no_empty_text() {
        source("assing");
    }

    /// A text that is not found would be left as it is, for a driver without units to refuse.
    #[test]
    fn what_emulation_replaces_is_in_the_kernel() {
        let mut text = MATRIX_TEXT.to_owned();
        for (unit, own) in EMULATED {
            assert!(text.contains(unit), "assign_matrix.wgsl has no {unit:?} any more");
            text = text.replace(unit, own);
        }
        for left in ["coop", "subgroup_id", "num_subgroups"] {
            assert!(!text.contains(left), "{left} is not emulated");
        }
    }
}
