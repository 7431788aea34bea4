from importlib import import_module

import pytest

from retable.errors import ConfigError
from retable.models.gresnet import GatedResidualNetwork
from retable.registry import BASELINES, FEATURES, MODELS, load


@pytest.mark.parametrize("registry", [FEATURES, MODELS, BASELINES])
def test_every_name_can_be_loaded(registry):
    assert all(callable(load(registry, name)) for name in registry)


def test_an_attribute_or_a_whole_module():
    assert load(MODELS, "gresnet") is GatedResidualNetwork
    assert load({"json": "json"}, "json") is import_module("json")


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"'mfcc' is not known; .*logmel_statistics, normalised"):
        load(FEATURES, "mfcc")
