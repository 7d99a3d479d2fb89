//! Every shader parses, validates and matches the Rust side. No GPU is needed.
#![cfg(feature = "gpu")]
#![allow(clippy::print_stderr, reason = "says which tests are skipped")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;

use bytemuck::Pod;
use cairn::engine::gpu::{Found, Nearest, Refill, Sizes, Slot, kernel::sources, units};
use naga::back::{hlsl, pipeline_constants::process_overrides};
use naga::proc::Layouter;
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, Expression, Module, Statement, TypeInner};

/// The least workgroup memory that an adapter may have.
const MAX_WORKGROUP_BYTES: u32 = 16 << 10;
/// The least that an adapter may let a workgroup and a kernel have.
const MAX_INVOCATIONS: u32 = 256;
const MAX_STORAGE_BUFFERS: usize = 8;

/// The kernel for matrix units, and what it needs of them; and the one that repairs what it leaves open.
const MATRIX: &str = "assign_matrix";
const REPAIR: &str = "repair";
const UNITS: Capabilities = Capabilities::COOPERATIVE_MATRIX
    .union(Capabilities::SHADER_FLOAT16)
    .union(Capabilities::SUBGROUP)
    .union(Capabilities::SUBGROUP_BARRIER);

/// A kernel's whole text, read as a driver would.
struct Shader {
    name: String,
    module: Module,
    info: ModuleInfo,
    sizes: Layouter,
}

impl Shader {
    /// Reads a text, without any feature that some adapter may lack but immediates, which all have. Matrix units are
    /// the one exception: where there are none their kernel is never built.
    fn read(name: &str, text: &str) -> Result<Self, String> {
        let refused = |error: &dyn Debug| format!("{name}: {error:?}");
        let module =
            naga::front::wgsl::parse_str(text).map_err(|error| error.emit_to_string_with_path(text, name))?;
        let features = if name == MATRIX { UNITS } else { Capabilities::empty() };
        let mut validator = Validator::new(ValidationFlags::all(), features | Capabilities::IMMEDIATES);
        validator.subgroup_stages(naga::valid::ShaderStages::COMPUTE);
        validator.subgroup_operations(naga::valid::SubgroupOperationSet::BASIC);
        let info = validator.validate(&module).map_err(|error| refused(&error))?;
        let mut sizes = Layouter::default();
        sizes.update(module.to_ctx()).map_err(|error| refused(&error))?;
        Ok(Self { name: name.into(), module, info, sizes })
    }

    /// Assumptions of the host about every kernel.
    fn check(&self) -> Result<(), String> {
        self.check_entry()?;
        self.check_bindings()?;
        let bytes = self.workgroup_bytes();
        let most = if self.name == MATRIX { units::WORKGROUP_BYTES } else { MAX_WORKGROUP_BYTES };
        self.require(bytes <= most, &format!("{bytes} bytes of workgroup memory"))
    }

    /// One kernel a file, of the file's name, in workgroups that every adapter can run.
    fn check_entry(&self) -> Result<(), String> {
        let [entry] = &self.module.entry_points[..] else {
            return Err(format!("{}: {} entry points", self.name, self.module.entry_points.len()));
        };
        self.require(entry.name == self.name, &format!("its entry point is called {}", entry.name))?;
        let size = entry.workgroup_size;
        self.require(size.iter().product::<u32>() <= MAX_INVOCATIONS, &format!("workgroups of {size:?}"))
    }

    /// Buffers come in the order of their bindings; the layout is made of those that the kernel uses.
    fn check_bindings(&self) -> Result<(), String> {
        let mut found = Vec::new();
        let mut storage = 0;
        for (handle, variable) in self.module.global_variables.iter() {
            let Some(binding) = variable.binding else { continue };
            let name = variable.name.clone().unwrap_or_default();
            let used = !self.info.get_entry_point(0)[handle].is_empty();
            self.require(used, &format!("{name} is never used"))?;
            self.require(binding.group == 0, &format!("{name} is in group {}", binding.group))?;
            storage += usize::from(matches!(variable.space, AddressSpace::Storage { .. }));
            found.push(binding.binding);
        }
        found.sort_unstable();
        let expected: Vec<u32> = (0..found.len() as u32).collect();
        self.require(found == expected, &format!("its bindings are {found:?}"))?;
        let on_units = [MATRIX, REPAIR].contains(&self.name.as_str());
        let most = if on_units { units::STORAGE_BUFFERS as usize } else { MAX_STORAGE_BUFFERS };
        self.require(storage <= most, &format!("{storage} storage buffers"))
    }

