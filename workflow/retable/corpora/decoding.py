"""Decodes the audio files of a corpus whole, and tells what libsndfile does not: that one is cut
short, or holds other data than its name says.
"""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import soundfile

from retable.corpora.files import CONTAINERS
from retable.download.stand_ins import LFS_POINTER

UNKNOWN_LENGTH = 0x7FFF0000
"""A WAV header that was written to a pipe declares this size or more."""


class Unreadable(Exception):
    """A file that cannot be a whole clip; the message says why, in a few words."""


@dataclass(frozen=True)
class DecodedAudio:
    """All of an audio file."""

    samples: np.ndarray
    """Float32 (frames, channels), full scale at 1."""
    sample_rate: int
    """Hz."""
    container: str
    """The kind of its data, as libsndfile calls it: `WAV`, `AIFF`, …"""


def decode_whole(path: Path) -> DecodedAudio:
    """Decodes a file to its end.

    Raises:
        Unreadable: it is no audio, a Git LFS pointer instead of audio, or truncated.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(len(LFS_POINTER))
    if head == LFS_POINTER:
        raise Unreadable("a Git LFS pointer instead of audio; `git lfs pull` fetches it")
    declared = int.from_bytes(head[4:8], "little")
    if head[:4] == b"RIFF" and size < declared < UNKNOWN_LENGTH:
        raise Unreadable(f"truncated: {size} of {declared + 8} bytes")
    try:
        with soundfile.SoundFile(path) as file:
            samples = file.read(dtype="float32", always_2d=True)
            if len(samples) < file.frames:
                raise Unreadable(f"truncated: {len(samples)} of {file.frames} frames")
            return DecodedAudio(samples, file.samplerate, file.format)
    except soundfile.LibsndfileError as error:
        # On one line, and without the path that libsndfile puts before it.
        raise Unreadable(" ".join(error.error_string.split())) from error


def container_remark(path: PurePosixPath, container: str) -> str:
    """What is odd where a file's name and its data are of different kinds; empty where not."""
    if container in CONTAINERS[path.suffix.lower()]:
        return ""
    return f"{container} data under the name {path.suffix}"
