"""Initial weights from the run of another experiment."""

from collections.abc import Sequence
from pathlib import Path

from torch import nn

from retable.checksums import file_checksum
from retable.errors import DataError
from retable.spec.part import Part, Run
from retable.training.initial_weights import InitialWeights, copy_weights
from retable.training.parameter_names import matching_names


class WarmStartWeights(InitialWeights):
    """Weights of a run of the experiment that `part.warm_start` names."""

    @property
    def recorded(self) -> str:
        """In words: the record names the experiment elsewhere."""
        return "warm start"

    def load(self, network: nn.Module, part: Part) -> None:
        """Sets all parameters and buffers but those that a pattern of `warm_start.fresh` matches.

        Raises ConfigError when a pattern matches nothing.
        """
        assert part.warm_start is not None
        state, name = network.state_dict(), f"{part.experiment} {part.variant}"
        copy_weights(
            self.path,
            state,
            matching_names(state, part.warm_start.fresh, name, "warm_start.fresh"),
            network=f"the network of {name}",
            file=f"the file, from {part.warm_start.experiment},",
            advice="give both experiments the same sizes, or name the parameter in "
            "warm_start.fresh to initialise it anew",
        )


def find_warm_start(part: Part, run: Run, folders: Sequence[Path]) -> WarmStartWeights | None:
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
    return WarmStartWeights(path, file_checksum(path, "sha256"))
