"""The tables of a corpus as files: manifest, rejected clips, datasets."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from retable.corpora.datasets import check_classes, select_clips, select_rejected
from retable.corpora.index import (
    check_groups,
    check_named,
    check_rejections,
    index_clips,
    read_manifest,
)
from retable.corpora.metadata import find_metadata
from retable.registry import CORPORA, load
from retable.spec.base import canonical_json
from retable.spec.corpus import Corpus, Dataset
from retable.tsv import write_tsv


def write_index(
    root: Path,
    folders: Sequence[str],
    corpus: Corpus,
    *,
    partial: bool,
    threads: int,
    manifest: Path,
    rejected: Path,
    facts: Path,
    report: Path,
    only: Sequence[str] = (),
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
        facts: JSON to write: how many `clips` and `rejected` there are, how many of the clips are
            `remarked`, and as `described` what the metadata files say of the whole corpus.
        report: the same, in a place that outlives a failed job.
        only: patterns of the files that are needed (`PathPatterns`); all are when it is empty.

    Raises:
        DataError: a metadata file is missing or faulty, a clip that it names is missing, there is
            no clip at all, more are rejected than the corpus allows, or a group has clips of
            several classes of a task that its clips share.
    """
    module = load(CORPORA, corpus.corpus)
    descriptions = module.clip_descriptions(find_metadata(root, folders, module.METADATA, only))
    clips, refused = index_clips(root, folders, corpus, descriptions, threads, only)
    write_tsv(refused, report)
    check_rejections(clips, refused, corpus, folders, report)
    if not partial:
        check_named(clips, refused, descriptions.named, corpus)
    check_groups(clips, corpus)
    write_tsv(refused, rejected)
    write_tsv(clips, manifest)
    counts = {
        "clips": len(clips),
        "rejected": len(refused),
        "remarked": int((clips["remark"] != "").sum()),
        "described": {**descriptions.facts},
    }
    facts.write_text(canonical_json(counts) + "\n", encoding="utf-8")


def write_dataset(
    manifest: Path,
    rejected: Path,
    dataset: Dataset,
    classes: Mapping[str, Sequence[str]],
    output: Path,
    output_rejected: Path,
) -> None:
    """Writes the rows of a manifest that a dataset selects, with the classes' names in it.

    Args:
        manifest: table of the clips of a corpus.
        rejected: table of its rejected clips.
        dataset: which of them to select, and what their classes are called in it.
        classes: task -> classes that must have clips; none for a corpus that may lack some.
        output: table of the selected clips to write.
        output_rejected: table of the rejected clips of the dataset to write (`select_rejected`).

    Raises:
        DataError: no clip is selected, or none of a class.
    """
    indexed = read_manifest(manifest)
    clips = select_clips(indexed, dataset)
    check_classes(clips, classes, f"{output}, cut from {manifest}")
    write_tsv(select_rejected(read_manifest(rejected), indexed, dataset), output_rejected)
    write_tsv(clips, output)
