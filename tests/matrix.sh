#!/usr/bin/env bash
# Runs the tests of matrix units on an adapter that has them: the software adapter of Debian's unstable release, in a
# separate root (unstable.sh; as root). The stable release's adapter has none, so there only emulated units are tested.
# Not part of CI, since the unstable release changes.
#
#   tests/matrix.sh           the kernel for matrix units on every table of the tests, then the tests of units
#   tests/matrix.sh FILTER    only tests whose names contain this
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/unstable.sh
. tests/unstable.sh

unstable
unstable_tests
unstable_command
required=CAIRN_REQUIRE_UNITS=1
there $required /root/tests/cairn devices
there $required /root/tests/engines units:: kernels::matrix
there $required CAIRN_GPU=matrix /root/tests/engines "${1:-::vulkan}" --skip kernels:: --skip another_process
there $required /root/tests/cairn devices --test
