"""scikit-learn's checks of estimators."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from cairn_kmeans import KMeans

#: Checks that are expected to fail, and why. scikit-learn expects both of its own KMeans too.
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "rows are drawn by position, so that copies change the draws",
    "check_sample_weight_equivalence_on_sparse_data": "rows are drawn by position, so that copies change the draws",
}


@parametrize_with_checks([KMeans(n_clusters=3, n_init=2)], expected_failed_checks=lambda _: EXPECTED)
def test_check(estimator, check):
    check(estimator)


def test_scikit_learn_expects_the_same_of_its_own():
    generator = pytest.importorskip("sklearn.utils._test_common.instance_generator")
    from sklearn.cluster import KMeans as Theirs

    theirs = generator._get_expected_failed_checks(Theirs())
    assert set(EXPECTED) <= set(theirs)
