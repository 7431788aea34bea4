import pytest

from retable.corpora import crema_d, tess
from retable.corpora.misnamed import correction, upstream_name

MISNAMED = {"dgo_1": "dog_1", "ctt_2": "cat_2"}


def test_a_clip_under_a_wrong_name_gets_the_right_one_and_a_remark():
    assert correction("dgo_1", "dog_1") == {
        "clip_id": "dog_1",
        "remark": "named dgo_1 instead of dog_1",
    }
    assert correction("dog_3", "dog_3") == {}


@pytest.mark.parametrize(
    ("meant", "name"), [("cat_2", "ctt_2"), ("dog_1", "dgo_1"), ("dog_2", "dog_2")]
)
def test_upstreams_name_of_a_clip_is_found_by_the_right_one(meant, name):
    assert upstream_name(meant, MISNAMED) == name


@pytest.mark.parametrize("corpus", [crema_d, tess])
def test_no_name_is_meant_by_two(corpus):
    assert len(set(corpus.MISNAMED.values())) == len(corpus.MISNAMED)
