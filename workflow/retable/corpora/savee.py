"""SAVEE: Surrey Audio-Visual Expressed Emotion, its audio part.

Four men, postgraduate students and researchers of the University of Surrey (DC, JE, JK, KL), speak
British English in seven emotions: anger (a), disgust (d), fear (f), happiness (h), neutral (n),
sadness (sa) and surprise (su). Of each emotion a speaker says 15 sentences of TIMIT: three common
to all emotions, two of this emotion alone and ten of no particular one. In neutral he says 30,
among them those of the other emotions.

480 clips: 15 of each speaker and emotion, 30 in neutral. WAV, 44.1 kHz, 16 bit, mono, 1.6 to 7.1 s.
A clip is `AudioData/DC/a01.wav`, speaker in the folder, emotion and number in the name. Copies that
are passed around have all clips in one folder, as `DC_a01.wav`. Either is the clip `DC_a01` here,
for the other name occurs four times.

Haq S., Jackson P. J. B., Edge J. (2008): Audio-visual feature selection and reduction for emotion
classification. Proceedings of Auditory-Visual Speech Processing (AVSP), 185-190. Licence: after
registration, for research; not to be passed on.
"""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from retable.corpora.files import ClipDescriptions

METADATA: tuple[str, ...] = ()
"""Names and folders say all."""
SAMPLE_RATE = 44_100
SPEAKERS = ("DC", "JE", "JK", "KL")
EMOTIONS = ("a", "d", "f", "h", "n", "sa", "su")
NEUTRAL = "n"
UTTERANCES = 15
"""Of a speaker and emotion."""
NEUTRAL_UTTERANCES = 30
CLIP_NAME = re.compile(r"(?:(?P<speaker>[A-Z]+)_)?(?P<emotion>[a-z]+)(?P<utterance>[0-9]{2})")


def clip_descriptions(metadata: Mapping[str, Path]) -> ClipDescriptions:
    """What the names and folders of clips say; `metadata` is empty."""
    return ClipDescriptions(describe_clip)


def describe_clip(path: PurePosixPath) -> dict[str, str]:
    """Manifest columns of a clip, and its `clip_id`, from its name and the folder that it lies in.

    Raises ValueError when the stem is not a name, or the folder not a speaker, that upstream uses.
    """
    name = CLIP_NAME.fullmatch(path.stem)
    if name is None:
        raise ValueError(f"bad name: {path.stem}, expected one like a01 (in folder DC) or DC_a01")
    folder = path.parent.name
    speaker = name["speaker"] or folder
    if speaker not in SPEAKERS:
        where = "" if name["speaker"] else f" in folder {folder}"
        raise ValueError(
            f"bad name: {path.stem}{where} has no speaker of {', '.join(SPEAKERS)}, expected one "
            "in the folder (DC/a01) or the name (DC_a01)"
        )
    if folder in SPEAKERS and folder != speaker:
        raise ValueError(f"bad name: {path.stem} in folder {folder}, expected folder {speaker}")
    emotion, utterance = name["emotion"], name["utterance"]
    if emotion not in EMOTIONS:
        raise ValueError(
            f"bad name: {path.stem} has emotion {emotion}, expected one of {', '.join(EMOTIONS)}"
        )
    if utterance not in utterances(emotion):
        last = utterances(emotion)[-1]
        raise ValueError(
            f"bad name: {path.stem} has number {utterance}, expected 01 to {last} of {emotion}"
        )
    return {
        "clip_id": f"{speaker}_{emotion}{utterance}",
        "speaker": speaker,
        "group": speaker,
        "emotion": emotion,
        "utterance": utterance,
    }


def utterances(emotion: str) -> tuple[str, ...]:
    """The numbers of a speaker's clips of an emotion, as names have them."""
    count = NEUTRAL_UTTERANCES if emotion == NEUTRAL else UTTERANCES
    return tuple(f"{number:02}" for number in range(1, count + 1))
