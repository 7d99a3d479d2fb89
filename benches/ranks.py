"""How fast several processes make one fit, beside one process.

    pip install numpy
    cargo build --release --features mpi
    python benches/ranks.py [--rows 1000000] [--dims 64] [--clusters 100] [--iterations 10] [--processes 1,2,4] -- [flags]

Runs `target/release/cairn` (or --program) under `mpirun` on an .npy file of uniform random f32: alone, and by so many processes
that share the rows, or the restarts with --share restarts (and -r as a flag). All together have --threads threads, at least one each.
Prints seconds of the seeding and of an iteration, the speed beside that of one process, and the share of the fit that
the first process was in calls to the others, waiting for them too. Fingerprints must be equal. Medians of --runs runs.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

from streaming import write

ROOT = pathlib.Path(__file__).resolve().parent.parent


def fit(args, file, processes):
    threads = max(1, args.threads // processes)
    line = [args.program, "fit", file, "-k", str(args.clusters), "--max-iter", str(args.iterations), "--json", "-q"]
    line += ["--device", "cpu", "--threads", str(threads), "--share", args.share, *args.more]
    if processes > 1:
        flags = ["--oversubscribe", "--allow-run-as-root", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"]
        line = ["mpirun", *flags, "-n", str(processes), *line]
    run = subprocess.run(line, stdout=subprocess.PIPE, check=True, env={**os.environ, "OMPI_MCA_btl": "self,vader"})
    return json.loads(run.stdout)


def main(args):
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        file = str(pathlib.Path(folder) / "x.npy")
        write(file, args.rows, args.dims)
        print(f"{args.rows} x {args.dims}, k {args.clusters}, {args.threads} threads in all, sharing {args.share}")
        print(f"{'processes':>9}{'threads':>9}{'pack s':>9}{'seed s':>9}{'s/iteration':>13}{'speed':>8}{'in calls':>10}")
        alone = None
        for processes in map(int, args.processes.split(",")):
            runs = [fit(args, file, processes) for _ in range(args.runs)]
            median = lambda of: statistics.median(map(of, runs))
            iterations = runs[0]["best"]["iterations"]
            each = median(lambda run: run["timings_s"]["iterate"]) / iterations
            alone = alone or (runs[0]["fingerprint"], each)
            assert {run["fingerprint"] for run in runs} == {alone[0]}
            calls = median(lambda run: run.get("processes", {"in_calls_s": 0})["in_calls_s"] / run["timings_s"]["total"])
            print(
                f"{processes:>9}{max(1, args.threads // processes):>9}{median(lambda run: run['timings_s']['pack']):>9.2f}"
                f"{median(lambda run: run['timings_s']['seed']):>9.3f}{each:>13.5f}{alone[1] / each:>8.0%}{calls:>10.1%}",
                flush=True,
            )
        print(f"fingerprint {alone[0]}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "target/release/cairn"))
    parser.add_argument("--folder", help="where the file lies; default: that of temporary files")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dims", type=int, default=64)
    parser.add_argument("--clusters", type=int, default=100)
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--processes", default="1,2,4")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--share", default="rows")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("more", nargs="*", default=["-r", "1"])
    main(parser.parse_args())
