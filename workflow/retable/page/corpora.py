"""What the page says about the corpora: where they come from, and what is in them."""

from dataclasses import dataclass
from pathlib import Path

from retable.corpora.summary import ODD_COLUMNS
from retable.errors import DataError
from retable.tsv import read_tsv

SHOWN_OF_CORPORA = (
    "corpus", "clips", "rejected", "sample_rates", "hours", "mean_s", "sd_s", "shortest_s",
    "longest_s",
)  # fmt: skip
"""Columns of `corpora.tsv` that the page shows; all are text as printed."""


@dataclass(frozen=True)
class PageCorpus:
    """What the page says about a corpus."""

    name: str
    """As the tables of the build name it."""
    title: str
    source: str
    """Where its audio came from: `simulated`, `upstream`, a mirror or a directory."""
    licence: str
    citation: str
    homepage: str


def corpora_content(
    corpora: tuple[PageCorpus, ...], summary: Path, odd_clips: Path
) -> dict[str, object]:
    """Corpora with what their clips are, and the clips that are odd, as the template shows them.

    Args:
        corpora: The corpora behind the results.
        summary: `corpora.tsv`, with a row for each of them.
        odd_clips: `odd_clips.tsv`.

    Raises:
        DataError: A file is missing or has other columns, or a corpus has no row.
    """
    rows = read_tsv(summary, SHOWN_OF_CORPORA).to_dict("records")
    by_name = {str(row["corpus"]): row for row in rows}
    titles = {corpus.name: corpus.title for corpus in corpora}
    if absent := sorted(titles.keys() - by_name.keys()):
        raise DataError(
            f"{summary}: no row of corpus {', '.join(absent)}; it has "
            f"{', '.join(by_name) or 'none'}; remove the file and build it again"
        )
    odd = read_tsv(odd_clips, ODD_COLUMNS)
    with_odd = set(odd["corpus"])
    return {
        "corpora": [{"about": corpus, "clips": by_name[corpus.name]} for corpus in corpora],
        "odd_clips": [
            {"title": title, "clips": odd[odd["corpus"] == name].to_dict("records")}
            for name, title in titles.items()
            if name in with_odd
        ],
        "handled": {how: int((odd["handled"] == how).sum()) for how in ("kept", "rejected")},
        "simulated": [corpus.title for corpus in corpora if corpus.source == "simulated"],
    }
