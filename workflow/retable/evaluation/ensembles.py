"""Which classifiers are fused for which clips, and their scores side by side."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from retable.errors import DataError
from retable.evaluation.classifiers import UNKNOWN, Classifier, Segments
from retable.spec.paper import Average, Fusion


@dataclass(frozen=True)
class Ensemble:
    """Classifiers that are fused with each other, and the clips that they decide together."""

    repeat: int
    """Which combination of repeats."""
    fold: int
    """Whose test clips; 0 where classifiers of all folds have the same."""
    classifiers: Sequence[Classifier]
    clips: np.ndarray
    """(clips,), whether a clip is decided."""


@dataclass(frozen=True)
class Stack:
    """Scores of an ensemble's classifiers on the segments that it decides on."""

    places: np.ndarray
    """(segments,), among all segments of the fusion."""
    scores: np.ndarray
    """(classifiers, segments, classes), float32: what is averaged, probabilities or their
    logarithms; zero where a classifier lacks the segment."""
    present: np.ndarray
    """(classifiers, segments), whether a classifier has the segment."""
    average: Average = "probability"

    def mean(self) -> np.ndarray:
        """(segments, classes), float32: the mean over the classifiers that have the segment."""
        total = self.scores.sum(axis=0, dtype=np.float64)
        return self.fused(total, self.present.sum(axis=0))

    def fused(self, total: np.ndarray, count: np.ndarray) -> np.ndarray:
        """Probabilities from the sum over some of the classifiers.

        The mean of logarithms of probabilities is that of logits, but for a number that all classes
        of a segment share, and that the softmax takes away.

        Args:
            total: (segments, classes), of their `scores`.
            count: (segments,), how many of them have the segment.

        Returns:
            (segments, classes), float32.
        """
        mean = total / count[:, None]
        return (softmax(mean, axis=1) if self.average == "logit" else mean).astype(np.float32)


def ensembles(fusion: Fusion, classifiers: Sequence[Classifier]) -> list[Ensemble]:
    """Which classifiers are fused for which clips, by combination of repeats and by fold.

    Raises:
        DataError: Classifiers that are fused are tested on different clips, and the fusion does
            not declare `other_roles`.
    """
    planned = []
    for repeat, chosen in enumerate(_choices(fusion, classifiers)):
        apart = {
            fold: [one for one in chosen if one.fold == fold]
            for fold in sorted({one.fold for one in chosen})
        }
        if fusion.folds == "apart":
            planned += [
                Ensemble(repeat, fold, own, _test_clips(own, fusion)) for fold, own in apart.items()
            ]
        elif fusion.other_roles and not _tested_alike(chosen):
            planned += [
                Ensemble(repeat, fold, chosen, _test_clips(own, fusion))
                for fold, own in apart.items()
            ]
        else:
            planned.append(Ensemble(repeat, 0, chosen, _test_clips(chosen, fusion)))
    return planned


def stack(ensemble: Ensemble, segments: Segments, fusion: Fusion) -> Stack:
    """Put the scores of an ensemble's classifiers side by side.

    Args:
        ensemble: What is fused.
        segments: All segments of the fusion.
        fusion: For messages.

    Raises:
        DataError: A classifier lacks a segment that another has, of a channel that its
            experiment has.
    """
    scored = np.zeros(len(segments.clip), dtype=bool)
    for one in ensemble.classifiers:
        scored[one.places] = True
    places = np.flatnonzero(scored & ensemble.clips[segments.clip])
    place_here = np.full(len(segments.clip), -1)
    place_here[places] = np.arange(len(places))
    size = (len(ensemble.classifiers), len(places), len(segments.classes))
    scores, present = np.zeros(size, dtype=np.float32), np.zeros(size[:2], dtype=bool)
    for index, one in enumerate(ensemble.classifiers):
        at = place_here[one.places]
        own = one.scores[at >= 0]
        if fusion.average == "logit":
            own = np.log(np.maximum(own, np.finfo(np.float32).tiny))
        scores[index, at[at >= 0]] = own
        present[index, at[at >= 0]] = True
        lacking = one.due[places] & ~present[index]
        if lacking.any():
            raise DataError(_lack(one, segments, places[lacking], fusion))
    return Stack(places, scores, present, fusion.average)


def _choices(fusion: Fusion, classifiers: Sequence[Classifier]) -> Iterator[list[Classifier]]:
    """All classifiers at once, or those of every combination of one repeat of each member."""
    if fusion.repeats == "together":
        yield list(classifiers)
        return
    repeats = [
        sorted({one.repeat for one in classifiers if one.experiment == name})
        for name in fusion.members
    ]
    for combination in itertools.product(*repeats):
        chosen = dict(zip(fusion.members, combination, strict=True))
        yield [one for one in classifiers if one.repeat == chosen[one.experiment]]


def _tested_alike(classifiers: Sequence[Classifier]) -> bool:
    first = classifiers[0].clips_of("test")
    return all(np.array_equal(first, one.clips_of("test")) for one in classifiers)


def _test_clips(classifiers: Sequence[Classifier], fusion: Fusion) -> np.ndarray:
    """(clips,), the test clips that all of these classifiers have."""
    first = classifiers[0].clips_of("test")
    for one in classifiers:
        own = one.clips_of("test")
        if not np.array_equal(first, own):
            raise DataError(
                f"fusion {fusion.fusion}: {classifiers[0]} is tested on {int(first.sum())} clips "
                f"and {one} on {int(own.sum())}, of which {int((first & own).sum())} are the same: "
                "what one is tested on may have trained the other; " + _remedy(classifiers)
            )
    return first


def _remedy(classifiers: Sequence[Classifier]) -> str:
    if len({one.fold for one in classifiers}) == 1:
        return "fuse experiments with one split, the same in every repeat"
    return (
        "fuse `folds: apart`; or declare `other_roles: true`, and the audit says of how many "
        "clips it is so"
    )


def _lack(one: Classifier, segments: Segments, places: np.ndarray, fusion: Fusion) -> str:
    clip_id, segment, channel = segments.table.iloc[places[0]]
    found = (
        f"fusion {fusion.fusion}: {one} has no scores of {len(places)} segments that others have, "
        f"the first is clip {clip_id} segment {segment} channel {channel or 'mono'}"
    )
    role = one.roles[segments.clip[places[0]]]
    if role == UNKNOWN and fusion.other_roles and not one.clips_of("train").any():
        return (
            f"{found}. The fusion declares `other_roles`, for which training clips are predicted "
            f"too: set `predict_train: true` for experiment {one.experiment}"
        )
    return f"{found}; fuse experiments with one split and one feature"
