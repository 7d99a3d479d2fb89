#!/usr/bin/env bash
# Compares ways to search for a low inertia in the same time: independent restarts, refined ones, and an evolving population,
# beside breathing k-means (the package bkmeans). Prints tables of medians over seeds.
#
#   benches/search.sh                      all sets, 10 seeds
#   benches/search.sh --sets digits-50,birch1 --seeds 3
#
# Needs Python 3 with venv; installs numpy, scikit-learn, pillow and bkmeans into .search/.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ ! -x .search/bin/python ]; then
    python3 -m venv .search
    .search/bin/pip install --quiet numpy scikit-learn pillow bkmeans
fi
cargo build --release --quiet --no-default-features --features cli --target-dir target/peers
exec .search/bin/python benches/search.py --cairn target/peers/release/cairn "$@"
