"""Published initial weights: of all but the last layer (densenet_ser, section III)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from retable.checksums import file_checksum
from retable.spec.part import Part
from retable.training.initial_weights import InitialWeights, copy_weights


@dataclass(frozen=True)
class PublishedInitialWeights(InitialWeights):
    """Weights under the names of torchvision's module."""

    origin: Mapping[str, str]
    """Which they are, as `retable.weights.convert.write_origin` has it."""

    @property
    def recorded(self) -> dict[str, str]:
        """The published file."""
        return {key: self.origin[key] for key in ("weights", "file", "sha256")}

    def load(self, network: nn.Module, part: Part) -> None:
        """Sets all parameters and buffers of a torchvision network but those of its last layer.

        The network holds torchvision's module as `network`, and in `fresh_parameters` names what
        keeps its random values: the classes of the publisher are none of ours.
        """
        holder: Any = network
        copy_weights(
            self.path,
            holder.network.state_dict(),
            holder.fresh_parameters,
            network="the network",
            file="the file",
            advice="published weights are for the original's sizes: give the model those, or "
            "weights: none",
        )


def find_published_weights(path: Path) -> PublishedInitialWeights:
    """The weights in a safetensors file, of whose origin a JSON of the same stem tells."""
    origin = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return PublishedInitialWeights(path, file_checksum(path, "sha256"), origin)