    fn require(&self, holds: bool, problem: &str) -> Result<(), String> {
        if holds { Ok(()) } else { Err(format!("{}: {problem}", self.name)) }
    }

    fn workgroup_bytes(&self) -> u32 {
        let all = self.module.global_variables.iter().map(|(_, variable)| variable);
        let workgroup = all.filter(|variable| variable.space == AddressSpace::WorkGroup);
        workgroup.map(|variable| self.sizes[variable.ty].size).sum()
    }

    /// Offset of every field of a struct, and its size under the name "".
    fn layout(&self, name: &str) -> Result<BTreeMap<String, u32>, String> {
        for (_, ty) in self.module.types.iter() {
            if let (Some(found), TypeInner::Struct { members, span }) = (&ty.name, &ty.inner)
                && found == name
            {
                let fields =
                    members.iter().map(|member| (member.name.clone().unwrap_or_default(), member.offset));
                return Ok(fields.chain([(String::new(), *span)]).collect());
            }
        }
        Err(format!("{}: no struct {name}", self.name))
    }
}

/// As [`Shader::layout`], of a struct of 32-bit fields that keeps them to itself: its words are numbered, and
/// its `Debug` form says which field holds which number.
fn layout_in_rust<T: Pod + Debug>() -> BTreeMap<String, u32> {
    let words: Vec<u32> = (0..size_of::<T>() as u32 / 4).collect();
    let numbered: T = bytemuck::pod_read_unaligned(bytemuck::cast_slice(&words));
    let text = format!("{numbered:?}");
    let fields = text.split_once('{').map_or("", |(_, fields)| fields).split([',', '}', ']']);
    let offset = |field: &str| {
        let (name, first) = field.split_once(':')?;
        let first = first.trim_matches([' ', '[']);
        // a word read as f32 is a tiny number
        let word = first.parse().or_else(|_| first.parse().map(f32::to_bits)).ok()?;
        Some((name.trim().to_owned(), word * 4))
    };
    fields.filter_map(offset).chain([(String::new(), size_of::<T>() as u32)]).collect()
}

fn shaders() -> Vec<Shader> {
    let read =
        |(name, text): (&str, String)| Shader::read(name, &text).unwrap_or_else(|error| panic!("{error}"));
    sources().into_iter().map(read).collect()
}

