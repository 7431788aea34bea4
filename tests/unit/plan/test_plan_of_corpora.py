"""What the jobs of corpora depend on."""

import os
from pathlib import Path

from plans import plan_of

ESC50 = "ESC-50-master.zip"
SCENES = "TUT-acoustic-scenes-2017-evaluation.audio.4.zip"


def esc50_in(folder: Path):
    return plan_of(corpora={"esc50": {"source": str(folder)}})


def test_an_archive_is_the_one_with_its_checksum_wherever_it_comes_from():
    checksum = plan_of().archive("tut2017", SCENES).md5
    for source in ("upstream", "https://mirror.example.org/tut"):
        plan = plan_of(corpora={"tut2017": {"source": source}})
        assert plan.archive_identity("tut2017", SCENES) == checksum


def test_one_made_on_the_fly_is_another_from_another_address_or_when_it_is_replaced(tmp_path):
    archive = tmp_path / ESC50
    archive.write_bytes(b"first")
    os.utime(archive, ns=(0, 0))
    first = esc50_in(tmp_path).archive_identity("esc50", ESC50)
    assert first == esc50_in(tmp_path).archive_identity("esc50", ESC50)
    os.utime(archive, ns=(0, 1))
    assert esc50_in(tmp_path).archive_identity("esc50", ESC50) != first
    addresses = ("upstream", "https://one.example.org", "https://two.example.org")
    plans = [plan_of(corpora={"esc50": {"source": address}}) for address in addresses]
    assert len({plan.archive_identity("esc50", ESC50) for plan in plans}) == 3


def test_files_in_an_archive_are_verified_unless_it_is_simulated():
    upstream = plan_of(corpora={"esc50": {"source": "upstream"}})
    assert list(upstream.files_md5("esc50", "ESC-50")) == ["ESC-50-master/meta/esc50.csv"]
    assert plan_of().files_md5("esc50", "ESC-50") == {}
    assert upstream.files_md5("tut2017", "evaluation.meta") == {}


def test_a_directory_holds_a_corpus_in_upstreams_folders(tmp_path):
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "1-100032-A-0.wav").touch()
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "esc50.csv").touch()
    plan = esc50_in(tmp_path)
    assert plan.indexed("esc50") == ["audio", "meta"]
    assert plan_of().indexed("esc50") == ["ESC-50"]
    partial = plan_of(corpora={"esc50": {"source": str(tmp_path), "partial": True}})
    assert partial.index_text("esc50") != plan.index_text("esc50")
