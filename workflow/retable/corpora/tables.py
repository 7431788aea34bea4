"""The tables of a corpus as files: manifest, rejected clips, datasets."""

from pathlib import Path

from retable.corpora.datasets import select_clips
from retable.corpora.index import check_rejections, index_clips, read_manifest, write_manifest
from retable.registry import CORPORA, load
from retable.spec.corpus import Corpus, Dataset


def write_index(
    root: Path, corpus: Corpus, *, threads: int, manifest: Path, rejected: Path, report: Path
) -> None:
    """Indexes the clips of a corpus below `root`.

    Args:
        manifest: table of the clips to write.
        rejected: table of the rejected clips to write.
        report: the same, in a place that outlives a failed job.

    Raises:
        DataError: there is no clip, or more are rejected than the corpus allows.
    """
    clips, refused = index_clips(root, corpus, load(CORPORA, corpus.corpus).describe_clip, threads)
    write_manifest(refused, report)
    check_rejections(clips, refused, corpus, report)
    write_manifest(refused, rejected)
    write_manifest(clips, manifest)


def write_dataset(manifest: Path, dataset: Dataset, output: Path) -> None:
    """Writes the rows of a manifest that a dataset selects."""
    write_manifest(select_clips(read_manifest(manifest), dataset), output)
