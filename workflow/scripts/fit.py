"""Fits a baseline for the runs of one part."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.baselines.part import fit_part
from retable.logs import job_log
from retable.spec.part import Part

with job_log(snakemake.log[0]):
    fit_part(
        Part.model_validate_json(snakemake.params.part),
        Path(snakemake.input.dataset),
        [Path(shard) for shard in snakemake.input.features],
        Path(snakemake.input.split),
        Path(snakemake.output.predictions),
        Path(snakemake.output.runs),
        source=snakemake.params.source,
        code=snakemake.params.code,
    )
