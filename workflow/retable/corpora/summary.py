"""What the corpora in use are like: how many clips of which lengths, and which clips are odd."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from retable.corpora.index import read_manifest
from retable.tsv import write_tsv

SUMMARY_COLUMNS = [
    *("corpus", "clips", "rejected", "remarked", "speakers", "sample_rates"),
    *("hours", "mean_s", "sd_s", "shortest_s", "median_s", "longest_s"),
]
ODD_COLUMNS = ["corpus", "path", "handled", "reason"]
SECONDS_PER_HOUR = 3600


def summarise_corpora(
    manifests: Mapping[str, Path],
    rejected: Mapping[str, Path],
    *,
    summary: Path,
    odd_clips: Path,
) -> None:
    """Writes a row for each corpus, and one for each of their clips that is odd.

    Args:
        manifests: corpus -> table of its clips.
        rejected: the same corpora -> tables of their rejected clips.
        summary: table to write, with SUMMARY_COLUMNS, in the order of `manifests`.
        odd_clips: table to write, with ODD_COLUMNS: the clips with a remark (`kept`) and the
            `rejected` ones, in the same order of corpora, by path.

    Raises:
        DataError: a file is no manifest.
    """
    rows: list[dict[str, str]] = []
    odd: list[tuple[str, str, str, str]] = []
    for corpus, manifest in manifests.items():
        clips, refused = read_manifest(manifest), read_manifest(rejected[corpus])
        rows.append(corpus_summary(corpus, clips, refused))
        odd += _odd_clips(corpus, clips, refused)
    write_tsv(pd.DataFrame(rows, columns=SUMMARY_COLUMNS), summary)
    write_tsv(pd.DataFrame(odd, columns=ODD_COLUMNS), odd_clips)


def corpus_summary(corpus: str, clips: pd.DataFrame, rejected: pd.DataFrame) -> dict[str, str]:
    """SUMMARY_COLUMNS of a corpus, as text.

    Lengths are in seconds with two decimals: their sum (in hours), mean and sample standard
    deviation, shortest, median and longest. `sample_rates` (Hz) are listed from the lowest on.
    Empty are the number of speakers where clips have none, and the deviation of a single clip.
    """
    lengths = clips["duration_s"]
    speakers = clips.loc[clips["speaker"] != "", "speaker"].nunique()
    return {
        "corpus": corpus,
        "clips": str(len(clips)),
        "rejected": str(len(rejected)),
        "remarked": str((clips["remark"] != "").sum()),
        "speakers": str(speakers or ""),
        "sample_rates": ", ".join(map(str, sorted(clips["sample_rate"].unique()))),
        "hours": f"{lengths.sum() / SECONDS_PER_HOUR:.2f}",
        "mean_s": f"{lengths.mean():.2f}",
        "sd_s": f"{lengths.std():.2f}" if len(lengths) > 1 else "",
        "shortest_s": f"{lengths.min():.2f}",
        "median_s": f"{lengths.median():.2f}",
        "longest_s": f"{lengths.max():.2f}",
    }


def _odd_clips(
    corpus: str, clips: pd.DataFrame, rejected: pd.DataFrame
) -> list[tuple[str, str, str, str]]:
    remarked = clips[clips["remark"] != ""]
    kept = zip(remarked["path"], remarked["remark"], strict=True)
    refused = zip(rejected["path"], rejected["reason"], strict=True)
    return sorted(
        [(corpus, path, "kept", remark) for path, remark in kept]
        + [(corpus, path, "rejected", reason) for path, reason in refused]
    )
