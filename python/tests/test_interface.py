"""With the rest of scikit-learn: pipelines, searches, frames, workers, files."""

import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.cluster import KMeans as Theirs
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cairn_kmeans import CairnWarning, KMeans


@pytest.fixture(scope="module")
def iris():
    return load_iris(as_frame=True)


def test_in_pipelines_and_searches(iris):
    pipeline = make_pipeline(StandardScaler(), KMeans(random_state=0), LogisticRegression(max_iter=1000))
    search = GridSearchCV(pipeline, {"kmeans__n_clusters": [3, 10]}, cv=3, n_jobs=2).fit(iris.data, iris.target)
    assert search.best_score_ > 0.9


def test_in_column_transformers_and_frames(iris):
    columns = list(iris.data.columns)
    transformer = ColumnTransformer([("k", KMeans(3, random_state=0), columns[:2])], remainder="passthrough")
    out = transformer.set_output(transform="pandas").fit_transform(iris.data)
    assert list(out.columns)[:3] == ["k__kmeans0", "k__kmeans1", "k__kmeans2"]
    fitted = KMeans(3, random_state=0).set_output(transform="pandas").fit(iris.data)
    assert fitted.feature_names_in_.tolist() == columns
    assert fitted.transform(iris.data).index.equals(iris.data.index)
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(iris.data[columns[::-1]])


def test_frames_of_other_kinds(iris):
    expected = KMeans(3, random_state=0).fit(iris.data)
    polars = pytest.importorskip("polars")
    fitted = KMeans(3, random_state=0).fit(polars.DataFrame({name: iris.data[name].to_numpy() for name in iris.data}))
    assert fitted.fingerprint_ == expected.fingerprint_
    pyarrow = pytest.importorskip("pyarrow")
    fitted = KMeans(3, random_state=0).fit(pyarrow.table(iris.data))
    assert fitted.fingerprint_ == expected.fingerprint_


def test_sparse_rows_are_the_dense_ones(iris):
    dense = KMeans(3, random_state=0).fit(iris.data.to_numpy())
    for container in (sp.csr_matrix, sp.csc_matrix, sp.coo_array):
        rows = container(iris.data.to_numpy())
        fitted = KMeans(3, random_state=0).fit(rows)
        assert fitted.fingerprint_ == dense.fingerprint_
        np.testing.assert_array_equal(fitted.predict(rows), dense.labels_)


def test_in_workers(digits):
    def fingerprint(seed):
        return KMeans(5, random_state=seed).fit(digits).fingerprint_

    expected = [fingerprint(seed) for seed in range(4)]
    assert joblib.Parallel(n_jobs=2)(joblib.delayed(fingerprint)(seed) for seed in range(4)) == expected


def test_pickles_and_clones(digits):
    fitted = KMeans(5, random_state=0, n_jobs=2).fit(digits)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(digits), fitted.labels_)
    assert again.model_ == fitted.model_ and again.get_params() == fitted.get_params()
    np.testing.assert_array_equal(again.restarts_, fitted.restarts_)
    assert not hasattr(clone(fitted), "labels_")


def test_model_files_come_back(digits, tmp_path, iris):
    path = tmp_path / "m.safetensors"
    fitted = KMeans(5, random_state=3, n_init=2, tol=0.01).fit(digits)
    fitted.save(path)
    assert path.read_bytes() == fitted.model_
    loaded = KMeans.load(path)
    np.testing.assert_array_equal(loaded.predict(digits), fitted.labels_)
    assert (loaded.inertia_, loaded.fingerprint_) == (fitted.inertia_, fitted.fingerprint_)
    assert (loaded.n_clusters, loaded.n_init, loaded.random_state, loaded.tol) == (5, 2, 3, 0.01)
    assert not hasattr(loaded, "feature_names_in_")
    KMeans(3, random_state=0).fit(iris.data).save(path)
    assert KMeans.load(path).feature_names_in_.tolist() == list(iris.data.columns)


def test_to_sklearn(iris):
    fitted = KMeans(3, random_state=0).fit(iris.data)
    theirs = fitted.to_sklearn()
    assert type(theirs) is Theirs and theirs.get_params()["n_clusters"] == 3
    np.testing.assert_array_equal(theirs.predict(iris.data), fitted.labels_)
    np.testing.assert_allclose(theirs.transform(iris.data), fitted.transform(iris.data), atol=1e-6)
    assert theirs.feature_names_in_.tolist() == list(iris.data.columns)
    assert pickle.loads(pickle.dumps(theirs)).inertia_ == fitted.inertia_


def test_frames_with_an_index_and_integers_are_taken():
    frame = pd.DataFrame({"a": [1, 2, 30], "b": [0, 0, 7]}, index=["x", "y", "z"])
    fitted = KMeans(2, random_state=0).fit(frame)
    assert fitted.labels_[0] == fitted.labels_[1] != fitted.labels_[2]


def test_doubts_are_warned_of():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 2))
    X[0, 0] = 1e12
    with pytest.warns(CairnWarning):
        fitted = KMeans(3, random_state=0).fit(X)
    assert any(code == "StretchedRange" for code, _ in fitted.warnings_), fitted.warnings_


def test_a_row_without_a_label_is_said():
    X = np.array([[0.0], [1.0], [2.0], [1e300]])
    with pytest.warns(CairnWarning, match="label"):
        fitted = KMeans(2, random_state=0).fit(X, sample_weight=[1, 1, 1, 0])
    assert fitted.labels_[3] == -1


def test_ordinary_fits_warn_of_nothing(digits):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        KMeans(10, random_state=0).fit(digits)
