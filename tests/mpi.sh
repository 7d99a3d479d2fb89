#!/usr/bin/env bash
# Runs the tests of fits by several processes (tests/mpi.rs), with the feature mpi. What is missing is installed (Debian, as root
# or with sudo): Open MPI, and libclang, with which the bindings are made.
set -euo pipefail
cd "$(dirname "$0")/.."

root=""
if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null; then root=sudo; fi
libraries=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p)
if ! command -v mpicc >/dev/null || ! command -v mpirun >/dev/null || [[ $libraries != *libclang* ]]; then
    if command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || [ -n "$root" ]; }; then
        echo "no MPI found: installing libopenmpi-dev, openmpi-bin and libclang-dev"
        $root apt-get update -qq
        $root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq libopenmpi-dev openmpi-bin libclang-dev >/dev/null
    else
        echo "no MPI found, and no way to install one here: install it with libclang" \
            "(Debian: libopenmpi-dev openmpi-bin libclang-dev), then run this again" >&2
        exit 1
    fi
fi
export CAIRN_REQUIRE_MPI=1
cargo test --features mpi --test mpi "$@"
cargo clippy --features mpi --all-targets -- -D warnings
