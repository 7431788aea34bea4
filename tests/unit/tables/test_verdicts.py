import pytest

from retable.tables.verdicts import (
    derived_verdict,
    mean_verdict,
    print_difference,
    print_number,
    result_verdict,
    setting_verdict,
)


@pytest.mark.parametrize(
    ("published", "reproduced", "sd", "verdict"),
    [
        ("64.48", "62.00", 3.0, "within 1 sd"),
        ("64.48", "68.00", 3.0, "above"),
        ("64.48", "60.00", 3.0, "below"),
        ("60.59", "60.60", 0.0, "within 1 sd"),  # 203/335: the paper truncates here
        ("60.59", "60.60", None, "as printed"),
        ("60.59", "60.61", None, "above"),
    ],
)
def test_verdict_on_real_audio(published, reproduced, sd, verdict):
    assert result_verdict(published, reproduced, sd, "paper", "comparable") == verdict


def test_no_verdict_on_other_audio_or_protocols():
    assert result_verdict("64.48", "64.48", 1.0, "paper", "simulated") == "not comparable"
    partial = result_verdict("64.48", "64.48", 1.0, "paper", "partial")
    assert partial == "not comparable (partial corpus)"
    analogue = result_verdict("81", "81", 1.0, "paper", "analogue")
    assert analogue == derived_verdict("7", "7", "analogue") == "not comparable (analogue)"
    clean = result_verdict("64.48", "64.48", 1.0, "clean", "comparable")
    assert clean == "not comparable (other protocol)"


def test_a_mean_over_clips_is_judged_by_the_decimals_that_the_paper_prints():
    # densenet_ser: clips of CREMA-D are 2 s long, those of the other corpora 3 s.
    assert mean_verdict("2", "2.54", "comparable") == "differs"
    assert mean_verdict("3", "2.06", "comparable") == "differs"
    assert mean_verdict("3", "2.98", "comparable") == "as printed"
    assert mean_verdict("3.0", "3", "comparable") == "as printed"
    assert mean_verdict("two", "2.00", "comparable") == "differs"


def test_a_mean_over_clips_needs_the_whole_corpus_and_not_the_papers_other_data():
    assert mean_verdict("3", "3.00", "analogue") == "as printed"
    assert mean_verdict("3", "3.00", "simulated") == "not comparable"
    assert mean_verdict("3", "3.00", "partial") == "not comparable (partial corpus)"


def test_settings_agree_as_text():
    assert setting_verdict("0.001", "0.001") == "as printed"
    assert setting_verdict("0.001", "0.0005") == "differs"


def test_differences_are_signed_and_in_the_printed_unit():
    assert print_difference("54.8", "57.2") == "+2.4"
    assert print_difference("64.48", "61.20") == "-3.28"
    assert print_difference("60.00", "60.00") == "0.00"


def test_numbers_are_never_minus_zero():
    assert print_number(-0.001, 2) == "0.00"
    assert print_number(-0.01, 2) == "-0.01"
    assert print_number(48.0, 0) == "48"


def test_the_noise_of_binary_fractions_does_not_round():
    assert print_number(38.749999999999993, 1) == print_number(38.75, 1) == "38.8"
