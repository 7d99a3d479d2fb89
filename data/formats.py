"""Writes the handwritten digits in each format that `cairn` reads, into the folder formats/.

    pip install numpy pyarrow openpyxl pillow
    python data/formats.py
"""

import gzip
import pathlib
import struct

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
from PIL import Image

SOURCE = pathlib.Path(__file__).resolve().parent / "digits.csv"
TO = pathlib.Path("formats")


def main():
    TO.mkdir(exist_ok=True)
    text = SOURCE.read_text()
    names, *rows = [line.split(",") for line in text.splitlines()]
    values = np.array(rows, dtype=np.uint8)[:, :64]
    table = pa.table({name: values[:, at] for at, name in enumerate(names[:64])})

    (TO / "digits.tsv").write_text(text.replace(",", "\t"), encoding="utf-16")
    (TO / "digits.csv.gz").write_bytes(gzip.compress(text.encode()))
    with pa.CompressedOutputStream(str(TO / "digits.csv.zst"), "zstd") as out:
        out.write(text.encode())
    np.save(TO / "digits.npy", values)
    np.savez_compressed(TO / "digits.npz", pixels=values)
    pa.parquet.write_table(table, TO / "digits.parquet")
    pa.feather.write_feather(table, TO / "digits.feather")
    # a magic (bytes, three axes), the length of each axis, the bytes
    (TO / "digits-idx3-ubyte").write_bytes(struct.pack(">4B3I", 0, 0, 8, 3, len(values), 8, 8) + values.tobytes())
    # each vector after its length
    for ending, of in [("bvecs", np.uint8), ("fvecs", np.float32), ("ivecs", np.int32)]:
        rows_of = (struct.pack("<i", 64) + row.tobytes() for row in values.astype(of))
        (TO / f"digits.{ending}").write_bytes(b"".join(rows_of))
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet()
    sheet.append(names)
    for row in rows:
        sheet.append([int(value) for value in row])
    workbook.save(TO / "digits.xlsx")
    (TO / "pictures").mkdir(exist_ok=True)
    for at, row in enumerate(values):
        Image.fromarray(row.reshape(8, 8)).save(TO / "pictures" / f"{at:04}.png")


if __name__ == "__main__":
    main()
