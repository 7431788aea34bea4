"""All checks of a finished build."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from retable.checks.check import Check
from retable.checks.results import (
    check_metrics,
    check_predictions,
    check_tables_complete,
)
from retable.checks.splits import check_fold_sizes, check_leakage
from retable.corpora.counts import count_faults
from retable.corpora.index import read_manifest
from retable.corpora.selection import kept_clips
from retable.registry import CORPORA, load
from retable.spec.corpus import Promise
from retable.tables.published import read_published

FilesBySubject = Mapping[str, Sequence[str]]

_ADVICE = (
    ". Complete or correct the corpus; where a part of it is meant, set corpora.{corpus}.partial: "
    "true"
)


def build_checks(
    *,
    manifests: FilesBySubject,
    promises: Mapping[str, Promise],
    splits: FilesBySubject,
    predictions: FilesBySubject,
    scores: FilesBySubject,
    tables: Mapping[str, FilesBySubject],
) -> list[Check]:
    """Every check, in the order of the pipeline.

    Args:
        manifests: corpus -> its manifest and its table of rejected clips.
        promises: corpus -> what it promises to hold.
        splits: subject -> audit and facts of a split.
        predictions: subject -> prediction files of one experiment and variant.
        scores: subject -> scores and confusion counts of one experiment.
        tables: `published.csv` of a paper -> its tables -> their long forms.
    """
    checks = [
        check_counts(name, Path(manifest), Path(rejected), promises[name])
        for name, (manifest, rejected) in manifests.items()
    ]
    for subject, (audit, facts) in splits.items():
        checks.extend(check_leakage(Path(audit), subject))
        checks.append(check_fold_sizes(Path(facts), subject))
    for subject, parts in predictions.items():
        checks.extend(check_predictions([Path(part) for part in parts], subject))
    for subject, (score, confusion) in scores.items():
        checks.append(check_metrics(Path(score), Path(confusion), subject))
    for published, built in tables.items():
        paths = {name: [Path(file) for file in files] for name, files in built.items()}
        not_built = promised_tables(Path(published)) - set(paths)
        checks.extend(check_tables_complete(Path(published), paths, not_built))
    return checks


def check_counts(name: str, manifest: Path, rejected: Path, promise: Promise) -> Check:
    """Check that a corpus holds the clips that upstream, or the twin's spec, promises."""
    module = load(CORPORA, name)
    clips = read_manifest(manifest)
    twin = (
        kept_clips(module.upstream_clips(), module.describe_clip, promise.corpus.simulation)
        if promise.simulated
        else None
    )
    faults = count_faults(
        clips,
        read_manifest(rejected),
        promise.corpus,
        module.describe_clip,
        partial=promise.partial,
        twin=twin,
    )
    if faults:
        advice = "" if promise.simulated else _ADVICE.format(corpus=name)
        return Check("clips as promised", name, False, "; ".join(faults) + advice)
    found = f"{len(clips)} clips" + (", part of the corpus" if promise.partial else "")
    return Check("clips as promised", name, True, found)


def promised_tables(published: Path) -> set[str]:
    """Names of the tables that `published.csv` has rows of."""
    return set(read_published(published)["table"])
