"""Published initial weights: of all but the last layer (densenet_ser, section III)."""

import json
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import nn

from retable.corpora.files import file_checksum
from retable.errors import TrainingError
from retable.training.warm_start import InitialWeights, difference, shape_text


def find_published_weights(path: Path) -> InitialWeights:
    """The weights in a safetensors file, of whose origin a JSON of the same stem tells."""
    origin = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return InitialWeights(path, file_checksum(path, "sha256"), origin)


def load_published_weights(network: nn.Module, path: Path) -> None:
    """Sets all parameters and buffers of a torchvision network but those of its last layer.

    Args:
        network: holds torchvision's module as `network`, and in `fresh_parameters` names what keeps
            its random values: the classes of the publisher are none of ours.
        path: safetensors under the names of torchvision's module.

    Raises:
        TrainingError: a parameter is not in the file, or has another shape there.
    """
    holder: Any = network
    given = load_file(path)
    for name, values in holder.network.state_dict().items():
        if name in holder.fresh_parameters:
            continue
        if there := difference(values, given.get(name)):
            raise TrainingError(
                f"{path}: the network needs {name} of shape {shape_text(values.shape)}, but the "
                f"file {there}; published weights are for the original's sizes: give the model "
                "those, or weights: none"
            )
        values.copy_(given[name])
