"""The lengths of the clips of each corpus, computed by hand, and a list of the odd ones."""

import pandas as pd
import pytest

from retable.corpora.summary import corpus_summary, summarise_corpora
from retable.errors import DataError
from retable.tsv import read_tsv, write_tsv


def clips(*rows):
    """A manifest of clips, each: id, rate, seconds, speaker and remark."""
    columns = ["clip_id", "sample_rate", "duration_s", "speaker", "remark"]
    manifest = pd.DataFrame(rows, columns=columns)
    return manifest.assign(path=manifest["clip_id"] + ".wav")


def rejections(**reasons):
    """Rejected clips: id -> reason."""
    paths = [f"{clip}.wav" for clip in reasons]
    return pd.DataFrame({"path": paths, "reason": list(reasons.values())}, dtype=str)


SPOKEN = clips(
    ("a", 24_414, 1.0, "OAF", ""),
    ("b", 96_000, 2.0, "OAF", "96000 Hz, not 24414"),
    ("d", 24_414, 4.0, "YAF", "AIFF data under the name .wav"),
    ("e", 24_414, 9.0, "YAF", ""),
)


def test_the_numbers_of_a_corpus():
    # Mean 16 / 4; squared deviations 9 + 4 + 0 + 25 = 38, divided by 3: 12.67, root 3.56.
    # Median (2 + 4) / 2; 16 s are 0.0044 h.
    assert corpus_summary("tess", SPOKEN, rejections(c="silent")) == {
        "corpus": "tess",
        "clips": "4",
        "rejected": "1",
        "remarked": "2",
        "speakers": "2",
        "sample_rates": "24414, 96000",
        "hours": "0.00",
        "mean_s": "4.00",
        "sd_s": "3.56",
        "shortest_s": "1.00",
        "median_s": "3.00",
        "longest_s": "9.00",
    }


def test_hours():
    # 500 clips of 5 s are 2,500 s, 0.69 h.
    rows = ((f"{number}", 8_000, 5.0, "", "") for number in range(500))
    numbers = corpus_summary("scenes", clips(*rows), rejections())
    assert (numbers["hours"], numbers["sd_s"]) == ("0.69", "0.00")


def test_what_does_not_exist_is_empty():
    numbers = corpus_summary("scenes", clips(("a", 8_000, 1.005, "", "")), rejections())
    assert (numbers["speakers"], numbers["sd_s"]) == ("", "")


@pytest.fixture
def summarise(tmp_path):
    """Summarises corpora, each: name=(clips, rejected); gives the two tables."""

    def summarise_tables(**corpora):
        manifests, rejected = {}, {}
        for name, (kept, refused) in corpora.items():
            manifests[name] = tmp_path / f"{name}.tsv"
            rejected[name] = tmp_path / f"{name}-rejected.tsv"
            write_tsv(kept, manifests[name])
            write_tsv(refused, rejected[name])
        files = {"summary": tmp_path / "corpora.tsv", "odd_clips": tmp_path / "odd_clips.tsv"}
        summarise_corpora(manifests, rejected, **files)
        return [read_tsv(file, ()) for file in files.values()]

    return summarise_tables


def test_all_corpora_and_their_odd_clips(summarise):
    plain = clips(("x", 44_100, 5.0, "", ""), ("y", 44_100, 5.0, "", ""))
    refused = rejections(f="unreadable: truncated", c="silent: all 3 samples are zero")
    summary, odd = summarise(esc50=(plain, rejections()), tess=(SPOKEN, refused))
    assert list(summary.columns) == [
        *("corpus", "clips", "rejected", "remarked", "speakers", "sample_rates", "hours"),
        *("mean_s", "sd_s", "shortest_s", "median_s", "longest_s"),
    ]
    assert list(summary["corpus"]) == ["esc50", "tess"]
    assert list(summary["clips"]) == ["2", "4"]
    assert list(summary["rejected"]) == ["0", "2"]
    assert list(summary["sample_rates"]) == ["44100", "24414, 96000"]
    assert list(summary["mean_s"]) == ["5.00", "4.00"]
    assert list(odd.columns) == ["corpus", "path", "handled", "reason"]
    assert odd.to_numpy().tolist() == [
        ["tess", "b.wav", "kept", "96000 Hz, not 24414"],
        ["tess", "c.wav", "rejected", "silent: all 3 samples are zero"],
        ["tess", "d.wav", "kept", "AIFF data under the name .wav"],
        ["tess", "f.wav", "rejected", "unreadable: truncated"],
    ]


def test_without_odd_clips_there_is_a_table_without_rows(summarise):
    _, odd = summarise(esc50=(clips(("x", 44_100, 5.0, "", "")), rejections()))
    assert list(odd.columns) == ["corpus", "path", "handled", "reason"]
    assert len(odd) == 0


def test_another_file_is_no_manifest(tmp_path):
    (tmp_path / "x.tsv").write_text("row\tcolumn\n1\t2\n")
    files = {"summary": tmp_path / "corpora.tsv", "odd_clips": tmp_path / "odd_clips.tsv"}
    with pytest.raises(DataError, match=r"x\.tsv: column path is missing"):
        summarise_corpora({"a": tmp_path / "x.tsv"}, {"a": tmp_path / "x.tsv"}, **files)
