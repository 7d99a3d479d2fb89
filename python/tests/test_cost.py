"""What a fit costs beside the work itself: memory, and references."""

import os
import subprocess
import sys

import numpy as np
import psutil

from cairn_kmeans import KMeans

PEAK = """
import resource
import numpy as np
from cairn_kmeans import KMeans
X = np.random.default_rng(0).random(size=({n}, 64), dtype=np.float32)
small = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
KMeans(8, random_state=0, max_iter=3).fit(X)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - small) / 1024)
"""


def test_a_fit_takes_little_more_memory_than_its_points():
    n = 200_000
    ran = subprocess.run([sys.executable, "-c", PEAK.format(n=n)], capture_output=True, text=True, check=True)
    points = n * 64 * 4 / 2**20
    assert float(ran.stdout) < points * 1.25 + 100, ran.stdout


def test_fits_in_a_loop_leak_nothing():
    X = np.random.default_rng(0).normal(size=(50, 3))
    fitted = KMeans(3, random_state=0, n_jobs=1)
    process = psutil.Process()

    def loop(times):
        for _ in range(times):
            fitted.fit(X, callback=lambda *_: False).predict(X)
        return process.memory_info().rss / 2**20

    before = loop(500)
    assert loop(9500 if os.environ.get("CAIRN_LONG") == "1" else 1500) - before < 4
