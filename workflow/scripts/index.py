"""Indexes the clips of a corpus."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.corpora.tables import write_index
from retable.logs import job_log
from retable.plan.plan import Plan

with job_log(snakemake.log.job):
    plan = Plan.of(snakemake.config, Path(snakemake.scriptdir).parent)
    corpus = snakemake.wildcards.corpus
    write_index(
        Path(snakemake.params.root),
        plan.indexed(corpus),
        plan.corpus(corpus),
        partial=plan.source(corpus).partial,
        threads=snakemake.threads,
        manifest=Path(snakemake.output.manifest),
        rejected=Path(snakemake.output.rejected),
        facts=Path(snakemake.output.facts),
        report=Path(snakemake.log.rejected),
        only=plan.source(corpus).only,
    )
