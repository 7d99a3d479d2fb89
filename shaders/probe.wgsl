// Probe: how many trips the loops of one invocation may make in total. Drivers may end loops early without an error:
// Mesa's llvmpipe does, after 65,535 trips.
//
// A single invocation. Grid: (1).

@group(0) @binding(0) var<storage, read> wanted: array<u32>;        // [0]: trips
@group(0) @binding(1) var<storage, read_write> counted: array<u32>; // [0]: trips made

@compute @workgroup_size(1)
fn probe() {
    var state = 1u;
    var trips = 0u;
    for (var i = 0u; i < wanted[0]; i++) {
        // a recurrence that the compiler can't evaluate in closed form
        state = state * 1664525u + 1013904223u;
        trips += select(1u, 0u, state == 0u && trips == 0u);
    }
    counted[0] = trips;
}
