from importlib import import_module

import pytest

from retable.errors import ConfigError
from retable.models.gresnet import GatedResidualNetwork
from retable.registry import BASELINES, FEATURES, MODELS, TWINS, Registry, load, module_of


@pytest.mark.parametrize("registry", [FEATURES, MODELS, BASELINES])
def test_every_name_can_be_loaded(registry):
    assert all(callable(load(registry, name)) for name in registry)


def test_an_attribute_or_a_whole_module():
    assert load(MODELS, "gresnet") is GatedResidualNetwork
    assert load(Registry("JSON", {"json": "json"}), "json") is import_module("json")


def test_the_module_behind_a_name():
    assert module_of(MODELS, "gresnet") == "retable.models.gresnet"
    assert module_of(TWINS, "savee") == "retable.corpora.savee_twin"


@pytest.mark.parametrize("look_up", [load, module_of])
def test_an_unknown_name_is_answered_with_the_file_and_the_known_ones(look_up):
    message = (
        r"workflow/retable/registry\.py: 1 fault\n  - FEATURES has no 'mfcc'; add the module "
        r"behind it there, or choose one of: logmel_patches, logmel_statistics, normalised"
    )
    with pytest.raises(ConfigError, match=message):
        look_up(FEATURES, "mfcc")
