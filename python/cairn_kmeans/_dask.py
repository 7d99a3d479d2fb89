"""Fits by the workers of a Dask cluster: each has some of the chunks of an array."""

from __future__ import annotations

import contextlib
import secrets
import socket
from multiprocessing.connection import Listener
from typing import TYPE_CHECKING, Any, Optional
from urllib.parse import urlsplit

import numpy as np

from ._comm import SocketComm

if TYPE_CHECKING:
    from ._kmeans import KMeans

#: Workers that may knock at once.
MOST_WORKERS = 4096
#: Seconds between two looks for workers that left.
LOOK = 1
#: Seconds that workers have to hear of an error.
PATIENCE = 5
#: Listeners of this process, by the key of their fit.
_hubs: dict[bytes, Listener] = {}
#: Connections of the first process, by the key of their fit.
_comms: dict[bytes, SocketComm] = {}


def is_client(comm: Any) -> bool:
    """Whether it is a client of Dask, without importing Dask."""
    return type(comm).__module__.partition(".")[0] == "distributed" and hasattr(comm, "scheduler_info")


def fit(model: KMeans, X: Any, sample_weight: Any, client: Any) -> tuple[KMeans, np.ndarray]:
    """Fits on the workers.

    Parameters
    ----------
    model : KMeans
        An estimator that is not fitted yet.
    X : dask array or dataframe of shape (n_samples, n_features)
        The rows; others are cut into as many parts as there are workers.
    sample_weight : array-like of shape (n_samples,) or None
        Weights.
    client : distributed.Client
        The client.

    Returns
    -------
    fitted : KMeans
        A fitted estimator.
    labels : ndarray of shape (n_samples,), int32
        Nearest centroid of each row.
    """
    import dask
    import dask.array as da

    workers = sorted(client.scheduler_info(n_workers=-1)["workers"])
    if not workers:
        raise ValueError("the Dask cluster of comm has no workers; start some, and fit again")
    rows = _rows(X, len(workers))
    lengths = rows.chunks[0]
    blocks = [block[0] for block in rows.to_delayed()]
    weights = None
    if sample_weight is not None:
        weights = da.asarray(sample_weight).rechunk((lengths,)).to_delayed()
    runs = _runs(lengths, min(len(workers), len(blocks)))
    join = dask.delayed(np.concatenate)
    key = secrets.token_bytes(32)
    chosen = workers[: len(runs)]
    host = urlsplit(chosen[0]).hostname or "127.0.0.1"
    port = client.submit(_listen, host, key, workers=[chosen[0]], pure=False).result()
    tasks = []
    for rank, (run, worker) in enumerate(zip(runs, chosen, strict=True)):
        part = client.compute(join([blocks[at] for at in run]), workers=[worker])
        weight = None if weights is None else client.compute(join([weights[at] for at in run]), workers=[worker])
        task = client.submit(
            _fit, model, part, weight, (rank, len(runs)), (host, port), key,
            workers=[worker], pure=False, retries=0,
        )  # fmt: skip
        tasks.append(task)
    try:
        fits = _results(client, tasks, set(chosen))
    finally:
        client.cancel(tasks)
        client.run(_close, (host, port), key, workers=[chosen[0]], on_error="ignore")
    return fits[0][0], np.concatenate([labels for _, labels in fits])


def _results(client: Any, tasks: list[Any], chosen: set[str]) -> list[Any]:
    """What the workers return; else the error of the one that failed, and not of those that heard of it."""
    from distributed import wait

    while not all(task.status == "finished" for task in tasks):
        if any(task.status in ("error", "cancelled", "lost") for task in tasks):
            break
        gone = chosen - set(client.scheduler_info(n_workers=-1)["workers"])
        if gone:
            raise RuntimeError(f"the worker {min(gone)} has left; fit again, with the workers that are there")
        with contextlib.suppress(TimeoutError):
            wait(tasks, timeout=LOOK)
    else:
        return client.gather(tasks)
    with contextlib.suppress(TimeoutError):
        wait(tasks, timeout=PATIENCE)  # a worker that died never answers
    errors = [task.exception() for task in tasks if task.status == "error"]
    lost = RuntimeError("the workers of this fit were stopped; fit again")
    raise next((error for error in errors if not isinstance(error, RuntimeError)), errors[0] if errors else lost)


def _rows(X: Any, n_workers: int) -> Any:
    """The rows as an array of known chunks, each of them with all columns."""
    import dask.array as da

    if hasattr(X, "to_dask_array"):
        X = X.to_dask_array(lengths=True)
    if not isinstance(X, da.Array):
        X = np.asarray(X)
        X = da.from_array(X, chunks=(max(1, -(-len(X) // n_workers)), -1))
    if X.ndim != 2:
        raise ValueError(f"Expected 2D array, got {X.ndim}D array instead")
    if np.isnan(X.shape[0]):
        X = X.compute_chunk_sizes()
    return X.rechunk({1: -1})


def _runs(lengths: tuple[int, ...], n_runs: int) -> list[range]:
    """Chunks that follow each other, in runs with about as many rows each."""
    ends = np.cumsum(lengths)
    cuts = [0]
    for run in range(1, n_runs):
        at = int(np.searchsorted(ends, ends[-1] * run / n_runs)) + 1
        cuts.append(min(max(at, cuts[-1] + 1), len(lengths) - (n_runs - run)))
    return [range(a, b) for a, b in zip(cuts, [*cuts[1:], len(lengths)], strict=True)]


def _listen(host: str, key: bytes) -> int:
    hub = _hubs[key] = Listener((host, 0), backlog=MOST_WORKERS, authkey=key)
    return int(hub.address[1])


def _close(address: tuple[str, int], key: bytes) -> None:
    hub = _hubs.pop(key, None)
    if hub is None:
        return
    # wakes a fit that still waits for a worker
    with contextlib.suppress(OSError), socket.create_connection(address, timeout=1):
        pass
    hub.close()
    # ends one that goes on, as after Ctrl-C
    comm = _comms.pop(key, None)
    if comm is not None:
        comm.close()


def _fit(
    model: KMeans,
    X: np.ndarray,
    sample_weight: Optional[np.ndarray],
    place: tuple[int, int],
    address: tuple[str, int],
    key: bytes,
) -> tuple[Optional[KMeans], np.ndarray]:
    """What a worker does."""
    rank, size = place
    comm = SocketComm(rank, size, hub=_hubs.get(key), address=address, key=key)
    if rank == 0:
        _comms[key] = comm
    try:
        fitted = model._fit_rank(X, sample_weight, comm)
    finally:
        _comms.pop(key, None)
        comm.close()
    labels = fitted.__dict__.pop("labels_")
    return (fitted if rank == 0 else None), labels
