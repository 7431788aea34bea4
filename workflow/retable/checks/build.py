"""All checks of a finished build."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from retable.checks.check import Check
from retable.checks.fusions import check_fusion
from retable.checks.predictions import check_predictions
from retable.checks.results import check_metrics, check_tables_complete
from retable.checks.splits import check_fold_sizes, check_leakage
from retable.checks.verifications import check_verification
from retable.corpora.counts import count_faults
from retable.corpora.index import read_manifest
from retable.registry import TWINS, load
from retable.spec.corpus import Promise

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
    roles: Mapping[str, Mapping[str, str]],
    fusions: Mapping[str, str],
    other_roles: Collection[str],
    verifications: Mapping[str, Mapping[str, str]],
    scores: FilesBySubject,
    tables: Mapping[str, FilesBySubject],
    removed: FilesBySubject,
) -> list[Check]:
    """Every check, in the order of the pipeline.

    Args:
        manifests: corpus -> its manifest and its table of rejected clips.
        promises: corpus -> what it promises to hold.
        splits: subject -> audit and facts of a split.
        predictions: subject -> prediction files of one experiment, fusion or verification, and
            variant.
        roles: those of these subjects that are experiments -> task -> roles of the clips in the
            split of the task's input.
        fusions: those of these subjects that are fusions -> audit of the fused scores.
        other_roles: those of the fusions that declare `other_roles`.
        verifications: those of these subjects that are verifications -> `dataset`, the table of
            its clips; `task`, its column of speakers; and `roles` of the clips.
        scores: subject -> scores and confusion counts of what is scored.
        tables: `published.csv` of a paper -> its tables -> their long forms.
        removed: the same -> those of its tables that overrides remove.
    """
    checks = [
        check_counts(name, Path(manifest), Path(rejected), promises[name])
        for name, (manifest, rejected) in manifests.items()
    ]
    for subject, (audit, facts) in splits.items():
        checks.extend(check_leakage(Path(audit), subject))
        checks.append(check_fold_sizes(Path(facts), subject))
    for subject, parts in predictions.items():
        split = None
        if subject in roles:
            split = {task: Path(path) for task, path in roles[subject].items()}
        checks.extend(check_predictions([Path(part) for part in parts], subject, split))
    for subject, audit in fusions.items():
        checks.append(check_fusion(Path(audit), subject in other_roles, subject))
    for subject, one in verifications.items():
        pairs = [Path(part) for part in predictions[subject]]
        dataset, roles_of_clips = Path(one["dataset"]), Path(one["roles"])
        checks.extend(check_verification(pairs, dataset, one["task"], roles_of_clips, subject))
    for subject, (score, confusion) in scores.items():
        checks.append(check_metrics(Path(score), Path(confusion), subject))
    for published, built in tables.items():
        paths = {name: [Path(file) for file in files] for name, files in built.items()}
        checks.extend(check_tables_complete(Path(published), paths, removed[published]))
    return checks


def check_counts(name: str, manifest: Path, rejected: Path, promise: Promise) -> Check:
    """Check that a corpus holds the clips that upstream, or the twin's spec, promises."""
    clips = read_manifest(manifest)
    twin = (
        load(TWINS, name).simulated_clips(promise.corpus.simulation) if promise.simulated else None
    )
    faults = count_faults(
        clips, read_manifest(rejected), promise.corpus, partial=promise.partial, twin=twin
    )
    if faults:
        advice = "" if promise.simulated else _ADVICE.format(corpus=name)
        return Check("clips as promised", name, False, "; ".join(faults) + advice)
    found = f"{len(clips)} clips" + (", part of the corpus" if promise.partial else "")
    return Check("clips as promised", name, True, found)