#[test]
fn every_kernel_is_what_the_host_takes_it_for() {
    let wrong: Vec<String> = shaders().iter().filter_map(|shader| shader.check().err()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_is_a_kernel_or_a_prelude() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let files = std::fs::read_dir(folder).expect("the shaders are there");
    let mut names: Vec<String> = files
        .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
        .filter_map(|file| file.strip_suffix(".wgsl").map(str::to_owned))
        .filter(|name| !name.ends_with("prelude"))
        .collect();
    names.sort_unstable();
    let mut kernels: Vec<&str> = sources().into_iter().map(|(name, _)| name).collect();
    kernels.sort_unstable();
    kernels.dedup();
    assert_eq!(names, kernels);
}

/// Beside matrix units naga 30 writes them in a way that SPIR-V does not allow.
#[test]
fn nothing_beside_matrix_units_is_atomic_in_storage() {
    let both: Vec<Shader> = shaders().into_iter().filter(|shader| shader.name == MATRIX).collect();
    assert_eq!(both.len(), 2);
    for shader in both {
        let functions = shader.module.functions.iter().map(|(_, function)| function);
        for function in functions.chain([&shader.module.entry_points[0].function]) {
            assert!(!has_storage_atomics(&shader.module, function), "{:?}", function.name);
        }
    }
}

fn has_storage_atomics(module: &Module, function: &naga::Function) -> bool {
    let is_in_storage = |mut at| loop {
        match function.expressions[at] {
            Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => at = base,
            Expression::GlobalVariable(variable) => {
                break matches!(module.global_variables[variable].space, AddressSpace::Storage { .. });
            }
            _ => break false,
        }
    };
    let mut blocks = vec![&function.body];
    while let Some(block) = blocks.pop() {
        for statement in block.iter() {
            match statement {
                Statement::Atomic { pointer, .. } if is_in_storage(*pointer) => return true,
                Statement::Block(inner) => blocks.push(inner),
                Statement::If { accept, reject, .. } => blocks.extend([accept, reject]),
                Statement::Loop { body, continuing, .. } => blocks.extend([body, continuing]),
                Statement::Switch { cases, .. } => blocks.extend(cases.iter().map(|case| &case.body)),
                _ => {}
            }
        }
    }
    false
}

#[test]
fn structs_have_the_layout_of_their_rust_twins() {
    for shader in shaders() {
        for (name, expected) in [("Sizes", layout_in_rust::<Sizes>()), ("Slot", layout_in_rust::<Slot>())] {
            assert_eq!(shader.layout(name).as_ref(), Ok(&expected), "{name} in {}", shader.name);
        }
        if shader.name == "nearest_two" {
            assert_eq!(shader.layout("Nearest").as_ref(), Ok(&layout_in_rust::<Nearest>()));
        }
        if ["seed_draw", "seed_pick"].contains(&&shader.name[..]) {
            let mut found = layout_in_rust::<Found>();
            found.remove("unused"); // the host's word for what an array of them leaves between
            assert_eq!(shader.layout("Found"), Ok(found), "{}", shader.name);
        }
        if shader.name.starts_with("empty") {
            assert_eq!(shader.layout("Refill"), Ok(layout_in_rust::<Refill>()), "{}", shader.name);
        }
    }
}

/// A kernel that took the first workgroup of a dispatch for the first of its grid would do the first slice of a large
/// grid again and again, and none of the others.
#[test]
fn every_kernel_of_a_wrapped_grid_can_be_cut() {
    for (name, text) in sources() {
        let body = text.split("@compute").nth(1).unwrap_or_else(|| panic!("{name} has no entry point"));
        let wrapped = body.contains("num_workgroups");
        assert_eq!(wrapped, body.contains("block_of(group, groups)"), "{name}");
        let by_itself = ["group.y", "[group.z", "= group.z"].into_iter().find(|text| body.contains(text));
        assert_eq!(by_itself, None, "{name}");
        assert!(!wrapped || !body.contains("group.x"), "{name}");
    }
}

/// Checks that the checks can fail.
mod refused {
    use super::*;

    fn refusal(body: &str) -> String {
        let text = format!("@group(0) @binding(0) var<storage, read_write> a: array<u32>;\n{body}");
        Shader::read("it", &text).and_then(|shader| shader.check()).expect_err("a bad shader was let through")
    }

    const GOOD: &str = "@compute @workgroup_size(64) fn it() { a[0] = 1u; }";

    #[test]
    fn the_good_one_passes() {
        let text = format!("@group(0) @binding(0) var<storage, read_write> a: array<u32>;\n{GOOD}");
        assert_eq!(Shader::read("it", &text).and_then(|shader| shader.check()), Ok(()));
    }

    #[test]
    fn what_does_not_parse() {
        assert!(refusal("fn it( {").contains("expected"));
    }

    #[test]
    fn what_does_not_validate() {
        let text = refusal(
            "@compute @workgroup_size(64) fn it(@builtin(local_invocation_index) i: u32) { if (i == 0u) { workgroupBarrier(); } a[0] = 1.0; }",
        );
        assert!(text.starts_with("it") || text.contains("error"), "{text}");
    }

    #[test]
    fn wide_integers() {
        refusal("@compute @workgroup_size(64) fn it() { a[0] = u32(i64(7)); }");
    }

    #[test]
    fn another_name() {
        assert_eq!(refusal(&GOOD.replace("it", "that")), "it: its entry point is called that");
    }

    #[test]
    fn large_workgroups() {
        assert_eq!(refusal(&GOOD.replace("64", "32, 16")), "it: workgroups of [32, 16, 1]");
    }

    #[test]
    fn a_gap_in_the_bindings() {
        let text = "@group(0) @binding(2) var<storage, read> b: array<u32>;\n".to_owned();
        assert_eq!(refusal(&(text + &GOOD.replace("1u", "b[0]"))), "it: its bindings are [0, 2]");
    }

    #[test]
    fn a_buffer_that_is_never_used() {
        let text = "@group(0) @binding(1) var<storage, read> b: array<u32>;\n".to_owned();
        assert_eq!(refusal(&(text + GOOD)), "it: b is never used");
    }

    #[test]
    fn too_much_workgroup_memory() {
        let text = "var<workgroup> w: array<vec4<u32>, 1025>;\n".to_owned();
        let body = GOOD.replace("1u", "w[0].x");
        assert_eq!(refusal(&(text + &body)), "it: 16400 bytes of workgroup memory");
    }

    #[test]
    fn atomics_in_storage() {
        let text = "@group(0) @binding(0) var<storage, read_write> a: array<atomic<u32>>;\n".to_owned()
            + "@compute @workgroup_size(64) fn it() { if (true) { atomicAdd(&a[1], 1u); } }";
        let shader = Shader::read("it", &text).expect("it is good WGSL");
        assert!(has_storage_atomics(&shader.module, &shader.module.entry_points[0].function));
    }

    #[test]
    fn another_layout() {
        let text = "struct Slot { status: u32, wide: vec4<u32> }\n".to_owned()
            + "@group(0) @binding(0) var<storage, read> lane: Slot;\n"
            + "@group(0) @binding(1) var<storage, read_write> a: u32;\n"
            + "@compute @workgroup_size(64) fn it() { a = lane.status; }";
        let shader = Shader::read("it", &text).expect("it is good WGSL");
        assert_ne!(shader.layout("Slot"), Ok(layout_in_rust::<Slot>()));
        assert!(shader.layout("Sizes").is_err());
    }

    #[test]
    fn a_swapped_field() {
        #[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
        #[repr(C)]
        struct Twin {
            b: u32,
            a: f32,
            many: [u32; 2],
        }
        let expected = [("", 16), ("a", 4), ("b", 0), ("many", 8)].map(|(name, at)| (name.to_owned(), at));
        assert_eq!(layout_in_rust::<Twin>(), BTreeMap::from(expected));
    }
}

/// Values of the overrides with which a kernel is built: of all its shapes.
fn shapes(name: &str) -> Vec<Vec<(&'static str, u64)>> {
    match name {
        "assign_tiled" => [(8, 8), (16, 8), (16, 16)]
            .map(|(high, wide)| {
                vec![("HIGH", high), ("WIDE", wide), ("QUADS", 32 / high.max(wide)), ("WIDTH", high * wide)]
            })
            .to_vec(),
        "assign_low" => (1..=4).map(|quads| vec![("QUADS", quads)]).collect(),
        "assign_small" => [1, 2, 4]
            .into_iter()
            .flat_map(|slots| [1, 2, 3].map(|packs| (slots, packs)))
            .flat_map(|(slots, packs)| {
                [1, 2].map(|fours| vec![("SLOTS", slots), ("PACKS", packs), ("FOURS", fours)])
            })
            .collect(),
        "seed_pick" => [0, 1].map(|fetched| vec![("FETCHED", fetched)]).to_vec(),
        _ => vec![Vec::new()],
    }
}

/// Tint, the compiler of Chromium, takes every kernel in every shape: its rules, such as those on uniform control flow, are
/// stricter than naga's. `CAIRN_TINT` names a folder with the npm package `webgpu`, as `tests/run.sh` installs it.
#[test]
fn tint_takes_every_kernel() {
    let Some(folder) = std::env::var_os("CAIRN_TINT") else {
        return eprintln!("skipped: CAIRN_TINT names no folder with the npm package webgpu");
    };
    // its units are not WebGPU's
    let kernels: Vec<_> = sources().into_iter().filter(|(name, _)| *name != MATRIX).collect();
    let described: Vec<_> = kernels
        .iter()
        .map(|(name, text)| {
            let shapes: Vec<_> = shapes(name).into_iter().map(BTreeMap::from_iter).collect();
            let has_mixed = text.contains("override MIXED");
            serde_json::json!({"name": name, "text": text, "shapes": shapes, "mixed": has_mixed})
        })
        .collect();
    let run = |kernels: &serde_json::Value| {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), kernels.to_string()).expect("written");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tint.mjs");
        let output = std::process::Command::new("node").arg(script).arg(&folder).arg(file.path()).output();
        let output = output.expect("node runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), text(&output.stdout) + &text(&output.stderr))
    };
    let (ok, said) = run(&described.into());
    assert!(ok && said.contains("all are taken"), "{said}");
    // it would say so if one were not
    let barrier = "@compute @workgroup_size(8) fn k(@builtin(local_invocation_index) i: u32) { if (i > 3u) { workgroupBarrier(); } }";
    let (ok, said) =
        run(&serde_json::json!([{"name": "k", "text": barrier, "shapes": [{}], "mixed": false}]));
    assert!(!ok && said.contains("uniform control flow"), "{said}");
}

