"""The estimator of minibatch k-means."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar, Optional

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import _check_sample_weight, validate_data

from . import _cairn, _input
from ._kmeans import KMeans, _centers

#: Parameters of KMeans that this one has too.
SHARED = ("n_clusters", "init", "n_init", "max_iter", "tol", "verbose", "random_state", "metric", "device", "n_jobs")


class MiniBatchKMeans(KMeans):
    """Minibatch k-means with equal bits on every GPU and CPU: for very many rows, or for rows that come in batches.

    `fit` fits a sample of the rows, moves its centroids by batches of drawn rows, and labels all rows. `partial_fit` learns
    from batches as they come. A centroid is the mean of all rows that ever came to it. The result is rarely a fixed point:
    see `is_fixed_point_`.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters.
    init : {'k-means++', 'random'}, callable or array-like of shape (n_clusters, n_features), default='k-means++'
        First centroids, as of `KMeans`, from the sample or the first batch. `partial_fit` takes no callable.
    n_init : 'auto' or int, default='auto'
        Restarts of the sample, or of the first batch.
    max_iter : int, default=300
        Most iterations of such a restart. Batches are counted by `n_batches`.
    batch_size : int, default=1024
        Rows of a batch of `fit`.
    n_batches : int, default=100
        Batches of `fit`.
    tol : float, default=1e-4
        Tolerance of the restarts of the sample or the first batch.
    ranges : array-like of shape (n_features, 2), default=None
        The least and the largest value that each feature may have in `partial_fit`, which fixes the lattice of all batches.
        With None the first batch decides: three times the range of each feature. A row outside is an error.
    verbose : int, default=0
        1 shows the progress of `fit`.
    random_state : int, RandomState instance or None, default=None
        An int is the seed, as ``--seed`` of the command; else a seed is drawn.
    metric : {'euclidean', 'cosine'}, default='euclidean'
        As of `KMeans`.
    device : str, default='auto'
        As of `KMeans`. No result depends on it.
    n_jobs : int or None, default=None
        As of `KMeans`. No result depends on it.

    Attributes
    ----------
    is_fixed_point_ : bool
        Whether one more iteration over all rows would change no centroid; False after `partial_fit`.
    n_iter_ : int
        Batches.
    counts_ : ndarray of shape (n_clusters,), uint64
        Only after `partial_fit`: weight of the rows that ever came to each centroid.
    labels_ : ndarray of shape (n_samples,), int32
        Of all rows; after `partial_fit` those of the rows of the last batch, before it moved the centroids.
    inertia_ : float
        Weighted sum of squared distances of the rows; after `partial_fit` those of all batches, to the centroids before each.

    All others are those of `KMeans`; after `partial_fit` there are no ``restarts_``, ``rounding_``, ``limits_cost_`` and
    ``warnings_``.

    Examples
    --------
    >>> import numpy as np
    >>> from cairn_kmeans import MiniBatchKMeans
    >>> kmeans = MiniBatchKMeans(n_clusters=2, random_state=0, ranges=[[0, 10]])
    >>> kmeans = kmeans.partial_fit([[1.0], [2.0], [8.0]]).partial_fit([[9.0], [3.0]])
    >>> np.sort(kmeans.cluster_centers_.ravel())
    array([2. , 8.5])
    """

    algorithm = "lloyd"
    refine = False
    population = None
    min_size = None
    max_size = None
    copy_x = True

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{name: KMeans._parameter_constraints[name] for name in SHARED},
        "batch_size": [Interval(Integral, 1, 2**30, closed="both")],
        "n_batches": [Interval(Integral, 1, 2**30, closed="both")],
        "ranges": ["array-like", None],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "k-means++",
        n_init: Any = "auto",
        max_iter: int = 300,
        batch_size: int = 1024,
        n_batches: int = 100,
        tol: float = 1e-4,
        ranges: Any = None,
        verbose: int = 0,
        random_state: Any = None,
        metric: str = "euclidean",
        device: str = "auto",
        n_jobs: Optional[int] = None,
    ):
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.n_batches = n_batches
        self.tol = tol
        self.ranges = ranges
        self.verbose = verbose
        self.random_state = random_state
        self.metric = metric
        self.device = device
        self.n_jobs = n_jobs

    def _request(self) -> dict[str, Any]:
        return {**super()._request(), "batches": (int(self.batch_size), int(self.n_batches))}

    def _take(self, fits: list[_cairn.Fit], dtype: Any) -> None:
        for name in ("_stream", "counts_"):
            self.__dict__.pop(name, None)
        super()._take(fits, dtype)
        best = min(fits, key=lambda fit: fit.inertia)
        self.is_fixed_point_ = bool(best.restarts[2][0] == 0)

    def _warn(self, done: int) -> None:
        # one outcome, whatever the number of restarts of the sample
        super()._warn(max(done, self._n_init))

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> MiniBatchKMeans:
        """Learn from the next batch: the first one is fitted, each later one moves the centroids.

        The result depends on the batches and their order, and on no device.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows of the batch; at least `n_clusters` in the first one.
        y : Ignored
            For scikit-learn's interface.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights: whole numbers, since their unit is that of all batches.

        Returns
        -------
        self : MiniBatchKMeans
            The estimator.

        Examples
        --------
        >>> from cairn_kmeans import MiniBatchKMeans
        >>> kmeans = MiniBatchKMeans(n_clusters=1).partial_fit([[0.0], [4.0]]).partial_fit([[5.0]])
        >>> kmeans.cluster_centers_
        array([[3.]])
        """
        stream = self.__dict__.get("_stream")
        first = stream is None
        if first and hasattr(self, "_model"):
            raise ValueError(
                "partial_fit after fit, load or a pickle: the sums of its rows are not kept, so that they can't be added to; "
                "use a new estimator (sklearn.base.clone), with init=cluster_centers_ to start from these centroids"
            )
        if callable(self.init):
            raise ValueError("partial_fit with a callable init: give 'k-means++', 'random' or an array")
        X = validate_data(self, X, reset=first, **_input.ROWS)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
        X = _input.dense(X)
        if first:
            stream = self._new_stream(X)
        self.labels_ = stream.partial_fit(_input.table(X, sample_weight, getattr(self, "feature_names_in_", None)))
        self._stream = stream
        self._model = stream.model
        self.cluster_centers_ = self._model.centroids.astype(X.dtype)
        self._n_features_out = self.cluster_centers_.shape[0]
        self.inertia_ = self._model.inertia
        self.fingerprint_ = self._model.fingerprint
        self.device_ = self._model.device
        self.n_iter_ = stream.n_batches
        self.counts_ = stream.counts
        self.is_fixed_point_ = False
        return self

    def _new_stream(self, X: np.ndarray) -> _cairn.Stream:
        self._check_against(X)
        request = self._request()
        request["batches"] = None
        request["init"] = str(self.init) if isinstance(self.init, str) else _centers(self.init, X, self.n_clusters)
        request["n_restarts"] = self._n_init
        request["seed"] = _input.seed(self.random_state)
        if self.ranges is None:
            return _cairn.Stream(request, None)
        ranges = np.asarray(self.ranges, dtype=np.float64)
        if ranges.shape != (X.shape[1], 2):
            raise ValueError(
                f"ranges has the shape {ranges.shape}, and the batch {X.shape[1]} features; give the least and the largest "
                f"value of each, an array of shape {(X.shape[1], 2)}"
            )
        return _cairn.Stream(request, [(float(lo), float(hi)) for lo, hi in ranges])

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_stream", None)  # its sums are not kept: partial_fit says so
        return state
