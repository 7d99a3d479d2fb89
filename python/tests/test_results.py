"""Results: those of the command, and what parameters mean."""

import json
import os
import subprocess

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans as Theirs
from sklearn.datasets import load_iris, load_wine

from cairn_kmeans import KMeans, devices, sweep


def command():
    path = os.environ.get("CAIRN_COMMAND")
    if not path:
        if os.environ.get("CAIRN_REQUIRE_COMMAND"):
            pytest.fail("CAIRN_COMMAND is not set")
        pytest.skip("CAIRN_COMMAND does not name the command")
    return path


def of_command(table, tmp_path, *args):
    path = tmp_path / "table.npy"
    np.save(path, table)
    ran = subprocess.run(
        [command(), "fit", str(path), "--json", "--device", "cpu", *args], capture_output=True, text=True, check=True
    )
    return json.loads(ran.stdout)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("init", ["k-means++", "random"])
@pytest.mark.parametrize("tol", [0, 0.01])
def test_fingerprints_are_those_of_the_command(tmp_path, dtype, init, tol):
    table = load_wine().data.astype(dtype)
    args = ["-k", "4", "-r", "5", "--seed", "7", "--init", init, "--tol", str(tol)]
    theirs = of_command(table, tmp_path, *args)
    ours = KMeans(4, n_init=5, random_state=7, init=init, tol=tol).fit(table)
    assert ours.fingerprint_ == theirs["fingerprint"]
    assert ours.inertia_ == theirs["best"]["inertia"]
    assert len(ours.restarts_) == 5


def test_every_layout_and_every_number_of_threads_has_the_same_bits(digits):
    whole = KMeans(10, random_state=3).fit(digits)
    wide = np.zeros((len(digits), 128))
    wide[:, ::2] = digits
    unaligned = np.frombuffer(b"x" + digits.tobytes(), dtype=np.uint8)[1:].view(np.float64).reshape(digits.shape)
    for table in [np.asfortranarray(digits), wide[:, ::2], digits[::-1][::-1], unaligned, digits.astype(">f8")]:
        assert KMeans(10, random_state=3).fit(table).fingerprint_ == whole.fingerprint_
    for n_jobs in [1, 2, 5, -1]:
        assert KMeans(10, random_state=3, n_jobs=n_jobs).fit(digits).fingerprint_ == whole.fingerprint_


def software():
    found = devices()
    return [str(name) for name, is_software in zip(found["name"], found["software"], strict=True) if is_software]


def test_a_gpu_has_the_same_bits(digits):
    adapters = software()
    if not adapters:
        if os.environ.get("CAIRN_REQUIRE_GPU"):
            pytest.fail("there is no software adapter")
        pytest.skip("there is no software adapter")
    name = adapters[0].split(" ")[0]
    on_gpu = KMeans(10, n_init=3, random_state=1, device=name).fit(digits)
    on_cpu = KMeans(10, n_init=3, random_state=1, device="cpu").fit(digits)
    assert on_gpu.device_.startswith("gpu") and on_cpu.device_.startswith("cpu")
    assert on_gpu.fingerprint_ == on_cpu.fingerprint_
    np.testing.assert_array_equal(on_gpu.cluster_centers_, on_cpu.cluster_centers_)


@pytest.mark.parametrize("tol", [1e-4, 1e-2, 0.5])
@pytest.mark.parametrize("weighted", [False, True])
def test_tol_means_what_scikit_learn_means(tol, weighted):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 4)) * [1, 5, 0.2, 1]
    weights = rng.exponential(size=600) ** 3 if weighted else None
    starts = X[:7]
    ours = KMeans(7, init=starts, n_init=1, tol=tol).fit(X, sample_weight=weights)
    theirs = Theirs(7, init=starts, n_init=1, tol=tol).fit(X, sample_weight=weights)
    assert ours.n_iter_ == theirs.n_iter_
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, atol=1e-6)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)


def test_a_weighted_tolerance_is_converted():
    # the heavy rows vary little, the light ones much: with the weighted variance it would stop later
    X = np.concatenate([np.linspace(0, 1, 50), np.linspace(0, 1000, 50)])[:, None]
    weights = np.repeat([1000.0, 1.0], 50)
    starts = np.array([[0.0], [0.1], [0.2], [500.0]])
    for tol in [1e-4, 1e-3, 1e-2]:
        ours = KMeans(4, init=starts, n_init=1, tol=tol).fit(X, sample_weight=weights)
        theirs = Theirs(4, init=starts, n_init=1, tol=tol).fit(X, sample_weight=weights)
        assert ours.n_iter_ == theirs.n_iter_


