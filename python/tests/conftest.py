"""Fixtures. ``CAIRN_LONG=1`` runs scikit-learn's tests with seeds 0 to 9, else 0 and 1."""

import os

import numpy as np
import pytest
from sklearn.datasets import load_digits

SEEDS = range(10 if os.environ.get("CAIRN_LONG") == "1" else 2)


@pytest.fixture(params=SEEDS)
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
