"""Times Cairn beside scikit-learn, scikit-learn-intelex and faiss: run by peers.sh.

A peer's time is that of its fit on an array in memory, in a process of its own that has loaded it. Cairn's is seed +
iterate, of a process that reads the same array from a file; reading and packing are shown beside it. All take turns, run
by run. The kernel that OpenBLAS takes can slow a peer down, if a variable or its own detection names an old processor. So
each is timed with the variables that are set, without them, and with the kernel that numpy's OpenBLAS detects; the best
median counts.

With --python the Python package cairn-kmeans is timed as the peers are, beside scikit-learn and the command. Its fit does
all that the command does once it has read the rows, so it is compared with that too; it must have the command's
fingerprint. Least times, not medians, since this compares Cairn with itself.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    n: int
    d: int
    k: int
    kind: str  # digits, blobs, sphere
    restarts: int = 1  # from k-means++; 1: from given centroids
    iterations: int = 0  # 0: to the fixed point


CASES = {
    "digits": Case(1797, 64, 10, "digits", restarts=1000),
    "pixels": Case(500_000, 3, 64, "blobs", iterations=10),
    "points": Case(200_000, 16, 100, "blobs", iterations=10),
    "codes": Case(100_000, 64, 256, "blobs", iterations=10),
    "embeddings": Case(20_000, 768, 500, "sphere", iterations=10),
    "fixed-16": Case(100_000, 16, 100, "blobs"),
    "fixed-64": Case(50_000, 64, 300, "blobs"),
    "fixed-256": Case(20_000, 256, 200, "blobs"),
    "starts": Case(10_000, 32, 20, "blobs", restarts=100),
}
MOST_ITERATIONS = 100_000  # to the fixed point
OURS = "cairn-kmeans"  # the Python package
PEERS = ["scikit-learn", "scikit-learn elkan", "scikit-learn-intelex", "faiss"]
OPENBLAS = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--cairn", required=True)
    p.add_argument("--cases", default=",".join(CASES))
    p.add_argument("--kernels", default="", help="values of CAIRN_CPU; default: the widest")
    p.add_argument("--peers", default=",".join(PEERS))
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--folder", default="cases")
    p.add_argument("--python", action="store_true", help="compare the Python package with the command, and no others")
    return p.parse_args()


def make(folder, name):
    """The case as two files, the points and the first centroids; made anew only if they are missing."""
    import numpy as np

    case = CASES[name]
    points, starts = folder / f"{name}.npy", folder / f"{name}-init.npy"
    if points.exists() and starts.exists():
        return points, starts
    rng = np.random.default_rng(7)
    n, d, k = case.n, case.d, case.k
    if case.kind == "digits":
        from sklearn.datasets import load_digits

        x = load_digits().data
    else:
        centres = rng.normal(size=(4 * k, d)) * 2
        x = centres[rng.integers(0, 4 * k, n)] + rng.normal(size=(n, d))
        if case.kind == "sphere":
            x /= np.linalg.norm(x, axis=1, keepdims=True)
    x = np.ascontiguousarray(x, dtype=np.float32)
    folder.mkdir(exist_ok=True)
    np.save(points, x)
    np.save(starts, x[rng.choice(n, k, replace=False)])
    return points, starts


def peer(name, case, x, start, iterations):
    """A function that fits, and returns the model. `iterations`: of Cairn, for a peer that has no fixed point."""
    if name == "faiss":
        import faiss

        niter = 25 if case.restarts > 1 else iterations
        start = None if case.restarts > 1 else start

        def fit():
            model = faiss.Kmeans(x.shape[1], case.k, niter=niter, nredo=case.restarts, seed=42, min_points_per_centroid=1,
                                 max_points_per_centroid=10**9)
            model.train(x, init_centroids=start)
            return model

        return fit
    how = dict(tol=0.0, max_iter=case.iterations or MOST_ITERATIONS)
    if name == OURS:
        from cairn_kmeans import KMeans

        how["device"] = "cpu"
    elif name == "scikit-learn-intelex":
        from sklearnex.cluster import KMeans
    else:
        from sklearn.cluster import KMeans
    if name == "scikit-learn elkan":
        how["algorithm"] = "elkan"
    if case.restarts > 1:
        how |= dict(n_init=case.restarts, random_state=42, max_iter=300)
    else:
        how |= dict(init=start, n_init=1)
    return lambda: KMeans(case.k, **how).fit(x)


def serve(name, case_name, points, starts, iterations):
    """A peer's process: fits for each line on standard input, and writes the seconds, and the fingerprint if there is one."""
    import warnings

    import numpy as np

    warnings.filterwarnings("ignore")  # of fits that end at max_iter
    x, start = np.load(points), np.load(starts)
    fit = peer(name, CASES[case_name], x, start, int(iterations))
    for _ in sys.stdin:
        begin = time.perf_counter()
        model = fit()
        print(time.perf_counter() - begin, getattr(model, "fingerprint_", ""), flush=True)


