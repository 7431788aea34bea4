"""Decodes and resamples one shard of a dataset."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.audio.store import shard_bounds, write_audio_shard
from retable.logs import job_log
from retable.tsv import read_tsv

with job_log(snakemake.log[0]):
    clips = read_tsv(Path(snakemake.input.dataset), ("clip_id", "path"))
    shard, shards = int(snakemake.wildcards.shard), snakemake.params.shards
    write_audio_shard(
        clips.iloc[slice(*shard_bounds(len(clips), shards, shard))],
        Path(snakemake.params.root),
        int(snakemake.wildcards.rate),
        Path(snakemake.output.data),
        Path(snakemake.output.index),
        snakemake.wildcards.layout,
    )
