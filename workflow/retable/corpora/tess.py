"""TESS: Toronto emotional speech set.

Two actresses of Toronto, of 64 (OAF) and 26 years (YAF), say 200 words in the phrase "Say the word
back" with seven emotions: anger, disgust, fear, happiness, neutral, pleasant surprise (ps) and
sadness. The words are those of the Northwestern University Auditory Test No. 6.

2,800 clips: each word once a speaker and emotion. WAV, 24,414 Hz, 16 bit, mono, about 2 s. A clip's
name is `OAF_back_angry`: speaker, word, emotion. Its folder says speaker and emotion again, spelled
now so, now so (OAF_Fear, YAF_fear, OAF_Pleasant_surprise, YAF_pleasant_surprised), and is not read.

Four clips are odd and kept, with a remark in the manifest: `OA_bite_neutral` is OAF_bite_neutral;
`OAF_food_fear` has 96 kHz; `YAF_germ_angry` and `YAF_neat_fear` are AIFF data in files named .wav.

Pichora-Fuller M. K., Dupuis K. (2020): Toronto emotional speech set (TESS). Borealis,
https://doi.org/10.5683/SP2/E8H2MF. Licence: CC BY-NC-ND 4.0.
"""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from retable.corpora.files import ClipDescriptions
from retable.corpora.misnamed import correction

METADATA: tuple[str, ...] = ()
"""Names say all."""
SAMPLE_RATE = 24_414
SPEAKERS = ("OAF", "YAF")
EMOTIONS = ("angry", "disgust", "fear", "happy", "neutral", "ps", "sad")
MISNAMED = {"OA_bite_neutral": "OAF_bite_neutral"}
"""Upstream's name of a clip -> the one that is meant."""
CLIP_NAME = re.compile(r"(?P<speaker>[A-Z]+)_(?P<word>[a-z]+)_(?P<emotion>[a-z]+)")


def clip_descriptions(metadata: Mapping[str, Path]) -> ClipDescriptions:
    """What the names of clips say; `metadata` is empty."""
    return ClipDescriptions(describe_clip)


def describe_clip(path: PurePosixPath) -> dict[str, str]:
    """Manifest columns of a clip, from its name; a misnamed one has a `clip_id` and a `remark`.

    Raises ValueError when the stem is not a name that upstream uses.
    """
    meant = MISNAMED.get(path.stem, path.stem)
    name = CLIP_NAME.fullmatch(meant)
    if name is None:
        raise ValueError(f"bad name: {path.stem}, expected speaker_word_emotion (OAF_back_angry)")
    for field, values in (("speaker", SPEAKERS), ("emotion", EMOTIONS)):
        if name[field] not in values:
            raise ValueError(
                f"bad name: {path.stem} has {field} {name[field]}, expected one of "
                f"{', '.join(values)}"
            )
    return {
        "speaker": name["speaker"],
        "group": name["speaker"],
        "emotion": name["emotion"],
        "word": name["word"],
        **correction(path.stem, meant),
    }
