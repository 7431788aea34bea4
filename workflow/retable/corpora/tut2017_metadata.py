"""Reading the lists of TUT Acoustic Scenes 2017.

Lists are text, one clip a line, tabs between the fields. Users' copies differ: commas or blanks
instead of tabs, a heading, Windows line ends, file names without `audio/` or with another suffix,
labels with blanks. All of these are read; what a line says must be right.

Checked against public code and copies of the lists: dcase_util (`datasets/tut.py` and its tests),
DCASE2017-baseline-system (`dcase_framework/datasets.py`) and the meta files in
neural-classifiers-with-few-audio, by their names on GitHub. The order of the fields of the error
list is that of the README of the 2016 edition; the values are those of dcase_util's tests.
"""

import logging
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from retable.corpora.metadata import metadata_fault

logger = logging.getLogger(__name__)

RECORDED_NAME = re.compile(r"(?P<recording>[a-z]+\d+)_(?P<start>\d+)_(?P<end>\d+)")
"""`b020_90_100`: the recording, and where in it the segment starts and ends, in seconds."""

ANONYMOUS_NAME = re.compile(r"\d+")
"""`1245`: an evaluation clip."""

HEADINGS = frozenset({"audio", "audio file", "audio_file", "file", "filename"})
"""What the first field of a heading may be; upstream's lists have none."""


@dataclass(frozen=True)
class ListedClip:
    """A line of a list."""

    clip_id: str
    scene: str
    line: int
    """From 1."""


def read_scenes(
    file: Path, name: re.Pattern[str], scenes: Collection[str]
) -> dict[str, ListedClip]:
    """A list of clips and their scenes: clip_id -> its line.

    Lines hold the file and its scene, and, where `name` gives the recording, may hold that too.
    A clip may be there again with the same scene.

    Raises DataError for a malformed line, an unknown scene, another recording than that of the
    file's name, and a clip with two scenes.
    """
    clips: dict[str, ListedClip] = {}
    for line, fields in _lines(file):
        _expect_fields(file, line, fields, 2, "a file and its scene")
        match = _named(file, line, fields[0], name)
        scene = fields[1].replace(" ", "_")
        if scene not in scenes:
            raise metadata_fault(
                file, line, f"scene {fields[1]!r}", f"one of {', '.join(sorted(scenes))}"
            )
        recording = match.groupdict().get("recording")
        if recording and len(fields) > 2 and fields[2] != recording:
            raise metadata_fault(
                file,
                line,
                f"recording {fields[2]!r}",
                f"{recording!r}, as the file's name {match[0]} says",
            )
        first = clips.setdefault(match[0], ListedClip(match[0], scene, line))
        if first.scene != scene:
            raise metadata_fault(
                file, line, f"{match[0]} as {scene}", f"{first.scene}, as in line {first.line}"
            )
    return clips


def read_faulty(file: Path, clips: Collection[str]) -> frozenset[str]:
    """The error list: which of the development clips overlap a faulty span.

    Lines hold the file, onset and offset in seconds from the segment's start, and a label.

    Raises DataError for a malformed line, and for a span that does not end after its start.
    """
    faulty, unknown = set(), []
    for line, fields in _lines(file):
        _expect_fields(file, line, fields, 3, "a file, onset and offset in seconds")
        match = _named(file, line, fields[0], RECORDED_NAME)
        try:
            onset, offset = float(fields[1]), float(fields[2])
        except ValueError as error:
            value = f"{fields[1]!r} and {fields[2]!r}"
            raise metadata_fault(file, line, value, "onset and offset in seconds") from error
        if not 0 <= onset < offset:
            value = f"a span from {onset} to {offset} s"
            raise metadata_fault(file, line, value, "0 <= onset < offset")
        if match[0] not in clips:
            unknown.append(match[0])
        elif onset < int(match["end"]) - int(match["start"]):
            faulty.add(match[0])
    if unknown:
        # Of no consequence: a clip that no other list names is in no split.
        logger.warning("%s: names unknown clips: %s", file, ", ".join(unknown))
    return frozenset(faulty)


def read_map(file: Path) -> dict[str, str]:
    """The names of the evaluation clips: anonymous name -> original name, without suffix.

    Lines hold the original and the anonymous file, in either order.

    Raises DataError for a malformed line, and for a name that is mapped twice.
    """
    expected = "an original file (b020_90_100.wav) and an anonymous one (1245.wav)"
    originals: dict[str, str] = {}
    mapped: dict[str, str] = {}
    for line, fields in _lines(file):
        _expect_fields(file, line, fields, 2, expected)
        stems = [_stem(field) for field in fields[:2]]
        original = [stem for stem in stems if RECORDED_NAME.fullmatch(stem)]
        anonymous = [stem for stem in stems if ANONYMOUS_NAME.fullmatch(stem)]
        if len(original) != 1 or len(anonymous) != 1:
            raise metadata_fault(file, line, f"{fields[0]!r} and {fields[1]!r}", expected)
        first = originals.setdefault(anonymous[0], original[0])
        other = mapped.setdefault(original[0], anonymous[0])
        if (first, other) != (original[0], anonymous[0]):
            raise metadata_fault(
                file,
                line,
                f"{original[0]} as {anonymous[0]}",
                f"each name once, but {first} is {mapped[first]} and {original[0]} is {other}",
            )
    return originals


def recording_and_start(original: str) -> tuple[str, str]:
    """The recording that a segment was cut from, and where it starts in it, in seconds."""
    match = RECORDED_NAME.fullmatch(original)
    if match is None:
        raise ValueError(f"{original!r} is no name of a segment, expected such as b020_90_100")
    return match["recording"], match["start"]


def _lines(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number, from 1, and fields of each line; blank lines and a heading are left out."""
    # Windows editors put a byte order mark first; what is no text at all fails by its first line.
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        separator = next((one for one in "\t,;" if one in line), None)
        fields = [field.strip().strip('"') for field in line.split(separator)]
        if not line.strip() or (number == 1 and fields[0].lower() in HEADINGS):
            continue
        yield number, fields


def _expect_fields(file: Path, line: int, fields: list[str], needed: int, expected: str) -> None:
    if len(fields) < needed:
        value = f"only {', '.join(map(repr, fields))}"
        raise metadata_fault(file, line, value, f"{expected}, separated by tabs")


def _named(file: Path, line: int, field: str, name: re.Pattern[str]) -> re.Match[str]:
    match = name.fullmatch(_stem(field))
    if match is None:
        example = "audio/1245.wav" if name is ANONYMOUS_NAME else "audio/b020_90_100.wav"
        raise metadata_fault(file, line, f"file {field!r}", f"a name such as {example}")
    return match


def _stem(field: str) -> str:
    return PurePosixPath(field.replace("\\", "/")).stem
