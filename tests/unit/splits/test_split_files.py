"""The files of a split: roles, audit and facts."""

import json

import pandas as pd
import pytest

from retable.checks.splits import check_fold_sizes, check_leakage
from retable.errors import DataError
from retable.spec.split import KFold, OfficialFolds
from retable.splits.audit import shared_units, split_facts
from retable.splits.files import write_split
from retable.splits.kfold import fold_roles
from retable.splits.roles import read_roles

CLIPS = pd.DataFrame(
    [
        # clip_id, speaker, group (a recording, say)
        ("c1", "anna", "r1"),
        ("c2", "anna", "r2"),
        ("c3", "bert", "r2"),
        ("c4", "bert", ""),
        ("c5", "", ""),
        ("c6", "cleo", "r3"),
    ],
    columns=["clip_id", "speaker", "group"],
)


def roles(**clips_by_role: list[str]) -> pd.DataFrame:
    pairs = [(clip, role) for role, clips in clips_by_role.items() for clip in clips]
    return pd.DataFrame(pairs, columns=["clip_id", "role"])


def test_the_audit_counts_what_two_roles_share():
    by_fold = {
        (0, 0): roles(train=["c1", "c4", "c6"], test=["c2", "c3", "c5"]),
        (0, 1): roles(train=["c1", "c2"], validation=["c3", "c4"], test=["c4", "c5", "c6"]),
    }
    audit = shared_units(by_fold, CLIPS, allowed=["speaker"])
    counts = {(row.fold, row.unit, row.roles): row.shared for row in audit.itertuples(index=False)}
    assert counts == {
        (0, "clip", "test-train"): 0,
        # anna: c2 and c1; bert: c3 and c4
        (0, "speaker", "test-train"): 2,
        # r2 is tested alone, and c4 and c5 have no recording
        (0, "group", "test-train"): 0,
        (1, "clip", "test-train"): 0,
        (1, "clip", "test-validation"): 1,
        (1, "clip", "train-validation"): 0,
        (1, "speaker", "test-train"): 0,
        (1, "speaker", "test-validation"): 1,
        (1, "speaker", "train-validation"): 0,
        (1, "group", "test-train"): 0,
        (1, "group", "test-validation"): 0,
        # r2: c2 and c3
        (1, "group", "train-validation"): 1,
    }
    assert audit.groupby("unit")["allowed"].first().to_dict() == {
        "clip": False,
        "speaker": True,
        "group": False,
    }


def test_facts_are_counted_from_the_folds():
    by_fold = {
        (repeat, fold): roles(train=["c1", "c2", "c3"][fold:], test=["c4"])
        for repeat in (0, 1)
        for fold in (0, 1, 2)
    }
    facts = split_facts(by_fold)
    assert (facts["folds"], facts["repeats"]) == (3, 2)
    assert facts["sizes"][:3] == [
        {"repeat": 0, "fold": 0, "role": "test", "clips": 1},
        {"repeat": 0, "fold": 0, "role": "train", "clips": 3},
        {"repeat": 0, "fold": 1, "role": "test", "clips": 1},
    ]
    assert len(facts["sizes"]) == 12


@pytest.fixture
def written(tmp_path):
    """Writes a split of a dataset of 24 clips of 6 speakers."""
    dataset = tmp_path / "dataset.tsv"
    pd.DataFrame(
        {
            "clip_id": [f"03-01-{clip:02d}" for clip in range(24)],
            "speaker": [f"{clip % 6:02d}" for clip in range(24)],
            "group": "",
        }
    ).to_csv(dataset, sep="\t", index=False)

    def write(split: KFold, name: str = "split"):
        folder = tmp_path / name
        folder.mkdir()
        files = [folder / file for file in ("roles.tsv", "audit.tsv", "split.json")]
        # Of drawn folds nobody asks which clips were rejected.
        write_split([dataset], folder / "absent.tsv", split, *files)
        return dataset, *files

    return write


