"""CREMA-D: Crowd-sourced Emotional Multimodal Actors Dataset, its audio part.

91 actors (48 men, 43 women of 20 to 74 years) say twelve sentences in American English with six
emotions: anger, disgust, fear, happiness, neutral and sadness. One sentence, "It's eleven o'clock"
(IEO), they say at a low, a medium and a high level of each emotion but neutral; of the others the
level is not specified (XX).

7,442 clips: 82 an actor, less the 20 that five actors lack. WAV, 16 kHz, 16 bit, mono, 1.3 to
5.0 s. A clip is `AudioWAV/1001_DFA_ANG_XX.wav`: actor, sentence, emotion, level. Upstream keeps
them in Git LFS: a clone without it holds small text files under these names.

One clip is silent, 1076_MTI_SAD_XX: it is rejected. One, 1040_ITH_SAD_X, was for years without the
second X of its level, and is kept under its right name, with a remark in the manifest. Three clips
are byte for byte the same as another of the same actor and sentence in another emotion:
1006_TIE_HAP_XX and _NEU_, 1013_WSI_DIS_XX and _SAD_, 1017_IWW_ANG_XX and _FEA_; which emotion it
is, nobody says.

Cao H., Cooper D. G., Keutmann M. K., Gur R. C., Nenkova A., Verma R. (2014): CREMA-D: Crowd-sourced
Emotional Multimodal Actors Dataset. IEEE Transactions on Affective Computing 5(4), 377-390.
Licence: ODbL 1.0 (database), DbCL 1.0 (contents).
"""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from retable.corpora.files import ClipDescriptions
from retable.corpora.misnamed import correction

METADATA: tuple[str, ...] = ()
"""Names say all."""
SAMPLE_RATE = 16_000
ACTORS = tuple(str(actor) for actor in range(1001, 1092))
SENTENCES = {
    "IEO": "It's eleven o'clock.",
    "TIE": "That is exactly what happened.",
    "IOM": "I'm on my way to the meeting.",
    "IWW": "I wonder what this is about.",
    "TAI": "The airplane is almost full.",
    "MTI": "Maybe tomorrow it will be cold.",
    "IWL": "I would like a new alarm clock.",
    "ITH": "I think I have a doctor's appointment.",
    "DFA": "Don't forget a jacket.",
    "ITS": "I think I've seen this before.",
    "TSI": "The surface is slick.",
    "WSI": "We'll stop in a couple of minutes.",
}
EMOTIONS = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
NEUTRAL = "NEU"
GRADED = "IEO"
"""The sentence that has levels."""
LEVELS = ("LO", "MD", "HI")
UNSPECIFIED = "XX"
MISNAMED = {"1040_ITH_SAD_X": "1040_ITH_SAD_XX"}
"""Upstream's name of a clip -> the one that is meant."""


def clip_descriptions(metadata: Mapping[str, Path]) -> ClipDescriptions:
    """What the names of clips say; `metadata` is empty."""
    return ClipDescriptions(describe_clip)


def describe_clip(path: PurePosixPath) -> dict[str, str]:
    """Manifest columns of a clip, from its name; a misnamed one has a `clip_id` and a `remark`.

    Raises ValueError when the stem is not a name that upstream uses.
    """
    meant = MISNAMED.get(path.stem, path.stem)
    fields = meant.split("_")
    if len(fields) != 4:
        raise ValueError(
            f"bad name: {path.stem}, expected actor_sentence_emotion_level (1001_DFA_ANG_XX)"
        )
    actor, sentence, emotion, level = fields
    if actor not in ACTORS:
        raise ValueError(f"bad name: {path.stem} has actor {actor}, expected 1001 to 1091")
    for field, value, values in (
        ("sentence", sentence, tuple(SENTENCES)),
        ("emotion", emotion, EMOTIONS),
        ("level", level, levels(sentence, emotion)),
    ):
        if value not in values:
            raise ValueError(
                f"bad name: {path.stem} has {field} {value}, expected {' or '.join(values)}"
            )
    return {
        "speaker": actor,
        "group": actor,
        "emotion": emotion,
        "sentence": sentence,
        "level": level,
        **correction(path.stem, meant),
    }


def levels(sentence: str, emotion: str) -> tuple[str, ...]:
    """The levels at which actors show an emotion in a sentence."""
    return LEVELS if sentence == GRADED and emotion != NEUTRAL else (UNSPECIFIED,)
