"""Compares searches for a low inertia: run by search.sh.

Sets with a known lowest inertia get the same time for each search; printed is how far the best is above it, the median
over seeds and the worst. On sets of Gaussian clusters a run succeeds if it finds them all: if its inertia is no more than
0.01% above that of Lloyd's iterations from the true centres. There breathing k-means runs first, and each search gets
nine tenths of the time that it took.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SEARCHES = {
    "restarts": [],
    "refined": ["--refine"],
    "evolve": ["--search", "evolve"],
    "evolve, refined": ["--search", "evolve", "--refine"],
}
# lowest inertias known of the digits
KNOWN = {10: 1165109.4602, 20: 936513.948538, 50: 701495.688243, 100: 552291.44}
SECONDS = 3
LONG = 60  # for the photograph, whose lowest inertia is that of one long search


def gaussians(centres, each, deviation, rng):
    rows = np.repeat(centres, each, axis=0)
    return rows + rng.normal(scale=deviation, size=rows.shape), centres


def a3(rng):
    """50 clusters of 150 points at random places that are not close to each other."""
    centres = []
    while len(centres) < 50:
        at = rng.uniform(0, 65536, 2)
        if all(np.hypot(*(at - other)) > 5000 for other in centres):
            centres.append(at)
    return gaussians(np.array(centres), 150, 1200, rng)


def grid(rng):
    """100 clusters of 1,000 points on a grid."""
    side = np.arange(10) * 100_000.0
    return gaussians(np.stack(np.meshgrid(side, side), -1).reshape(-1, 2), 1000, 20_000, rng)


def sine(rng):
    """100 clusters of 1,000 points along a sine curve."""
    x = np.arange(100) * 10_000.0
    return gaussians(np.stack([x, 200_000 * np.sin(x / 1e6 * 6 * np.pi)], -1), 1000, 1500, rng)


def photograph():
    """10,000 pixels of a photograph that scikit-learn ships."""
    from sklearn.datasets import load_sample_image

    pixels = load_sample_image("china.jpg").reshape(-1, 3)
    return pixels[np.random.default_rng(0).choice(len(pixels), 10_000, replace=False)].astype(float)


GAUSSIANS = {"a3": a3, "birch1": grid, "birch2": sine}
SETS = [f"digits-{k}" for k in KNOWN] + ["photograph", *GAUSSIANS]


def cairn(args, data, k, seed, seconds, flags):
    command = [args.cairn, "fit", data, "-k", str(k), "--seed", str(seed), "--device", "cpu", "--time", f"{seconds}s",
               "--json", "-q", *flags]
    done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return done["best"]["inertia"], done["restarts"]["count"]


def table(head, rows):
    rows = [head, *rows]
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip(), flush=True)
    print(flush=True)


def gaps(args, name, data, k, known):
    rows = []
    for search, flags in SEARCHES.items():
        found = [cairn(args, data, k, seed, SECONDS, flags) for seed in range(args.seeds)]
        above = [100 * (inertia / known - 1) for inertia, _ in found]
        restarts = statistics.median(count for _, count in found)
        rows.append([search, f"{statistics.median(above):.4f}%", f"{max(above):.4f}%", f"{min(above):.4f}%",
                     f"{restarts:.0f}"])
    print(f"{name}, k = {k}, {SECONDS} s, above {known}")
    table(["search", "median", "worst", "best", "restarts"], rows)


def successes(args, name, folder):
    from bkmeans import BKMeans
    from sklearn.cluster import KMeans

    found, times, rows = {search: [] for search in ["breathing", *SEARCHES]}, [], []
    for seed in range(args.seeds):
        rows_, centres = GAUSSIANS[name](np.random.default_rng(seed))
        k, file = len(centres), str(folder / f"{name}-{seed}.npy")
        np.save(file, rows_)
        known = KMeans(k, init=centres, n_init=1, tol=0).fit(rows_).inertia_
        start = time.perf_counter()
        breathing = BKMeans(n_clusters=k, random_state=seed).fit(rows_).inertia_
        times.append(time.perf_counter() - start)
        found["breathing"].append(breathing <= known * 1.0001)
        for search, flags in SEARCHES.items():
            found[search].append(cairn(args, file, k, seed, times[-1] * 0.9, flags)[0] <= known * 1.0001)
    for search, right in found.items():
        rows.append([search, f"{sum(right)} of {len(right)}"])
    print(f"{name}: all clusters found, within {statistics.median(times) * 0.9:.2f} s (breathing k-means: "
          f"{statistics.median(times):.2f} s), medians")
    table(["search", "runs"], rows)


def main():
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("--cairn", required=True)
    a.add_argument("--sets", default=",".join(SETS))
    a.add_argument("--seeds", type=int, default=10)
    args = a.parse_args()
    sets = args.sets.split(",")
    if unknown := [name for name in sets if name not in SETS]:
        sys.exit(f"no set {', '.join(unknown)}; there are {', '.join(SETS)}")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name in sets:
            if name in GAUSSIANS:
                successes(args, name, folder)
            elif name == "photograph":
                file = str(folder / "photograph.npy")
                np.save(file, photograph())
                known = cairn(args, file, 64, 999, LONG, SEARCHES["evolve, refined"])[0]
                gaps(args, name, file, 64, known)
            else:
                k = int(name.split("-")[1])
                gaps(args, "digits", "digits", k, KNOWN[k])


if __name__ == "__main__":
    main()
