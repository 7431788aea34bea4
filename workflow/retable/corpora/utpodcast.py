"""UT-Podcast: English of three accents in podcasts, cut into segments.

1,762 clips of Australian (AU, 781), British (UK, 335) and American English (US, 646). The folders
`train` (AU 449, UK 246, US 406) and `test` (AU 332, UK 89, US 240) divide them; nobody says that a
podcast is on one side only. WAV, 8 kHz, 16 bit, mono. Transcripts of the clips come with them and
are not used.

A clip is `audio/<partition>/<accent>/<podcast>__<segment>.wav`. The three names that public code
shows are `AU-301__40`, `UK-17_1__18` and `US-123_1__50`. Whether all begin with their accent is not
known, and not asked for: the folder tells the accent. Nor is it known what the number after a
podcast's underscore means, or who speaks: `group` is the name without it, so that `UK-17_1` and
`UK-17_2`, which may be parts of one podcast, are never held apart; `speaker` is empty.

Hansen J. H. L., Liu G. (2016): Unsupervised accent classification for deep data fusion of accent
and language information. Speech Communication 78, 19-33.
https://doi.org/10.1016/j.specom.2015.12.004. Center for Robust Speech Systems (CRSS), University of
Texas at Dallas. Licence: by request, for research.
"""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from retable.corpora.files import ClipDescriptions

METADATA = ()
SAMPLE_RATE = 8_000
ACCENTS = ("AU", "US", "UK")
"""In the order of the confusion matrices of Lu et al. (2020), Tables 5 and 6."""
PARTITIONS = ("train", "test")
CLIP_NAME = re.compile(r"(?P<podcast>.+?)(_[0-9]+)?__(?P<segment>[0-9]+)")


def clip_descriptions(metadata: Mapping[str, Path]) -> ClipDescriptions:
    """What the names and folders of clips say; `metadata` is empty."""
    return ClipDescriptions(describe_clip)


def describe_clip(path: PurePosixPath) -> dict[str, str]:
    """Manifest columns of a clip, from its name and the two folders that it lies in.

    Raises ValueError when the stem is not a name, or a folder not one, that upstream uses.
    """
    name = CLIP_NAME.fullmatch(path.stem)
    if name is None:
        raise ValueError(f"bad name: {path.stem}, expected podcast__segment (AU-301__40)")
    folders = ("", "", *path.parts[:-1])[-2:]
    partition, accent = folders
    if partition not in PARTITIONS or accent not in ACCENTS:
        raise ValueError(
            f"bad name: {path.stem} in folder {'/'.join(folders)}, expected "
            f"{' or '.join(PARTITIONS)}, and in it {', '.join(sorted(ACCENTS))}"
        )
    return {
        "speaker": "",
        "group": name["podcast"],
        "accent": accent,
        "partition": partition,
        "segment": name["segment"],
    }
