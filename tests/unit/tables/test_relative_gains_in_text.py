"""Gains in percent of what is exceeded, in the running text: vggvox_mtl."""

import math

import numpy as np
import pytest

import sample_tables
from retable.errors import ConfigError
from retable.spec.table import Cell, Gain, PrintedNumber
from retable.tsv import write_tsv
from sample_results import accuracies, published_file

PAIRS = Cell(task="same_speaker", metric="accuracy", aggregate="pooled")
ALONE = PAIRS.model_copy(update={"experiment": "SC-SAME-SPK-A"})
BOTH = PAIRS.model_copy(update={"experiment": "SC-SAME-MTL-A"})
KEY = ("speaker same/different", "schedule A", "relative improvement")
# Of 10,000 pairs, about as many as the paper has: 52.5 and 52.9 % as it prints them.
RIGHT = {"SC-SAME-SPK-A": (5247,), "SC-SAME-MTL-A": (5294,)}
GAIN = Gain(of=BOTH, over=ALONE, relative=True)
ALBANIE = PrintedNumber(
    table="text", row="Albanie et al.", column="emotion average", metric="accuracy"
)


def gain_line(folder, gain=GAIN, right=RIGHT, key=KEY, **more):
    """The line of a published gain, from right decisions of 10,000 in each repeat."""
    scores = {}
    for name, by_repeat in right.items():
        values = {
            (repeat, fold): pairs / 10000
            for repeat, pairs in enumerate(by_repeat)
            for fold in (0, "pooled")
        }
        scores[name] = folder / f"{name}.tsv"
        write_tsv(accuracies(values, task=gain.of.task, n=10000), scores[name])
    return sample_tables.gain_line(folder, "vggvox_mtl", key, gain, scores, **more)


def test_a_relative_gain_is_of_unrounded_values(tmp_path):
    # 5294 / 5247 = 1.00896; of 52.9 / 52.5 as printed it would be 0.76, and round to 0.8.
    line = gain_line(tmp_path)
    assert line[["published", "reproduced", "difference", "sd", "n", "verdict"]].tolist() == [
        "0.8", "0.9", "+0.1", "", "1", "as printed",
    ]  # fmt: skip
    assert line["note"] == "52.9 over 52.5; +0.4 points"


def test_the_deviation_of_a_relative_gain_is_that_of_a_ratio(tmp_path):
    # Means 0.5 and 0.6, deviations 0.01 and 0.02 over three repeats.
    right = {"SC-SAME-SPK-A": (4900, 5000, 5100), "SC-SAME-MTL-A": (5800, 6000, 6200)}
    line = gain_line(tmp_path, right=right)
    relative = math.sqrt((0.02 / 0.6) ** 2 + (0.01 / 0.5) ** 2)
    assert line["sd"] == f"{100 * 0.6 / 0.5 * relative:.1f}" == "4.7"
    assert (line["reproduced"], line["n"], line["verdict"]) == ("20.0", "3", "above")
    # As far as the deviation goes for random numbers of these means and deviations.
    generator = np.random.default_rng(1)
    ratios = generator.normal(0.6, 0.02, 10**6) / generator.normal(0.5, 0.01, 10**6)
    assert 100 * ratios.std() == pytest.approx(4.7, abs=0.05)


def test_a_loss_is_a_negative_gain(tmp_path):
    line = gain_line(tmp_path, Gain(of=ALONE, over=BOTH, relative=True))
    # 5247 / 5294 = 0.99112.
    assert (line["reproduced"], line["verdict"]) == ("-0.9", "below")
    assert line["note"] == "52.5 over 52.9; -0.4 points"
    simulated = gain_line(tmp_path, comparability="simulated")
    assert simulated["verdict"] == "not comparable"


def test_a_relative_gain_may_be_over_a_cited_number(tmp_path):
    gain = Gain(of=BOTH, over_cited=ALBANIE, relative=True)
    line = gain_line(tmp_path, gain, {"SC-SAME-MTL-A": (5000, 5200)})
    # 51 / 44.7 = 1.1409; a cited number has no deviation: 1.4142 / 44.7.
    assert (line["reproduced"], line["sd"], line["n"]) == ("14.1", "3.2", "2")
    assert line["note"] == "51.0 over the cited 44.7; +6.3 points"


def test_a_gain_is_not_over_a_cited_text(tmp_path):
    gain = Gain(of=BOTH, over_cited=ALBANIE, relative=True)
    published = tmp_path / "vggvox_mtl" / "published.csv"
    published.parent.mkdir()
    text = published_file("vggvox_mtl").read_text()
    published.write_text(
        text.replace("emotion average,accuracy,44.7", "emotion average,accuracy,?")
    )
    with pytest.raises(ConfigError, match=r"the published value '\?' is no number"):
        gain_line(tmp_path, gain, published=published)


def test_there_is_no_percentage_of_nothing(tmp_path):
    line = gain_line(tmp_path, right={"SC-SAME-SPK-A": (0,), "SC-SAME-MTL-A": (5000,)})
    assert (line["reproduced"], line["difference"], line["verdict"]) == ("", "", "not reproduced")
    assert line["note"] == "50.0 over 0.0; +50.0 points; there is no percentage of 0"
    assert "| 0.8 % |  | not reproduced |" in (tmp_path / "text_markdown").read_text()


def test_a_relative_gain_of_fractions_tells_no_points(tmp_path):
    def fraction(cell):
        return cell.model_copy(update={"percent": False, "decimals": 4})

    line = gain_line(tmp_path, Gain(of=fraction(BOTH), over=fraction(ALONE), relative=True))
    assert (line["reproduced"], line["note"]) == ("0.9", "0.5294 over 0.5247")


def test_the_abstract_has_the_gain_of_all_emotions(tmp_path):
    alone, both = (
        Cell(experiment=name, task="emotion", metric="accuracy", aggregate="pooled")
        for name in ("SC-EMO-A", "SC-MTL-A")
    )
    right = {"SC-EMO-A": (4450,), "SC-MTL-A": (5150,)}
    key = ("MTL vs EMO", "emotion", "relative improvement")
    line = gain_line(tmp_path, Gain(of=both, over=alone, relative=True), right, key)
    # 51.5 / 44.5 = 1.1573, where 15.6 is printed.
    columns = ["published", "reproduced", "verdict"]
    assert line[columns].tolist() == ["15.6", "15.7", "as printed"]
    assert line["note"] == "abstract; 51.5 over 44.5; +7.0 points"
