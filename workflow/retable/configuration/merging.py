"""Plain-data operations on YAML: merging, overrides, inheritance and sweeps.

Every function returns new data and leaves its arguments alone.
"""

import itertools
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

Entry = dict[str, Any]


class MergeFault(Exception):
    """A name in YAML that leads nowhere; the message says where and what is known."""


def nearest(name: str, known: Mapping[str, Any] | list[str] | tuple[str, ...]) -> str:
    """A clause that suggests the known name nearest to `name`, or lists the known ones."""
    names = [str(entry) for entry in known]
    matches = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {matches[0]!r}?" if matches else f"known: {', '.join(sorted(names))}"


def merged(base: Any, change: Any) -> Any:
    """`base` with `change` laid over it: mappings merge, null removes a key, the rest replaces.

    A mapping laid over a name inherits from it: `model: gresnet` with `model: {depth: 3}` gives
    `model: {extends: gresnet, depth: 3}`.
    """
    if isinstance(base, str) and isinstance(change, Mapping) and "extends" not in change:
        base = {"extends": base}
    if not (isinstance(base, Mapping) and isinstance(change, Mapping)):
        return change
    removed = {key for key, value in change.items() if value is None}
    result = {key: value for key, value in base.items() if key not in removed}
    for key, value in change.items():
        if value is not None:
            result[key] = merged(result[key], value) if key in result else value
    return result


def overridden(section: Mapping[str, Any], overrides: Mapping[str, Any], where: str) -> Entry:
    """`section` with each override merged into every entry that its pattern matches.

    Raises:
        MergeFault: a pattern matches no entry.
    """
    result = dict(section)
    for pattern, change in overrides.items():
        names = [name for name in section if fnmatchcase(name, pattern)]
        if not names:
            raise MergeFault(f"{where}.{pattern}: no such entry; {nearest(pattern, section)}")
        for name in names:
            if change is None:
                result.pop(name, None)
            else:
                result[name] = merged(result[name], change)
    return result


def inherited(section: Mapping[str, Entry], name: str, where: str) -> Entry:
    """Entry `name` laid over the entry that it `extends`, over what that one extends, and so on.

    Raises:
        MergeFault: the parent does not exist, or entries extend each other in a circle.
    """
    chain = [name]
    while (parent := section[chain[-1]].get("extends")) is not None:
        if parent not in section:
            raise MergeFault(f"{where}.{chain[-1]}: extends {parent!r}; {nearest(parent, section)}")
        if parent in chain:
            raise MergeFault(f"{where}.{name}: extends itself through {' -> '.join(chain)}")
        chain.append(parent)
    result: Entry = {}
    for ancestor in reversed(chain):
        own = {key: value for key, value in section[ancestor].items() if key != "extends"}
        result = merged(result, own)
    return result


def swept(section: Mapping[str, Entry]) -> dict[str, Entry]:
    """`section` with each entry that has a `sweep` replaced by one entry per combination.

    `sweep: {depth: [3, 5]}` is the product of its lists, `sweep: [{f1: tanh, f2: relu}]` a list of
    combinations. `{depth}` in the entry's name and strings is replaced; a string that is nothing
    else becomes the value itself.
    """
    result: dict[str, Entry] = {}
    for name, entry in section.items():
        if not isinstance(entry, Mapping) or "sweep" not in entry:
            result[name] = entry
            continue
        template = {key: value for key, value in entry.items() if key != "sweep"}
        for combination in _combinations(entry["sweep"]):
            result[name.format(**combination)] = _filled(template, combination)
    return result


def _combinations(sweep: Any) -> Iterator[Entry]:
    if isinstance(sweep, Mapping):
        for values in itertools.product(*sweep.values()):
            yield dict(zip(sweep, values, strict=True))
    else:
        yield from sweep


def _filled(value: Any, combination: Entry) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(entry, combination) for key, entry in value.items()}
    if isinstance(value, list):
        return [_filled(entry, combination) for entry in value]
    if not isinstance(value, str):
        return value
    for name, replacement in combination.items():
        if value == f"{{{name}}}":
            return replacement
        value = value.replace(f"{{{name}}}", str(replacement))
    return value
