"""Fetches one archive of a corpus."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.checksums import write_checksum
from retable.corpora.fetch import fetch_archive
from retable.logs import job_log
from retable.plan.plan import Plan

with job_log(snakemake.log[0]):
    workflow = Path(snakemake.scriptdir).parent
    plan = Plan.of(snakemake.config, workflow)
    corpus = plan.corpus(snakemake.wildcards.corpus)
    target = Path(snakemake.output.archive)
    fetch_archive(
        corpus,
        plan.archive(corpus.corpus, snakemake.wildcards.archive),
        plan.source(corpus.corpus),
        target,
        tables=workflow / "corpora",
    )
    write_checksum(target, Path(snakemake.output.checksum))
