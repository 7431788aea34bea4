"""Draws or reads the folds of a split and audits them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from pydantic import TypeAdapter

from retable.logs import job_log
from retable.spec.split import Split
from retable.splits.files import write_split

with job_log(snakemake.log[0]):
    write_split(
        [Path(table) for table in snakemake.input.datasets],
        Path(snakemake.input.rejected),
        TypeAdapter(Split).validate_json(snakemake.params.split),
        Path(snakemake.output.roles),
        Path(snakemake.output.audit),
        Path(snakemake.output.facts),
    )
