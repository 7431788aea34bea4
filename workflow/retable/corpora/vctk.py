"""VCTK: read English in many accents, CSTR's corpus for its voice cloning toolkit.

110 speakers read about 400 sentences each: newspaper texts, which differ between speakers, and the
rainbow passage and an elicitation paragraph, which do not. Two microphones recorded them in a
hemi-anechoic chamber: an omnidirectional DPA 4035 (`mic1`) and a Sennheiser MKH 800 (`mic2`).

Release 0.92: FLAC, 48 kHz, 16 bit, mono, silence trimmed, both microphones, in
`wav48_silence_trimmed/p225/p225_001_mic1.flac`; p280 and p315 have no second microphone. Release
0.80: WAV of the first microphone in `wav48/p225/p225_001.wav`, 109 speakers, one of whom (p280) its
`speaker-info.txt` lacks. That file holds a line a speaker, in columns of no fixed width: id, age,
gender, accent and, where it is known, the region, in one word or several. Ids have a letter in
0.92 alone.

Yamagishi J., Veaux C., MacDonald K. (2019): CSTR VCTK Corpus: English Multi-speaker Corpus for CSTR
Voice Cloning Toolkit (version 0.92). University of Edinburgh, The Centre for Speech Technology
Research. https://doi.org/10.7488/ds/2645. Licence: CC BY 4.0.
"""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from retable.corpora.files import ClipDescriptions
from retable.corpora.metadata import metadata_fault
from retable.errors import DataError

SPEAKER_INFO = "speaker-info.txt"
METADATA = (SPEAKER_INFO,)
HEADER = ("ID", "AGE", "GENDER", "ACCENTS")
SAMPLE_RATE = 48_000
ACCENTS = {
    "American": "American",
    "Australian": "Australian",
    "British": "British",
    "Canadian": "Canadian",
    "English": "English",
    "Indian": "Indian",
    "Irish": "Irish",
    "NewZealand": "New Zealand",
    "NorthernIrish": "Northern Irish",
    "Scottish": "Scottish",
    "SouthAfrican": "South African",
    "Unknown": "Unknown",
    "Welsh": "Welsh",
}
"""As `speaker-info.txt` writes it -> class. Only 0.92 has British (s5) and Unknown (p280)."""
GENDERS = ("F", "M")

CLIP_NAME = re.compile(r"(?P<speaker>[ps]\d+)_(?P<utterance>\d+)(?:_(?P<microphone>mic[12]))?")
SPEAKER_ID = re.compile(r"[ps]?\d+")


def clip_descriptions(metadata: Mapping[str, Path]) -> ClipDescriptions:
    """What names and `speaker-info.txt` say of the clips.

    Raises DataError, naming the line, for a speaker without age, gender or accent, with one that is
    none, or listed twice. So does the description of a clip whose speaker is not listed: a corpus
    without a speaker's accent is another corpus.
    """
    file = metadata[SPEAKER_INFO]
    speakers = _read_speakers(file)

    def describe_clip(path: PurePosixPath) -> dict[str, str]:
        name = CLIP_NAME.fullmatch(path.stem)
        if name is None:
            raise ValueError(f"bad name: {path.stem}, expected one like p225_001_mic1 or p225_001")
        speaker = name["speaker"]
        if path.parent.name != speaker:
            raise ValueError(
                f"bad name: {path.stem} in folder {path.parent.name}, expected folder {speaker}"
            )
        if speaker not in speakers:
            raise DataError(
                f"{path}: speaker {speaker} of this clip is not in {file}, which tells the accent. "
                f"Add a line `{speaker} AGE GENDER ACCENT` there (release 0.80 lacks that of p280, "
                f"0.92 has it), or move the folder {path.parent} elsewhere."
            )
        return {
            "speaker": speaker,
            "group": speaker,
            **speakers[speaker],
            "utterance": name["utterance"],
            "microphone": name["microphone"] or "",
        }

    return ClipDescriptions(describe_clip, facts={"speakers": len(speakers)})


def _read_speakers(file: Path) -> dict[str, dict[str, str]]:
    """Speaker -> accent, gender and age."""
    speakers: dict[str, dict[str, str]] = {}
    # What is no text at all fails by its first line.
    lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        fields = line.split()
        if not fields or (number == 1 and tuple(fields[: len(HEADER)]) == HEADER):
            continue
        fault = _line_fault(fields)
        speaker = fields[0] if fields[0][0] in "ps" else f"p{fields[0]}"
        if speaker in speakers:
            fault = fault or (f"speaker {speaker} again", "each speaker once")
        if fault:
            raise metadata_fault(file, number, *fault)
        age, gender, accent = fields[1:4]
        speakers[speaker] = {"accent": ACCENTS[accent], "gender": gender, "age": age}
    return speakers


def _line_fault(fields: list[str]) -> tuple[str, str] | None:
    """The first fault of a line: what it holds, and what was expected."""
    if len(fields) < len(HEADER):
        return repr(" ".join(fields)[:200]), "id, age, gender and accent"
    speaker, age, gender, accent = fields[: len(HEADER)]
    if not SPEAKER_ID.fullmatch(speaker):
        return f"speaker {speaker!r}", "an id like p225 or 225"
    if not age.isdecimal():
        return f"speaker {speaker} of age {age!r}", "a number of years"
    if gender not in GENDERS:
        return f"speaker {speaker} of gender {gender!r}", " or ".join(GENDERS)
    if accent not in ACCENTS:
        return f"speaker {speaker} with accent {accent!r}", f"one of {', '.join(ACCENTS)}"
    return None