class Peer:
    """A peer in a process of its own."""

    def __init__(self, name, case, points, starts, iterations, blas):
        env = {key: value for key, value in os.environ.items() if key not in OPENBLAS} | dict(blas)
        line = [sys.executable, __file__, "--serve", name, case, str(points), str(starts), str(iterations)]
        pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.process = subprocess.Popen(line, env=env, **pipes)

    def fit(self):
        """Seconds, and a set with the fingerprint of a fit that has one."""
        self.process.stdin.write("fit\n")
        self.process.stdin.flush()
        seconds, *fingerprint = self.process.stdout.readline().split()
        return float(seconds), set(fingerprint)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def cairn(command, name, points, starts, kernel, threads):
    """A function that runs Cairn, and returns its JSON."""
    case = CASES[name]
    how = ["-r", str(case.restarts)] if case.restarts > 1 else ["--init", str(starts)]
    if case.restarts == 1:
        how += ["--max-iter", str(case.iterations or MOST_ITERATIONS)]
    line = [command, "fit", str(points), "-k", str(case.k), *how]
    line += ["--device", "cpu", "--threads", str(threads), "--json"]
    env = {**os.environ, "CAIRN_CPU": kernel}
    return lambda: json.loads(subprocess.run(line, env=env, check=True, capture_output=True).stdout)


def measure(name, points, starts, args, settings, typical=statistics.median):
    """Typical seconds by name; Cairn's with the rest of its timings: read, pack, and all but read."""
    import numpy as np

    case = CASES[name]
    ours = {f"cairn {kernel}".strip(): cairn(args.cairn, name, points, starts, kernel, args.threads)
            for kernel in args.kernels.split(",")}
    prints = {run()["fingerprint"] for run in ours.values()}  # the first warms up the files
    iterations = case.iterations or next(iter(ours.values()))()["best"]["iterations"]
    names = [peer for peer in args.peers.split(",") if peer]
    peers = {(peer, blas): Peer(peer, name, points, starts, iterations, blas) for peer in names for blas in settings}
    seconds = {key: [] for key in [*peers, *ours]}
    beside = {key: [] for key in ours}
    for turn in range(args.runs + 1):
        for key, peer_process in peers.items():
            took, fingerprint = peer_process.fit()
            prints |= fingerprint
            if turn:  # the first warms up: imports, thread pools
                seconds[key].append(took)
        for key, run in ours.items():
            result = run()
            t = result["timings_s"]
            prints.add(result["fingerprint"])
            if turn:
                seconds[key].append(t["seed"] + t["iterate"])
                beside[key].append((t["read"], t["pack"], t["total"] - t["read"]))
    for peer_process in peers.values():
        peer_process.end()
    if len(prints) != 1:
        raise SystemExit(f"{name}: results differ: {prints}")
    begin = time.perf_counter()
    np.ascontiguousarray(np.load(points), dtype=np.float32)
    read = time.perf_counter() - begin
    times = {key: typical(times) for key, times in seconds.items()}
    best = {peer: min(times[peer, blas] for blas in settings) for peer in names}
    best |= {key: times[key] for key in ours}
    beside = {key: tuple(map(typical, zip(*times))) for key, times in beside.items()}
    return best, beside, read, iterations


