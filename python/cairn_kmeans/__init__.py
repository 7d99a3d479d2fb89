"""k-means that gives the same answer, to the last bit, on every GPU and CPU.

`KMeans` has the parameters, attributes and methods of ``sklearn.cluster.KMeans``.

Examples
--------
>>> from cairn_kmeans import KMeans
>>> from sklearn.datasets import load_digits
>>> X = load_digits().data
>>> model = KMeans(n_clusters=10, n_init=20, random_state=42, tol=0).fit(X)
>>> round(model.inertia_, 3)
1165150.769
"""

from ._cairn import DeviceError, __version__
from ._functions import compare, devices, kmeans, sweep
from ._kmeans import CairnWarning, KMeans
from ._minibatch import MiniBatchKMeans

__all__ = [
    "CairnWarning",
    "DeviceError",
    "KMeans",
    "MiniBatchKMeans",
    "__version__",
    "compare",
    "devices",
    "kmeans",
    "sweep",
]
