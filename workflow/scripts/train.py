"""Trains the runs of one part."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.logs import job_log
from retable.spec.compute import Compute
from retable.spec.part import Part
from retable.training.part import PartInputs, PartOutputs, train_part

with job_log(snakemake.log[0]):
    outputs = {name: Path(path) for name, path in snakemake.output.items()}
    train_part(
        Part.model_validate_json(snakemake.params.part),
        PartInputs(
            Path(snakemake.input.dataset),
            [Path(shard) for shard in snakemake.input.features],
            Path(snakemake.input.split),
            snakemake.params.source,
        ),
        PartOutputs(**outputs),
        work=outputs["runs"].parent.with_suffix(".work"),
        code=snakemake.params.code,
        compute=Compute.model_validate(snakemake.config.get("compute", {})),
    )
