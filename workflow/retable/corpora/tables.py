"""The tables of a corpus as files: manifest, rejected clips, datasets."""

from collections.abc import Sequence
from pathlib import Path

from retable.corpora.datasets import select_clips
from retable.corpora.index import (
    check_named,
    check_rejections,
    index_clips,
    read_manifest,
    write_manifest,
)
from retable.corpora.metadata import find_metadata
from retable.registry import CORPORA, load
from retable.spec.corpus import Corpus, Dataset


def write_index(
    root: Path,
    folders: Sequence[str],
    corpus: Corpus,
    *,
    partial: bool,
    threads: int,
    manifest: Path,
    rejected: Path,
    report: Path,
) -> None:
    """Indexes the clips of a corpus below `root`.

    Args:
        root: what the paths of clips are relative to.
        folders: where its clips and metadata files are, below `root`.
        corpus: its spec.
        partial: whether clips that the metadata names may be missing.
        threads: files to decode at a time.
        manifest: table of the clips to write.
        rejected: table of the rejected clips to write.
        report: the same, in a place that outlives a failed job.

    Raises:
        DataError: a metadata file is missing or faulty, a clip that it names is missing, there is
            no clip at all, or more are rejected than the corpus allows.
    """
    module = load(CORPORA, corpus.corpus)
    descriptions = module.clip_descriptions(find_metadata(root, folders, module.METADATA))
    clips, refused = index_clips(root, folders, corpus, descriptions, threads)
    write_manifest(refused, report)
    check_rejections(clips, refused, corpus, folders, report)
    if not partial:
        check_named(clips, refused, descriptions.named, corpus)
    write_manifest(refused, rejected)
    write_manifest(clips, manifest)


def write_dataset(manifest: Path, dataset: Dataset, output: Path) -> None:
    """Writes the rows of a manifest that a dataset selects."""
    write_manifest(select_clips(read_manifest(manifest), dataset), output)
