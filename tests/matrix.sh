#!/usr/bin/env bash
# Runs the tests of matrix units on an adapter that has them: the software adapter of Debian's unstable release, in a
# separate root (debootstrap; as root). The stable release's adapter has none, so there only emulated units are tested.
# Not part of CI, since the unstable release changes.
#
#   tests/matrix.sh           the kernel for matrix units on every table of the tests, then the tests of units
#   tests/matrix.sh FILTER    only tests whose names contain this
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$(id -u)" != 0 ]; then
    echo "run this as root: it makes a folder with a system of its own, and works in it" >&2
    exit 1
fi
folder=$PWD/target/matrix
build=${CARGO_TARGET_DIR:-target}

# the package mirror of this machine
mirror() {
    { cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true; } |
        sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\).*/\2/p' |
        { grep '/debian/*$' || true; } | sed -n 1p
}

if [ ! -e "$folder/made" ]; then
    if ! command -v debootstrap >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq debootstrap >/dev/null
    fi
    from=$(mirror)
    if [ -z "$from" ]; then
        echo "no Debian mirror among this machine's apt sources" >&2
        exit 1
    fi
    rm -rf "$folder"
    mkdir -p "$folder"
    debootstrap --variant=minbase --include=mesa-vulkan-drivers,libvulkan1 sid "$folder" "$from" >"$folder.log" || {
        tail -n 20 "$folder.log" >&2
        exit 1
    }
    touch "$folder/made"
fi

# built here and run there: a newer libc runs programs linked against an older one
built=$(cargo test --no-run --message-format=json --test engines)
mkdir -p "$folder/root/tests"
cp "$(sed -n 's/.*"name":"engines".*"executable":"\([^"]*\)".*/\1/p' <<<"$built" | tail -n 1)" "$folder/root/tests/engines"
cargo build --quiet
cp "$build/debug/cairn" "$folder/root/tests/cairn"
# tests look for their tables where they were built
rm -rf "$folder$PWD"
mkdir -p "$folder$PWD/tests"
cp -r data "$folder$PWD/"
cp -r tests/fixtures "$folder$PWD/tests/"

there() {
    chroot "$folder" env -i HOME=/root PATH=/usr/bin:/bin XDG_RUNTIME_DIR=/tmp CAIRN_REQUIRE_GPU=vulkan \
        CAIRN_REQUIRE_UNITS=1 "$@"
}

there /root/tests/cairn devices
there /root/tests/engines units:: kernels::matrix
there CAIRN_GPU=matrix /root/tests/engines "${1:-::vulkan}" --skip kernels:: --skip another_process
there /root/tests/cairn devices --test
