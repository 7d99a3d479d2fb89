#!/usr/bin/env bash
# Runs every test with all its cases, including those of the GPU engine (`cargo test` alone is quicker: it takes a part
# of some tests' cases, and one interface of each device). What is missing is installed (Debian, as root or with sudo):
# * without a Vulkan adapter or EGL: Mesa's software adapter, on which all GPU tests run, and libegl1
# * without Chromium: chromium, which opens the pages
# * numpy and safetensors, by pip in a virtual environment in target/python
# * for the Python package scikit-learn, Dask, mpi4py and others, likewise, in target/python-package (tests/python.sh)
# * spirv-tools, by apt
# * the npm package webgpu, in target/tint, if there is npm
# * DXC's library, of the PyPI package compushady, in target/dxc (Linux on x86-64)
set -euo pipefail
cd "$(dirname "$0")/.."

# EGL prints warnings without a runtime folder
if [ -z "${XDG_RUNTIME_DIR:-}" ]; then
    XDG_RUNTIME_DIR=$(mktemp -d)
    export XDG_RUNTIME_DIR
    trap 'rmdir "$XDG_RUNTIME_DIR" 2>/dev/null || true' EXIT
fi

root=""
if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null; then root=sudo; fi

# ldconfig is not in an ordinary user's path
libraries=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p)
has_driver() { compgen -G '/usr/share/vulkan/icd.d/*.json' || compgen -G '/etc/vulkan/icd.d/*.json'; } >/dev/null

if ! has_driver || [[ $libraries != *libvulkan.so.1* || $libraries != *libEGL.so.1* ]]; then
    if command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || [ -n "$root" ]; }; then
        echo "no Vulkan adapter found: installing mesa-vulkan-drivers and libegl1"
        $root apt-get update -qq
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mesa-vulkan-drivers libvulkan1 libegl1 >/dev/null
    else
        echo "no Vulkan adapter found, and no way to install one here: install Mesa's lavapipe" \
            "(Debian: mesa-vulkan-drivers libegl1), then run this again" >&2
        exit 1
    fi
fi

# a virtual environment for tests/library/python.rs, in the build folder
python=target/python/bin/python
if ! $python -c 'import numpy, safetensors' 2>/dev/null && command -v python3 >/dev/null; then
    python3 -m venv target/python && $python -m pip install -q numpy safetensors || true
fi
if $python -c 'import numpy, safetensors' 2>/dev/null; then
    CAIRN_PYTHON=$PWD/$python
    export CAIRN_PYTHON CAIRN_REQUIRE_PYTHON=1
else
    echo "no Python with numpy and safetensors: the test of the Python snippet is skipped" >&2
fi

# Khronos's validator, for tests/library/shaders.rs
if ! command -v spirv-val >/dev/null && command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || [ -n "$root" ]; }; then
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq spirv-tools >/dev/null 2>&1 || true
fi

# Tint, for tests/library/shaders.rs
if [ ! -d target/tint/node_modules/webgpu ] && command -v npm >/dev/null; then
    npm install --silent --no-audit --no-fund --prefix target/tint webgpu@0.6 >/dev/null 2>&1 || true
fi
if [ -d target/tint/node_modules/webgpu ] && command -v node >/dev/null; then
    export CAIRN_TINT=$PWD/target/tint
else
    echo "no node with the package webgpu: kernels are not compiled with Tint" >&2
fi

# DXC, for tests/library/shaders.rs
dxc=target/dxc/libdxcompiler.so
if [ ! -e $dxc ] && [ -x $python ] && [ "$(uname -sm)" = "Linux x86_64" ]; then
    mkdir -p target/dxc
    $python -m pip download -q --no-deps --no-binary :all: --dest target/dxc compushady==0.17.5 >/dev/null 2>&1 &&
        tar -xzOf target/dxc/compushady-0.17.5.tar.gz \
            compushady-0.17.5/compushady/backends/libdxcompiler_x86_64.so.3.7 >$dxc.part && mv $dxc.part $dxc || true
    rm -f target/dxc/*.tar.gz $dxc.part
fi
if [ -e $dxc ]; then
    export CAIRN_DXC=$PWD/$dxc
else
    echo "no library of DXC: kernels are not compiled for DirectX 12" >&2
fi

# pages are opened in a browser
if ! command -v "${CAIRN_CHROMIUM:-chromium}" >/dev/null; then
    if command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || [ -n "$root" ]; }; then
        echo "no Chromium found: installing chromium"
        $root apt-get update -qq
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
    else
        echo "no Chromium found, and no way to install one here: install it (Debian: chromium)," \
            "or name one by CAIRN_CHROMIUM, then run this again" >&2
        exit 1
    fi
fi

export CAIRN_REQUIRE_CHROMIUM=${CAIRN_REQUIRE_CHROMIUM:-1}
export CAIRN_ALL=1
# one more than processors, since devices of a software adapter leave some of their time to others
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$(($(nproc 2>/dev/null || sysctl -n hw.ncpu) + 1))}
export CAIRN_REQUIRE_GPU=${CAIRN_REQUIRE_GPU:-vulkan,gl}
cargo test --no-fail-fast "$@"

# the Python package
if [ $# = 0 ]; then
    if python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        tests/python.sh
    else
        echo "no Python 3.11 with venv: the Python package is not tested" >&2
    fi
fi
