"""What a fit costs beside the work itself: memory, references, and time in Python."""

import subprocess
import sys
import time

import numpy as np
import psutil

from cairn_kmeans import KMeans, _cairn

PEAK = """
import resource
import numpy as np
from cairn_kmeans import KMeans
X = np.random.default_rng(0).random(size=({n}, 64), dtype=np.float32)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
KMeans(8, random_state=0, max_iter=3, device={device!r}).fit(X)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_a_fit_takes_little_more_memory_than_its_points():
    # what is there before is X and 190 MiB of scikit-learn
    n = 1_000_000
    ran = subprocess.run(
        [sys.executable, "-c", PEAK.format(n=n, device="cpu")], capture_output=True, text=True, check=True
    )
    points = n * 64 * 4 / 2**20
    assert points < float(ran.stdout) < points * 1.25, ran.stdout


def test_ten_thousand_fits_leak_nothing():
    X = np.random.default_rng(0).normal(size=(50, 3))
    fitted = KMeans(3, random_state=0, n_jobs=1, device="cpu")
    process = psutil.Process()

    def loop(times):
        for _ in range(times):
            fitted.fit(X, callback=lambda *_: False).predict(X)
        return process.memory_info().rss / 2**20

    before = loop(1000)
    grown = loop(9000) - before
    assert grown < 2, f"{grown} MiB"


def test_the_python_half_of_a_fit_takes_less_than_two_milliseconds(digits, monkeypatch):
    compiled, seconds = _cairn.fit, []

    def fit(*arguments):
        start = time.perf_counter()
        done = compiled(*arguments)
        seconds.append(time.perf_counter() - start)
        return done

    monkeypatch.setattr(_cairn, "fit", fit)
    estimator, beside = KMeans(10, random_state=0, device="cpu"), []
    for _ in range(30):
        start = time.perf_counter()
        estimator.fit(digits)
        beside.append(time.perf_counter() - start - seconds[-1])
    assert min(beside) < 0.002, beside
