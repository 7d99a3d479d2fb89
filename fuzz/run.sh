#!/usr/bin/env bash
# Runs the fuzzers, one after the other, from fuzz/corpus. Needs cargo-fuzz (`cargo install cargo-fuzz`); without a nightly
# toolchain the stable one is told to be one. What they find is in fuzz/artifacts. A finding that is mended goes to fuzz/corpus, which `cargo test` replays.
#
#   fuzz/run.sh [SECONDS] [TARGET..]     default: 900 seconds for each of table, binary, packed, model,
#                                        picture and drawing
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-900}
shift || true
targets=("$@")
cargo=(env RUSTC_BOOTSTRAP=1 cargo)
if rustup toolchain list 2>/dev/null | grep -q nightly; then cargo=(cargo +nightly); fi
[ ${#targets[@]} -gt 0 ] || targets=(table binary packed model picture drawing)
for target in "${targets[@]}"; do
    mkdir -p "work/$target"
    # what it learns goes to work/, what is kept is chosen by hand; the code is safe Rust, but for zstd, so no sanitizer is used
    "${cargo[@]}" fuzz run -s none --fuzz-dir . "$target" "work/$target" "corpus/$target" -- \
        -max_total_time="$seconds" -max_len=6000 -timeout=20 -rss_limit_mb=3000
done
