"""Lines of a long form: one printed number beside what was reproduced of it, all text."""

import pandas as pd

COLUMNS = (
    "row", "column", "metric", "unit", "kind", "variant", "published", "reproduced",
    "difference", "sd", "n", "verdict", "note",
)  # fmt: skip
"""All text as printed; `n` is the number of runs behind `reproduced` and `sd`, or of repeats where
`reproduced` is itself a standard deviation over them or that of the best of them."""

EXTRA = "extra"
"""Kind of a line that the paper does not print."""

Line = dict[str, str]


def blank_line(row: Line, verdict: str) -> Line:
    """Line of a published number without a reproduced one."""
    copied = {column: row[column] for column in ("row", "column", "metric", "unit", "kind", "note")}
    empty = {column: "" for column in ("reproduced", "difference", "sd", "n")}
    return {**copied, **empty, "variant": "paper", "published": row["value"], "verdict": verdict}


def added_note(row: Line, note: str) -> str:
    """The note of a published number, and what there is to add to it."""
    return "; ".join(filter(None, [row["note"], note]))


def key_of(row: Line) -> tuple[str, str, str]:
    """Row, column and metric of a line."""
    return row["row"], row["column"], row["metric"]


def text_lines(table: pd.DataFrame) -> list[Line]:
    """Lines of a table, all text."""
    columns = [str(column) for column in table.columns]
    return [
        dict(zip(columns, map(str, line), strict=True))
        for line in table.itertuples(index=False, name=None)
    ]


def as_long_form(lines: list[Line]) -> pd.DataFrame:
    """Long form with `COLUMNS` of some lines, in their order."""
    return pd.DataFrame(lines, columns=list(COLUMNS), dtype=str)