def test_integer_seeds_repeat_and_generators_are_drawn_from():
    X = np.random.default_rng(1).normal(size=(200, 2))
    fit = lambda random_state: KMeans(5, n_init=3, random_state=random_state).fit(X).fingerprint_  # noqa: E731
    assert fit(5) == fit(5) != fit(6)
    generator = np.random.RandomState(0)
    first, second = fit(generator), fit(generator)
    assert first != second
    assert fit(np.random.RandomState(0)) == first
    np.random.seed(3)
    drawn = fit(None)
    np.random.seed(3)
    assert fit(None) == drawn != fit(None)


def test_callables_start_every_restart():
    X = load_iris().data
    seen = []

    def init(rows, n_clusters, random_state):
        seen.append(random_state.randint(1000))
        return rows[random_state.choice(len(rows), n_clusters, replace=False)]

    fitted = KMeans(3, init=init, n_init=4, random_state=0).fit(X)
    assert len(set(seen)) == 4 and len(fitted.restarts_) == 4
    assert fitted.inertia_ == fitted.restarts_["inertia"].min()


def test_restarts_tell_how_each_went(digits):
    fitted = KMeans(10, n_init=6, random_state=0, max_iter=15, tol=0).fit(digits)
    restarts = fitted.restarts_
    assert restarts["restart"].tolist() == list(range(6))
    assert restarts["inertia"].min() == fitted.inertia_
    assert set(restarts["stopped"]) <= {"fixed_point", "max_iter"}
    assert (restarts["iterations"][restarts["stopped"] == "max_iter"] == 15).all()
    best = np.argmin(restarts["inertia"])
    assert restarts["iterations"][best] == fitted.n_iter_


def test_predictions_are_exact_also_of_float32(digits):
    rows = digits.astype(np.float32) / 3
    fitted = KMeans(12, random_state=0, max_iter=3).fit(rows)
    assert fitted.cluster_centers_.dtype == np.float32
    np.testing.assert_array_equal(fitted.predict(rows), fitted.labels_)
    assert fitted.score(rows) == pytest.approx(-fitted.inertia_)
    assert fitted.transform(rows).dtype == np.float32
    np.testing.assert_array_equal(fitted.transform(rows).argmin(axis=1), fitted.labels_)


def test_many_rows_are_predicted_in_blocks():
    X = np.random.default_rng(0).normal(size=(70_000, 3))
    fitted = KMeans(4, random_state=0).fit(X)
    np.testing.assert_array_equal(fitted.predict(X), fitted.labels_)
    assert fitted.transform(X).shape == (70_000, 4)
    weights = np.arange(70_000.0)
    expected = -(fitted.transform(X).min(axis=1) ** 2 * weights).sum()
    assert fitted.score(X, sample_weight=weights) == pytest.approx(expected)


def test_centroids_set_by_hand_are_used(digits):
    fitted = KMeans(3, random_state=0).fit(digits)
    fitted.cluster_centers_ = digits[[5, 6, 7]]
    assert fitted.predict(digits[[7, 5, 6]]).tolist() == [2, 0, 1]
    assert fitted.transform(digits[[7]])[0, 2] == 0
    assert fitted.score(digits[[7, 5]]) == 0


def test_the_metric_cosine_is_that_of_the_command(tmp_path, digits):
    theirs = of_command(digits, tmp_path, "-k", "6", "-r", "3", "--seed", "5", "--metric", "cosine")
    ours = KMeans(6, n_init=3, random_state=5, tol=0, metric="cosine").fit(digits)
    assert ours.fingerprint_ == theirs["fingerprint"]
    np.testing.assert_allclose(np.linalg.norm(ours.cluster_centers_, axis=1), 1, atol=1e-8)
    # labels are those of the largest cosine, of rows of any length
    cosines = digits / np.linalg.norm(digits, axis=1, keepdims=True) @ ours.cluster_centers_.T
    np.testing.assert_array_equal(ours.labels_, cosines.argmax(axis=1))
    np.testing.assert_array_equal(ours.predict(digits * 1e-3), ours.labels_)
    np.testing.assert_allclose(ours.transform(digits) ** 2, 2 - 2 * cosines, atol=1e-8)
    path = tmp_path / "model.safetensors"
    ours.save(path)
    again = KMeans.load(path)
    assert again.metric == "cosine" and again.model_ == ours.model_
    runs = sweep(digits, [6], seeds=[5], n_init=3, tol=0, metric="cosine", measures=False)
    assert runs["fingerprint"].tolist() == [ours.fingerprint_]


