"""Computes a feature for one shard of audio."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from pydantic import TypeAdapter

from retable.features.store import write_feature_shard
from retable.logs import job_log
from retable.spec.feature import Feature

with job_log(snakemake.log[0]):
    write_feature_shard(
        TypeAdapter(Feature).validate_json(snakemake.params.feature),
        Path(snakemake.input.audio),
        Path(snakemake.output.data),
        Path(snakemake.output.index),
    )
