"""Minibatch k-means: fit, and batches as they come."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from cairn_kmeans import KMeans, MiniBatchKMeans


@pytest.fixture(scope="module")
def digits():
    return load_digits().data


def test_fit_is_near_and_goes_on_to_a_fixed_point(digits):
    quick = MiniBatchKMeans(10, n_init=3, batch_size=200, n_batches=30, random_state=42).fit(digits)
    again = MiniBatchKMeans(10, n_init=3, batch_size=200, n_batches=30, random_state=42, n_jobs=1).fit(digits)
    assert quick.fingerprint_ == again.fingerprint_
    assert (quick.predict(digits) == quick.labels_).all()
    assert (quick.n_iter_, quick.is_fixed_point_) == (30, False)
    fixed = KMeans(10, init=quick.cluster_centers_, n_init=1, tol=0).fit(digits)
    assert fixed.inertia_ < quick.inertia_ < 1.05 * fixed.inertia_
    assert quick.restarts_["stopped"].tolist() == ["max_iter"]
    other = MiniBatchKMeans(10, n_init=3, batch_size=200, n_batches=31, random_state=42).fit(digits)
    assert other.fingerprint_ != quick.fingerprint_


def test_a_fixed_point_is_known():
    fitted = MiniBatchKMeans(2, random_state=0).fit([[0.0], [8.0], [0.0]])
    assert fitted.is_fixed_point_ and fitted.inertia_ == 0


def test_batches_move_centroids_to_the_mean_of_what_came(digits):
    stream = MiniBatchKMeans(10, n_init=2, random_state=1, ranges=[[0, 16]] * 64)
    sums, counts = None, None
    for batch in np.array_split(digits, 6):
        before = stream.cluster_centers_.copy() if counts is not None else None
        stream.partial_fit(batch)
        if before is not None:
            distances = ((batch[:, None, :] - before) ** 2).sum(axis=2)
            assert (distances.argmin(axis=1) == stream.labels_).all()
        own = np.array([batch[stream.labels_ == c].sum(axis=0) for c in range(10)])
        sums = own if sums is None else sums + own
        n = np.bincount(stream.labels_, minlength=10)
        counts = n if counts is None else counts + n
        assert (stream.counts_ == counts).all()
        if before is not None:
            np.testing.assert_allclose(stream.cluster_centers_, sums / counts[:, None], atol=1e-6)
    assert stream.n_iter_ == 6 and not stream.is_fixed_point_
    assert stream.counts_.sum() == len(digits)
    assert stream.predict(digits).shape == (len(digits),)


def test_weights_are_copies():
    rows = np.array([[0.0], [1.0], [7.0]])
    copies = MiniBatchKMeans(2, random_state=0).partial_fit(np.repeat(rows, [1, 2, 3], axis=0))
    weighted = MiniBatchKMeans(2, random_state=0).partial_fit(rows, sample_weight=[1, 2, 3])
    assert copies.cluster_centers_.tolist() == weighted.cluster_centers_.tolist()
    assert copies.counts_.tolist() == weighted.counts_.tolist()


def test_what_does_not_fit_is_refused_and_changes_nothing(digits):
    stream = MiniBatchKMeans(2, random_state=0, ranges=[[0, 10]]).partial_fit([[1.0], [9.0]])
    before = stream.fingerprint_
    with pytest.raises(ValueError, match="row 2 of the batch, column 1: 11"):
        stream.partial_fit([[2.0], [11.0]])
    with pytest.raises(ValueError, match="weight 0.5 is not a whole number"):
        stream.partial_fit([[2.0]], sample_weight=[0.5])
    with pytest.raises(ValueError, match="2 features"):
        stream.partial_fit([[2.0, 3.0]])
    assert stream.fingerprint_ == before and stream.n_iter_ == 1
    with pytest.raises(ValueError, match="n_samples=1 should be >= n_clusters=2"):
        MiniBatchKMeans(2).partial_fit([[2.0]])
    with pytest.raises(ValueError, match=r"ranges has the shape \(1, 3\)"):
        MiniBatchKMeans(2, ranges=[[0, 1, 2]]).partial_fit([[2.0], [3.0]])
    with pytest.raises(ValueError, match="n_batches"):
        MiniBatchKMeans(2, n_batches=0).fit([[2.0], [3.0]])


def test_sums_are_not_kept_where_they_can_not_be(digits):
    fitted = MiniBatchKMeans(2, random_state=0).fit(digits[:50])
    with pytest.raises(ValueError, match="clone"):
        fitted.partial_fit(digits[:50])
    stream = MiniBatchKMeans(2, random_state=0).partial_fit(digits[:50])
    kept = pickle.loads(pickle.dumps(stream))
    assert (kept.predict(digits) == stream.predict(digits)).all()
    with pytest.raises(ValueError, match="pickle"):
        kept.partial_fit(digits[:50])
    assert clone(stream).partial_fit(digits[:50]).fingerprint_ == stream.fingerprint_
    # a fit forgets the batches before it
    assert not hasattr(stream.fit(digits[:50]), "counts_")
