"""What the simulated twins of all corpora have in common.

A twin needs no table: a job that simulates clips does without pandas.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from retable.corpora.files import DescribeClip
from retable.corpora.zip_archive import write_archive
from retable.spec.corpus import Simulation

logger = logging.getLogger(__name__)

Clip = Mapping[str, str]
"""clip_id and the columns of its description."""
Members = Iterable[tuple[str, bytes]]
"""(Path in an archive, content)."""


@dataclass(frozen=True)
class Twin:
    """Simulated clips under the names of upstream's, in archives in the layout of upstream's."""

    title: str
    """Of the corpus."""
    upstream_clips: Callable[[], Iterable[Clip]]
    """All of upstream's clips, without remarks."""
    archives: Mapping[str, Callable[[Sequence[Clip], Simulation], Members]]
    """Name -> what the archive holds where the twin has these clips."""
    write: Callable[[Path, Members], None] = write_archive

    def simulated_clips(self, simulation: Simulation) -> list[dict[str, str]]:
        """The clips that the twin holds: clip_id and the columns of their description.

        They are those of upstream's that match any of the filters of `simulation.keep`, or all
        where there is none, in upstream's order.
        """
        keep = simulation.keep
        return [dict(clip) for clip in self.upstream_clips() if not keep or _matches(clip, keep)]

    def simulate_archive(self, archive_name: str, simulation: Simulation, target: Path) -> None:
        """Writes a simulated archive in the layout of upstream's.

        Equal simulations give equal bytes. Raises ValueError for an archive that the corpus lacks.
        """
        if archive_name not in self.archives:
            known = ", ".join(self.archives)
            raise ValueError(f"{self.title} has no archive {archive_name}: it has {known}")
        clips = self.simulated_clips(simulation)
        self.write(target, self.archives[archive_name](clips, simulation))
        logger.info("%s: written; the twin has %d clips", archive_name, len(clips))


def twin_of_paths(
    title: str,
    archive: str,
    upstream_paths: Callable[[], Iterable[PurePosixPath]],
    describe: DescribeClip,
    simulate_clip: Callable[[Clip, Simulation], bytes],
) -> Twin:
    """The twin of a corpus of which all clips are in one zip, and their paths say all.

    Args:
        title: of the corpus.
        archive: its name.
        upstream_paths: all of upstream's clips, by their paths in the archive.
        describe: the columns of a clip; the twin leaves out remarks.
        simulate_clip: the audio file of a clip.
    """

    def clip(path: PurePosixPath) -> dict[str, str]:
        columns = {"clip_id": path.stem, **describe(path)}
        columns.pop("remark", None)
        return columns

    def members(clips: Sequence[Clip], simulation: Simulation) -> Iterator[tuple[str, bytes]]:
        paths = {clip(path)["clip_id"]: str(path) for path in upstream_paths()}
        for one in sorted(clips, key=lambda one: paths[one["clip_id"]]):
            yield paths[one["clip_id"]], simulate_clip(one, simulation)

    return Twin(title, lambda: map(clip, upstream_paths()), {archive: members})


def _matches(clip: Clip, filters: Iterable[Mapping[str, Sequence[str]]]) -> bool:
    return any(all(clip[column] in values for column, values in one.items()) for one in filters)
