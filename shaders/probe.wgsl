// Probe: how many rounds the loops of one invocation may go in all. Drivers may end them early without a
// word: Mesa's llvmpipe does, after 65,535.
//
// One invocation counts. Grid: (1).

@group(0) @binding(0) var<storage, read> wanted: array<u32>;        // [0]: rounds
@group(0) @binding(1) var<storage, read_write> counted: array<u32>; // [0]: rounds made

@compute @workgroup_size(1)
fn probe() {
    var state = 1u;
    var rounds = 0u;
    for (var i = 0u; i < wanted[0]; i++) {
        // not a sum that a compiler could foresee
        state = state * 1664525u + 1013904223u;
        rounds += select(1u, 0u, state == 0u && rounds == 0u);
    }
    counted[0] = rounds;
}
