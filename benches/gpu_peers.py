"""Times torch, flash-kmeans and fastkmeans on a GPU, where they are installed, on the cases of gpu.sh.

    benches/gpu.sh --write cases && python benches/gpu_peers.py --folder cases

The points are those of gpu.sh (`<case>-k<clusters>-i<iterations>-points.npy`, or `-r<restarts>-`), and so are the
starts, but for fastkmeans, which draws its own. They lie on the GPU before a clock starts, but for fastkmeans,
which takes them from the host. Each peer runs twice over: in `fp32` with TF32 off, and at `its own` default
precision, which the last column names. A run has as many iterations as Cairn's; restarts, which none of them
batches, are looped over, a few of them, and the time of one is shown.

Of the peers torch was run so far (docs/GPU.md).

No time is comparable with Cairn's before the precision is: Cairn's labels are exact.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

PEERS = ["torch", "flash-kmeans", "fastkmeans"]
PRECISIONS = ["fp32", "own"]
CHUNK = 1 << 28  # most distances that are held at once
LOOPED = 20  # restarts
PER_RESTART = 15  # iterations of a restart: about what the digits need


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--folder", default="cases")
    p.add_argument("--cases", default="", help="names, divided by commas; default: all in the folder")
    p.add_argument("--peers", default=",".join(PEERS))
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--device", default="cuda")
    p.add_argument("--one", nargs=3, help=argparse.SUPPRESS)  # case file, peer, precision: in a process of its own
    return p.parse_args()


def find(folder, names):
    """(name, n_clusters, restarts or None, iterations, points file, starts file) of each case in the folder."""
    cases = []
    for points in sorted(Path(folder).glob("*-points.npy")):
        match = re.fullmatch(r"(.+)-k(\d+)-([ir])(\d+)-points\.npy", points.name)
        if not match or (names and match[1] not in names):
            continue
        restarts = int(match[4]) if match[3] == "r" else None
        iterations = PER_RESTART if restarts else int(match[4])
        starts = points.with_name(points.name.replace("-points", "-starts"))
        cases.append((match[1], int(match[2]), restarts, iterations, points, starts))
    return cases


def torch_lloyd(x, start, iterations):
    """Lloyd's iterations as one would write them in torch: a matrix product, an argmin, a sum by index."""
    import torch

    centroids = start.clone()
    chunk = max(1, CHUNK // len(start))
    ones = torch.ones(len(x), device=x.device)
    for _ in range(iterations):
        half_norms = (centroids * centroids).sum(1) / 2
        labels = torch.cat([(half_norms - part @ centroids.T).argmin(1) for part in x.split(chunk)])
        sums = torch.zeros_like(centroids).index_add_(0, labels, x)
        counts = torch.zeros(len(start), device=x.device).index_add_(0, labels, ones)
        centroids = torch.where(counts[:, None] > 0, sums / counts.clamp(min=1)[:, None], centroids)
    return centroids


def prepare(peer, precision, x, start, k, iterations, device):
    """A function that does one run, and what its arithmetic is."""
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    if peer == "fastkmeans":
        from fastkmeans import FastKMeans

        how = dict(dtype=torch.float32, use_triton=False) if precision == "fp32" else {}
        kmeans = FastKMeans(x.shape[1], k, niter=iterations, tol=-1.0, gpu=device == "cuda", **how)
        what = "fp32, TF32 off" if precision == "fp32" else "fp16 products"
        return lambda: kmeans.train(x), what + "; points from the host, starts of its own"
    rows, first = torch.from_numpy(x).to(device), torch.from_numpy(start).to(device)
    if peer == "torch":
        if precision == "own":
            torch.set_float32_matmul_precision("highest")
            return lambda: torch_lloyd(rows, first, iterations), "fp32, TF32 off: torch's default"
        return lambda: torch_lloyd(rows, first, iterations), "fp32, TF32 off"
    from flash_kmeans import batch_kmeans_Euclid

    # the environment decides what a product of f32 is in Triton: see `measure`
    what = "fp32, TF32 off" if precision == "fp32" else "f32 in, TF32 products: Triton's default"
    rows, first = rows[None], first[None]
    return lambda: batch_kmeans_Euclid(rows, k, max_iters=iterations, tol=-1.0, init_centroids=first), what


def one(args):
    """Times a peer on a case, and prints a line of JSON."""
    import numpy as np
    import torch

    points, peer, precision = args.one
    (_, k, restarts, iterations, _, starts), = [c for c in find(args.folder, []) if str(c[4]) == points]
    x, start = np.load(points), np.load(starts)
    run, what = prepare(peer, precision, x, start, k, iterations, args.device)
    wait = torch.cuda.synchronize if args.device == "cuda" else lambda: None
    times = LOOPED if restarts else 1
    seconds = []
    for turn in range(args.runs + 1):
        wait()
        begin = time.perf_counter()
        for _ in range(times):
            run()
        wait()
        if turn:  # the first compiles and warms up
            seconds.append((time.perf_counter() - begin) / times)
    print(json.dumps({"what": what, "seconds": statistics.median(seconds), "iterations": iterations}))


def measure(args, points, peer, precision):
    """As `one`, in a process of its own: what it prints last, or why there is nothing."""
    env = dict(os.environ)
    if peer == "flash-kmeans" and precision == "fp32":
        env["TRITON_F32_DEFAULT"] = "ieee"
    line = [sys.executable, __file__, "--folder", args.folder, "--runs", str(args.runs), "--device", args.device,
            "--one", str(points), peer, precision]
    done = subprocess.run(line, env=env, capture_output=True, text=True)
    if done.returncode:
        return {"what": "failed: " + (done.stderr.strip().splitlines() or ["no word"])[-1]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    args = arguments()
    if args.one:
        return one(args)
    cases = find(args.folder, [name for name in args.cases.split(",") if name])
    if not cases:
        raise SystemExit(f"no cases in {args.folder}: benches/gpu.sh --write {args.folder} makes them")
    import torch

    name = torch.cuda.get_device_name() if args.device == "cuda" else args.device
    print(f"{name}, torch {torch.__version__}, medians of {args.runs} runs\n")
    print("| case | peer | precision | seconds | ms/iteration | what it computed in |")
    print("|---|---|---|---|---|---|")
    for case, _, restarts, _, points, _ in cases:
        for peer in args.peers.split(","):
            for precision in PRECISIONS:
                found = measure(args, points, peer, precision)
                seconds = found.get("seconds")
                cells = ["-", "-"] if seconds is None else [f"{seconds:.4f}", f"{1e3 * seconds / found['iterations']:.3f}"]
                of = f"{case}, a restart" if restarts else case
                print(f"| {of} | {peer} | {precision} | {cells[0]} | {cells[1]} | {found['what']} |", flush=True)


if __name__ == "__main__":
    main()
