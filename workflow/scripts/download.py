"""Fetches one archive of a corpus."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.corpora.download import announce, download_archive, link_archive
from retable.corpora.record import write_checksum
from retable.logs import job_log
from retable.plan.plan import Plan

with job_log(snakemake.log[0]):
    plan = Plan.of(snakemake.config, Path(snakemake.scriptdir).parent)
    corpus = plan.corpus(snakemake.wildcards.corpus)
    source = plan.source(corpus.corpus)
    archive = plan.archive(corpus.corpus, snakemake.wildcards.archive)
    target = Path(snakemake.output.archive)
    announce(corpus)
    if source.kind == "archives":
        link_archive(archive, Path(source.location), target, corpus.request)
    else:
        download_archive(archive, target, source.addresses(archive))
    write_checksum(target, Path(snakemake.output.checksum))
