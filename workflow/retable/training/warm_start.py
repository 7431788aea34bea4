"""Initial weights from the run of another experiment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from retable.corpora.files import file_checksum
from retable.errors import DataError, TrainingError
from retable.spec.part import Part, Run
from retable.training.parameter_names import matching_names


@dataclass(frozen=True)
class InitialWeights:
    """The file that a run starts from."""

    path: Path
    sha256: str
    origin: Mapping[str, str] | None = None
    """Where published weights are from; None of those of another experiment."""


def find_initial_weights(part: Part, run: Run, folders: Sequence[Path]) -> InitialWeights | None:
    """The weights of `part.warm_start` for the same repeat and fold; None without a warm start.

    Args:
        part: whose runs these are.
        run: one of them.
        folders: with one safetensors file a run of the experiment that is started from.

    Raises:
        DataError: no folder has the run's file.
    """
    if part.warm_start is None:
        return None
    paths = [folder / f"{run.name}.safetensors" for folder in folders]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise DataError(
            f"{part.experiment} {part.variant} {run.name} starts from the weights of "
            f"{part.warm_start.experiment}, but {run.name}.safetensors is in none of "
            f"{', '.join(map(str, folders)) or 'no folders'}; let both experiments have the same "
            "repeats and folds"
        )
    return InitialWeights(path, file_checksum(path, "sha256"))


def load_initial_weights(network: nn.Module, part: Part, weights: InitialWeights) -> None:
    """Sets all parameters and buffers but the fresh ones; what else the file holds is not needed.

    Raises:
        ConfigError: a pattern of `warm_start.fresh` matches nothing.
        TrainingError: a parameter is not in the file, or has another shape there.
    """
    assert part.warm_start is not None
    own, given = network.state_dict(), load_file(weights.path)
    name = f"{part.experiment} {part.variant}"
    fresh = matching_names(own, part.warm_start.fresh, name, "warm_start.fresh")
    for parameter, values in own.items():
        if parameter in fresh:
            continue
        if there := difference(values, given.get(parameter)):
            raise TrainingError(
                f"{weights.path}: the network of {name} needs {parameter} of shape "
                f"{shape_text(values.shape)}, but the file, from {part.warm_start.experiment}, "
                f"{there}; give both experiments the same sizes, or name the parameter in "
                "warm_start.fresh to initialise it anew"
            )
        values.copy_(given[parameter])


def difference(values: torch.Tensor, given: torch.Tensor | None) -> str:
    """Why a file's values cannot be those of a parameter, as `has 8x8`; empty where they can."""
    if given is None:
        return "lacks it"
    return "" if given.shape == values.shape else f"has {shape_text(given.shape)}"


def shape_text(shape: Sequence[int]) -> str:
    """A shape as `8x3x3`, for messages."""
    return "x".join(map(str, shape)) or "scalar"
