"""The functions beside the class."""

import numpy as np
import pytest

from cairn_kmeans import KMeans, _functions, compare, devices, kmeans, sweep


def test_kmeans(digits):
    fitted = kmeans(digits, 4, random_state=1, sample_weight=np.ones(len(digits)))
    assert fitted.fingerprint_ == KMeans(4, random_state=1).fit(digits).fingerprint_


def test_sweep(digits):
    runs = sweep(digits[:300], [2, 5], seeds=[1, 2], n_init=3)
    assert runs["n_clusters"].tolist() == [2, 2, 5, 5] and runs["seed"].tolist() == [1, 2, 1, 2]
    for at, (k, seed) in enumerate([(2, 1), (2, 2), (5, 1), (5, 2)]):
        fitted = KMeans(k, n_init=3, random_state=seed).fit(digits[:300])
        assert runs["fingerprint"][at] == fitted.fingerprint_
        assert runs["inertia"][at] == fitted.inertia_
    assert (0 < runs["silhouette"]).all() and (runs["silhouette"] < 1).all()
    assert np.isnan(sweep(digits[:300], [2], measures=False, n_init=1)["davies_bouldin"]).all()


def test_a_weighted_sweep_stops_as_a_weighted_fit():
    # the heavy rows vary little, the light ones much: `tol` of the weighted variance is another one
    X = np.concatenate([np.linspace(0, 1, 500), np.linspace(0, 1000, 500)])[:, None]
    weights = np.repeat([1000.0, 1.0], 500)
    iterations = set()
    for tol in [1e-5, 1e-4, 1e-3, 1e-2]:
        runs = sweep(X, [6], sample_weight=weights, n_init=1, tol=tol, measures=False)
        fitted = KMeans(6, n_init=1, random_state=42, tol=tol).fit(X, sample_weight=weights)
        assert runs["fingerprint"].tolist() == [fitted.fingerprint_]
        iterations.add(fitted.n_iter_)
    assert len(iterations) == 4


def test_compare(digits, monkeypatch):
    times = compare(digits[:200], 3, devices=["cpu", "reference"], runs=2)
    assert len(set(times["fingerprint"])) == 1
    assert (times["least_s"] <= times["median_s"]).all() and (times["median_s"] <= times["most_s"]).all()
    assert times["adapter"][1].startswith("reference")

    class Wrong(KMeans):
        def fit(self, X):
            super().fit(X)
            self.fingerprint_ += self.device
            return self

    monkeypatch.setattr(_functions, "KMeans", Wrong)
    with pytest.raises(RuntimeError, match="differ; please report it"):
        compare(digits[:200], 3, devices=["cpu", "reference"], runs=1)


def test_devices():
    found = devices()
    assert {len(column) for column in found.values()} == {len(found["name"])}
    assert found["interface"][0] == "cpu"
