"""How Cairn's time grows with the number of points and of clusters: run by peers.sh --growth.

Seed + iterate of ten iterations from given centroids, on blobs. Prints medians, the slope of log time against log size
from each size to the next, and that of the least squares over all sizes: 1 is linear.
"""

import argparse
import math
import os
import statistics
from pathlib import Path

from peers import CASES, Case, cairn, make

D, ITERATIONS = 16, 10
POINTS = [10_000, 30_000, 100_000, 300_000, 1_000_000, 5_000_000]
CLUSTERS = [10, 30, 100, 300, 1000, 5000]
OF_POINTS = [Case(n, D, 64, "blobs", iterations=ITERATIONS) for n in POINTS]
OF_CLUSTERS = [Case(20_000, 4 * D, k, "blobs", iterations=ITERATIONS) for k in CLUSTERS]


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--cairn", required=True)
    p.add_argument("--kernel", default="", help="value of CAIRN_CPU; default: the widest")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--folder", default="cases")
    return p.parse_args()


def seconds(case, args):
    name = f"growth-{case.n}-{case.d}-{case.k}"
    CASES[name] = case
    files = make(Path(args.folder), name)
    run = cairn(args.cairn, name, *files, args.kernel, args.threads)
    times = [run()["timings_s"] for _ in range(args.runs + 1)][1:]  # the first warms up the files
    for file in files:
        file.unlink()
    return statistics.median(t["seed"] + t["iterate"] for t in times)


def slope(sizes, times):
    """Of the line of least squares through the logarithms."""
    x, y = [math.log(size) for size in sizes], [math.log(time) for time in times]
    return statistics.covariance(x, y) / statistics.variance(x)


def table(name, sizes, cases, args):
    times = []
    print(f"| {name} | seconds | slope |\n|---|---|---|")
    for size, case in zip(sizes, cases):
        times.append(seconds(case, args))
        here = f"{slope(sizes[len(times) - 2 : len(times)], times[-2:]):.2f}" if len(times) > 1 else ""
        print(f"| {size:,} | {times[-1]:.4f} | {here} |", flush=True)
    print(f"| all | | **{slope(sizes, times):.3f}** |\n", flush=True)


def main():
    args = arguments()
    print(f"{args.threads} threads, medians of {args.runs} runs, {ITERATIONS} iterations\n")
    table(f"points (of {D} features, 64 clusters)", POINTS, OF_POINTS, args)
    table(f"clusters (20,000 points of {4 * D} features)", CLUSTERS, OF_CLUSTERS, args)


if __name__ == "__main__":
    main()
