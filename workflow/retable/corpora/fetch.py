"""Fetching an archive as its source has it: whole, as single files, or from a directory."""

import logging
from collections.abc import Iterator
from pathlib import Path

from retable.corpora.archives import inspection_of, replacement_of
from retable.corpora.single_files import count_files, download_single_files
from retable.corpora.source import ResolvedSource
from retable.download.file import download_file, link_file
from retable.spec.corpus import Archive, Corpus

logger = logging.getLogger(__name__)


def fetch_archive(
    corpus: Corpus, archive: Archive, source: ResolvedSource, target: Path, tables: Path
) -> None:
    """Brings an archive of a corpus to `target`, verified, and says whose it is.

    Args:
        corpus: whose archive it is.
        archive: which one.
        source: a directory that holds it, upstream or a mirror.
        target: where it goes.
        tables: the folder of the tables that list single files.

    Raises DownloadError when it cannot be had; DataError for a faulty table.
    """
    announce(corpus, tables)
    key, inspection = f"corpora.{corpus.corpus}.source", inspection_of(archive)
    if source.kind == "archives":
        replacement = replacement_of(corpus, archive, key)
        link_file(archive, Path(source.location), target, key, inspection, replacement)
        return
    addresses, files = source.addresses(archive), archive.single_files
    if files:
        download_single_files(archive.name, files, target, addresses, tables, key)
    else:
        download_file(archive, target, addresses, key, inspection)


def announce(corpus: Corpus, tables: Path) -> None:
    """Logs what is about to be downloaded, under which licence, and how to cite it."""
    size = sum(archive.bytes for archive in corpus.archives) / 1e6
    about = "" if all(archive.has_exact_size for archive in corpus.archives) else "about "
    request = f"\n  given out on request: ask {corpus.request}" if corpus.request else ""
    logger.info(
        "%s (%s), %s, %s%s MB in all\n  licence: %s%s\n  please cite: %s",
        corpus.title,
        corpus.homepage,
        ", ".join(_pieces(corpus, tables)),
        about,
        f"{size:,.0f}",
        corpus.licence,
        request,
        corpus.citation,
    )


def _pieces(corpus: Corpus, tables: Path) -> Iterator[str]:
    """How many archives and single files."""
    lists = [archive.single_files for archive in corpus.archives]
    archives = lists.count(None)
    if archives:
        yield "1 archive" if archives == 1 else f"{archives} archives"
    for files in lists:
        if files is not None:
            number = f"{count_files(tables / files.table):,} " if files.table else ""
            yield f"{number}single files" + ("" if number else ", as many as upstream lists")