def test_what_is_written_reads_back_as_it_was_drawn(written):
    split = KFold(kind="kfold", folds=3, seed=5, repeats=2, allowed_leaks=("speaker",))
    dataset, roles_file, audit_file, facts_file = written(split)
    clips = pd.read_csv(dataset, sep="\t", dtype=str, keep_default_na=False)
    read = read_roles(roles_file)
    assert read.keys() == {(repeat, fold) for repeat in range(2) for fold in range(3)}
    for (repeat, fold), by_role in read.items():
        drawn = fold_roles(clips, split, repeat)[fold]
        for role in ("train", "test"):
            assert by_role[role] == drawn.loc[drawn["role"] == role, "clip_id"].tolist()

    audit = pd.read_csv(audit_file, sep="\t")
    assert audit.columns.tolist() == ["repeat", "fold", "unit", "roles", "shared", "allowed"]
    assert audit.loc[audit["unit"] == "clip", "shared"].eq(0).all()
    assert audit.loc[audit["unit"] == "speaker", "shared"].gt(0).any()
    assert audit.loc[audit["unit"] == "speaker", "allowed"].all()
    facts = json.loads(facts_file.read_text())
    assert (facts["folds"], facts["repeats"], facts["equal"]) == (3, 2, False)
    assert {size["clips"] for size in facts["sizes"] if size["role"] == "test"} == {8}
    assert "counts" not in facts
    assert "listed" not in facts


def test_folds_by_speaker_pass_their_own_audit(written):
    _, _, audit_file, _ = written(KFold(kind="kfold", folds=3, seed=5, group="speaker"))
    assert pd.read_csv(audit_file, sep="\t")["shared"].eq(0).all()


def test_equal_splits_give_equal_bytes(written):
    split = KFold(kind="kfold", folds=4, seed=5, repeats=2)
    _, *first = written(split, "first")
    _, *second = written(split, "second")
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]