/// Values of the overrides of all shapes, with and without `MIXED` where a kernel has it.
fn constants(shader: &Shader) -> Vec<BTreeMap<&'static str, u64>> {
    let has_mixed = shader.module.overrides.iter().any(|(_, it)| it.name.as_deref() == Some("MIXED"));
    let mixed = if has_mixed { [Some(0), Some(1)].as_slice() } else { &[None] };
    let with = |shape: Vec<(&'static str, u64)>, mixed: Option<u64>| {
        BTreeMap::from_iter(shape.into_iter().chain(mixed.map(|mixed| ("MIXED", mixed))))
    };
    let shapes = shapes(&shader.name).into_iter();
    shapes.flat_map(|shape| mixed.iter().map(move |&mixed| with(shape.clone(), mixed))).collect()
}

/// A kernel with these values of its overrides.
fn specialised<'a>(
    shader: &'a Shader,
    constants: &BTreeMap<&str, u64>,
) -> Result<(Cow<'a, Module>, Cow<'a, ModuleInfo>), String> {
    let constants = constants.iter().map(|(name, &value)| ((*name).to_owned(), value as f64)).collect();
    let entry = (naga::ShaderStage::Compute, shader.name.as_str());
    let made = process_overrides(&shader.module, &shader.info, Some(entry), &constants);
    made.map_err(|error| format!("{}: {error:?}", shader.name))
}

