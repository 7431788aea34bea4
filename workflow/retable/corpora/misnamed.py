"""Clips that upstream has under a wrong name.

A corpus that has some says so in a table, upstream's name -> the one that is meant.
"""

from collections.abc import Mapping


def correction(name: str, meant: str) -> dict[str, str]:
    """`clip_id` and `remark` of a clip called `name`; nothing where that is the one meant."""
    if name == meant:
        return {}
    return {"clip_id": meant, "remark": f"named {name} instead of {meant}"}


def upstream_name(meant: str, misnamed: Mapping[str, str]) -> str:
    """What upstream calls the clip that `meant` is the right name of."""
    return next((name for name, right in misnamed.items() if right == meant), meant)
