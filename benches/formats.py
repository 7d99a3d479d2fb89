"""How fast tables of each format are read and packed, beside a plain read of the same file from the page cache.

    pip install numpy pyarrow
    cargo build --release
    python benches/formats.py [--cairn target/release/cairn] [--rows 600000] [--dims 16] [--runs 3]

The values are random f32. Each fit has one restart of one iteration; its seconds are those of `read` and `pack`, least
of the runs. MB/s are bytes of the file. Files of the same values must give the same fingerprint.
"""

import argparse
import gzip
import json
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq


def write(folder, rows, dims):
    values = np.random.default_rng(1).random((rows, dims), dtype=np.float32)
    table = pa.table({f"c{at}": values[:, at] for at in range(dims)})
    np.save(folder / "x.npy", values)
    np.savez(folder / "x.npz", x=values)
    np.savez_compressed(folder / "packed.npz", x=values)
    for codec in ["none", "snappy", "zstd"]:
        pq.write_table(table, folder / f"{codec}.parquet", compression=codec, use_dictionary=False)
    pyarrow.feather.write_feather(table, folder / "plain.feather", compression="uncompressed")
    pyarrow.feather.write_feather(table, folder / "lz4.feather", compression="lz4")
    pyarrow.csv.write_csv(table, folder / "x.csv")
    text = (folder / "x.csv").read_bytes()
    (folder / "x.csv.gz").write_bytes(gzip.compress(text, 6))
    with pa.CompressedOutputStream(str(folder / "x.csv.zst"), "zstd") as out:
        out.write(text)


def plain_read(file):
    start = time.perf_counter()
    with open(file, "rb", buffering=0) as bytes_:
        while bytes_.read(1 << 20):
            pass
    return time.perf_counter() - start


def fit(cairn, file):
    args = "-k 2 -r 1 --init random --max-iter 1 --device cpu --json -q".split()
    run = subprocess.run([cairn, "fit", file, *args], capture_output=True, check=True)
    said = json.loads(run.stdout)
    return said["timings_s"]["read"] + said["timings_s"]["pack"], said["fingerprint"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cairn", default="target/release/cairn")
    parser.add_argument("--rows", type=int, default=600_000)
    parser.add_argument("--dims", type=int, default=16)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write(folder, args.rows, args.dims)
        print(f"{'file':16} {'MB':>6} {'plain MB/s':>11} {'cairn MB/s':>11} {'seconds':>8}  fingerprint")
        for file in sorted(folder.iterdir()):
            size = file.stat().st_size / 1e6
            plain = min(plain_read(file) for _ in range(args.runs))
            runs = [fit(args.cairn, file) for _ in range(args.runs)]
            seconds = min(run[0] for run in runs)
            print(f"{file.name:16} {size:6.0f} {size / plain:11.0f} {size / seconds:11.0f} {seconds:8.3f}  {runs[0][1][:8]}")


if __name__ == "__main__":
    main()
