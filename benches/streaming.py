"""How fast a table streams from a file, beside the same fit in memory.

    pip install numpy
    python benches/streaming.py --growth [--dims 16] [--clusters 50] [--iterations 20]
    python benches/streaming.py [--rows 4000000] [--dims 64] [--clusters 20,100,500] [--iterations 10] [--memory 300MiB]

Runs `target/release/cairn` (or --program) on an .npy file of uniform random f32: once in memory, once with a packed table that
is made (for the first number of clusters), once with that table again. Prints seconds of packing, with MB/s of the source beside those of a plain read of it; seconds
of an iteration and of the seeding; the peak of the memory beside the limit. Fingerprints must be equal. The files are in the page
cache, as far as that has room.

With --growth: nanoseconds of a point and iteration in memory, for 10^4 to 10^7 points, and streamed, for 10^6 points to 3 * 10^7, with
the slope of the logarithm of an iteration's time against that of the number of points; medians of 3 runs.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent


def write(file, rows, dims):
    random = np.random.default_rng(1)
    values = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(rows, dims))
    for first in range(0, rows, 100_000):
        values[first : first + 100_000] = random.random((min(100_000, rows - first), dims), dtype=np.float32)
    values.flush()


def plain(file):
    start = time.perf_counter()
    with open(file, "rb", buffering=0) as bytes_:
        while bytes_.read(1 << 20):
            pass
    return time.perf_counter() - start


def fit(args, file, more):
    """The summary of a fit, and the peak of its memory in bytes."""
    # the mark of the highest memory is that of the program alone, where what the system counts for a child begins with its parent's
    line = [args.program, "fit", file, "--json", "-q", "--device", "cpu", "-r", "1", "--max-iter", str(args.iterations), *more]
    with tempfile.TemporaryFile("w+") as out:
        process, peak = subprocess.Popen(line, stdout=out), 0
        while process.poll() is None:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            peak = max([peak] + [int(kib) * 1024 for kib in re.findall(r"VmHWM:\s+(\d+)", status)])
            time.sleep(0.005)
        assert process.returncode == 0, line
        out.seek(0)
        return json.load(out), peak


def growth(args):
    def each(file, more):
        runs = [fit(args, file, ["-k", args.clusters, *args.more, *more])[0] for _ in range(3)]
        return statistics.median(run["timings_s"]["iterate"] / run["best"]["iterations"] for run in runs)

    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for name, more, sizes in [
            ("memory", [], [10_000, 100_000, 1_000_000, 10_000_000]),
            ("streams", ["--memory", args.memory], [3_000_000, 10_000_000, 30_000_000]),
        ]:
            times = []
            for rows in sizes:
                file = pathlib.Path(folder) / "x.npy"
                write(file, rows, args.dims)
                fit(args, file, ["-k", args.clusters, *args.more, *more])  # packs
                times.append(each(file, more))
                print(f"{name:>9}{rows:>12}{times[-1]:>13.6f} s/iteration{times[-1] / rows * 1e9:>9.2f} ns a point", flush=True)
                for packed in pathlib.Path(folder).glob("*.packed"):
                    packed.unlink()
            slope = np.polyfit(np.log(sizes), np.log(times), 1)[0]
            print(f"{name:>9} slope {slope:.3f}")


def main(args):
    if args.growth:
        return growth(args)
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        file = pathlib.Path(folder) / "x.npy"
        write(file, args.rows, args.dims)
        size = file.stat().st_size
        read = min(plain(file) for _ in range(3))
        print(f"{args.rows} x {args.dims}, {size / 1e6:.0f} MB, plain read {size / read / 1e6:.0f} MB/s; --memory {args.memory}")
        print(f"{'k':>6}{'':>10}{'pack s':>9}{'MB/s':>7}{'seed s':>9}{'s/iteration':>13}{'of memory':>11}{'peak MiB':>10}")
        for clusters in args.clusters.split(","):
            held = None
            for name, more in [("memory", []), ("packs", ["--memory", args.memory]), ("streams", ["--memory", args.memory])]:
                done, peak = fit(args, file, ["-k", clusters, *args.more, *more])
                times = done["timings_s"]
                each = times["iterate"] / done["best"]["iterations"]
                held = held or (done["fingerprint"], each)
                assert held[0] == done["fingerprint"]
                reused = done.get("streamed", {}).get("reused", False)
                rate = "" if reused else f"{size / times['pack'] / 1e6:.0f}"
                print(
                    f"{clusters:>6}{name:>10}{times['pack']:>9.2f}{rate:>7}{times['seed']:>9.2f}{each:>13.4f}"
                    f"{held[1] / each:>11.0%}{peak / 2**20:>10.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--dims", type=int, default=64)
    parser.add_argument("--clusters", default="20,100,500")
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--memory", default="300MiB")
    parser.add_argument("--program", default=str(ROOT / "target/release/cairn"))
    parser.add_argument("--folder", help="where the files lie")
    parser.add_argument("more", nargs="*", help="more flags, such as -- --init random")
    main(parser.parse_args())
