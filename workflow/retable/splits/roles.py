"""Reads which clips play which role in a fold."""

from pathlib import Path

from retable.tsv import as_numbers, read_tsv


def read_roles(path: Path) -> dict[tuple[int, int], dict[str, list[str]]]:
    """(repeat, fold) -> role (`train`, `validation`, `test`) -> its clips.

    Raises:
        DataError: the file is missing, or is no such table.
    """
    columns = ["repeat", "fold", "role", "clip_id"]
    table = as_numbers(read_tsv(path, columns), {"repeat": int, "fold": int}, path)
    roles: dict[tuple[int, int], dict[str, list[str]]] = {}
    rows = table[columns].itertuples(index=False, name=None)
    for repeat, fold, role, clip_id in rows:
        roles.setdefault((repeat, fold), {}).setdefault(role, []).append(clip_id)
    return roles
