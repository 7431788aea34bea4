"""The actors of CREMA-D whom vggvox_mtl tests: the frozen table, and the search that gives it."""

import subprocess
import sys
from collections import Counter
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from corpus_specs import CORPORA
from real_corpora import real_corpus
from retable.errors import DataError
from retable.splits.actor_search import (
    actor_table,
    clips_by_actor,
    read_actors,
    search_test_actors,
)

PAPER = CORPORA.parent / "papers" / "vggvox_mtl"
CATEGORIES = ("sex", "race", "ethnicity")
FEW_CLIPS = {"1002": 81, "1076": 81, "1008": 76, "1009": 76, "1019": 76}
"""Actors who lack clips; the other 86 have 82."""


@pytest.fixture(scope="module")
def frozen():
    return pd.read_csv(PAPER / "actors.tsv", sep="\t", dtype={"speaker": str})


@pytest.fixture(scope="module")
def actors():
    return read_actors(CORPORA / "crema_d-actors.tsv")


def distances(actors, inside):
    """The distances of the score one by one, and by scipy."""
    chosen, others = actors[inside], actors[~inside]
    by_name = {"age": ks_2samp(chosen["age"], others["age"], method="asymp").statistic}
    for name in CATEGORIES:
        ours, theirs = Counter(chosen[name]), Counter(others[name])
        by_name[name] = 0.5 * sum(
            abs(ours[value] / len(chosen) - theirs[value] / len(others))
            for value in {*ours, *theirs}
        )
    return by_name


def run_script(*arguments):
    script = PAPER / "search_actors.py"
    command = [sys.executable, str(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=True).stdout


def test_the_search_gives_the_frozen_table_byte_for_byte():
    assert run_script() == (PAPER / "actors.tsv").read_bytes()


def test_the_numbers_are_those_of_the_paper(frozen):
    """Its table of the data: 67 and 24 actors, 5,475 and 1,967 clips."""
    by_role = frozen.groupby("role")["clips"]
    assert by_role.size().to_dict() == {"train": 67, "test": 24}
    assert by_role.sum().to_dict() == {"train": 5475, "test": 1967}


def test_one_actor_who_lacks_one_clip_tests_and_none_who_lacks_six(frozen):
    test = set(frozen["speaker"][frozen["role"] == "test"])
    assert len(test & {"1002", "1076"}) == 1
    assert not test & {"1008", "1009", "1019"}
    assert dict(zip(frozen["speaker"], frozen["clips"], strict=True)) == {
        str(actor): FEW_CLIPS.get(str(actor), 82) for actor in range(1001, 1092)
    }


def test_the_sides_are_alike(frozen):
    found = distances(frozen, frozen["role"] == "test")
    # Of 24 men and women one is 0.042.
    assert found["age"] < 0.030
    assert all(found[name] < 0.021 for name in CATEGORIES)
    mean_ages = frozen.groupby("role")["age"].mean()
    assert mean_ages["test"] == pytest.approx(mean_ages["train"], abs=0.5)


def test_no_24_actors_are_nearer_in_sex_race_or_ethnicity(frozen):
    found = distances(frozen, frozen["role"] == "test")
    for name in CATEGORIES:
        of_all = frozen[name].value_counts()
        possible = (
            numbers
            for numbers in product(*(range(min(24, count) + 1) for count in of_all))
            if sum(numbers) == 24
        )
        nearest = min(
            sum(
                abs(one / 24 - (count - one) / 67)
                for one, count in zip(numbers, of_all, strict=True)
            )
            for numbers in possible
        )
        assert found[name] == pytest.approx(nearest / 2)


def test_hardly_any_random_choice_is_as_near(frozen, actors):
    generator = np.random.default_rng(0)
    whole = np.flatnonzero(frozen["clips"] == 82)
    one_less = np.flatnonzero(frozen["clips"] == 81)
    scores = []
    for _ in range(200):
        inside = np.zeros(91, bool)
        inside[generator.choice(whole, 23, replace=False)] = True
        inside[generator.choice(one_less)] = True
        scores.append(sum(distances(actors, inside).values()))
    ours = sum(distances(actors, (frozen["role"] == "test").to_numpy()).values())
    # Not one of 200 comes within one and a half times its score.
    assert min(scores) > 1.5 * ours


def few_actors(count=10):
    generator = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "speaker": [f"a{number}" for number in range(count)],
            "age": generator.integers(20, 30, count),
            "sex": generator.choice(["Male", "Female"], count),
            "race": generator.choice(["Asian", "Caucasian", "Unknown"], count),
            "ethnicity": generator.choice(["Hispanic", "Not Hispanic"], count),
        }
    )


