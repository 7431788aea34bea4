"""What a network starts from instead of random numbers: the weights in a file."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from retable.errors import TrainingError
from retable.spec.part import Part


@dataclass(frozen=True)
class InitialWeights(ABC):
    """The file that a run starts from."""

    path: Path
    """Safetensors."""
    sha256: str

    @property
    @abstractmethod
    def recorded(self) -> str | dict[str, str]:
        """What the record of a run says of its start."""

    @abstractmethod
    def load(self, network: nn.Module, part: Part) -> None:
        """Sets the parameters and buffers of a network of `part` that are not to start anew.

        Raises:
            ConfigError: what shall start anew is not in the network.
            TrainingError: a parameter is not in the file, or has another shape there.
        """


def copy_weights(
    path: Path,
    state: Mapping[str, torch.Tensor],
    fresh: Collection[str],
    *,
    network: str,
    file: str,
    advice: str,
) -> None:
    """Sets parameters and buffers from a file; what else this holds is not needed.

    Args:
        path: of safetensors by the names in `state`.
        state: parameters and buffers of the network.
        fresh: names of those that keep their values.
        network: which it is, for messages.
        file: which it is, for messages.
        advice: what to do where they do not fit.

    Raises TrainingError when a parameter is not in the file, or has another shape there.
    """
    given = load_file(path)
    for name, values in state.items():
        if name in fresh:
            continue
        if difference := _difference(values, given.get(name)):
            raise TrainingError(
                f"{path}: {network} needs {name} of shape {_shape(values.shape)}, but {file} "
                f"{difference}; {advice}"
            )
        values.copy_(given[name])


def _difference(values: torch.Tensor, given: torch.Tensor | None) -> str:
    """Why a file's values cannot be those of a parameter, as `has 8x8`; empty where they can."""
    if given is None:
        return "lacks it"
    return "" if given.shape == values.shape else f"has {_shape(given.shape)}"


def _shape(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "scalar"