def test_official_folds_are_written_and_audited_like_drawn_ones(tmp_path):
    dataset, rejected = tmp_path / "dataset.tsv", tmp_path / "rejected.tsv"
    clips = pd.DataFrame(
        {
            "clip_id": [f"b{clip:03d}" for clip in range(12)],
            "speaker": "",
            # Four segments of each recording, three in each fold.
            "group": [f"b{clip // 4}" for clip in range(12)],
            "fold": [str(1 + clip // 3) for clip in range(12)],
        }
    )
    clips.to_csv(dataset, sep="\t", index=False)
    clips.head(0).to_csv(rejected, sep="\t", index=False)
    split = OfficialFolds.model_validate(
        {
            "kind": "official",
            "roles": [
                {
                    "train": {"fold": ["1", "4"]},
                    "validation": {"fold": ["2"]},
                    "test": {"fold": ["3"]},
                },
                {
                    "train": {"fold": ["1", "2"]},
                    "validation": {"fold": ["3"]},
                    "test": {"fold": ["4"]},
                },
            ],
            "allowed_leaks": ["group"],
        }
    )
    files = [tmp_path / name for name in ("roles.tsv", "audit.tsv", "split.json")]
    write_split([dataset], rejected, split, *files)

    assert read_roles(files[0])[0, 0] == {
        "train": ["b000", "b001", "b002", "b009", "b010", "b011"],
        "validation": ["b003", "b004", "b005"],
        "test": ["b006", "b007", "b008"],
    }
    audit = pd.read_csv(files[1], sep="\t")
    shared = audit[audit["unit"] == "group"].set_index(["fold", "roles"])["shared"].to_dict()
    assert shared == {
        (0, "test-train"): 1,  # b2
        (0, "test-validation"): 1,  # b1
        (0, "train-validation"): 1,  # b0
        (1, "test-train"): 0,
        (1, "test-validation"): 1,  # b2
        (1, "train-validation"): 1,  # b1
    }
    assert audit.set_index("unit")["allowed"].to_dict() == {
        "clip": False,
        "speaker": False,
        "group": True,
    }
    facts = json.loads(files[2].read_text())
    assert (facts["folds"], facts["repeats"], facts["equal"]) == (2, 1, False)
    assert facts["sizes"][1] == {"repeat": 0, "fold": 0, "role": "train", "clips": 6}
    assert facts["listed"]["train"] == {"clips": 6, "speakers": 0, "percent": 50.0}
    assert all(check.passed for check in check_leakage(files[1], "official"))
    assert check_fold_sizes(files[2], "official").passed


def test_official_folds_tell_what_upstream_lists(tmp_path):
    """Of eight listed clips of four speakers one is silent: it plays no role, and is listed."""
    every = pd.DataFrame(
        {
            "clip_id": [f"{clip:02d}" for clip in range(8)],
            "speaker": [f"0{clip // 2}" for clip in range(8)],
            "group": "",
        }
    )
    silent = every.tail(1).assign(reason="silent: all 9 samples are zero")
    every.head(7).to_csv(tmp_path / "voices-all.tsv", sep="\t", index=False)
    silent.to_csv(tmp_path / "voices-all-rejected.tsv", sep="\t", index=False)
    split = OfficialFolds.model_validate(
        {
            "kind": "official",
            "roles": [{"train": {"speaker": ["00", "01", "02"]}, "test": {"speaker": ["03"]}}],
        }
    )
    files = [tmp_path / name for name in ("roles.tsv", "audit.tsv", "split.json")]
    datasets = [tmp_path / "voices-all.tsv"]
    write_split(datasets, tmp_path / "voices-all-rejected.tsv", split, *files)
    facts = json.loads(files[2].read_text())
    assert facts["sizes"][0] == {"repeat": 0, "fold": 0, "role": "test", "clips": 1}
    assert facts["listed"] == {
        "train": {"clips": 6, "speakers": 3, "percent": 75.0},
        "test": {"clips": 2, "speakers": 1, "percent": 25.0},
        "all": {"clips": 8, "speakers": 4, "percent": 100.0},
    }
    assert read_roles(files[0])[0, 0]["test"] == ["06"]
    # Where nothing was rejected, what is listed is what is used.
    silent.head(0).to_csv(tmp_path / "voices-all-rejected.tsv", sep="\t", index=False)
    write_split(datasets, tmp_path / "voices-all-rejected.tsv", split, *files)
    assert json.loads(files[2].read_text())["listed"]["test"]["clips"] == 1


def test_a_split_that_does_not_fit_names_the_dataset(written):
    with pytest.raises(DataError, match=r"dataset\.tsv: 30 folds need at least as many clips"):
        written(KFold(kind="kfold", folds=30, seed=5))


def test_a_table_without_speakers_is_named(tmp_path):
    split = OfficialFolds.model_validate(
        {"kind": "official", "roles": [{"train": {"fold": ["1"]}, "test": {"fold": ["2"]}}]}
    )
    clips = pd.DataFrame({"clip_id": ["a", "b"], "group": "", "fold": ["1", "2"]})
    files = [tmp_path / name for name in ("roles.tsv", "audit.tsv", "split.json")]
    inputs = tmp_path / "voices-all.tsv", tmp_path / "voices-all-rejected.tsv"
    for path in inputs:
        clips.to_csv(path, sep="\t", index=False)
    with pytest.raises(DataError, match=r"voices-all\.tsv: column speaker is missing"):
        write_split([inputs[0]], inputs[1], split, *files)
    clips.assign(speaker="").to_csv(inputs[0], sep="\t", index=False)
    with pytest.raises(DataError, match=r"voices-all-rejected\.tsv: column speaker is missing"):
        write_split([inputs[0]], inputs[1], split, *files)


def test_names_of_clips_stay_text(tmp_path):
    path = tmp_path / "roles.tsv"
    path.write_text(
        "repeat\tfold\tclip_id\trole\n0\t0\t007\ttrain\n0\t0\tNA\ttrain\n0\t0\t1e5\ttest\n"
    )
    assert read_roles(path) == {(0, 0): {"train": ["007", "NA"], "test": ["1e5"]}}
