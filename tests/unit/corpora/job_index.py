"""The index of a corpus by way of the files that its job writes."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from retable.corpora.index import read_manifest
from retable.corpora.tables import write_index
from retable.spec.corpus import Corpus


def index(
    root: Path,
    corpus: Corpus,
    folders: Sequence[str],
    *,
    partial: bool = False,
    only: Sequence[str] = (),
    output: Path | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Manifest and rejected clips; the files are written to `output`, by default to `root`."""
    tables = ("manifest", "rejected", "facts", "report")
    files = {name: (output or root) / f"{name}.tsv" for name in tables}
    write_index(root, folders, corpus, partial=partial, threads=2, only=only, **files)
    return read_manifest(files["manifest"]), read_manifest(files["rejected"])
