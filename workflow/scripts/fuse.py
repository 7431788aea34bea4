"""Fuses the classifiers of a fusion's members."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.evaluation.fusion import write_fusion
from retable.logs import job_log
from retable.spec.paper import Fusion

with job_log(snakemake.log[0]):
    output = snakemake.output
    write_fusion(
        Fusion.model_validate_json(snakemake.params.fusion),
        {
            experiment: [Path(path) for path in paths]
            for experiment, paths in snakemake.params.members.items()
        },
        predictions=Path(output.predictions),
        audit=Path(output.audit),
        sizes=Path(output.sizes),
        facts=Path(output.facts),
    )
