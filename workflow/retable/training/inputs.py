"""The files that an input of a part is read from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class InputFiles:
    """Files of one input: the clips of a dataset, what is seen of them, and how they are split."""

    dataset: Path
    feature_shards: Sequence[Path]
    split: Path
    """Roles of the clips in every repeat and fold."""
    standardisation: Path | None
    """Statistics of the training clips of every repeat and fold; None leaves features as stored."""
    source: str
    """Where the corpus was read from, for the record."""


def input_files(params: Mapping[str, Any]) -> InputFiles:
    """The files as a rule's params name them: dataset, features, split, standardisation, source.

    `standardisation` is empty where there is none.
    """
    return InputFiles(
        Path(params["dataset"]),
        [Path(shard) for shard in params["features"]],
        Path(params["split"]),
        Path(params["standardisation"]) if params["standardisation"] else None,
        params["source"],
    )
