#!/usr/bin/env bash
# All measurements on a machine with a GPU, in a few minutes: lists the adapters, checks that all of them equal the
# definition, and then times them. It runs prebuilt programs, so the machine needs neither Rust nor a network:
#
#   benches/device.sh --pack              builds the programs, strips them, and puts them into .carry/
#   benches/device.sh                     runs them: results in $OUT (else in device/), a summary on standard output
#   benches/device.sh --only check,bench  only these parts: check, bench, kernels, compare, peers
#
# .gl/ may hold Debian's packages of the Vulkan and GL loaders, for machines without them.
# CAIRN_SMALL=1 uses small sizes and any adapter, including software ones, to test this script.
set -uo pipefail
cd "$(dirname "$0")/.."

carry=$PWD/.carry
if [ "${1:-}" = --pack ]; then
    set -e
    cargo build --release
    bench=$(benches/gpu.sh --build)
    mkdir -p "$carry"
    strip -o "$carry/cairn" target/release/cairn
    strip -o "$carry/gpu_bench" "$bench"
    ls -l "$carry"
    exit
fi

only=check,bench,kernels,compare,peers
if [ "${1:-}" = --only ]; then only=$2; fi
wanted() { [[ ,$only, == *,$1,* ]]; }

out=${OUT:-device}
mkdir -p "$out"
cairn=$carry/cairn
work=$(mktemp -d)
export XDG_RUNTIME_DIR=$work XDG_CACHE_HOME=$work/cache
trap 'rm -rf "$work"' EXIT

adapter=gpu restarts=100000 sizes=()
if [ -n "${CAIRN_SMALL:-}" ]; then adapter=llvmpipe restarts=200 sizes=(--small); fi

# runs a command with a time limit, and prints its duration and exit status
try() {
    local limit=$1 start status
    shift
    echo "\$ $*"
    start=${EPOCHREALTIME/./}
    timeout --kill-after=5 "$limit" "$@" 2>&1
    status=$?
    printf '[exit %s, %s ms]\n\n' "$status" $(((${EPOCHREALTIME/./} - start) / 1000))
    return $status
}

# the lines of a fit with device, times and fingerprint
fit() {
    local kernel=$1
    shift
    echo "CAIRN_GPU=$kernel"
    CAIRN_GPU=$kernel try 40 "$cairn" fit "$@" -v |
        grep -E '^(\$|device|time|speed|inertia|iterations|fingerprint|\[exit)|note|warning|error|auto'
    echo
}

check() {
    nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.sm,clocks.max.sm --format=csv 2>&1
    lscpu | grep -E '^(Model name|CPU\(s\)|Flags)' | cut -c1-2000 | sed 's/^Flags.*\(amx_bf16\).*/amx: yes/; /^Flags/d'
    uname -r
    try 60 "$cairn" devices
    try 100 "$cairn" devices --test -v
    for device in cpu "$adapter"; do
        for kernel in f32 ""; do
            [ "$device$kernel" = cpuf32 ] && continue
            fit "$kernel" --device "$device" -r 1000
            fit "$kernel" --device "$device" -k 400 -r 10
        done
    done
}

bench() {
    GPU_BENCH=$carry/gpu_bench try 230 benches/gpu.sh --adapter "$adapter" "${sizes[@]}" --json "$out/gpu.json"
}

# the digits by each kernel, and one restart, cold and warm
kernels() {
    for kernel in small tiled plain; do
        fit "$kernel" --device "$adapter" -r "$restarts"
    done
    for again in 1 2 3; do fit "" --device "$adapter" -r 1; done
}

compare() {
    # each device runs all values eight times
    try 100 "$cairn" compare --devices "cpu,$adapter" --sweep "restarts=1..$((restarts / 10))" --runs 6 \
        --export-json "$out/compare.json"
    try 90 "$cairn" compare --calibrate
    find "$XDG_CACHE_HOME" -name '*.json' -size -100k -exec tail -n +1 {} +
}

peers() {
    try 60 "$carry/gpu_bench" "${sizes[@]}" --write "$work/cases" >/dev/null
    try 200 python3 benches/gpu_peers.py --folder "$work/cases" --peers torch
}

for part in check bench kernels compare peers; do
    if wanted "$part"; then
        echo "== $part"
        $part 2>&1 | tee "$out/$part.txt"
    fi
done
