"""Pairs of clips of one speaker and of two, drawn so that every possible pair is as likely."""

from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare

from retable.errors import DataError
from retable.evaluation.speaker_pairs import draw_pairs, read_speakers, speakers_of


def speakers(**clips):
    """Speaker -> number of clips, as a series: clip_id -> speaker."""
    named = {f"{name}{place}": name for name, number in clips.items() for place in range(number)}
    return pd.Series(named, dtype=object)


def draw(own, pairs, seed=7, role="test"):
    return draw_pairs(own, pairs, seed, role, "repeat 0 fold 0")


def test_all_pairs_are_drawn_where_all_are_asked_for():
    """Four clips make six pairs: three of the speaker `a`, and three of `a` with `b`."""
    own = speakers(a=3, b=1)
    table = draw(own, 6)
    assert list(zip(table["first"], table["second"], strict=True)) == list(
        combinations(["a0", "a1", "a2", "b0"], 2)
    )
    assert table["same"].tolist() == [True, True, False, True, False, False]


def test_every_possible_pair_is_as_likely_as_any_other_of_its_kind():
    own = speakers(a=4, b=2, c=1)
    possible = {True: [], False: []}
    for first, second in combinations(own.index, 2):
        possible[own[first] == own[second]].append((first, second))
    assert (len(possible[True]), len(possible[False])) == (7, 14)
    drawn = Counter()
    for seed in range(600):
        table = draw(own, 4, seed=seed)
        drawn.update(zip(table["first"], table["second"], strict=True))
    for same in (True, False):
        counts = [drawn[pair] for pair in possible[same]]
        assert sum(counts) == 1200
        assert chisquare(counts).pvalue > 0.01


def test_half_of_the_pairs_are_of_one_speaker_and_none_occurs_twice():
    """As many clips and speakers as the paper tests: 24 actors of 82 clips."""
    own = speakers(**{f"actor{number:02d}-": 82 for number in range(24)})
    table = draw(own, 20000)
    assert len(table) == 20000 and table["same"].sum() == 10000
    assert (table["first"] < table["second"]).all()
    assert not table.duplicated(["first", "second"]).any()
    of_one = own[table["first"]].to_numpy() == own[table["second"]].to_numpy()
    assert np.array_equal(of_one, table["same"])
    assert table.equals(table.sort_values(["first", "second"], ignore_index=True))


def test_pairs_depend_on_clips_seed_and_role_but_on_no_order():
    own = speakers(a=9, b=9, c=9)
    table = draw(own, 20)
    assert table.equals(draw(own.sample(frac=1, random_state=1), 20))
    assert not table.equals(draw(own, 20, seed=8))
    assert not table.equals(draw(own, 20, role="train"))


def test_too_few_pairs_are_refused():
    with pytest.raises(
        DataError,
        match="repeat 0 fold 0, role test: 4 clips of 2 speakers make 3 pairs of one speaker and 3 "
        "of two, and 4 of each are asked for; lower `pairs` of the verification to at most 6",
    ):
        draw(speakers(a=3, b=1), 8)
    with pytest.raises(DataError, match=r"10 pairs of one speaker and 0 of two.* several speakers"):
        draw(speakers(a=5), 2)
    with pytest.raises(DataError, match=r"0 pairs of one speaker and 3 of two.* several clips"):
        draw(speakers(a=1, b=1, c=1), 2)


def test_speakers_are_those_of_the_dataset(tmp_path):
    path = tmp_path / "dataset.tsv"
    path.write_text("clip_id\tspeaker\temotion\none\t1001\tANG\ntwo\t\tSAD\n")
    found = read_speakers(path, "speaker")
    assert speakers_of(pd.Index(["one"]), found, path).to_dict() == {"one": "1001"}
    with pytest.raises(
        DataError, match=r"2 of 3 clips have no speaker in the column speaker, first 'two'; leave"
    ):
        speakers_of(pd.Index(["one", "two", "three"]), found, path)
    with pytest.raises(DataError, match="column actor is missing"):
        read_speakers(path, "actor")
