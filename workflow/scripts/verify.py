"""Decides for the runs of an experiment which pairs of clips are of one speaker."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.evaluation.verification import write_verification
from retable.logs import job_log
from retable.spec.paper import Verification

with job_log(snakemake.log[0]):
    output = snakemake.output
    write_verification(
        Verification.model_validate_json(snakemake.params.verification),
        Path(snakemake.input.dataset),
        [Path(path) for path in snakemake.input.predictions],
        [Path(path) for path in snakemake.input.embeddings],
        predictions=Path(output.predictions),
        runs=Path(output.runs),
        roc=Path(output.roc),
    )
