"""Times Cairn beside scikit-learn, scikit-learn-intelex and faiss: run by peers.sh.

A peer's time is that of its fit on an array in memory. Cairn's is seed + iterate, of a process of its own that
reads the same array from a file; reading and packing are shown beside it. All take turns, run by run.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

CASES = {  # name: (n, d, k, kind)
    "digits": (1797, 64, 10, "digits"),
    "pixels": (500_000, 3, 64, "blobs"),
    "points": (200_000, 16, 100, "blobs"),
    "codes": (100_000, 64, 256, "blobs"),
    "embeddings": (20_000, 768, 500, "sphere"),
}
RESTARTS = 1000  # of the digits, to the fixed point
ITERATIONS = 10  # of the others, from given centroids


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--cairn", required=True)
    p.add_argument("--cases", default=",".join(CASES))
    p.add_argument("--kernels", default="", help="values of CAIRN_CPU; default: the widest")
    p.add_argument("--peers", default="scikit-learn,scikit-learn-intelex,faiss")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--folder", default="cases")
    return p.parse_args()


def make(folder, name):
    """The case as two files, the points and the first centroids; made anew only if they are missing."""
    import numpy as np

    n, d, k, kind = CASES[name]
    points, starts = folder / f"{name}.npy", folder / f"{name}-init.npy"
    if points.exists() and starts.exists():
        return points, starts
    rng = np.random.default_rng(7)
    if kind == "digits":
        from sklearn.datasets import load_digits

        x = load_digits().data
    else:
        centres = rng.normal(size=(4 * k, d)) * 2
        x = centres[rng.integers(0, 4 * k, n)] + rng.normal(size=(n, d))
        if kind == "sphere":
            x /= np.linalg.norm(x, axis=1, keepdims=True)
    x = np.ascontiguousarray(x, dtype=np.float32)
    folder.mkdir(exist_ok=True)
    np.save(points, x)
    np.save(starts, x[rng.choice(n, k, replace=False)])
    return points, starts


def peer(name, case, x, start):
    """A function that fits, and returns the inertia."""
    k = CASES[case][2]
    if name == "faiss":
        import faiss

        niter, nredo = (25, RESTARTS) if case == "digits" else (ITERATIONS, 1)
        start = None if case == "digits" else start

        def fit():
            model = faiss.Kmeans(x.shape[1], k, niter=niter, nredo=nredo, seed=42, min_points_per_centroid=1,
                                 max_points_per_centroid=10**9)
            model.train(x, init_centroids=start)
            return float(model.obj[-1])

        return fit
    if name == "scikit-learn":
        from sklearn.cluster import KMeans
    else:
        from sklearnex.cluster import KMeans
    how = dict(n_init=RESTARTS, random_state=42) if case == "digits" else dict(init=start, n_init=1, max_iter=ITERATIONS)
    return lambda: float(KMeans(k, tol=0.0, **how).fit(x).inertia_)


def cairn(command, case, points, starts, kernel, threads):
    """A function that runs Cairn, and returns its JSON."""
    how = ["-r", str(RESTARTS)] if case == "digits" else ["--init", str(starts), "--max-iter", str(ITERATIONS)]
    k = str(CASES[case][2])
    line = [command, "fit", str(points), "-k", k, *how, "--device", "cpu", "--threads", str(threads), "--json"]
    env = {**os.environ, "CAIRN_CPU": kernel}
    return lambda: json.loads(subprocess.run(line, env=env, check=True, capture_output=True).stdout)


def measure(case, points, starts, args):
    """Median seconds by name; Cairn's with the rest of its timings."""
    import numpy as np

    x, start = np.load(points), np.load(starts)
    peers = {name: peer(name, case, x, start) for name in args.peers.split(",") if name}
    ours = {f"cairn {kernel}".strip(): cairn(args.cairn, case, points, starts, kernel, args.threads)
            for kernel in args.kernels.split(",")}
    seconds = {name: [] for name in [*peers, *ours]}
    beside = {name: [] for name in ours}
    prints = set()
    for turn in range(args.runs + 1):
        for name, fit in peers.items():
            begin = time.perf_counter()
            fit()
            if turn:  # the first warms up: imports, thread pools
                seconds[name].append(time.perf_counter() - begin)
        for name, run in ours.items():
            result = run()
            t = result["timings_s"]
            prints.add(result["fingerprint"])
            if turn:
                seconds[name].append(t["seed"] + t["iterate"])
                beside[name].append(t["read"] + t["pack"])
    if len(prints) != 1:
        raise SystemExit(f"{case}: kernels differ: {prints}")
    begin = time.perf_counter()
    np.ascontiguousarray(np.load(points), dtype=np.float32)
    read = time.perf_counter() - begin
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    return medians, {name: statistics.median(times) for name, times in beside.items()}, read


def processor():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def main():
    args = arguments()
    for name in ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"]:
        os.environ[name] = str(args.threads)  # before any of them is loaded
    names = args.peers.split(",")
    ours = [f"cairn {kernel}".strip() for kernel in args.kernels.split(",")]
    print(f"{processor()}, {args.threads} threads, medians of {args.runs} runs, seconds\n")
    print("| case | " + " | ".join(names) + " | " + " | ".join(f"{name} | x fastest peer" for name in ours)
          + " | read + pack | np.load |")
    print("|---" * (len(names) + 2 * len(ours) + 3) + "|")
    for case in args.cases.split(","):
        points, starts = make(Path(args.folder), case)
        medians, beside, read = measure(case, points, starts, args)
        best = min(medians[name] for name in names)
        cells = [f"{medians[name]:.3f}" for name in names]
        for name in ours:
            cells += [f"{medians[name]:.3f}", f"**{best / medians[name]:.1f}**"]
        cells += [f"{beside[ours[0]]:.3f}", f"{read:.3f}"]
        print(f"| {case} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
