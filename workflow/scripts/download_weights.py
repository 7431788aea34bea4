"""Fetches the file that an architecture's published weights are in."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.checksums import write_checksum
from retable.logs import job_log
from retable.plan.plan import Plan
from retable.weights.download import fetch_weights

with job_log(snakemake.log[0]):
    plan = Plan.of(snakemake.config, Path(snakemake.scriptdir).parent)
    source = plan.weights(snakemake.wildcards.weights)
    target = Path(snakemake.output.published)
    fetch_weights(source, source.stored[snakemake.wildcards.stored], target)
    write_checksum(target, Path(snakemake.output.checksum))
