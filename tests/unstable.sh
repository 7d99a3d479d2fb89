# For other scripts, which source it in the root of the repository: Debian's unstable release in target/matrix, by
# debootstrap, with its software adapter, and with this repository's tests and command (as root). Its packages are newer
# than those of any stable release. They change, so nothing that needs them is part of CI.
#
# unstable         makes the folder, if it is not there
# unstable_tests   builds the tests `engines`, and copies them and their tables there
# unstable_command builds the command, and copies it there
# there ARG...     runs a program there, by the path that it has there
#
# shellcheck shell=bash

unstable=$PWD/target/matrix

# the package mirror of this machine
unstable_mirror() {
    { cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true; } |
        sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\).*/\2/p' |
        { grep '/debian/*$' || true; } | sed -n 1p
}

unstable() {
    if [ "$(id -u)" != 0 ]; then
        echo "run this as root: it makes a folder with a system of its own, and works in it" >&2
        exit 1
    fi
    if [ -e "$unstable/made-with-layers" ]; then return; fi
    if ! command -v debootstrap >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq debootstrap >/dev/null
    fi
    local from
    from=$(unstable_mirror)
    if [ -z "$from" ]; then
        echo "no Debian mirror among this machine's apt sources" >&2
        exit 1
    fi
    rm -rf "$unstable"
    mkdir -p "$unstable"
    debootstrap --variant=minbase --include=mesa-vulkan-drivers,libvulkan1,vulkan-validationlayers sid \
        "$unstable" "$from" >"$unstable.log" || {
        tail -n 20 "$unstable.log" >&2
        exit 1
    }
    touch "$unstable/made-with-layers"
}

# built here and run there: a newer libc runs programs linked against an older one
unstable_tests() {
    local built
    built=$(cargo test --no-run --message-format=json --test engines)
    mkdir -p "$unstable/root/tests"
    cp "$(sed -n 's/.*"name":"engines".*"executable":"\([^"]*\)".*/\1/p' <<<"$built" | tail -n 1)" \
        "$unstable/root/tests/engines"
    # tests look for their tables where they were built
    rm -rf "$unstable$PWD"
    mkdir -p "$unstable$PWD/tests"
    cp -r data "$unstable$PWD/"
    cp -r tests/fixtures "$unstable$PWD/tests/"
}

unstable_command() {
    cargo build --quiet
    mkdir -p "$unstable/root/tests"
    cp "${CARGO_TARGET_DIR:-target}/debug/cairn" "$unstable/root/tests/cairn"
}

there() {
    chroot "$unstable" env -i HOME=/root PATH=/usr/bin:/bin XDG_RUNTIME_DIR=/tmp CAIRN_REQUIRE_GPU=vulkan "$@"
}
