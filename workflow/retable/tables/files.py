"""Tables as files: what the scripts of the table rules call."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from retable.spec.paper import Comparability
from retable.spec.table import Table, TextRow
from retable.tables.layout import table_layout, with_note
from retable.tables.long_form import table_long_form
from retable.tables.published import published_rows, read_published
from retable.tables.readings import reading_long_form
from retable.tables.render import latex_table, markdown_lines, markdown_table
from retable.tables.results import Results, Sources, read_experiment_scores
from retable.tables.text_rows import Parameters, text_long_forms
from retable.tables.verdicts import TITLE_NOTES
from retable.tsv import write_tsv


def write_table(
    table: Table,
    *,
    published: Path,
    table_name: str,
    scores: Mapping[str, Path],
    confusions: Mapping[str, Path],
    sources: Sources,
    missing: Mapping[str, str],
    comparability: Comparability,
    note: str = "",
    tsv: Path,
    markdown: Path,
    latex: Path,
) -> None:
    """Write a numbered table as long form, Markdown and LaTeX.

    Args:
        table: The table's spec.
        published: The paper's `published.csv`.
        table_name: The table's number as `published.csv` writes it: `2`, `I`.
        scores: Experiment, fusion or verification -> its scores, for every one in the table that
            has data.
        confusions: The same for the confusions, where cells are of metric `confusion` or `recall`.
        sources: Of a table with a `reading`: experiment -> source -> its files, as
            `results.Sources` says.
        missing: Experiment, fusion or verification -> the steps to obtain its data, for those
            without.
        comparability: Whether the scores allow a verdict.
        note: Scale, device and the like, for the caption.
        tsv: Long form to write.
        markdown: Rendering to write.
        latex: Rendering to write.

    Raises:
        ConfigError: Table and published numbers do not match.
        DataError: An input is unreadable or lacks what a cell needs.
    """
    printed = published_rows(read_published(published), table_name)
    results = Results(
        source=f"{published.parent.name}, table {table_name}",
        comparability=comparability,
        scores=read_experiment_scores(scores, confusions),
        sources=sources,
        missing=missing,
    )
    if table.reading is None:
        long_form = table_long_form(table, printed, results)
    else:
        long_form = reading_long_form(table, table.reading, printed, results)
    layout = table_layout(table, long_form, table_name, comparability)
    write_tsv(long_form, tsv)
    _write_text(markdown_table(layout, note), markdown)
    _write_text(latex_table(layout, note), latex)


def write_text_tables(
    rows: Sequence[TextRow],
    *,
    published: Path,
    scores: Mapping[str, Path],
    sources: Sources,
    parameters: Parameters,
    missing: Mapping[str, str],
    comparability: Comparability,
    note: str = "",
    text_tsv: Path,
    text_markdown: Path,
    settings_tsv: Path,
    settings_markdown: Path,
) -> None:
    """Write the numbers of a paper's running text: its results, and its settings.

    Args:
        rows: The paper's text rows.
        published: The paper's `published.csv`; its rows of table `text` are used, and the cited
            numbers of any table that a gain is over.
        scores: Experiment, fusion or verification -> its scores, for every one in a cell or a
            gain, or compared, that has data.
        sources: Experiment or fusion -> source -> its files, as `results.Sources` says.
        parameters: Figure -> experiment -> the number it is drawn at, for rows that compare.
        missing: Experiment, fusion or verification -> the steps to obtain its data, for those
            without.
        comparability: Whether the scores allow a verdict.
        note: Stands beneath the results.
        text_tsv: Long form of results, derived, counted and cited values to write.
        text_markdown: Its rendering.
        settings_tsv: Long form of the settings to write.
        settings_markdown: Its rendering.

    Raises:
        ConfigError: A text row is not published, or cannot be read.
        DataError: An input is unreadable or lacks what a row needs.
    """
    results = Results(
        source=f"{published.parent.name}, text",
        comparability=comparability,
        scores=read_experiment_scores(scores, {}),
        sources=sources,
        missing=missing,
    )
    printed = read_published(published)
    text, settings = text_long_forms(rows, printed, results, parameters)
    write_tsv(text, text_tsv)
    write_tsv(settings, settings_tsv)
    title = with_note("Numbers in the text", TITLE_NOTES[comparability])
    _write_text(markdown_lines(text, title, note), text_markdown)
    _write_text(markdown_lines(settings, "Settings"), settings_markdown)


def _write_text(text: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
