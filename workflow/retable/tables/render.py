"""Markdown, LaTeX and HTML of tables, in the paper's own row and column layout.

A cell reads `published / reproduced ± sd`, or `published / data missing` where there is no data to
reproduce it from; then the steps to obtain that stand beneath the table. The templates stand in
this module, not in files of their own, so that a change to them counts as a change to the code.
"""

from collections.abc import Iterable, Sequence
from html import escape

import pandas as pd

from retable.tables.layout import Entry, Layout
from retable.tables.lines import text_lines
from retable.tables.missing import steps_of
from retable.tables.verdicts import DATA_MISSING, is_not_comparable

DASH = "\u2013"
MINUS = "\u2212"
CELL_KEY = "Cells: published / reproduced."
SPREAD_CELL_KEY = "Cells: published / reproduced ± standard deviation."

_LATEX_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "±": r"$\pm$", "→": r"$\rightarrow$", "\u00d7": r"$\times$", "<": r"$<$", ">": r"$>$",
    MINUS: r"$-$",
    # Unprotected at the start of a row it is read as the argument of the line break before.
    "[": "{[}",
}  # fmt: skip
_VERDICT_CLASSES = {
    "within 1 sd": "agrees", "as printed": "agrees", "above": "departs", "below": "departs",
    "differs": "departs",
}  # fmt: skip
_FLAT_COLUMNS = {
    "row": "Row", "column": "Column", "metric": "Metric", "published": "Published",
    "reproduced": "Reproduced", "difference": "Difference", "verdict": "Verdict",
}  # fmt: skip


def markdown_table(layout: Layout, note: str = "") -> str:
    """Render a table as GitHub Markdown, its two-line heading joined into one."""
    heading = [layout.row_title]
    for column, metrics in layout.groups:
        heading += [f"{column} {metric}".strip() for metric in metrics]
    body = [
        [f"↳ {row.label}" if row.clean else row.label, *map(_cell_text, row.entries)]
        for row in layout.rows
    ]
    caption = " ".join(filter(None, [_cell_key(layout), note]))
    return (
        f"**{_markdown(layout.title)}**\n\n{_markdown_grid(heading, body)}\n{_markdown(caption)}\n"
        + _markdown_steps(layout.missing)
    )


