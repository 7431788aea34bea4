"""Trains the runs of one part."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.logs import job_log
from retable.spec.compute import Compute
from retable.spec.part import Part
from retable.training.inputs import input_files
from retable.training.part import PartOutputs, train_part

with job_log(snakemake.log[0]):
    outputs = {name: Path(path) for name, path in snakemake.output.items()}
    train_part(
        Part.model_validate_json(snakemake.params.part),
        [input_files(files) for files in snakemake.params.inputs],
        [Path(folder) for folder in snakemake.params.warm_starts],
        PartOutputs(**outputs),
        work=outputs["runs"].parent.with_suffix(".work"),
        code=snakemake.params.code,
        compute=Compute.model_validate(snakemake.config.get("compute", {})),
        weights=next(map(Path, snakemake.params.weights), None),
    )
