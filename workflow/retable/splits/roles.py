"""Reads which clips play which role in a fold."""

from pathlib import Path

import pandas as pd


def read_roles(path: Path) -> dict[tuple[int, int], dict[str, list[str]]]:
    """(repeat, fold) -> role (`train`, `validation`, `test`) -> its clips."""
    table = pd.read_csv(path, sep="\t", dtype={"clip_id": str, "role": str}, keep_default_na=False)
    roles: dict[tuple[int, int], dict[str, list[str]]] = {}
    rows = table[["repeat", "fold", "role", "clip_id"]].itertuples(index=False, name=None)
    for repeat, fold, role, clip_id in rows:
        roles.setdefault((repeat, fold), {}).setdefault(role, []).append(clip_id)
    return roles