def test_of_few_actors_the_best_of_all_choices_is_found():
    actors = few_actors()
    clips = {actor: 7 if actor in ("a0", "a4", "a9") else 8 for actor in actors["speaker"]}
    scores = {}
    for choice in combinations(actors["speaker"], 4):
        # Two who have 7 clips and two who have 8.
        if sum(clips[actor] for actor in choice) == 30:
            inside = actors["speaker"].isin(choice)
            scores[choice] = sum(distances(actors, inside).values())
    found = search_test_actors(actors, clips, size=4, total=30, starts=50)
    assert len(set(scores.values())) > 10
    assert scores[tuple(found)] == pytest.approx(min(scores.values()))


def test_of_equal_choices_that_with_the_smaller_numbers_is_taken():
    actors = few_actors(6).assign(age=30, sex="Male", race="Asian", ethnicity="Hispanic")
    clips = dict.fromkeys(actors["speaker"], 1)
    found = search_test_actors(actors, clips, size=2, total=2, starts=100)
    assert found == ["a0", "a1"]
    shuffled = actors.iloc[::-1]
    assert search_test_actors(shuffled, clips, size=2, total=2, starts=100) == found


def test_the_table_has_role_and_clips_of_each_actor():
    actors = few_actors(3)
    table = actor_table(actors.iloc[::-1], {"a0": 5, "a1": 6, "a2": 7}, ["a1"])
    assert list(table.columns) == ["speaker", "role", "clips", "age", "sex", "race", "ethnicity"]
    assert table[["speaker", "role", "clips"]].to_numpy().tolist() == [
        ["a0", "train", 5],
        ["a1", "test", 6],
        ["a2", "train", 7],
    ]
    assert list(table["age"]) == list(actors["age"])


def test_a_number_of_clips_that_no_choice_has():
    actors = few_actors()
    fault = "none of 1000 draws of 4 of 10 actors has 33 clips; correct the number of actors or"
    with pytest.raises(DataError, match=fault):
        search_test_actors(actors, dict.fromkeys(actors["speaker"], 8), size=4, total=33)


def test_actors_without_clips_are_named():
    with pytest.raises(DataError, match="no clip of the actors a1, a2 is listed; complete"):
        search_test_actors(few_actors(3), {"a0": 1}, size=1, total=1)


HEADER = "speaker\tage\tsex\trace\tethnicity\n"


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (HEADER + "1001\told\tMale\tAsian\tHispanic\n", "a column of age holds no number"),
        (HEADER + 2 * "1001\t51\tMale\tAsian\tHispanic\n", "1001 in more than one row; write"),
        ("speaker\tage\n1001\t51\n", "column sex, race, ethnicity is missing"),
    ],
)
def test_what_is_no_table_of_actors(tmp_path, table, fault):
    path = tmp_path / "actors.tsv"
    path.write_text(table)
    with pytest.raises(DataError, match=fault) as caught:
        read_actors(path)
    assert str(path) in str(caught.value)


def test_clips_are_counted_by_the_actor_in_their_names(tmp_path):
    files = tmp_path / "files.tsv"
    names = ["1001_DFA_ANG_XX", "1001_IEO_FEA_HI", "1040_ITH_SAD_X"]
    files.write_text("path\n" + "".join(f"AudioWAV/{name}.wav\n" for name in names))
    assert clips_by_actor(files) == {"1001": 2, "1040": 1}
    files.write_text("path\nAudioWAV/2001_DFA_ANG_XX.wav\n")
    with pytest.raises(DataError, match=r"files\.tsv: bad name: .* has actor 2001"):
        clips_by_actor(files)


def test_the_demographics_are_upstreams(actors):
    upstream = pd.read_csv(real_corpus("crema_d") / "VideoDemographics.csv", dtype=str)
    upstream.columns = ["speaker", "age", "sex", "race", "ethnicity"]
    pd.testing.assert_frame_equal(actors.astype(str), upstream.sort_values("speaker"))


def test_the_frozen_table_has_the_demographics_of_the_corpus(frozen, actors):
    pd.testing.assert_frame_equal(frozen[list(actors.columns)], actors)
    assert actors["sex"].value_counts().to_dict() == {"Male": 48, "Female": 43}
