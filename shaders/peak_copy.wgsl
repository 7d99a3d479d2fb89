// Peak: a copy, which measures the memory bandwidth of a device.
//
// An invocation owns 16 bytes. Grid: (blocks of 256 vectors, wrapped into y).

@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> copy: array<vec4<f32>>;

@compute @workgroup_size(256)
fn peak_copy(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
             @builtin(local_invocation_index) local: u32) {
    let at = block_of(group, groups) * 256u + local;
    if (at < arrayLength(&source)) { copy[at] = source[at]; }
}
