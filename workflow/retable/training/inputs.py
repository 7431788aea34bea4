"""The files that an input of a part is read from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class InputFiles:
    """Files of one input: its clips, what is seen of them, and how they are split."""

    datasets: Sequence[Path]
    """Tables of the clips: of the dataset that is split, then of those of extra training clips."""
    feature_shards: Sequence[Path]
    """Of all datasets."""
    split: Path
    """Roles of the clips in every repeat and fold."""
    standardisation: Path | None
    """Statistics of the training clips of every repeat and fold; None leaves features as stored."""
    sources: Sequence[str]
    """Where the corpus of each dataset was read from, for the record."""

    @property
    def dataset(self) -> Path:
        """Table of the dataset that is split: of all clips that are held out."""
        return self.datasets[0]


def input_files(params: Mapping[str, Any]) -> InputFiles:
    """The files as a rule's params name them: datasets, features, split, standardisation, sources.

    `standardisation` is empty where there is none.
    """
    return InputFiles(
        [Path(table) for table in params["datasets"]],
        [Path(shard) for shard in params["features"]],
        Path(params["split"]),
        Path(params["standardisation"]) if params["standardisation"] else None,
        list(params["sources"]),
    )
