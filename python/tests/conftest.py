"""Fixtures. scikit-learn's tests run with seeds 0 to 9."""

import numpy as np
import pytest
from sklearn.datasets import load_digits


@pytest.fixture(params=range(10))
def global_random_seed(request):
    """As scikit-learn's own fixture."""
    return request.param


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def global_dtype(request):
    """As scikit-learn's own fixture."""
    return request.param


@pytest.fixture(scope="session")
def digits():
    return load_digits().data


def pytest_collection_modifyitems(items):
    """Leaves out scikit-learn's tests of its MiniBatchKMeans."""
    items[:] = [item for item in items if "MiniBatchKMeans" not in item.name and "minibatch" not in item.name]
