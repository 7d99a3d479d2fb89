"""Bad input: errors of the right kind, in scikit-learn's words where it has some; never a panic."""

import numpy as np
import pytest
import scipy.sparse as sp

from cairn_kmeans import DeviceError, KMeans, _cairn, compare, sweep

X = np.arange(20.0).reshape(10, 2)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (np.array([[1.0, np.nan]] * 9), "Input X contains NaN"),
        (np.array([[1.0, np.inf]] * 9), "Input X contains infinity"),
        (np.arange(9.0), "Expected 2D array, got 1D array"),
        (np.zeros((3, 3, 3)), "dim 3"),
        (np.zeros((0, 2)), "0 sample"),
        (np.zeros((9, 0)), "0 feature"),
        (np.array([["a", "b"]] * 9, dtype=object), "could not convert string to float"),
        (X[:3], r"n_samples=3 should be >= n_clusters=8\."),
        (np.array([[1e308], [-1e308]] * 8), "exceeds a 64-bit float"),
    ],
)
def test_tables(table, says):
    with pytest.raises(ValueError, match=says):
        KMeans().fit(table)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"n_clusters": 0}, "n_clusters"),
        ({"n_clusters": 2.5}, "n_clusters"),
        ({"n_init": 0}, "n_init"),
        ({"init": "k-means"}, "init"),
        ({"init": X[:3]}, "does not match the number of clusters 2"),
        ({"init": np.zeros((2, 3))}, "does not match the number of features of the data 2"),
        ({"init": np.array([[0, np.nan], [1, 1]])}, "NaN"),
        ({"max_iter": 0}, "max_iter"),
        ({"max_iter": 2**32}, "max_iter"),
        ({"tol": -1}, "tol"),
        ({"tol": np.nan}, "tol"),
        ({"tol": np.inf}, "tol"),
        ({"random_state": -1}, "random_state"),
        ({"algorithm": "full"}, "algorithm"),
        ({"n_jobs": 0}, "n_jobs is 0"),
        ({"device": 3}, "device"),
        ({"device": "no such adapter"}, "no such adapter"),
    ],
)
def test_parameters(parameters, says):
    with pytest.raises(ValueError, match=says):
        KMeans(**{"n_clusters": 2, "n_init": 1, **parameters}).fit(X)


def test_a_device_that_is_not_there_is_an_error_of_its_own():
    with pytest.raises(DeviceError, match="no such adapter"):
        KMeans(2, device="no such adapter").fit(X)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("CAIRN_CPU", "abacus", 'CAIRN_CPU=abacus: unknown CPU kernel "abacus"'),
        ("WGPU_BACKEND", "vulkan,glide", 'WGPU_BACKEND=vulkan,glide: unknown graphics API "glide"; give vulkan'),
    ],
)
def test_environment_variables(monkeypatch, variable, value, says):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValueError, match=says):
        KMeans(2).fit(X)


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ([1.0] * 9, "sample_weight.shape == "),
        ([-1.0] + [1.0] * 9, "-1"),
        ([np.nan] + [1.0] * 9, "NaN"),
        ([0.0] * 10, "weight"),
        ([1.0] + [0.0] * 9, "2 clusters for 1 rows of positive weight"),
    ],
)
def test_weights(weights, says):
    with pytest.raises(ValueError, match=says):
        KMeans(2).fit(X, sample_weight=weights)


def test_a_sparse_matrix_too_large_to_be_dense():
    wide = sp.csr_matrix((10**6, 2**30), dtype=np.float64)
    with pytest.raises(ValueError, match=r"takes 8000000\.0 GiB as a dense array, .*take fewer rows"):
        KMeans(2).fit(wide)


def test_new_rows():
    fitted = KMeans(2, random_state=0).fit(X)
    for method in (fitted.predict, fitted.transform, fitted.score):
        with pytest.raises(ValueError, match="3 features, but KMeans is expecting 2"):
            method(np.zeros((4, 3)))
        with pytest.raises(ValueError, match="NaN"):
            method(np.full((4, 2), np.nan))
        with pytest.raises(ValueError, match="row 40001"):
            rows = np.zeros((40_002, 2))
            rows[40_000] = 1e200
            method(rows)


def test_model_files(tmp_path):
    with pytest.raises(OSError, match="no such file"):
        KMeans.load(tmp_path / "none")
    bad = tmp_path / "bad"
    bad.write_bytes(b"x" * 100)
    with pytest.raises(ValueError, match="is not a Cairn model"):
        KMeans.load(bad)
    with pytest.raises(OSError, match="no/such"):
        KMeans(2, random_state=0).fit(X).save(tmp_path / "no/such/folder")
    with pytest.raises(ValueError, match="damaged|not a Cairn model"):
        _cairn.Model.from_bytes(KMeans(2, random_state=0).fit(X).model_[:-1])


def test_functions():
    with pytest.raises(ValueError, match="nothing to sweep"):
        sweep(X, [])
    with pytest.raises(ValueError, match="give 'k-means\\+\\+' or 'random'"):
        sweep(X, [2], init=X[:2])
    with pytest.raises(ValueError, match="0 devices"):
        compare(X, 2, devices=[])


def test_the_compiled_half_refuses_what_it_cannot_take():
    request = KMeans(2)._request()
    for table in [None, {}, {"rows": X.astype(int), "weights": None, "columns": None}]:
        with pytest.raises((TypeError, KeyError, ValueError)):
            _cairn.fit(table, request, None)


def test_a_panic_is_an_ordinary_exception_that_asks_for_a_report():
    with pytest.raises(RuntimeError, match=r"an error in cairn \(no such row\); please report it"):
        _cairn._panic("no such row")