def latex_table(layout: Layout, note: str = "") -> str:
    """Render a table as LaTeX for the package booktabs."""
    columns = sum(len(metrics) for _, metrics in layout.groups)
    caption = " ".join(filter(None, [f"{layout.title}.", _cell_key(layout), note]))
    lines = [
        r"\begin{table}",
        r"\centering\small",
        rf"\caption{{{escape_latex(caption)}}}",
        rf"\begin{{tabular}}{{l{'r' * columns}}}",
        r"\toprule",
        *_latex_heading(layout),
        r"\midrule",
    ]
    for row in layout.rows:
        label = escape_latex(row.label)
        cells = [escape_latex(_cell_text(entry)) for entry in row.entries]
        lines.append(" & ".join([rf"\quad {label}" if row.clean else label, *cells]) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [rf"\par\smallskip {escape_latex(text)}" for text in _steps(layout.missing)]
    lines.append(r"\end{table}")
    return "\n".join(lines) + "\n"


def html_table(layout: Layout) -> str:
    """Render a table as an HTML `table`; the difference stands beneath each pair of values."""
    lines = [
        "<table>",
        f"<caption><span>{escape(layout.title)}</span></caption>",
        "<thead>",
        *_html_heading(layout),
        "</thead>",
        "<tbody>",
    ]
    for row in layout.rows:
        kind = ' class="clean"' if row.clean else ""
        cells = "".join(f"<td>{_cell_html(entry)}</td>" for entry in row.entries)
        lines.append(f'<tr{kind}><th scope="row">{escape(row.label)}</th>{cells}</tr>')
    return "\n".join([*lines, "</tbody>", "</table>", *_html_steps(layout.missing)]) + "\n"


def markdown_lines(long_form: pd.DataFrame, title: str, note: str = "") -> str:
    """Render a long form line by line as Markdown: numbers of the text, or settings."""
    columns = _used_columns(long_form)
    grid = _markdown_grid([_FLAT_COLUMNS[c] for c in columns], _flat_rows(long_form, columns))
    caption = f"\n{_markdown(note)}\n" if note else ""
    return f"**{_markdown(title)}**\n\n{grid}{caption}" + _markdown_steps(steps_of(long_form))


def html_lines(long_form: pd.DataFrame, title: str) -> str:
    """Render a long form line by line as HTML: numbers of the text, or settings."""
    columns = _used_columns(long_form)
    heading = "".join(f'<th scope="col">{escape(_FLAT_COLUMNS[c])}</th>' for c in columns)
    body = []
    for cells in _flat_rows(long_form, columns):
        kind = _VERDICT_CLASSES.get(cells[-1], "")
        body.append(
            "<tr>"
            + "".join(f"<td>{escape(cell)}</td>" for cell in cells[:3])
            + "".join(
                f'<td class="number">{escape(_typographic(cell))}</td>' for cell in cells[3:-1]
            )
            + f'<td class="verdict {kind}">{escape(cells[-1])}</td></tr>'
        )
    lines = [
        '<table class="lines">',
        f"<caption><span>{escape(title)}</span></caption>",
        f"<thead><tr>{heading}</tr></thead>",
        "<tbody>",
        *body,
        "</tbody>",
        "</table>",
        *_html_steps(steps_of(long_form)),
    ]
    return "\n".join(lines) + "\n"


def escape_latex(text: str) -> str:
    """Escape what LaTeX would read as markup."""
    return "".join(_LATEX_ESCAPES.get(character, character) for character in text)


def _used_columns(long_form: pd.DataFrame) -> list[str]:
    """Columns of the flat rendering; differences only where there are any."""
    has_differences = bool((long_form["difference"] != "").any())
    return [c for c in _FLAT_COLUMNS if c != "difference" or has_differences]


def _flat_rows(long_form: pd.DataFrame, columns: Sequence[str]) -> list[list[str]]:
    rows = []
    for line in text_lines(long_form):
        unit = f" {line['unit']}" if line["unit"] not in ("", "count") else ""
        shown = dict(line)
        shown["published"] += unit
        if line["verdict"] == DATA_MISSING:
            shown |= {"reproduced": DATA_MISSING, "verdict": ""}
        elif line["reproduced"]:
            shown["reproduced"] += (f" ± {line['sd']}" if line["sd"] else "") + unit
        rows.append([shown[column] for column in columns])
    return rows


def _cell_text(entry: Entry | None) -> str:
    """`published / reproduced ± sd`; only the latter where nothing is published."""
    if entry is None:
        return DASH
    reproduced = entry.reproduced + (f" ± {entry.sd}" if entry.sd else "")
    if entry.missing:
        reproduced = DATA_MISSING
    if not entry.published:
        return reproduced or DASH
    return f"{entry.published} / {reproduced or DASH}"


def _cell_html(entry: Entry | None) -> str:
    if entry is None:
        return DASH
    sd = f' <span class="sd">± {entry.sd}</span>' if entry.sd else ""
    parts = []
    if entry.published:
        parts.append(f'<span class="published">{escape(entry.published)}</span>')
    if entry.missing:
        return "".join([*parts, f'<span class="soft">{DATA_MISSING}</span>'])
    parts.append(f'<span class="reproduced">{escape(entry.reproduced or DASH)}{sd}</span>')
    if entry.difference:
        parts.append(f'<span class="difference">{_typographic(entry.difference)}</span>')
    if entry.published and entry.verdict and not is_not_comparable(entry.verdict):
        kind = _VERDICT_CLASSES.get(entry.verdict, "")
        parts.append(f'<span class="verdict {kind}">{escape(entry.verdict)}</span>')
    return "".join(parts)


def _cell_key(layout: Layout) -> str:
    return SPREAD_CELL_KEY if layout.has_spread else CELL_KEY


def _steps(missing: Iterable[str]) -> list[str]:
    return [f"{DATA_MISSING.capitalize()}: {steps}" for steps in missing]


def _markdown_steps(missing: Iterable[str]) -> str:
    return "".join(f"\n{_markdown(text)}\n" for text in _steps(missing))


def _html_steps(missing: Iterable[str]) -> list[str]:
    return [f'<p class="soft note">{escape(text)}</p>' for text in _steps(missing)]


def _html_heading(layout: Layout) -> list[str]:
    span = ' rowspan="2"' if layout.has_metrics else ""
    groups = "".join(
        f'<th scope="colgroup" colspan="{len(metrics)}">{escape(column)}</th>'
        for column, metrics in layout.groups
    )
    lines = [f'<tr><th scope="col"{span}>{escape(layout.row_title)}</th>{groups}</tr>']
    if layout.has_metrics:
        names = [metric for _, metrics in layout.groups for metric in metrics]
        cells = "".join(f'<th scope="col">{escape(metric)}</th>' for metric in names)
        lines.append(f"<tr>{cells}</tr>")
    return lines


def _latex_heading(layout: Layout) -> list[str]:
    groups = [
        rf"\multicolumn{{{len(metrics)}}}{{c}}{{{escape_latex(column)}}}"
        if len(metrics) > 1
        else escape_latex(column)
        for column, metrics in layout.groups
    ]
    row_title = escape_latex(layout.row_title)
    if not layout.has_metrics:
        return [" & ".join([row_title, *groups]) + r" \\"]
    rules, first = [], 2
    for _, metrics in layout.groups:
        rules.append(rf"\cmidrule(lr){{{first}-{first + len(metrics) - 1}}}")
        first += len(metrics)
    names = [escape_latex(metric) for _, metrics in layout.groups for metric in metrics]
    return [
        " & ".join(["", *groups]) + r" \\",
        " ".join(rules),
        " & ".join([row_title, *names]) + r" \\",
    ]


def _markdown_grid(heading: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *body]
    return "".join("| " + " | ".join(map(_markdown, line)) + " |\n" for line in lines)


def _markdown(text: str) -> str:
    return text.replace("|", r"\|").replace("*", r"\*")


def _typographic(number: str) -> str:
    return MINUS + number[1:] if number.startswith("-") and number[1:2].isdigit() else number
