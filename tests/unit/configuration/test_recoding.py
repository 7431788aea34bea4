"""Corpora that call the same classes otherwise get the names of one table."""

import pytest

from corpus_specs import CORPORA
from retable.configuration.reading import read_mapping

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")


def recode(column, table="emotion8.tsv"):
    return {"emotion": {"table": table, "from": column, "to": "emotion"}}


@pytest.mark.parametrize(
    ("corpus", "names"),
    [
        ("ravdess", {name: name for name in EMOTIONS}),
        (
            "savee",
            {
                **{"n": "neutral", "h": "happy", "sa": "sad", "a": "angry", "f": "fearful"},
                **{"d": "disgust", "su": "surprised"},
            },
        ),
        (
            "tess",
            {
                **{"neutral": "neutral", "happy": "happy", "sad": "sad", "angry": "angry"},
                **{"fear": "fearful", "disgust": "disgust", "ps": "surprised"},
            },
        ),
        (
            "crema_d",
            {
                **{"NEU": "neutral", "HAP": "happy", "SAD": "sad", "ANG": "angry"},
                **{"FEA": "fearful", "DIS": "disgust"},
            },
        ),
    ],
)
def test_the_emotions_of_four_corpora(corpus, names):
    mapping = read_mapping(CORPORA / "emotion8.tsv", corpus, "emotion")
    assert mapping == names
    # In the order of the eight, in which scores and confusion matrices have them.
    assert list(mapping.values()) == [name for name in EMOTIONS if name in names.values()]


@pytest.fixture
def with_datasets(edit):
    """Gives RAVDESS these datasets beside its own."""

    def edit_datasets(**datasets):
        edit("corpora/ravdess.yaml", datasets=datasets)

    return edit_datasets


def write_table(workflow, *rows):
    """A table of a few emotions in the folder of the corpora."""
    lines = ["emotion\travdess", *("\t".join(row) for row in rows)]
    (workflow / "corpora" / "few.tsv").write_text("\n".join([*lines, ""]))


def test_a_dataset_has_the_classes_that_it_recodes_to(read, with_datasets, workflow):
    write_table(workflow, ("bad", "sad"), ("good", "happy"), ("bad", "angry"), ("odd", ""))
    with_datasets(moods={"recode": recode("ravdess", "few.tsv")})
    corpus = read().corpora["ravdess"]
    moods = {"sad": "bad", "happy": "good", "angry": "bad"}
    assert corpus.datasets["moods"].recode == {"emotion": moods}
    assert corpus.classes("moods")["emotion"] == ("bad", "good")
    assert corpus.classes("moods")["speech_song"] == ("speech", "song")
    assert corpus.classes("dogs")["emotion"] == EMOTIONS


def test_a_dataset_may_order_the_classes_that_it_recodes_to(read, with_datasets):
    with_datasets(
        some={
            "where": [{"emotion": ["sad", "calm"]}],
            "recode": {"emotion": {"sad": "low", "calm": "high"}},
            "labels": {"emotion": ["high", "low"]},
        }
    )
    assert read().corpora["ravdess"].classes("some")["emotion"] == ("high", "low")


def test_names_that_lead_nowhere(faults, with_datasets):
    with_datasets(
        all={"recode": {"emotion": {"sadd": "sad", "happy": "happy", "SAD": "sad"}}},
        other={"recode": {"emotoin": {"sad": "sad"}, "speech_song": {"song": "sung"}}},
        own={
            "recode": {"emotion": {"sad": "low", "happy": "high"}},
            "labels": {"emotion": ["low", "hihg", "sad"], "statement": ["01"]},
        },
    )
    known = "angry, calm, disgust, fearful, happy, neutral, sad, surprised"
    key = "corpora.ravdess.datasets"
    assert faults() == [
        f"{key}.all.recode.emotion: 'sadd' is no class of the corpus; did you mean 'sad'?",
        f"{key}.all.recode.emotion: 'SAD' is no class of the corpus; known: {known}",
        f"{key}.other.recode: 'emotoin' is no task of the corpus; did you mean 'emotion'?",
        f"{key}.own.labels.emotion: 'hihg' is no class that emotion is recoded to; did you mean "
        "'high'?",
        f"{key}.own.labels.emotion: 'sad' is no class that emotion is recoded to; known: high, low",
    ]


def test_a_table_of_another_corpus_is_found_out(faults, with_datasets):
    with_datasets(all={"recode": recode("crema_d")})
    found = faults()
    assert len(found) == 6
    assert found[0].startswith(
        "corpora.ravdess.datasets.all.recode.emotion: 'NEU' is no class of the corpus; known: "
    )


def test_a_faulty_reference_is_told_with_its_key(faults, with_datasets, workflow):
    with_datasets(all={"recode": recode("radvess")})
    assert faults() == [
        "corpora.ravdess.datasets.all.recode.emotion: the table "
        f"{workflow}/corpora/emotion8.tsv has no column 'radvess'; it has emotion, ravdess, savee, "
        "tess, crema_d"
    ]
