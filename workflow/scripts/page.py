"""Writes the results page."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.logs import job_log
from retable.page.build import build_results_page
from retable.plan.plan import Plan

with job_log(snakemake.log[0]):
    build_results_page(
        Plan.of(snakemake.config, Path(snakemake.scriptdir).parent),
        Path(snakemake.params.results),
        Path(snakemake.output.page),
    )