/// The words that naga writes for Vulkan, with these overrides.
fn spirv(shader: &Shader, constants: &BTreeMap<&str, u64>) -> Result<Vec<u32>, String> {
    use naga::back::spv;
    let stage = naga::ShaderStage::Compute;
    let refused = |error: &dyn Debug| format!("{}: {error:?}", shader.name);
    let (module, info) = specialised(shader, constants)?;
    let options =
        spv::Options { lang_version: (1, 3), fake_missing_bindings: true, ..spv::Options::default() };
    let entry = spv::PipelineOptions { shader_stage: stage, entry_point: shader.name.clone() };
    spv::write_vec(&module, &info, &options, Some(&entry)).map_err(|error| refused(&error))
}

/// Khronos's validator finds what naga writes for Vulkan valid. Needs `spirv-val`, which `tests/run.sh` installs.
#[test]
fn spirv_val_takes_every_kernel() {
    let validate = |words: &[u32]| {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), bytemuck::cast_slice(words)).expect("written");
        let mut command = std::process::Command::new("spirv-val");
        command.args(["--target-env", "vulkan1.1"]).arg(file.path()).output()
    };
    // its units need a later version than Debian's validator knows
    for shader in shaders().into_iter().filter(|shader| shader.name != MATRIX) {
        for constants in constants(&shader) {
            let mut words = spirv(&shader, &constants).unwrap_or_else(|why| panic!("{why}"));
            let Ok(output) = validate(&words) else { return eprintln!("skipped: no spirv-val") };
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{} {constants:?}: {said}", shader.name);
            // it would say so if it were not
            words.truncate(words.len() - 1);
            assert!(!validate(&words).expect("it ran before").status.success());
        }
    }
}

