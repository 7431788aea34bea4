"""Writes what the corpora in use are like, and which of their clips are odd."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.corpora.summary import summarise_corpora
from retable.logs import job_log

with job_log(snakemake.log[0]):
    corpora = snakemake.params.corpora
    summarise_corpora(
        dict(zip(corpora, map(Path, snakemake.input.manifests), strict=True)),
        dict(zip(corpora, map(Path, snakemake.input.rejected), strict=True)),
        summary=Path(snakemake.output.summary),
        odd_clips=Path(snakemake.output.odd_clips),
    )
