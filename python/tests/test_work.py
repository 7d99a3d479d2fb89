"""Long work: Ctrl-C, callbacks, other threads, forks."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from cairn_kmeans import CairnWarning, KMeans

LONG = """
import signal, threading, time, os
import numpy as np
from cairn_kmeans import KMeans
X = np.random.default_rng(0).normal(size=(40_000, 8))
at = []
threading.Timer(1.5, lambda: (at.append(time.monotonic()), os.kill(os.getpid(), signal.SIGINT))).start()
try:
    KMeans({k}, n_init={n}, tol=0, random_state=0, max_iter=10**6).fit(X)
except KeyboardInterrupt:
    print("interrupted after", time.monotonic() - at[0])
"""


@pytest.mark.parametrize(("k", "n"), [(5000, 1), (50, 100_000)])
def test_ctrl_c_stops_a_fit_within_a_second(k, n):
    ran = subprocess.run(
        [sys.executable, "-c", LONG.format(k=k, n=n)], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.startswith("interrupted after"), ran
    assert float(ran.stdout.split()[-1]) < 1, ran.stdout


def test_other_threads_run_meanwhile():
    X = np.random.default_rng(0).normal(size=(20_000, 8))
    counted, stop = [0], threading.Event()

    def count():
        while not stop.is_set():
            counted[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    start = time.monotonic()
    KMeans(300, n_init=2, tol=0, random_state=0).fit(X)
    took, during = time.monotonic() - start, counted[0]
    stop.set()
    thread.join()
    assert took > 0.2, "too short to see"
    assert during > took * 20, (during, took)


def test_fits_in_threads_are_those_in_sequence(digits):
    fit = lambda seed: KMeans(10, n_init=2, random_state=seed).fit(digits).fingerprint_  # noqa: E731
    expected = [fit(seed) for seed in range(4)]
    found = [None] * 4

    def work(seed):
        found[seed] = fit(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


def fit_again(table):
    return KMeans(3, random_state=0).fit(table).fingerprint_


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fit_after_a_fork_does_not_hang(digits):
    before = fit_again(digits)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(fit_again, (digits,)).get(timeout=60) == before


def test_a_callback_sees_the_restarts_and_stops_the_fit(digits):
    seen = []

    def callback(done, of, best):
        seen.append((done, of, best))
        return done >= 8

    with pytest.warns(CairnWarning, match="stopped by the callback after"):
        fitted = KMeans(10, n_init=100_000, random_state=0).fit(digits, callback=callback)
    done = len(fitted.restarts_)
    assert 8 <= done < 100_000
    assert seen[0][1] == 100_000 and [d for d, _, _ in seen] == sorted(d for d, _, _ in seen)
    whole = KMeans(10, n_init=done, random_state=0).fit(digits)
    assert whole.fingerprint_ == fitted.fingerprint_


def test_a_callback_of_starts_by_a_callable_stops_too(digits):
    init = lambda rows, k, random_state: rows[random_state.choice(len(rows), k)]  # noqa: E731
    with pytest.warns(CairnWarning, match="after 2 of 9 restarts"):
        fitted = KMeans(3, init=init, n_init=9).fit(digits, callback=lambda done, of, best: done == 2)
    assert len(fitted.restarts_) == 2


def test_an_exception_in_a_callback_is_raised(digits):
    def callback(done, of, best):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        KMeans(10, n_init=100_000, random_state=0).fit(digits, callback=callback)


def test_verbose_shows_lines_or_a_bar(digits, capsys, monkeypatch):
    KMeans(3, n_init=4, random_state=0, verbose=1).fit(digits)
    shown = capsys.readouterr()
    assert "4/4" in shown.err
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    KMeans(3, n_init=4, random_state=0, verbose=1).fit(digits)
    assert "4 of 4 restarts, least inertia" in capsys.readouterr().out


def test_ctrl_c_without_work_is_pythons_own():
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
