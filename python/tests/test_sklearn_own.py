"""scikit-learn's own tests of its KMeans, from the installed package, on this KMeans."""

import importlib.util
import inspect
import re
import sys

import pytest
import sklearn.cluster
import sklearn.cluster._kmeans

from cairn_kmeans import KMeans

#: Test functions that are left out, and why.
LEFT_OUT = {
    "test_kmeans_verbose": "tests the text of scikit-learn's verbose",
    "test_sample_weight_init": "calls the private method _init_centroids",
    "test_sample_weight_zero": "calls the private method _init_centroids",
}


def own_tests():
    """The module, as if its KMeans were this one."""
    path = re.sub(r"__init__\.py$", "tests/test_k_means.py", sklearn.cluster.__file__)
    spec = importlib.util.spec_from_file_location("sklearn_test_k_means", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    theirs = sklearn.cluster.KMeans
    sklearn.cluster.KMeans = KMeans
    try:
        spec.loader.exec_module(module)
    finally:
        sklearn.cluster.KMeans = theirs
    return module


MODULE = own_tests()


@pytest.fixture(autouse=True)
def _function_k_means_uses_ours(monkeypatch):
    monkeypatch.setattr(sklearn.cluster._kmeans, "KMeans", KMeans)


def of_kmeans(function):
    """Whether a test is of KMeans, not of private functions or of MiniBatchKMeans alone."""
    source = inspect.getsource(function)
    return re.search(r"\bKMeans\b|\bEstimator\b|\bKlass\b|\bk_means\(", source) is not None


NAMES = [name for name, function in vars(MODULE).items() if name.startswith("test_") and of_kmeans(function)]
globals().update({name: getattr(MODULE, name) for name in NAMES if name not in LEFT_OUT})


def test_few_are_left_out_and_all_of_them_exist():
    assert len(LEFT_OUT) <= 12
    assert set(LEFT_OUT) <= set(NAMES)
    assert len(NAMES) >= 35, NAMES
    assert MODULE.KMeans is KMeans