def processor():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def libraries():
    """What the peers are, and the kernels that each OpenBLAS chooses without variables, numpy's first."""
    script = ("import json, numpy, threadpoolctl; found = threadpoolctl.threadpool_info; first = found(); "
              "import sklearn.cluster, faiss; from importlib.metadata import version; "
              "kernel = lambda info: [p.get('architecture', '') for p in info if p['user_api'] == 'blas']; "
              "print(json.dumps([kernel(first) + kernel(found()), {name: version(name) for name in "
              "['numpy', 'scikit-learn', 'scikit-learn-intelex', 'faiss-cpu']}]))")
    env = {key: value for key, value in os.environ.items() if key not in OPENBLAS}
    return json.loads(subprocess.run([sys.executable, "-c", script], env=env, check=True, capture_output=True).stdout)


def main():
    args = arguments()
    if args.python:
        args.peers = f"scikit-learn,{OURS}"
    for name in ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"]:
        os.environ[name] = str(args.threads)  # before any of them is loaded
    names = args.peers.split(",")
    ours = [f"cairn {kernel}".strip() for kernel in args.kernels.split(",")]
    kernels, versions = libraries()
    settings = [(), tuple((key, os.environ[key]) for key in OPENBLAS if key in os.environ)]
    if len(set(kernels)) > 1:
        settings.append((("OPENBLAS_CORETYPE", kernels[0]),))
    settings = list(dict.fromkeys(settings))
    what = "least" if args.python else "medians"
    print(f"{processor()}, {args.threads} threads, {what} of {args.runs} runs, seconds")
    print(", ".join(f"{name} {version}" for name, version in versions.items()) + "; kernels of OpenBLAS: "
          + ", ".join(dict.fromkeys(kernels)) + "; settings: "
          + "; ".join(" ".join("=".join(pair) for pair in blas) or "none" for blas in settings) + "\n")
    table = of_python if args.python else of_peers
    for line in table(args, names, ours, settings):
        print(line, flush=True)


def of_peers(args, names, ours, settings):
    """The lines of the table of peers."""
    yield ("| case | iterations | " + " | ".join(names) + " | "
           + " | ".join(f"{name} | x fastest peer" for name in ours) + " | read + pack | np.load |")
    yield "|---" * (len(names) + 2 * len(ours) + 4) + "|"
    for case in args.cases.split(","):
        points, starts = make(Path(args.folder), case)
        medians, beside, read, iterations = measure(case, points, starts, args, settings)
        best = min(medians[name] for name in names)
        cells = [str(iterations) if CASES[case].restarts == 1 else "-"] + [f"{medians[name]:.3f}" for name in names]
        for name in ours:
            cells += [f"{medians[name]:.3f}", f"**{best / medians[name]:.1f}**"]
        cells += [f"{sum(beside[ours[0]][:2]):.3f}", f"{read:.3f}"]
        yield f"| {case} | " + " | ".join(cells) + " |"


def of_python(args, _, ours, settings):
    """The lines of the table of the Python package: seconds, and how many times they go into scikit-learn's."""
    yield ("| case | scikit-learn | command: seed + iterate | all but read | from Python "
           "| x seed + iterate | x all but read | x from Python | from Python / all but read |")
    yield "|---" * 9 + "|"
    for case in args.cases.split(","):
        points, starts = make(Path(args.folder), case)
        least, beside, _, _ = measure(case, points, starts, args, settings, min)
        theirs, python, command = least["scikit-learn"], least[OURS], least[ours[0]]
        whole = beside[ours[0]][2]
        seconds = [theirs, command, whole, python]
        ratios = [theirs / command, theirs / whole, theirs / python]
        cells = [f"{s:.4f}" for s in seconds] + [f"{ratio:.2f}" for ratio in ratios] + [f"{python / whole:.3f}"]
        yield f"| {case} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(*sys.argv[2:])
    else:
        main()