def test_what_the_metric_cosine_refuses(digits):
    rows = digits.copy()
    rows[4] = 0
    with pytest.raises(ValueError, match="row 5: all its values are 0"):
        KMeans(3, metric="cosine").fit(rows)
    fitted = KMeans(3, metric="cosine").fit(digits)
    with pytest.raises(ValueError, match="row 5: all its values are 0"):
        fitted.predict(rows)
    with pytest.raises(ValueError, match="Normalizer"):
        fitted.to_sklearn()
    with pytest.raises(ValueError, match="'metric' parameter"):
        KMeans(3, metric="manhattan").fit(digits)
    with pytest.raises(ValueError, match="metric='manhattan'"):
        sweep(digits, [3], metric="manhattan")
    # centroids that someone sets are compared by the metric too
    fitted.cluster_centers_ = fitted.cluster_centers_[::-1].copy()
    np.testing.assert_array_equal(fitted.predict(digits * 7), 2 - fitted.labels_)


def test_searches_are_those_of_the_command(tmp_path, digits):
    theirs = of_command(digits, tmp_path, "-k", "12", "-r", "15", "--seed", "5", "--refine", "--search", "evolve",
                        "--population", "4")
    ours = KMeans(12, n_init=15, random_state=5, tol=0, refine=True, population=4).fit(digits)
    assert ours.fingerprint_ == theirs["fingerprint"]
    assert ours.inertia_ < KMeans(12, n_init=15, random_state=5, tol=0).fit(digits).inertia_


def test_what_searches_refuse(digits):
    with pytest.raises(ValueError, match="'population' parameter"):
        KMeans(3, population=0).fit(digits)
    with pytest.raises(ValueError, match="cosine"):
        KMeans(3, metric="cosine", refine=True).fit(digits)


def test_limits_on_sizes_are_those_of_the_command(tmp_path, digits):
    theirs = of_command(digits, tmp_path, "-k", "6", "-r", "2", "--seed", "5", "--min-size", "290", "--max-size", "310")
    ours = KMeans(6, n_init=2, random_state=5, tol=0, min_size=290, max_size=310).fit(digits)
    assert ours.fingerprint_ == theirs["fingerprint"]
    counts = np.bincount(ours.labels_, minlength=6)
    assert 290 <= counts.min() and counts.max() <= 310
    # the cost is what the labels of `predict`, which know no limits, save
    own = ours.inertia_ + ours.score(digits)
    assert ours.limits_cost_ > 0 and ours.limits_cost_ == pytest.approx(own, rel=1e-6)
    assert (ours.labels_ != ours.predict(digits)).any()
    assert KMeans(6, random_state=5).fit(digits).limits_cost_ == 0
    again = clone(ours)
    assert (again.min_size, again.max_size) == (290, 310)
    assert again.fit(digits).fingerprint_ == ours.fingerprint_
    # one limit alone; rows of weight 0 do not count
    half = np.arange(len(digits)) % 2.0
    few = KMeans(6, random_state=5, max_size=150).fit(digits, sample_weight=half * 3)
    assert np.bincount(few.labels_[half > 0]).max() <= 150


def test_what_limits_on_sizes_refuse(digits):
    for wrong in (0, -1, 2.5, 2**64):
        with pytest.raises(ValueError, match="'min_size' parameter"):
            KMeans(3, min_size=wrong).fit(digits)
        with pytest.raises(ValueError, match="'max_size' parameter"):
            KMeans(3, max_size=wrong).fit(digits)
    with pytest.raises(ValueError, match="at least 5 rows and at most 4"):
        KMeans(3, min_size=5, max_size=4).fit(digits)
    with pytest.raises(ValueError, match="at least 600 rows need 1800 rows, and there are 1797"):
        KMeans(3, min_size=600).fit(digits)
    with pytest.raises(ValueError, match="at most 598 rows hold 1794 rows, and there are 1797"):
        KMeans(3, max_size=598).fit(digits)
    with pytest.raises(ValueError, match="times the weight of row 1"):
        KMeans(3, max_size=900).fit(digits, sample_weight=np.arange(1.0, 1798.0))
    with pytest.raises(ValueError, match="limits on the sizes"):
        KMeans(3, max_size=900, refine=True).fit(digits)
    with pytest.raises(ValueError, match="limits on the sizes"):
        KMeans(3, max_size=900, population=2).fit(digits)
