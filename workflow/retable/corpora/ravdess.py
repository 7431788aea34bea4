"""RAVDESS: Ryerson Audio-Visual Database of Emotional Speech and Song, its audio part.

24 professional actors (12 female, 12 male; odd numbers are male) speak and sing two statements,
"Kids are talking by the door" and "Dogs are sitting by the door", in a neutral North American
accent. Speech: neutral, calm, happy, sad, angry, fearful, disgust, surprised; song: the first six.
Each is at normal and strong intensity (neutral at normal only) and repeated once.

1,440 spoken and 1,012 sung clips: the songs of actor 18 were never released. WAV, 48 kHz, 16 bit,
mono but for six stereo clips. A clip's name holds seven two-digit fields,
`modality-channel-emotion-intensity-statement-repetition-actor`, as in `03-01-06-02-02-01-12`.

Livingstone S. R., Russo F. A. (2018): The Ryerson Audio-Visual Database of Emotional Speech and
Song (RAVDESS). PLoS ONE 13(5): e0196391. Licence: CC BY-NC-SA 4.0.
"""

import itertools
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from retable.corpora.files import ClipDescriptions

METADATA: tuple[str, ...] = ()
"""Names say all."""
SAMPLE_RATE = 48_000
CHANNELS = {"01": "speech", "02": "song"}
EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fearful",
    "07": "disgust",
    "08": "surprised",
}
SUNG = ("01", "02", "03", "04", "05", "06")
INTENSITIES = {"01": "normal", "02": "strong"}
STATEMENTS = ("01", "02")
REPETITIONS = ("01", "02")
ACTORS = tuple(f"{actor:02}" for actor in range(1, 25))
WITHOUT_SONG = "18"
FOLDERS = {"speech": "Audio_Speech_Actors_01-24", "song": "Audio_Song_Actors_01-24"}
STEREO = frozenset(
    {
        "03-01-02-01-01-02-01",
        "03-01-08-01-02-02-01",
        "03-01-02-01-02-02-05",
        "03-01-03-01-02-01-20",
        "03-01-06-01-01-02-20",
        "03-02-01-01-01-01-24",
    }
)


def clip_descriptions(metadata: Mapping[str, Path]) -> ClipDescriptions:
    """What the names of clips say; `metadata` is empty."""
    return ClipDescriptions(describe_clip)


def describe_clip(path: PurePosixPath) -> dict[str, str]:
    """Manifest columns of a clip, from its name.

    Raises ValueError when the stem is not a name that upstream uses.
    """
    fields = path.stem.split("-")
    if len(fields) != 7:
        raise ValueError(f"bad name: {path.stem} has {len(fields)} fields, expected 7 (03-01-…)")
    modality, channel, emotion, intensity, statement, repetition, actor = fields
    allowed = (
        ("modality", modality, ("03",)),
        ("channel", channel, tuple(CHANNELS)),
        ("emotion", emotion, SUNG if channel == "02" else tuple(EMOTIONS)),
        ("intensity", intensity, ("01",) if emotion == "01" else tuple(INTENSITIES)),
        ("statement", statement, STATEMENTS),
        ("repetition", repetition, REPETITIONS),
        ("actor", actor, ACTORS),
    )
    for field, value, values in allowed:
        if value not in values:
            raise ValueError(f"bad name: {path.stem} has {field} {value}, expected {_span(values)}")
    if channel == "02" and actor == WITHOUT_SONG:
        raise ValueError(f"bad name: {path.stem}, upstream has no song by actor {WITHOUT_SONG}")
    return {
        "speaker": actor,
        "group": actor,
        "emotion": EMOTIONS[emotion],
        "speech_song": CHANNELS[channel],
        "intensity": INTENSITIES[intensity],
        "statement": statement,
        "repetition": repetition,
    }


def upstream_clips() -> list[PurePosixPath]:
    """All 2,452 clips, sorted, relative to the folder that holds the two unpacked archives."""
    clips = []
    for fields in itertools.product(
        CHANNELS, EMOTIONS, INTENSITIES, STATEMENTS, REPETITIONS, ACTORS
    ):
        channel, emotion, intensity, _, _, actor = fields
        sung = channel == "02"
        if sung and (emotion not in SUNG or actor == WITHOUT_SONG):
            continue
        if emotion == "01" and intensity == "02":
            continue
        folder = PurePosixPath(FOLDERS[CHANNELS[channel]], f"Actor_{actor}")
        clips.append(folder / f"03-{'-'.join(fields)}.wav")
    return sorted(clips)


def _span(values: tuple[str, ...]) -> str:
    return values[0] if len(values) == 1 else f"{values[0]} to {values[-1]}"
