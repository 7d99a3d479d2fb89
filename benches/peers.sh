#!/usr/bin/env bash
# Compares Cairn with other libraries: same data, same starts, same number of iterations, in alternation in one run, each
# with the variables of OpenBLAS that are set here and without them.
# Prints a table of medians and ratios.
#
#   benches/peers.sh                       all cases, all processors
#   benches/peers.sh --threads 1           one thread against one thread
#   benches/peers.sh --kernels avx512,avx2 several of Cairn's kernels (default: the widest)
#   benches/peers.sh --cases digits,codes --runs 3
#   benches/peers.sh --python              the Python package beside scikit-learn and the command
#   benches/peers.sh --growth              how Cairn's time grows with the numbers of points and clusters: growth.py
#
# Needs Python 3 with venv; installs numpy, scikit-learn, scikit-learn-intelex and faiss-cpu into .peers/.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ ! -x .peers/bin/python ]; then
    python3 -m venv .peers
    .peers/bin/pip install --quiet numpy scikit-learn scikit-learn-intelex faiss-cpu threadpoolctl
fi
cargo build --release --quiet --no-default-features --features cli --target-dir target/peers
script=peers.py
if [ "${1:-}" = --growth ]; then
    script=growth.py
    shift
fi
if [[ " $* " == *" --python "* ]]; then
    if [ ! -x .peers/bin/maturin ]; then
        .peers/bin/pip install --quiet "maturin>=1.8,<2" joblib
    fi
    rm -rf target/peers/wheels
    .peers/bin/maturin build --quiet --release -m python/Cargo.toml --out target/peers/wheels
    .peers/bin/pip install --quiet --no-deps --force-reinstall target/peers/wheels/*.whl
fi
exec .peers/bin/python "benches/$script" --cairn target/peers/release/cairn "$@"
