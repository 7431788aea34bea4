"""Fixtures of the tests of tables."""

import pytest

from emotion_table import write_scores


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Scores and confusions with the recalls that Table 3 of vggvox_mtl prints."""
    return write_scores(tmp_path_factory.mktemp("scores"))
