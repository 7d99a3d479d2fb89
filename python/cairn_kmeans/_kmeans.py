"""The estimator."""

from __future__ import annotations

import os
import re
import warnings
from numbers import Integral, Real
from typing import Any, ClassVar, Optional

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
    _fit_context,
    clone,
)
from sklearn.cluster import KMeans as SklearnKMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import pairwise_distances, pairwise_distances_argmin_min
from sklearn.preprocessing import normalize
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from . import _cairn, _comm, _dask, _input
from ._progress import Callback, Progress

#: Why a restart stopped, by the library's code.
STOPS = np.array(["fixed_point", "tol", "max_iter"])
RESTARTS = np.dtype(
    [("restart", np.uint64), ("inertia", np.float64), ("iterations", np.uint32), ("stopped", "U11")]
)
#: Doubts that are not warned of: scikit-learn has its own warning, or nothing is at stake.
QUIET = {"SoftwareAdapter", "FewDistinctRows", "EmptyClusters", "MedianOfFirst", "ClassColumn"}


class CairnWarning(UserWarning):
    """A doubt about a result, such as a column whose values lose bits. Also in ``warnings_``."""


class KMeans(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator):
    """k-means with equal bits on every GPU and CPU.

    Parameters, attributes and methods are those of ``sklearn.cluster.KMeans``, with more of them. Results are Cairn's:
    for equal data and parameters every attribute has the same bits on every machine, whatever the device, the number of
    threads and the versions of numpy and scikit-learn.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters.
    init : {'k-means++', 'random'}, callable or array-like of shape (n_clusters, n_features), default='k-means++'
        First centroids: greedy k-means++; distinct rows; these; or those that ``init(X, n_clusters, random_state=...)``
        returns. A callable gets ``X`` as it is; scikit-learn's gets it less its mean.
    n_init : 'auto' or int, default='auto'
        Number of restarts, of which the one of least inertia is kept. 'auto' is 10 for 'random' and callables, else 1.
    max_iter : int, default=300
        Most iterations of a restart.
    tol : float, default=1e-4
        A restart stops when the squared shift of all centroids is at most `tol` times the mean variance of the
        features. With 0 it goes on until no centroid moves.
    verbose : int, default=0
        1 shows the progress: a bar with tqdm, else lines.
    random_state : int, RandomState instance or None, default=None
        An int is the seed, as ``--seed`` of the command; else a seed is drawn.
    copy_x : bool, default=True
        Without effect: ``X`` is read in place, and never changed.
    algorithm : {'lloyd', 'elkan'}, default='lloyd'
        Without effect: both have the same result.
    metric : {'euclidean', 'cosine'}, default='euclidean'
        With 'cosine' rows are compared by the angle between them (spherical k-means): they are scaled to length 1, and so
        are centroids, so that a squared distance is 2 - 2 cos. A row of zeros is an error.
    refine : bool, default=False
        Whether each restart is refined: after its last iteration rows move to the cluster in which they cost least
        (Hartigan's rule), and iterations go on from there. Never worse; it takes longer.
    population : int or None, default=None
        Restarts of a generation of an evolving search: with it all restarts but so many first ones are children of the
        best so far, so `n_init` should be several times as large. None for independent restarts.
    min_size, max_size : int or None, default=None
        Fewest and most rows of a cluster. In each iteration rows go where they cost least within the limits, exactly, instead
        of to the nearest centroid; so ``labels_`` and ``inertia_`` keep the limits, and `predict` does not. Limits count
        rows: positive weights must be equal. Without `refine` and `population`; on the CPU.
    device : str, default='auto'
        'auto', 'cpu', 'gpu', or part of the name of an adapter (see `devices`). No result depends on it.
    n_jobs : int or None, default=None
        Threads on the CPU; -1 for one per processor. With None ``OMP_NUM_THREADS`` decides, if it is set. No result
        depends on it.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        Centroids, in the units and the type of ``X``; with the metric 'cosine' of length 1.
    labels_ : ndarray of shape (n_samples,), int32
        Nearest centroid of each row; with `min_size` or `max_size` the cluster within the limits. -1, with a warning, for a
        row of weight 0 that lies too far outside.
    inertia_ : float
        Weighted sum of squared distances of the rows to their centroids.
    limits_cost_ : float
        What `min_size` and `max_size` cost: ``inertia_`` less that of the same centroids with each row at the nearest. 0
        without limits.
    n_iter_ : int
        Iterations of the best restart.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if ``X`` has names that are all strings.
    fingerprint_ : str
        64 hexadecimal digits, a hash of the results of all restarts; as that of the command. Of several restarts from a
        callable, that of the best.
    restarts_ : structured ndarray of shape (n_init,)
        Fields restart, inertia, iterations and stopped ('fixed_point', 'tol' or 'max_iter').
    device_ : str
        Where it was computed.
    rounding_ : float
        Root mean square of the rounding errors of a feature, relative to its values; the largest of all features.
    model_ : bytes
        The model file, in the safetensors format: see `save`.
    warnings_ : list of tuple of str
        Kind and text of each doubt about the result.

    Examples
    --------
    >>> import numpy as np
    >>> from cairn_kmeans import KMeans
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> kmeans = KMeans(n_clusters=2, random_state=0).fit(X)
    >>> kmeans.cluster_centers_[kmeans.labels_[0]]
    array([1., 2.])
    >>> bool(kmeans.predict([[12, 3]])[0] == kmeans.labels_[3])
    True
    >>> kmeans.inertia_
    16.0
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "init": [StrOptions({"k-means++", "random"}), callable, "array-like"],
        "n_init": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, 2**32 - 1, closed="both")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "copy_x": ["boolean"],
        "algorithm": [StrOptions({"lloyd", "elkan"})],
        "metric": [StrOptions({"euclidean", "cosine"})],
        "refine": ["boolean"],
        "population": [Interval(Integral, 1, None, closed="left"), None],
        "min_size": [Interval(Integral, 1, 2**64 - 1, closed="both"), None],
        "max_size": [Interval(Integral, 1, 2**64 - 1, closed="both"), None],
        "device": [str],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "k-means++",
        n_init: Any = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        verbose: int = 0,
        random_state: Any = None,
        copy_x: bool = True,
        algorithm: str = "lloyd",
        metric: str = "euclidean",
        refine: bool = False,
        population: Optional[int] = None,
        min_size: Optional[int] = None,
        max_size: Optional[int] = None,
        device: str = "auto",
        n_jobs: Optional[int] = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.random_state = random_state
        self.copy_x = copy_x
        self.algorithm = algorithm
        self.metric = metric
        self.refine = refine
        self.population = population
        self.min_size = min_size
        self.max_size = max_size
        self.device = device
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        callback: Optional[Callback] = None,
        comm: Any = None,
    ) -> KMeans:
        """Cluster the rows.

        Ctrl-C stops it within a second, by a KeyboardInterrupt.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows. float32 and float64 are read in place; a sparse matrix becomes a dense array.
        y : Ignored
            For scikit-learn's interface.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, finite and not negative. A weight of 2 counts as two copies of a row.
        callback : callable, default=None
            Called as ``callback(done, of, best)`` now and then: restarts done, restarts asked for, and the least
            inertia. If it returns true, the fit stops, and has the result of the restarts done, with a warning.
        comm : communicator of mpi4py or dask.distributed.Client, default=None
            Several processes make the fit together, to the result of one process with all rows, bit by bit. With a
            communicator of mpi4py each of them calls `fit` with its own rows, which follow those of the ranks before it;
            ``labels_`` and ``warnings_`` are of these rows, all else is of all rows. With a client of Dask `fit` is called once, with an
            array or a dataframe of Dask, and each worker fits some of its chunks. Without `population`, `refine` and
            limits on sizes. ``tol`` is compared with the variance of the weighted rows.

        Returns
        -------
        self : KMeans
            The fitted estimator.

        Examples
        --------
        >>> from cairn_kmeans import KMeans
        >>> KMeans(n_clusters=1).fit([[0.0], [1.0], [5.0]], sample_weight=[1, 2, 1]).cluster_centers_
        array([[1.75]])
        """
        if comm is not None:
            return self._fit_together(X, sample_weight, callback, comm)
        X = validate_data(self, X, **_input.ROWS)
        self._check_against(X)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
        X = _input.dense(X)
        progress = Progress(self.verbose, callback)
        try:
            fits = self._fits(X, sample_weight, progress)
        finally:
            progress.close()
        self._take(fits, X.dtype)
        return self

    def _fit_together(self, X: Any, sample_weight: Any, callback: Optional[Callback], comm: Any) -> KMeans:
        """The fit of several processes."""
        if callable(self.init):
            raise ValueError("init is a function, which needs all rows in one process; give 'k-means++', 'random' or rows")
        if not _dask.is_client(comm):
            ranks = _comm.of_mpi(comm)
            if ranks.size == 1:
                return self.fit(X, sample_weight=sample_weight, callback=callback)
            return self._fit_rank(X, sample_weight, ranks, callback)
        if callback is not None:
            raise ValueError("callback is not called by the workers of Dask; leave it out")
        fitted, labels = _dask.fit(clone(self), X, sample_weight, comm)
        parameters = self.get_params(deep=False)
        for name in [name for name in self.__dict__ if name not in parameters]:
            delattr(self, name)  # of an earlier fit
        self.__dict__.update({name: value for name, value in fitted.__dict__.items() if name not in parameters})
        self.labels_ = labels
        names = getattr(X, "columns", None)
        if names is not None and all(isinstance(name, str) for name in names):
            self.feature_names_in_ = np.asarray(names, dtype=object)
        self._warn(len(self.restarts_))
        return self

    def _fit_rank(self, X: Any, sample_weight: Any, comm: _comm.Comm, callback: Optional[Callback] = None) -> KMeans:
        """The fit of one process of several, with its own rows."""
        with _comm.together(comm):
            X = validate_data(self, X, **_input.ROWS, ensure_min_samples=0)
            self._check_parameters()
            if sample_weight is not None:
                # those of this process may all be zero, or none
                sample_weight = np.broadcast_to(np.asarray(sample_weight, dtype=np.float64), (len(X),)).copy()
            table = _input.table(_input.dense(X), sample_weight, getattr(self, "feature_names_in_", None))
            request = self._request()
            request["init"] = self.init if isinstance(self.init, str) else _centers(self.init, X, self.n_clusters)
            request["n_restarts"] = self._n_init
        # one seed, also where each process would draw its own
        request["seed"] = int(comm.broadcast(str(_input.seed(self.random_state)).encode(), 0))
        progress = Progress(self.verbose if comm.rank == 0 else 0, callback)
        try:
            fit = _cairn.fit(table, request, progress.callback(), comm)
        finally:
            progress.close()
        self._take([fit], X.dtype)
        return self

    def _check_against(self, X: Any) -> None:
        """Checks the parameters against the data, in scikit-learn's words."""
        if X.shape[0] < self.n_clusters:
            raise ValueError(f"n_samples={X.shape[0]} should be >= n_clusters={self.n_clusters}.")
        self._check_parameters()

    def _check_parameters(self) -> None:
        """Checks the parameters, in scikit-learn's words."""
        self._n_init = self._restarts_for(self.init)
        if _is_array(self.init) and self._n_init != 1:
            warnings.warn(
                "Explicit initial center position passed: performing only one init in "
                f"{type(self).__name__} instead of n_init={self._n_init}.",
                RuntimeWarning,
                stacklevel=4,
            )
            self._n_init = 1
        if self.algorithm == "elkan" and self.n_clusters == 1:
            warnings.warn(
                "algorithm='elkan' doesn't make sense for a single cluster. Using 'lloyd' instead.",
                RuntimeWarning,
                stacklevel=4,
            )

    def _restarts_for(self, init: Any) -> int:
        if self.n_init != "auto":
            return int(self.n_init)
        return 10 if callable(init) or (isinstance(init, str) and init == "random") else 1

    def _fits(self, X: np.ndarray, sample_weight: Optional[np.ndarray], progress: Progress) -> list[_cairn.Fit]:
        """The fits: one, or for a callable one of each restart."""
        table = _input.table(X, sample_weight, getattr(self, "feature_names_in_", None))
        request = self._request()
        if not callable(self.init):
            request["init"] = str(self.init) if isinstance(self.init, str) else _centers(self.init, X, self.n_clusters)
            request["n_restarts"] = self._n_init
            request["seed"] = _input.seed(self.random_state)
            return [_cairn.fit(table, request, progress.callback())]
        random_state = check_random_state(self.random_state)
        fits, best = [], np.inf
        for done in range(1, self._n_init + 1):
            centers = self.init(X, self.n_clusters, random_state=random_state)
            request.update(init=_centers(centers, X, self.n_clusters), n_restarts=1, seed=0)
            fits.append(_cairn.fit(table, request, None))
            best = min(best, fits[-1].inertia)
            if progress.callback() and progress(done, self._n_init, best):
                break
        return fits

    def _request(self) -> dict[str, Any]:
        """The parameters as the compiled half takes them, without init and seed."""
        return {
            "n_clusters": int(self.n_clusters),
            "n_restarts": 1,
            "init": "k-means++",
            "seed": 0,
            "max_iter": int(self.max_iter),
            "tol": float(self.tol),
            "metric": self.metric,
            "refine": bool(self.refine),
            "population": None if self.population is None else int(self.population),
            "sizes": tuple(None if size is None else int(size) for size in (self.min_size, self.max_size)),
            "batches": None,
            "device": self.device,
            "threads": _input.threads(self.n_jobs),
        }

    def _take(self, fits: list[_cairn.Fit], dtype: Any) -> None:
        """Takes the attributes from the best fit."""
        best = min(fits, key=lambda fit: fit.inertia)
        self._model = best.model
        self.cluster_centers_ = best.centroids.astype(dtype)
        self._n_features_out = self.cluster_centers_.shape[0]
        self.labels_ = best.labels
        self.inertia_ = best.inertia
        self.limits_cost_ = best.limits_cost
        self.n_iter_ = best.n_iter
        self.fingerprint_ = best.fingerprint
        self.device_ = best.device
        self.rounding_ = best.rounding
        self.restarts_ = _restarts(fits)
        self.warnings_ = best.warnings
        self._n_distinct = self.n_clusters - best.empty
        self._warn(len(self.restarts_))

    def _warn(self, done: int) -> None:
        if done < self._n_init:
            text = f"stopped by the callback after {done} of {self._n_init} restarts; the result is the best of these"
            self.warnings_.append(("StoppedEarly", text))
        for code, text in self.warnings_:
            if code not in QUIET:
                warnings.warn(text, CairnWarning, stacklevel=5)
        distinct = max(self._n_distinct, len(np.unique(self.labels_[self.labels_ >= 0])))
        if distinct < self.n_clusters:
            warnings.warn(
                f"Number of distinct clusters ({distinct}) found smaller than n_clusters ({self.n_clusters}). "
                "Possibly due to duplicate points in X.",
                ConvergenceWarning,
                stacklevel=5,
            )

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None, *, comm: Any = None) -> np.ndarray:
        """Cluster the rows, and return their labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.
        y : Ignored
            For scikit-learn's interface.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.
        comm : communicator of mpi4py or dask.distributed.Client, default=None
            As of `fit`.

        Returns
        -------
        labels : ndarray of shape (n_samples,), int32
            ``labels_``: the nearest centroid of each row, or within `min_size` and `max_size`.

        Examples
        --------
        >>> from cairn_kmeans import KMeans
        >>> labels = KMeans(n_clusters=2, random_state=0).fit_predict([[0.0], [0.1], [9.0]])
        >>> bool(labels[0] == labels[1] != labels[2])
        True
        """
        return self.fit(X, sample_weight=sample_weight, comm=comm).labels_

    def predict(self, X: Any) -> np.ndarray:
        """Nearest centroid of each row, decided exactly; ties go to the first.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            New rows.

        Returns
        -------
        labels : ndarray of shape (n_samples,), int32
            Index of the nearest centroid.

        Examples
        --------
        >>> from cairn_kmeans import KMeans
        >>> kmeans = KMeans(n_clusters=2, random_state=0).fit([[0.0], [1.0], [9.0]])
        >>> bool(kmeans.predict([[8.0]])[0] == kmeans.labels_[2])
        True
        """
        X = self._new_rows(X)
        if self._is_replaced():
            return pairwise_distances_argmin_min(self._in_metric(X), self.cluster_centers_)[0].astype(np.int32)
        return self._model.predict(X, self._threads_for(X))

    def transform(self, X: Any) -> np.ndarray:
        """Distance of each row to every centroid.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            New rows.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_clusters)
            Distances, in the type of ``X``. A row at a centroid has a distance of exactly 0.

        Examples
        --------
        >>> from cairn_kmeans import KMeans
        >>> KMeans(n_clusters=1).fit([[0.0], [2.0]]).transform([[4.0]])
        array([[3.]])
        """
        X = self._new_rows(X)
        if self._is_replaced():
            return pairwise_distances(self._in_metric(X), self.cluster_centers_)
        return self._model.transform(X, self._threads_for(X)).astype(X.dtype, copy=False)

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> np.ndarray:
        """Cluster the rows, and return their distances to every centroid.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.
        y : Ignored
            For scikit-learn's interface.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_clusters)
            Distances.

        Examples
        --------
        >>> from cairn_kmeans import KMeans
        >>> KMeans(n_clusters=1).fit_transform([[0.0], [2.0]])
        array([[1.],
               [1.]])
        """
        return self.fit(X, sample_weight=sample_weight).transform(X)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The negative of the rows' inertia about the centroids.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            New rows.
        y : Ignored
            For scikit-learn's interface.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.

        Returns
        -------
        score : float
            Minus the weighted sum of squared distances to the nearest centroids.

        Examples
        --------
        >>> from cairn_kmeans import KMeans
        >>> KMeans(n_clusters=1).fit([[0.0], [2.0]]).score([[4.0]])
        -9.0
        """
        X = self._new_rows(X)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
        if self._is_replaced():
            distances = pairwise_distances_argmin_min(self._in_metric(X), self.cluster_centers_)[1]
            return -float(np.average(distances**2, weights=sample_weight) * _total(sample_weight, len(X)))
        return -self._model.cost(X, sample_weight, self._threads_for(X))

    def _new_rows(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, **_input.ROWS)
        return _input.dense(X)

    def _is_replaced(self) -> bool:
        """Whether someone has set other centroids than those of the model. Then distances are scikit-learn's."""
        return not np.array_equal(self._model.centroids.astype(self.cluster_centers_.dtype), self.cluster_centers_)

    def _in_metric(self, X: np.ndarray) -> np.ndarray:
        """Rows as they are compared with centroids."""
        return normalize(X) if self.metric == "cosine" else X

    def _threads_for(self, X: np.ndarray) -> int:
        few = X.size * self.cluster_centers_.shape[0] < 1_000_000
        return 1 if few else _input.threads(self.n_jobs)

    @property
    def model_(self) -> bytes:
        """The bytes of the model file."""
        check_is_fitted(self)
        return self._model.to_bytes()

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_model")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file, which the command reads too (``cairn predict``).

        Parameters
        ----------
        path : str or path-like
            The file.

        Examples
        --------
        >>> import os, tempfile
        >>> from cairn_kmeans import KMeans
        >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
        >>> KMeans(n_clusters=2, random_state=0).fit([[0.0], [1.0], [9.0]]).save(path)
        >>> sorted(KMeans.load(path).cluster_centers_.ravel().tolist())
        [0.5, 9.0]
        """
        check_is_fitted(self)
        self._model.save(os.fspath(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> KMeans:
        """Read a model file, of `save` or of ``cairn fit --model``.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        kmeans : KMeans
            A fitted estimator, without ``labels_``, ``restarts_``, ``n_iter_``, ``rounding_`` and ``limits_cost_``, which a
            model lacks.

        Examples
        --------
        >>> import os, tempfile
        >>> from cairn_kmeans import KMeans
        >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
        >>> KMeans(n_clusters=2, random_state=0).fit([[0.0], [1.0], [9.0]]).save(path)
        >>> KMeans.load(path).predict([[0.4], [8.0]]).shape
        (2,)
        """
        model = _cairn.Model.load(os.fspath(path))
        seed, n_init, init, max_iter, tol, metric = model.params
        centroids = model.centroids
        loaded = cls(len(centroids), n_init=n_init, max_iter=max_iter, tol=tol, random_state=seed, metric=metric)
        if init in ("k-means++", "random"):
            loaded.init = init
        loaded._model = model
        loaded.cluster_centers_ = centroids
        loaded._n_features_out, loaded.n_features_in_ = centroids.shape
        loaded.inertia_ = model.inertia
        loaded.fingerprint_ = model.fingerprint
        loaded.device_ = model.device
        if not all(re.fullmatch(r"column \d+", name) for name in model.columns):
            loaded.feature_names_in_ = np.array(model.columns, dtype=object)
        return loaded

    def to_sklearn(self) -> SklearnKMeans:
        """A fitted ``sklearn.cluster.KMeans`` with the same centroids, for exporters such as those of ONNX and PMML.

        Returns
        -------
        kmeans : sklearn.cluster.KMeans
            The estimator. Its labels are computed in floating point. The metric 'cosine' is a ValueError.

        Examples
        --------
        >>> from cairn_kmeans import KMeans
        >>> fitted = KMeans(n_clusters=2, random_state=0).fit([[0.0], [1.0], [9.0]])
        >>> type(fitted.to_sklearn()).__module__
        'sklearn.cluster._kmeans'
        """
        check_is_fitted(self)
        if self.metric != "euclidean":
            raise ValueError(
                f"metric={self.metric!r}: scikit-learn's KMeans does not scale rows, and would label them otherwise; use "
                "cluster_centers_ behind a sklearn.preprocessing.Normalizer"
            )
        known = SklearnKMeans().get_params()
        other = SklearnKMeans(**{name: value for name, value in self.get_params().items() if name in known})
        # fitted on its own centroids, it has all that its version needs; then it takes this result
        start = SklearnKMeans(self.n_clusters, init=self.cluster_centers_, n_init=1, max_iter=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            other.__dict__.update(
                {name: value for name, value in start.fit(self.cluster_centers_).__dict__.items() if name not in known}
            )
        for name in ("cluster_centers_", "labels_", "inertia_", "n_iter_", "n_features_in_", "feature_names_in_"):
            if hasattr(self, name):
                setattr(other, name, getattr(self, name))
        return other


def _is_array(init: Any) -> bool:
    return not isinstance(init, str) and not callable(init)


def _centers(init: Any, X: np.ndarray, n_clusters: int) -> np.ndarray:
    """Given centroids, checked in scikit-learn's words, in the type of the rows."""
    centers = check_array(init, dtype=X.dtype)
    if centers.shape[0] != n_clusters:
        raise ValueError(
            f"The shape of the initial centers {centers.shape} does not match the number of clusters {n_clusters}."
        )
    if centers.shape[1] != X.shape[1]:
        raise ValueError(
            f"The shape of the initial centers {centers.shape} does not match the number of features of the data "
            f"{X.shape[1]}."
        )
    return centers.astype(np.float64)


def _restarts(fits: list[_cairn.Fit]) -> np.ndarray:
    inertia, iterations, stops = (np.concatenate(parts) for parts in zip(*(fit.restarts for fit in fits), strict=True))
    restarts = np.empty(len(inertia), dtype=RESTARTS)
    restarts["restart"] = np.arange(len(inertia))
    restarts["inertia"] = inertia
    restarts["iterations"] = iterations
    restarts["stopped"] = STOPS[stops]
    return restarts


def _total(sample_weight: Optional[np.ndarray], n: int) -> float:
    return float(n) if sample_weight is None else float(sample_weight.sum())
