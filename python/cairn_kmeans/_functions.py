"""Functions: a fit in one call, sweeps, comparisons, devices."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Optional

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import _check_sample_weight

from . import _cairn, _input
from ._kmeans import KMeans
from ._progress import Callback

Columns = dict[str, np.ndarray]


def kmeans(
    X: Any,
    n_clusters: int = 8,
    *,
    sample_weight: Any = None,
    callback: Optional[Callback] = None,
    **parameters: Any,
) -> KMeans:
    """Cluster the rows in one call.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The rows.
    n_clusters : int, default=8
        Number of clusters.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights.
    callback : callable, default=None
        As that of `KMeans.fit`.
    **parameters
        Other parameters of `KMeans`.

    Returns
    -------
    kmeans : KMeans
        The fitted estimator.

    Examples
    --------
    >>> from cairn_kmeans import kmeans
    >>> sorted(kmeans([[0.0], [1.0], [9.0]], 2, random_state=0).cluster_centers_.ravel().tolist())
    [0.5, 9.0]
    """
    return KMeans(n_clusters, **parameters).fit(X, sample_weight=sample_weight, callback=callback)


def sweep(
    X: Any,
    clusters: Iterable[int],
    *,
    seeds: Iterable[int] = (42,),
    sample_weight: Any = None,
    n_init: int = 10,
    init: str = "k-means++",
    max_iter: int = 300,
    tol: float = 1e-4,
    metric: str = "euclidean",
    measures: bool = True,
    device: str = "auto",
    n_jobs: Optional[int] = None,
) -> Columns:
    """Fits with several numbers of clusters and seeds, and measures of each.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The rows.
    clusters : iterable of int
        Numbers of clusters.
    seeds : iterable of int, default=(42,)
        Seeds: each number of clusters is fitted with every one.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights.
    n_init, init, max_iter, tol, metric, device, n_jobs
        As those of `KMeans`.
    measures : bool, default=True
        Whether to compute the three measures, which takes time.

    Returns
    -------
    columns : dict of ndarray of shape (n_fits,)
        n_clusters, seed, inertia, silhouette, calinski_harabasz, davies_bouldin (NaN where they are undefined) and
        fingerprint; for ``pandas.DataFrame`` for example.

    Examples
    --------
    >>> from cairn_kmeans import sweep
    >>> from sklearn.datasets import load_digits
    >>> runs = sweep(load_digits().data, clusters=[5, 10, 20], measures=False)
    >>> [round(inertia) for inertia in runs["inertia"].tolist()]
    [1506367, 1165204, 944876]
    """
    X = check_array(X, **_input.ROWS)
    if sample_weight is not None:
        sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
    if not isinstance(init, str) or init not in ("k-means++", "random"):
        raise ValueError(f"init={init!r}: a sweep has no centroids to start from; give 'k-means++' or 'random'")
    if metric not in ("euclidean", "cosine"):
        raise ValueError(f"metric={metric!r}: give 'euclidean' or 'cosine'")
    request = KMeans(n_init=n_init, max_iter=max_iter, tol=tol, device=device, n_jobs=n_jobs)._request()
    request.update(n_restarts=n_init, init=init, metric=metric)
    table = _input.table(_input.dense(X), sample_weight)
    rows = _cairn.sweep(table, request, list(clusters), list(seeds), measures)
    names = ("n_clusters", "seed", "inertia", "silhouette", "calinski_harabasz", "davies_bouldin", "fingerprint")
    floats = {"silhouette", "calinski_harabasz", "davies_bouldin"}
    columns = zip(names, zip(*rows, strict=True), strict=True)
    return {name: np.array(values, dtype=float if name in floats else None) for name, values in columns}


def compare(
    X: Any,
    n_clusters: int = 8,
    *,
    devices: Iterable[str] = ("cpu", "gpu"),
    runs: int = 5,
    **parameters: Any,
) -> Columns:
    """Time a fit on several devices, after a first fit on each has shown that all results are equal.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The rows.
    n_clusters : int, default=8
        Number of clusters.
    devices : iterable of str, default=('cpu', 'gpu')
        Devices, as in `KMeans`.
    runs : int, default=5
        Timed fits of each, in alternation.
    **parameters
        Other parameters of `KMeans`. Without a random_state it is 42.

    Returns
    -------
    columns : dict of ndarray of shape (n_devices,)
        device, adapter, median_s, least_s, most_s (seconds of a whole fit, opening the device included) and
        fingerprint.

    Examples
    --------
    >>> from cairn_kmeans import compare
    >>> from sklearn.datasets import load_digits
    >>> times = compare(load_digits().data, 10, devices=["cpu", "reference"], runs=1, max_iter=3)
    >>> times["device"].tolist()
    ['cpu', 'reference']
    """
    names = list(devices)
    if not names or runs < 1:
        raise ValueError(f"{len(names)} devices and {runs} runs: give at least one of each")
    estimators = [KMeans(n_clusters, **{"random_state": 42, **parameters, "device": name}) for name in names]
    fingerprints = [estimator.fit(X).fingerprint_ for estimator in estimators]
    for name, fingerprint in zip(names, fingerprints, strict=True):
        if fingerprint != fingerprints[0]:
            raise RuntimeError(
                f"the results on {names[0]} ({fingerprints[0]}) and {name} ({fingerprint}) differ; please report it"
            )
    seconds = np.array([[_seconds(estimator, X) for estimator in estimators] for _ in range(runs)])
    return {
        "device": np.array(names),
        "adapter": np.array([estimator.device_ for estimator in estimators]),
        "median_s": np.median(seconds, axis=0),
        "least_s": seconds.min(axis=0),
        "most_s": seconds.max(axis=0),
        "fingerprint": np.array(fingerprints),
    }


def _seconds(estimator: KMeans, X: Any) -> float:
    start = time.perf_counter()
    estimator.fit(X)
    return time.perf_counter() - start


def devices() -> Columns:
    """The devices of this machine.

    Returns
    -------
    columns : dict of ndarray of shape (n_devices,)
        name, interface ('cpu', 'Vulkan', 'Metal', 'Dx12' or 'Gl'), kind, driver, and software (whether an adapter is a
        program on the CPU). The CPU comes first. Part of a name is a ``device`` of `KMeans`.

    Examples
    --------
    >>> from cairn_kmeans import devices
    >>> str(devices()["interface"][0])
    'cpu'
    """
    names = ("name", "interface", "kind", "driver", "software")
    columns = zip(names, zip(*_cairn.devices(), strict=True), strict=True)
    return {name: np.array(values) for name, values in columns}
