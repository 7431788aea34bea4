"""The paper's own layout of a table: what stands in which place, before any markup."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from retable.spec.paper import Comparability
from retable.spec.table import Table
from retable.tables.lines import EXTRA, Line, text_lines
from retable.tables.missing import steps_of
from retable.tables.verdicts import CITED, DATA_MISSING, TITLE_NOTES, is_not_comparable

CLEAN_LABEL = "clean protocol"
EXTRA_LABEL = "(not in the paper)"

Place = tuple[str, str, str, str]
"""Variant, row, column and metric of a number, as it is shown."""


@dataclass(frozen=True)
class Entry:
    """One cell, all text as printed; empty where nothing is printed, as `published` in rows that
    the paper does not have.
    """

    published: str
    """With the standard deviation that the paper prints beside it: `73.91 ± 0.74`."""
    reproduced: str
    sd: str
    difference: str
    verdict: str

    @property
    def missing(self) -> bool:
        """Whether there is no data to reproduce it from."""
        return self.verdict == DATA_MISSING


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
    has but one metric beside its spread, which the title then names."""
    rows: tuple[LayoutRow, ...]
    missing: tuple[str, ...] = ()
    """Steps to obtain the data that cells are missing; they stand beneath the table."""

    @property
    def has_spread(self) -> bool:
        """Whether a standard deviation stands in a cell."""
        return any(entry and entry.sd for row in self.rows for entry in row.entries)

    @property
    def has_metrics(self) -> bool:
        """Whether the heading has a second line."""
        return any(metric for _, metrics in self.groups for metric in metrics)


def table_layout(
    table: Table, long_form: pd.DataFrame, name: str, comparability: Comparability
) -> Layout:
    """Arrange a long form as the paper prints it.

    Columns and metrics without any published number are left out; a clean row follows its own. A
    metric that is the standard deviation of another stands in the other's cell. A row of gains
    stands after the two rows that it compares, and its numbers beneath theirs.
    """
    lines = {
        (line["variant"], line["row"], line["column"], _shown_metric(table, line)): line
        for line in text_lines(long_form)
    }
    ours = {*table.extra, *long_form.loc[long_form["kind"] == EXTRA, "row"]}
    entries = _entries(table, lines)
    printed = {(column, metric) for _, _, column, metric in entries}
    groups = {
        column: [metric for metric in table.metrics if (column, metric) in printed]
        for column in table.columns
    }
    rows = []
    for row in _rows_in_order(table):
        for variant in ("paper", "clean"):
            if variant == "clean" and row not in table.clean:
                continue
            cells = tuple(
                entries.get((variant, row, column, metric))
                for column, metrics in groups.items()
                for metric in metrics
            )
            label = _row_label(table, row, row in ours) if variant == "paper" else CLEAN_LABEL
            rows.append(LayoutRow(label, variant == "clean", cells))
    return Layout(
        title=_title(table, long_form, name, comparability),
        row_title=table.row_title,
        groups=_headings(table, groups),
        rows=tuple(rows),
        missing=steps_of(long_form),
    )


def with_note(title: str, note: str) -> str:
    """`Title (note)`, or the title alone without one."""
    return f"{title} ({note})" if note else title


def _title(table: Table, long_form: pd.DataFrame, name: str, comparability: Comparability) -> str:
    """`Table 2. Title (simulated audio: not comparable with the paper)`.

    That of settings says nothing of the audio, unless one of them depends on it.
    """
    are_settings = set(long_form["kind"]) <= {"setting", CITED}
    if are_settings and not any(map(is_not_comparable, long_form["verdict"])):
        comparability = "comparable"
    return with_note(f"Table {name}. {table.title}", TITLE_NOTES[comparability])


def _entries(table: Table, lines: Mapping[Place, Line]) -> dict[Place, Entry]:
    """Cells of all lines but the standard deviations whose mean is there, which stand beside it."""
    mean_of = {
        place: (*place[:3], metric)
        for place in lines
        for metric in _means(table, place[3])
        if (*place[:3], metric) in lines
    }
    spreads = {mean: lines[place] for place, mean in mean_of.items()}
    return {
        place: _entry(line, spreads.get(place))
        for place, line in lines.items()
        if place not in mean_of
    }


def _means(table: Table, metric: str) -> list[str]:
    """The metrics that a metric is the standard deviation of: else their cells are the same."""
    if table.metrics[metric].statistic != "sd":
        return []
    apart = {"statistic": None, "decimals": None}
    spread = table.metrics[metric].model_copy(update=apart)
    return [
        name
        for name, cell in table.metrics.items()
        if cell.statistic != "sd" and cell.model_copy(update=apart) == spread
    ]


def _entry(line: Line, spread: Line | None) -> Entry:
    """Cell of a line, and of the line that is its standard deviation where there is one."""
    published = line["published"] if line["variant"] == "paper" else ""
    if published and spread is not None:
        published += f" ± {spread['published']}"
    return Entry(
        published=published,
        reproduced=line["reproduced"],
        sd=line["sd"] if spread is None else spread["reproduced"],
        difference=line["difference"],
        verdict=line["verdict"],
    )


def _shown_metric(table: Table, line: Line) -> str:
    """The metric beneath which a number stands: a gain that of the numbers that it is between."""
    gain = table.relative_gains.get(line["row"])
    return line["metric"] if gain is None else gain.metric


def _rows_in_order(table: Table) -> list[str]:
    """The rows of a table, and after the later of the two that it compares each row of gains."""
    rows = list(table.rows)
    after: dict[str, list[str]] = {row: [] for row in rows}
    for name, gain in table.relative_gains.items():
        after[max(gain.of, gain.over, key=rows.index)].append(name)
    return [name for row in rows for name in (row, *after[row])]


def _row_label(table: Table, row: str, is_ours: bool) -> str:
    label = table.row_titles.get(row, row)
    return f"{label} {EXTRA_LABEL}" if is_ours else label


def _headings(
    table: Table, groups: Mapping[str, list[str]]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    shown = {metric for metrics in groups.values() for metric in metrics}
    single = len(shown) == 1 and len(groups) > 1
    return tuple(
        (
            table.column_titles.get(column, column),
            tuple("" if single else table.metric_titles.get(metric, metric) for metric in metrics),
        )
        for column, metrics in groups.items()
        if metrics
    )
