"""The paper's own layout of a table: what stands in which place, before any markup."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from retable.spec.paper import Comparability, Table
from retable.tables.long_form import text_lines
from retable.tables.verdicts import TITLE_NOTES

CLEAN_LABEL = "clean protocol"
EXTRA_LABEL = "(not in the paper)"


@dataclass(frozen=True)
class Entry:
    """One cell, all text as printed; empty where nothing is printed, as `published` in rows that
    the paper does not have.
    """

    published: str
    reproduced: str
    sd: str
    difference: str
    verdict: str


@dataclass(frozen=True)
class LayoutRow:
    """One line of a table: the paper's, or its clean twin beneath it."""

    label: str
    clean: bool
    entries: tuple[Entry | None, ...]


@dataclass(frozen=True)
class Layout:
    """A table with a heading of one or two lines and rows of cells."""

    title: str
    row_title: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    """Column heading and the headings of its metrics; one empty metric heading where the table
    has but one metric, which the title then names."""
    rows: tuple[LayoutRow, ...]

    @property
    def has_metrics(self) -> bool:
        """Whether the heading has a second line."""
        return any(metric for _, metrics in self.groups for metric in metrics)


def table_title(name: str, title: str, comparability: Comparability) -> str:
    """`Table 2. Title (simulated audio: not comparable with the paper)`."""
    note = TITLE_NOTES[comparability]
    return f"Table {name}. {title}" + (f" ({note})" if note else "")


def table_layout(
    table: Table, long_form: pd.DataFrame, name: str, comparability: Comparability
) -> Layout:
    """Arrange a long form as the paper prints it.

    Columns and metrics without any published number are left out; a clean row follows its own.
    """
    entries = {
        (line["variant"], line["row"], line["column"], line["metric"]): Entry(
            published=line["published"] if line["variant"] == "paper" else "",
            reproduced=line["reproduced"],
            sd=line["sd"],
            difference=line["difference"],
            verdict=line["verdict"],
        )
        for line in text_lines(long_form)
    }
    printed = {(column, metric) for _, _, column, metric in entries}
    groups = {
        column: [metric for metric in table.metrics if (column, metric) in printed]
        for column in table.columns
    }
    rows = []
    for row in table.rows:
        for variant in ("paper", "clean"):
            if variant == "clean" and row not in table.clean:
                continue
            cells = tuple(
                entries.get((variant, row, column, metric))
                for column, metrics in groups.items()
                for metric in metrics
            )
            label = _row_label(table, row) if variant == "paper" else CLEAN_LABEL
            rows.append(LayoutRow(label, variant == "clean", cells))
    return Layout(
        title=table_title(name, table.title, comparability),
        row_title=table.row_title,
        groups=_headings(table, groups),
        rows=tuple(rows),
    )


def _row_label(table: Table, row: str) -> str:
    label = table.row_titles.get(row, row)
    return f"{label} {EXTRA_LABEL}" if row in table.extra else label


def _headings(
    table: Table, groups: Mapping[str, list[str]]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    single = len(table.metrics) == 1 and len(table.columns) > 1
    return tuple(
        (
            table.column_titles.get(column, column),
            tuple("" if single else table.metric_titles.get(metric, metric) for metric in metrics),
        )
        for column, metrics in groups.items()
        if metrics
    )
