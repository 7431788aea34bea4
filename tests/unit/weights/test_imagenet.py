"""What `workflow/weights/imagenet.yaml` says of the files, held against torchvision's own list."""

from typing import get_args

import pytest
import yaml
from torchvision import models

from repository import WORKFLOW
from retable.spec.model import Architecture
from retable.spec.weights import PublishedWeights

YAML = WORKFLOW / "weights" / "imagenet.yaml"


@pytest.fixture(scope="module")
def imagenet():
    return PublishedWeights.model_validate(yaml.safe_load(YAML.read_text(encoding="utf-8")))


def test_every_architecture_has_a_file(imagenet):
    assert set(imagenet.files) == set(get_args(Architecture))


@pytest.mark.parametrize("architecture", get_args(Architecture))
def test_names_addresses_checksums_and_sizes_are_those_of_torchvision(imagenet, architecture):
    file = imagenet.files[architecture]
    theirs = models.get_model_weights(architecture).IMAGENET1K_V1
    assert file.urls == (theirs.url,)
    assert theirs.url.endswith(f"/{file.name}")
    # torch.hub takes the digits between the last hyphen and the suffix for the sha256 to expect.
    assert file.sha256 == file.name.removesuffix(".pth").rpartition("-")[2]
    # In units of 2**20 bytes, with three decimals.
    assert file.bytes / 2**20 == pytest.approx(theirs.meta["_file_size"], abs=0.0006)
    assert not file.has_exact_size
