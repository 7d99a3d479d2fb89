#!/usr/bin/env bash
# Times a GPU on large cases, each checked against the CPU: prints a table, and writes JSON. Takes less than four
# minutes.
#
#   benches/gpu.sh                          the best adapter, full sizes
#   benches/gpu.sh --adapter llvmpipe --small
#   benches/gpu.sh --cases digits,points --json gpu.json
#   benches/gpu.sh --write cases            points and starts as .npy, for gpu_peers.py
#
# docs/GPU.md has results on real GPUs. With --small it runs on software adapters, whose times say nothing about a GPU.
#
# Needs only the built bench: GPU_BENCH=path/to/it benches/gpu.sh ... runs on a machine without Rust. If it is not set,
# cargo builds it; `GPU_BENCH= benches/gpu.sh --build` prints its path.
set -euo pipefail

if [ -z "${GPU_BENCH:-}" ]; then
    cd "$(dirname "$0")/.."
    built=$(cargo bench --bench gpu --no-run --message-format=json |
        sed -n 's/.*"name":"gpu".*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
    GPU_BENCH=$built
fi
if [ "${1:-}" = --build ]; then
    echo "$GPU_BENCH"
    exit
fi
exec "$GPU_BENCH" "$@"
