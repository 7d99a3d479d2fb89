#!/usr/bin/env bash
# Random tests and fault injection, with more cases than tests/run.sh.
#
#   tests/long.sh             ten times as many random cases, from a new seed; faults at each call of the system and of the
#                             GPU; all tests of the GPU's host, with every API; all pictures of noise
#   tests/long.sh --short     as many random cases as tests/run.sh, from another seed: part of .ci/run
#   tests/long.sh --seed 7    the random cases of this seed
#   tests/long.sh --asan      the tests of the CPU engine under AddressSanitizer, with every kernel of this processor (Linux,
#                             x86-64); also part of the first
set -euo pipefail
cd "$(dirname "$0")/.."

# the kernels read and write by pointers; the compiler's flag is unstable
asan() {
    RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo test --no-default-features --test engines \
        --target x86_64-unknown-linux-gnu --target-dir target/asan -- ::cpu instructions:: mutations::
}

seed=$RANDOM tests=(random:: gpu_faults:: gpu_loop::)
export CAIRN_LONG=1
case ${1:-} in
--short)
    seed=1 tests=(random::)
    unset CAIRN_LONG
    ;;
--seed) seed=$2 ;;
--asan)
    asan
    exit
    ;;
esac

echo "PROPTEST_RNG_SEED=$seed"
export PROPTEST_RNG_SEED=$seed
tests/run.sh --test library -- certify:: lattice:: restarts:: data::csv
tests/run.sh --test engines -- "${tests[@]}"
if [ -n "${CAIRN_LONG:-}" ]; then
    # a second Vulkan driver, which Debian's Chromium brings along; slow, so only with the cases of `cargo test`
    swiftshader=/usr/lib/chromium/vk_swiftshader_icd.json
    if [ -e $swiftshader ]; then
        env -u CAIRN_LONG VK_DRIVER_FILES=$swiftshader WGPU_BACKEND=vulkan CAIRN_REQUIRE_GPU=vulkan \
            cargo test --test engines -- --skip ::cpu --skip ::gl --skip gpu_loop::slices
    fi
    tests/run.sh --test command -- cli::faults cli::cache cli::runs reading::
    if [ "$(uname -sm)" = "Linux x86_64" ]; then asan; fi
fi
