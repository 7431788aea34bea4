"""Numbers whose corpus is not there: what is printed instead, and how to come by the data."""

from collections.abc import Iterable, Mapping

import pandas as pd

from retable.tables.lines import Line, added_note, blank_line
from retable.tables.verdicts import DATA_MISSING

_STEPS = f"{DATA_MISSING}: "
"""Begins the steps in a note, so that a table can be rendered from its long form alone."""


def missing_steps(experiments: Iterable[str | None], missing: Mapping[str, str]) -> str | None:
    """The steps to obtain the data that some of what is scored lacks; absent if none does.

    Args:
        experiments: Those that a number is made from, or fusions or verifications.
        missing: Experiment, fusion or verification -> the steps to obtain its data, for those
            without.
    """
    steps = dict.fromkeys(missing[name] for name in experiments if name and name in missing)
    return "; ".join(" ".join(text.split()) for text in steps) if steps else None


def missing_line(row: Line, steps: str, variant: str = "paper") -> Line:
    """Line of a published number that cannot be reproduced before some data is obtained."""
    note = added_note(row, _STEPS + steps)
    return {**blank_line(row, DATA_MISSING), "variant": variant, "note": note}


def steps_of(long_form: pd.DataFrame) -> tuple[str, ...]:
    """The steps that a long form's lines tell, each once, in their order."""
    notes = long_form.loc[long_form["verdict"] == DATA_MISSING, "note"]
    return tuple(dict.fromkeys(note.partition(_STEPS)[2] for note in notes))
