"""The clips that stand for the classes of a figure."""

from collections.abc import Sequence

from retable.errors import DataError
from retable.spec.split import Role
from retable.splits.roles import read_roles
from retable.training.inputs import InputFiles
from retable.tsv import read_tsv


def first_clips(
    files: InputFiles,
    place: tuple[int, int],
    role: Role,
    task: str,
    classes: Sequence[str],
    field: str,
) -> tuple[str, ...]:
    """Of each class the first clip, by clip_id, among those of a role.

    Clips are of the dataset that is split; extra training clips of others are not shown.

    Args:
        files: of the input with the task.
        place: repeat and fold of its split.
        role: of the clips there.
        task: that the classes are of.
        classes: any of its classes.
        field: of the figure that names them, for messages.

    Raises:
        DataError: the split lacks the place, the dataset has no such task, or a class has no clip.
    """
    repeat, fold = place
    roles = read_roles(files.split)
    if place not in roles:
        raise DataError(
            f"{files.split}: has no repeat {repeat}, fold {fold}; remove it and build it again"
        )
    table = read_tsv(files.dataset, ("clip_id",))
    if task not in table.columns:
        raise DataError(
            f"{files.dataset}: no column {task!r}, which should name classes; there is "
            + ", ".join(table.columns)
        )
    among = table[table["clip_id"].isin(roles[place].get(role, []))]
    first = among.groupby(task)["clip_id"].min()
    for name in classes:
        if name not in first.index:
            adjective = "training" if role == "train" else role
            raise DataError(
                f"{files.split}: repeat {repeat}, fold {fold} has no {adjective} clip of "
                f"{task} {name!r}; correct `{field}` of the figure to classes among "
                + (", ".join(first.index) or f"none: it has no {adjective} clips")
            )
    return tuple(str(first[name]) for name in classes)
