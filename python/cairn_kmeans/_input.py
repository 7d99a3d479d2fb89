"""What the compiled half takes: rows, weights, threads and a seed."""

from __future__ import annotations

import functools
import numbers
import os
from typing import Any

import joblib
import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_random_state

#: What scikit-learn's checks of rows are asked for.
ROWS: dict[str, Any] = {
    "accept_sparse": "csr",
    "accept_large_sparse": False,
    "dtype": [np.float64, np.float32],
}
#: Rows of a sparse matrix that are made dense at a time.
BLOCK = 4096
#: Most threads that the library starts.
MOST_THREADS = 1024


def threads(n_jobs: int | None) -> int:
    """The number of threads for `n_jobs`: -1 for all processors, -2 for all but one.

    With None it is that of the variable OMP_NUM_THREADS, which joblib sets in its workers, else all.
    """
    if n_jobs is None:
        given = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
        n = int(given) if given.isdecimal() and int(given) > 0 else _processors()
    elif n_jobs == 0:
        raise ValueError("n_jobs is 0; give a number of threads, or -1 for one per processor")
    else:
        n = n_jobs if n_jobs > 0 else _processors() + 1 + n_jobs
    return min(max(n, 1), MOST_THREADS)


@functools.cache
def _processors() -> int:
    return joblib.cpu_count()


def seed(random_state: Any) -> int:
    """The seed of a fit: an int as it is, else one drawn from the generator."""
    if isinstance(random_state, numbers.Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(0, 2**53, dtype=np.int64))


def dense(X: Any) -> np.ndarray:
    """An array whose memory can be read in place, also of a sparse matrix."""
    if sp.issparse(X):
        return _from_sparse(X)
    return X if X.flags.aligned else X.copy()


def _from_sparse(X: Any) -> np.ndarray:
    size = X.shape[0] * X.shape[1] * X.dtype.itemsize
    memory = _memory()
    if memory is not None and size > memory:
        raise ValueError(
            f"the sparse matrix of shape {X.shape} takes {size / 2**30:.1f} GiB as a dense array, and this machine "
            f"has {memory / 2**30:.1f} GiB of memory; reduce its columns, with sklearn.decomposition.TruncatedSVD for "
            "example, or take fewer rows"
        )
    rows = np.empty(X.shape, dtype=X.dtype)
    for first in range(0, X.shape[0], BLOCK):
        X[first : first + BLOCK].toarray(out=rows[first : first + BLOCK])
    return rows


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def table(X: np.ndarray, sample_weight: np.ndarray | None, columns: Any = None) -> dict[str, Any]:
    """The table as the compiled half takes it."""
    names = None if columns is None else [str(name) for name in columns]
    return {"rows": X, "weights": sample_weight, "columns": names}
