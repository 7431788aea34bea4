"""Decodes and resamples one shard of a dataset."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

import pandas as pd

from retable.audio.store import shard_bounds, write_audio_shard
from retable.logs import job_log

with job_log(snakemake.log[0]):
    clips = pd.read_csv(snakemake.input.dataset, sep="\t", dtype=str, keep_default_na=False)
    shard, shards = int(snakemake.wildcards.shard), snakemake.params.shards
    write_audio_shard(
        clips.iloc[slice(*shard_bounds(len(clips), shards, shard))],
        Path(snakemake.params.root),
        int(snakemake.wildcards.rate),
        Path(snakemake.output.data),
        Path(snakemake.output.index),
        snakemake.wildcards.layout,
    )
