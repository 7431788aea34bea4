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


def merged(base: Any, change: Any, keep_nulls: bool = False) -> Any:
    """`base` with `change` laid over it: mappings merge, null removes a key, the rest replaces.

    A mapping laid over a name inherits from it: `model: gresnet` with `model: {depth: 3}` gives
    `model: {extends: gresnet, depth: 3}`.

    Args:
        keep_nulls: null stays, to remove the key from what the result will be laid over in turn.
    """
    if not isinstance(change, Mapping):
        return change
    if isinstance(base, str) and "extends" not in change:
        base = {"extends": base}
    result = dict(base) if isinstance(base, Mapping) else {}
    for key, value in change.items():
        if value is None and not keep_nulls:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value, keep_nulls)
    return result


def overridden(section: Mapping[str, Any], overrides: Mapping[str, Any], where: str) -> Entry:
    """`section` with each override merged into every entry that its pattern matches.

    What matches no entry but `extends` one is a new entry, or with a `sweep` several.

    Raises:
        MergeFault: a pattern matches no entry and is no new one.
    """
    result = dict(section)
    for pattern, change in overrides.items():
        names = [name for name in result if fnmatchcase(str(name), pattern)]
        if not names and isinstance(change, Mapping) and "extends" in change:
            result |= swept({pattern: dict(change)}, where)
        elif not names:
            raise MergeFault(f"{where}.{pattern}: no such entry; {nearest(pattern, section)}")
        for name in names:
            if change is None:
                del result[name]
            else:
                result[name] = _overridden_entry(result[name], change)
    return result


def _overridden_entry(entry: Any, change: Any) -> Any:
    """What an entry that extends another removes, it has still to remove from that one."""
    laid_over = merged(entry, change, keep_nulls=True)
    extends = isinstance(laid_over, Mapping) and "extends" in laid_over
    return laid_over if extends else merged(entry, change)


def inherited(section: Mapping[str, Entry], name: str, where: str) -> Entry:
    """Entry `name` laid over the entry that it `extends`, over what that one extends, and so on.

    Raises:
        MergeFault: the parent does not exist, or entries extend each other in a circle.
    """
    chain = [name]
    while (parent := section[chain[-1]].get("extends")) is not None:
        place = f"{where}.{chain[-1]}".rstrip(".")
        if not isinstance(parent, str) or parent not in section:
            others = [other for other in section if other != chain[-1]]
            raise MergeFault(f"{place}: extends {parent!r}; {nearest(str(parent), others)}")
        if parent in chain:
            raise MergeFault(f"{place}: extends itself through {' -> '.join([*chain, parent])}")
        chain.append(parent)
    result: Entry = {}
    for ancestor in reversed(chain):
        own = {key: value for key, value in section[ancestor].items() if key != "extends"}
        result = merged(result, own)
    return result


def swept(section: Mapping[str, Entry], where: str) -> dict[str, Entry]:
    """`section` with each entry that has a `sweep` replaced by one entry per combination.

    `sweep: {depth: [3, 5]}` is the product of its lists, `sweep: [{f1: tanh, f2: relu}]` a list of
    combinations. `{depth}` in the entry's name and strings is replaced; a string that is nothing
    else becomes the value itself.

    Raises:
        MergeFault: a sweep is of neither form, or two entries come to the same name.
    """
    result: dict[str, Entry] = {}
    for name, entry in section.items():
        for filled_name, filled_entry in _expanded(name, entry, f"{where}.{name}"):
            if filled_name in result:
                raise MergeFault(
                    f"{where}.{name}: gives {filled_name!r} twice; "
                    f"name every swept key in braces in the entry's name"
                )
            result[filled_name] = filled_entry
    return result


def _expanded(name: str, entry: Any, where: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(entry, Mapping) or "sweep" not in entry:
        yield name, entry
        return
    template = {key: value for key, value in entry.items() if key != "sweep"}
    for combination in _combinations(entry["sweep"], where):
        yield str(_filled(name, combination)), _filled(template, combination)


def _combinations(sweep: Any, where: str) -> Iterator[Entry]:
    if isinstance(sweep, Mapping) and all(isinstance(values, list) for values in sweep.values()):
        for values in itertools.product(*sweep.values()):
            yield dict(zip(sweep, values, strict=True))
    elif isinstance(sweep, list) and all(isinstance(values, Mapping) for values in sweep):
        yield from sweep
    else:
        raise MergeFault(
            f"{where}.sweep: {sweep!r}: expected lists of values, as in {{depth: [3, 5]}}, "
            f"or a list of combinations, as in [{{f1: tanh, f2: relu}}]"
        )


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
