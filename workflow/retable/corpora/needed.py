"""Which files of a corpus are needed: those of the clips that the datasets in use select."""

import fnmatch
import glob
import itertools
import re
from collections.abc import Iterable, Iterator

from retable.spec.corpus import Corpus, Dataset

PLACEHOLDER = re.compile(r"\{(\w+)\}")


def needed_patterns(corpus: Corpus, datasets: Iterable[str]) -> tuple[str, ...]:
    """Patterns of the files that some datasets of a corpus need; empty where all are.

    Args:
        corpus: its archives say in `only` what they are needed for.
        datasets: names below the corpus.

    `{column}` is replaced by each value of that column that the filters select, in sorted order,
    and by `*` where a filter, or a dataset without any, leaves it open. An archive without `only`
    is needed whole, and with it all else: a directory does not tell whose a file is.
    """
    if not all(archive.only for archive in corpus.archives):
        return ()
    used = [corpus.datasets[name] for name in datasets]
    patterns = (pattern for archive in corpus.archives for pattern in archive.only)
    return tuple(dict.fromkeys(one for pattern in patterns for one in _expanded(pattern, used)))


def _expanded(pattern: str, datasets: Iterable[Dataset]) -> Iterator[str]:
    columns = list(dict.fromkeys(PLACEHOLDER.findall(pattern)))
    choices = [_selected(column, datasets) for column in columns]
    for values in itertools.product(*choices):
        yield pattern.format(**dict(zip(columns, values, strict=True)))


def _selected(column: str, datasets: Iterable[Dataset]) -> list[str]:
    """Values of a column that the datasets select, as patterns."""
    values: set[str] = set()
    filters = [one for dataset in datasets for one in dataset.where or ({},)]
    for one in filters:
        if column not in one:
            return ["*"]
        values |= set(one[column])
    return [glob.escape(value) for value in sorted(values)] or ["*"]


class PathPatterns:
    """Patterns that the end of a POSIX path matches, from the beginning of a folder's name on.

    `wav48/*/*.wav` matches `VCTK-Corpus/wav48/p225/p225_001.wav`: a folder around a corpus does no
    harm. `*`, `?` and `[…]` stay within a name. No pattern at all matches every path.
    """

    def __init__(self, patterns: Iterable[str]):
        self._patterns = [tuple(pattern.split("/")) for pattern in patterns]
        self._names: dict[str, re.Pattern[str] | None] = {}

    def match(self, path: str) -> bool:
        """Whether a path matches one of the patterns."""
        folder, _, name = path.rpartition("/")
        names = self.names_in(folder)
        return names is not None and names.match(name) is not None

    def names_in(self, folder: str) -> re.Pattern[str] | None:
        """What matches the names of the files in a folder whose paths match; None for no file."""
        # One expression a folder: a corpus has 88,000 files, and 75 patterns select among them.
        if folder not in self._names:
            names = [
                pattern[-1]
                for pattern in self._patterns
                if _ends_with(_parts(folder), pattern[:-1])
            ]
            expression = "|".join(map(fnmatch.translate, names))
            self._names[folder] = re.compile(expression) if names or not self._patterns else None
        return self._names[folder]

    def leads_on(self, folder: str) -> bool:
        """Whether a folder may hold matching paths.

        It does not where a pattern begins in the folder above and none goes on in this one: of
        `wav48/p225` and `wav48/p226`, the pattern `wav48/p225/*` leads to the first alone.
        """
        above = _parts(folder)[:-1]
        return not self._patterns or not self._begins(above) or self._begins(_parts(folder))

    def _begins(self, folder: tuple[str, ...]) -> bool:
        """Whether the first folders of a pattern are the last of this one."""
        return any(
            _ends_with(folder, pattern[:length])
            for pattern in self._patterns
            for length in range(1, len(pattern))
        )


def _parts(folder: str) -> tuple[str, ...]:
    return tuple(folder.split("/")) if folder else ()


def _ends_with(folder: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if len(pattern) > len(folder):
        return False
    last = folder[len(folder) - len(pattern) :]
    return all(map(fnmatch.fnmatchcase, last, pattern))
