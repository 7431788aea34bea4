"""Parameters of a network by patterns such as `shared.*`."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from retable.errors import ConfigError


def matching_names(
    names: Iterable[str], patterns: Sequence[str], source: str, field: str
) -> frozenset[str]:
    """The names that match any of the patterns.

    Args:
        names: of parameters (and buffers), such as `shared.1.convolution.weight`.
        patterns: in which `*` stands for any text, dots included.
        source: whose patterns these are, for the error.
        field: where they are written, for the error.

    Raises:
        ConfigError: a pattern matches nothing; the message lists names like it.
    """
    names = list(names)
    found = {
        pattern: [name for name in names if fnmatchcase(name, pattern)] for pattern in patterns
    }
    faults = [
        f"{field}: {pattern!r} matches no parameter of the network; names like it are "
        f"{', '.join(get_close_matches(pattern, names, n=3, cutoff=0))}"
        for pattern, matched in found.items()
        if not matched
    ]
    if faults:
        raise ConfigError(source, faults)
    return frozenset(name for matched in found.values() for name in matched)
