"""What is logged while a file arrives."""

import logging

from retable.download.progress import PROGRESS_EVERY_S, ProgressLog

CLOCK = "retable.download.progress.time.monotonic"


def test_the_progress_of_a_file_is_logged_every_few_seconds(caplog, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(CLOCK, lambda: clock[0])
    caplog.set_level(logging.INFO)
    progress = ProgressLog("speech.zip")
    progress.begin(20_000_000, 200_000_000)
    for megabyte in range(21, 61):
        clock[0] += PROGRESS_EVERY_S / 20
        progress.update(megabyte * 1_000_000)
    assert [record.getMessage() for record in caplog.records] == [
        "speech.zip: 40.0 of 200.0 MB (20 %), 4.0 MB/s, 0:40 min left",
        "speech.zip: 60.0 of 200.0 MB (30 %), 4.0 MB/s, 0:35 min left",
    ]


def test_progress_towards_an_unknown_end(caplog, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(CLOCK, lambda: clock[0])
    caplog.set_level(logging.INFO)
    progress = ProgressLog("esc50.zip")
    progress.begin(0, None)
    clock[0] += PROGRESS_EVERY_S
    progress.update(20_000_000)
    assert [record.getMessage() for record in caplog.records] == ["esc50.zip: 20.0 MB, 4.0 MB/s"]
