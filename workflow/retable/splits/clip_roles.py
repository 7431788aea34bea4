"""The roles of clips: their order, and which of them chooses among repeats.

Beside the specs rather than in them, so that what depends on either runs again when it changes.
"""

from retable.spec.split import Role

ROLES: tuple[Role, ...] = ("train", "validation", "test")
"""Their order is part of the seeds of predicted batches."""


def choosing_role(repeats: str | None, variant: str) -> Role | None:
    """The role of the clips whose accuracy chooses one of an experiment's repeats.

    cabcnn lists the run of the highest test accuracy of eight (section 4); a clean protocol does
    not choose on test clips, but on validation clips.

    Args:
        repeats: the field of a cell or figure; all but `best_test` and `best_validation` choose
            none.
        variant: `paper` or `clean`.
    """
    if repeats == "best_test" and variant == "paper":
        return "test"
    return "validation" if repeats in ("best_test", "best_validation") else None
