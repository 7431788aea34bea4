"""Clips that are longer than what the sample network with embeddings sees of them."""

import pytest
from sample_crops import REGISTERED, write_crop_inputs

from retable.registry import MODELS
from retable.training.inputs import InputFiles


@pytest.fixture
def embedding_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample part's kind of network is the one with embeddings."""
    for kind, place in REGISTERED.items():
        monkeypatch.setitem(MODELS, kind, place)


@pytest.fixture(scope="session")
def crop_inputs(tmp_path_factory: pytest.TempPathFactory) -> InputFiles:
    """Files of the clips; read them, do not change them."""
    return write_crop_inputs(tmp_path_factory.mktemp("inputs") / "crops")
