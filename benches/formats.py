"""How fast tables of each format are read into f32 in memory, beside pyarrow, polars and numpy in the same run, and beside
a plain read of the same file from the page cache.

    pip install numpy pyarrow polars
    python benches/formats.py [--rows 800000] [--dims 16] [--runs 5] [--threads 1] [--processor]

It builds and runs `cargo bench --bench reading`. The values of `x` are random f32, those of `f64.csv` normal deviates in
all their digits, those of `bytes.csv` whole numbers up to 255. Times are the least of the runs. MB/s are bytes of the
file. With --processor they are those of the processor, of all threads and the system, which other work on the machine
changes little. `pack` is Cairn's time to read and place the rows on the lattice, where a fit begins. `pass` is its time to
go through all rows once, as a fit does twice with the formats whose rows stay in the file; like a plain read it reads into
the same memory again and again, where numpy, pyarrow and polars fill new memory.
"""

import argparse
import gzip
import json
import os
import pathlib
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def bench():
    """The program of `benches/reading.rs`."""
    command = "cargo bench --no-run --bench reading --no-default-features --features parquet --message-format json"
    run = subprocess.run(command.split(), cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    built = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    return next(it["executable"] for it in reversed(built) if it.get("executable"))


def write(folder, rows, dims):
    values = np.random.default_rng(1).random((rows, dims), dtype=np.float32)
    table = pa.table({f"c{at}": values[:, at] for at in range(dims)})
    np.save(folder / "x.npy", values)
    np.savez(folder / "x.npz", x=values)
    for codec in ["none", "snappy", "zstd"]:
        pq.write_table(table, folder / f"{codec}.parquet", compression=codec, use_dictionary=False)
    pyarrow.feather.write_feather(table, folder / "plain.feather", compression="uncompressed")
    pyarrow.csv.write_csv(table, folder / "x.csv")
    text = (folder / "x.csv").read_bytes()
    (folder / "x.csv.gz").write_bytes(gzip.compress(text[: len(text) // 4].rpartition(b"\n")[0] + b"\n", 6))
    many = np.random.default_rng(2).normal(size=(rows // 2, dims))
    pyarrow.csv.write_csv(pa.table({f"c{at}": many[:, at] for at in range(dims)}), folder / "f64.csv")
    small = np.random.default_rng(3).integers(0, 256, (rows // 2, 64)).astype(np.uint8)
    pyarrow.csv.write_csv(pa.table({f"c{at}": small[:, at] for at in range(64)}), folder / "bytes.csv")


def plain(file):
    with open(file, "rb", buffering=0) as bytes_:
        while bytes_.read(1 << 20):
            pass


def names(file):
    """The columns of a text."""
    with (gzip.open if file.suffix == ".gz" else open)(file, "rt") as text:
        return [name.strip('"') for name in text.readline().strip().split(",")]


def rows_of(table):
    return np.column_stack([table.column(at).to_numpy().astype(np.float32, copy=False) for at in range(table.num_columns)])


def with_pyarrow(file):
    match file.name.split(".", 1)[1]:
        case "csv" | "csv.gz":
            options = pyarrow.csv.ConvertOptions(column_types={name: pa.float32() for name in names(file)})
            return lambda: rows_of(pyarrow.csv.read_csv(file, convert_options=options))
        case "parquet":
            return lambda: rows_of(pq.read_table(file))
        case "feather":
            return lambda: rows_of(pyarrow.feather.read_table(file))
        case "npy":
            return lambda: np.load(file)
        case "npz":
            return lambda: np.load(file)["x"]


def with_polars(file):
    match file.name.split(".", 1)[1]:
        case "csv" | "csv.gz":
            types = {name: polars.Float32 for name in names(file)}
            return lambda: polars.read_csv(file, schema_overrides=types).to_numpy(order="c")
        case "parquet":
            return lambda: polars.read_parquet(file).to_numpy(order="c")
        case "feather":
            return lambda: polars.read_ipc(file).to_numpy(order="c")


def least(read, args):
    now, times = time.process_time if args.processor else time.perf_counter, []
    for _ in range(args.runs):
        start = now()
        read()
        times.append(now() - start)
    return min(times)


def cairn(program, file, args):
    env = {**os.environ, "RAYON_NUM_THREADS": str(args.threads)}
    run = subprocess.run([program, str(args.runs), file], capture_output=True, check=True, text=True, env=env)
    times = [float(seconds) for seconds in run.stdout.split("\t")[1:]]
    return times[1::2] if args.processor else times[0::2]


def main(args):
    program = args.program or bench()
    kind = "processor's time" if args.processor else "wall time"
    print(f"{kind}, {args.threads} threads; pyarrow {pa.__version__}, polars {polars.__version__}, numpy {np.__version__}")
    columns = ["file", "MB", "plain MB/s", "cairn MB/s", "of plain", "pyarrow s", "polars s", "cairn s", "slower", "pass s", "of plain", "pack s"]
    print("".join(f"{name:>{16 if at == 0 else 12}}" for at, name in enumerate(columns)))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write(folder, args.rows, args.dims)
        for file in sorted(folder.iterdir()):
            size = file.stat().st_size / 1e6
            alone = least(lambda: plain(file), args)
            ours, passed, packed = cairn(program, file, args)
            theirs = [read and least(read, args) for read in (with_pyarrow(file), with_polars(file))]
            best = min(seconds for seconds in theirs if seconds)
            shown = [f"{seconds:.3f}" if seconds else "-" for seconds in theirs]
            cells = [
                f"{size:.0f}", f"{size / alone:.0f}", f"{size / ours:.0f}", f"{alone / ours:.0%}", *shown,
                f"{ours:.3f}", f"{ours / best:.2f}", f"{passed:.3f}", f"{alone / passed:.0%}", f"{packed:.3f}",
            ]
            print(f"{file.name:>16}" + "".join(f"{cell:>12}" for cell in cells), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=800_000)
    parser.add_argument("--dims", type=int, default=16)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--processor", action="store_true", help="processor's time, not that of a clock")
    parser.add_argument("--program", help="what `cargo bench --no-run --bench reading` built before")
    options = parser.parse_args()
    # both read this when they are loaded
    os.environ["POLARS_MAX_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(options.threads)
    import numpy as np
    import polars
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.feather
    import pyarrow.parquet as pq

    pa.set_cpu_count(options.threads)
    main(options)