/// What naga writes for DirectX 12, with these overrides: the text, and the name of the entry point in it.
fn hlsl(
    shader: &Shader,
    constants: &BTreeMap<&str, u64>,
    shader_model: hlsl::ShaderModel,
) -> Result<(String, String), String> {
    let (module, info) = specialised(shader, constants)?;
    let options = hlsl::Options {
        shader_model,
        immediates_target: Some(hlsl::BindTarget { space: 1, ..hlsl::BindTarget::default() }),
        fake_missing_bindings: true,
        ..hlsl::Options::default()
    };
    let entry =
        hlsl::PipelineOptions { entry_point: Some((naga::ShaderStage::Compute, shader.name.clone())) };
    let mut text = String::new();
    let mut writer = hlsl::Writer::new(&mut text, &options, &entry);
    let made = writer.write(&module, &info, None).map_err(|error| format!("{}: {error:?}", shader.name))?;
    let name = made.entry_point_names.into_iter().next().expect("one entry point");
    Ok((text, name.map_err(|error| format!("{}: {error:?}", shader.name))?))
}

/// FXC, the compiler where there is no DXC, only runs on Windows: docs/RELEASING.md says how.
#[test]
#[ignore = "writes target/hlsl"]
fn writes_hlsl_for_fxc() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/hlsl");
    std::fs::create_dir_all(&folder).expect("a folder");
    for shader in shaders().into_iter().filter(|shader| shader.name != MATRIX) {
        for (shape, constants) in constants(&shader).iter().enumerate() {
            let made = hlsl(&shader, constants, hlsl::ShaderModel::V5_1);
            let (text, entry) = made.unwrap_or_else(|why| panic!("{why}"));
            let name = format!("{}-{shape}.{entry}.hlsl", shader.name);
            std::fs::write(folder.join(name), text).expect("written");
        }
    }
}

/// DXC, the compiler of DirectX 12, takes every kernel in every shape. `CAIRN_DXC` names its library, and `CAIRN_PYTHON` a
/// Python.
#[test]
fn dxc_takes_every_kernel() {
    let (Some(library), Some(python)) = (std::env::var_os("CAIRN_DXC"), std::env::var_os("CAIRN_PYTHON"))
    else {
        return eprintln!("skipped: CAIRN_DXC or CAIRN_PYTHON names no file");
    };
    let mut kernels = Vec::new();
    for shader in shaders().into_iter().filter(|shader| shader.name != MATRIX) {
        for constants in constants(&shader) {
            let (text, entry) =
                hlsl(&shader, &constants, hlsl::ShaderModel::V6_0).unwrap_or_else(|why| panic!("{why}"));
            let name = format!("{} {constants:?}", shader.name);
            kernels
                .push(serde_json::json!({"name": name, "hlsl": text, "entry": entry, "profile": "cs_6_0"}));
        }
    }
    let run = |kernels: &serde_json::Value| {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), kernels.to_string()).expect("written");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dxc.py");
        let output = std::process::Command::new(&python).arg(script).arg(&library).arg(file.path()).output();
        let output = output.expect("Python runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), text(&output.stdout) + &text(&output.stderr))
    };
    let (ok, said) = run(&kernels.into());
    assert!(ok && said.contains("all are taken"), "{said}");
    // it would say so if one were not
    let barrier = "[numthreads(8, 1, 1)] void k() { float4 x = nothing; }";
    let wrong = serde_json::json!([{"name": "k", "hlsl": barrier, "entry": "k", "profile": "cs_6_0"}]);
    let (ok, said) = run(&wrong);
    assert!(!ok && said.contains("undeclared identifier"), "{said}");
}
