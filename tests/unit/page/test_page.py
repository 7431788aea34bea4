import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from retable.checks.check import Check, write_checks
from retable.errors import DataError
from retable.figures.style import write_figure
from retable.page.corpora import PageCorpus
from retable.page.page import PageFigure, PagePaper, PageTable, build_page
from retable.spec.figure import ConfusionMatrices
from retable.spec.paper import Paper
from retable.spec.table import TextRow
from retable.spec.weights import PublishedWeights
from retable.tables.files import write_table, write_text_tables
from sample_results import TABLE2, TABLE2_EXPERIMENTS, published_file, write_sample_scores

SUMMARY = (
    "corpus\tclips\trejected\tremarked\tspeakers\tsample_rates\thours\tmean_s\tsd_s\tshortest_s\t"
    "median_s\tlongest_s\n"
    "ravdess\t2452\t0\t6\t24\t48000\t2.79\t4.09\t0.61\t2.94\t4.00\t6.37\n"
    "tess\t2798\t2\t4\t2\t24414, 96000\t1.60\t2.06\t0.28\t1.25\t2.05\t2.99\n"
)
ODD_CLIPS = (
    "corpus\tpath\thandled\treason\n"
    "tess\tTESS data/OAF_Fear/OAF_food_fear.wav\tkept\t96000 Hz, not 24414\n"
    "tess\tTESS data/OAF_angry/OAF_a&b_angry.wav\trejected\tsilent: all samples are 0\n"
)
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Outline(HTMLParser):
    """Collects text, images and addresses, and checks that tags are balanced."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.images: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.links.append(values["href"])
        if "src" in values:
            self.images.append(values["src"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def built(tmp_path):
    """Everything that the page shows, built from sample scores."""
    pairs = {
        name: write_sample_scores(tmp_path, name, seed)
        for seed, name in enumerate(TABLE2_EXPERIMENTS.values())
    }
    scores = {name: pair[0] for name, pair in pairs.items()}
    common = {
        "published": published_file("gresnets"),
        "scores": scores,
        "missing": {},
        "comparability": "simulated",
    }
    write_table(
        TABLE2,
        table_name="2",
        confusions={},
        sources={},
        tsv=tmp_path / "table2.tsv",
        markdown=tmp_path / "table2.md",
        latex=tmp_path / "table2.tex",
        **common,
    )
    write_text_tables(
        [TextRow(row="CWT+SVM [29]", column="emotion", metric="Acc")],
        sources={},
        parameters={},
        text_tsv=tmp_path / "text.tsv",
        text_markdown=tmp_path / "text.md",
        settings_tsv=tmp_path / "settings.tsv",
        settings_markdown=tmp_path / "settings.md",
        **common,
    )
    figure = ConfusionMatrices(
        kind="confusion_matrix",
        title="Emotions",
        caption="Rows are true classes & columns predictions.",
        experiments=("GR-G-M",),
        task="emotion",
    )
    write_figure(
        figure,
        {"GR-G-M": [pairs["GR-G-M"][1]]},
        {},
        svg=tmp_path / "emotions.svg",
        png=tmp_path / "emotions.png",
    )
    write_checks(
        [
            Check("fold sizes", "gresnets, random", True, "5 folds of 66 test clips"),
            Check("leakage of speakers", "gresnets, random", True, "24 shared", allowed=True),
        ],
        tmp_path / "checks.tsv",
    )
    paper = Paper(
        paper="gresnets",
        title="Spectrogram based multi-task audio classification",
        citation="Zeng, Mao, Peng & Yi",
        experiments={},
        tables={"2": TABLE2},
        text=(),
        figures={},
    )
    return PagePaper(
        paper=paper,
        comparability="simulated",
        tables=(PageTable("2", TABLE2, tmp_path / "table2.tsv", note="Five folds."),),
        figures=(PageFigure("emotions", figure, tmp_path / "emotions.svg"),),
        text=tmp_path / "text.tsv",
        settings=tmp_path / "settings.tsv",
    )


def page_of(
    folder, *papers, source="simulated", name="index.html", odd_clips=ODD_CLIPS, weights=()
):
    (folder / "corpora.tsv").write_text(SUMMARY)
    (folder / "odd_clips.tsv").write_text(odd_clips)
    ravdess = PageCorpus(
        name="ravdess",
        title="RAVDESS",
        source=source,
        licence="CC BY-NC-SA 4.0",
        citation="Livingstone & Russo (2018)",
        homepage="https://zenodo.org/records/1188976",
    )
    tess = replace(
        ravdess, name="tess", title="TESS", source="upstream", homepage="by request",
        citation="Pichora-Fuller & Dupuis (2020)",
    )  # fmt: skip
    build_page(
        folder / name,
        scale="demo",
        scale_description="simulated twins, minutes on two cores.",
        corpora=(ravdess, tess),
        papers=papers,
        summary=folder / "corpora.tsv",
        odd_clips=folder / "odd_clips.tsv",
        weights=weights,
        checks=folder / "checks.tsv",
        rebuild="snakemake --cores 8 all",
    )
    return (folder / name).read_text(encoding="utf-8")


def test_the_page_holds_everything(tmp_path, built):
    outline = Outline(page_of(tmp_path, built))
    for expected in (
        "Scale demo: simulated twins",
        "Zeng, Mao, Peng & Yi",
        "Table 2. Emotion recognition in the multi-task model",
        "simulated audio: not comparable with the paper",
        "GResNets+M 64.48",
        "clean protocol",
        "Five folds.",
        "Rows are true classes & columns predictions.",
        "CWT+SVM [29] emotion Acc 60.1 % cited",
        "k folds 5 not reproduced",
        "CC BY-NC-SA 4.0",
        "Livingstone & Russo (2018)",
        "fold sizes gresnets, random passed 5 folds of 66 test clips",
        "1 passed, 1 allowed by name in a paper's description, 0 failed",
        "snakemake --cores 8 all",
    ):
        assert expected in outline.text.replace(" : ", ": "), expected


def test_the_page_needs_no_other_file_and_no_network(tmp_path, built):
    page = page_of(tmp_path, built)
    outline = Outline(page)
    assert len(outline.images) == 1
    assert outline.images[0].startswith("data:image/svg+xml;base64,")
    assert "<script" not in page and "<link" not in page and "url(" not in page
    anchors = [link[1:] for link in outline.links if link.startswith("#")]
    assert set(anchors) <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))
    assert [link for link in outline.links if not link.startswith("#")] == [
        "https://zenodo.org/records/1188976"
    ]


def test_the_contents_lead_to_every_table_and_the_figures_of_each_paper(tmp_path, built):
    other = replace(built, paper=built.paper.model_copy(update={"paper": "other", "title": "More"}))
    outline = Outline(page_of(tmp_path, built, other))
    for key in ("gresnets", "other"):
        parts = ("", "-table-2", "-emotions", "-text", "-settings")
        assert [f"#{key}{part}" for part in parts] == [
            link for link in outline.links if link.startswith(f"#{key}")
        ]
    assert {link[1:] for link in outline.links if link.startswith("#")} <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))
    assert "More other Table 2 1 figure Numbers in the text Settings" in outline.text


def test_the_clean_protocol_is_explained_where_there_is_one(tmp_path, built):
    assert "Shaded rows follow a clean protocol" in Outline(page_of(tmp_path, built)).text
    (shown,) = built.tables
    only_paper = replace(shown, table=shown.table.model_copy(update={"clean": ()}))
    page = page_of(tmp_path, replace(built, tables=(only_paper,)))
    assert "clean protocol" not in Outline(page).text


def test_only_simulated_audio_has_a_banner(tmp_path, built):
    assert "RAVDESS is simulated" in Outline(page_of(tmp_path, built)).text
    assert "is simulated" not in Outline(page_of(tmp_path, built, source="upstream")).text


def test_corpora_say_what_was_read_beside_licence_and_citation(tmp_path, built):
    text = Outline(page_of(tmp_path, built)).text
    assert (
        "RAVDESS simulated 2452 0 rejected 2.79 4.09 ± 0.61 2.94 to 6.37 48000 "
        "CC BY-NC-SA 4.0 Livingstone & Russo (2018) "
        "TESS upstream 2798 2 rejected 1.60 2.06 ± 0.28 1.25 to 2.99 24414, 96000 "
        "CC BY-NC-SA 4.0 Pichora-Fuller & Dupuis (2020)" in text
    )


def test_weights_in_use_have_licence_and_citation(tmp_path, built):
    weights = PublishedWeights(
        weights="imagenet",
        title="ImageNet weights",
        homepage="https://example.org/models",
        licence="BSD & others",
        citation="Deng (2009)",
        files={},
    )
    outline = Outline(page_of(tmp_path, built, weights=(weights,)))
    said = "Networks started from ImageNet weights . Licence: BSD & others. Citation: Deng (2009)"
    assert said in outline.text
    assert "https://example.org/models" in outline.links
    assert "Networks started" not in Outline(page_of(tmp_path, built)).text


def test_odd_clips_are_listed_with_the_reason(tmp_path, built):
    text = Outline(page_of(tmp_path, built)).text
    assert (
        "2 odd clips: 1 kept with a remark, 1 rejected Clip Handled Why TESS "
        "TESS data/OAF_Fear/OAF_food_fear.wav kept 96000 Hz, not 24414 "
        "TESS data/OAF_angry/OAF_a&b_angry.wav rejected silent: all samples are 0" in text
    )
    header, *clips = ODD_CLIPS.splitlines(keepends=True)
    one = Outline(page_of(tmp_path, built, odd_clips=header + clips[1])).text
    assert "1 odd clip: 0 kept with a remark, 1 rejected" in one
    assert "odd clip" not in Outline(page_of(tmp_path, built, odd_clips=header)).text


def test_a_corpus_of_which_nothing_is_known_is_named(tmp_path, built, monkeypatch):
    monkeypatch.setitem(globals(), "SUMMARY", SUMMARY.replace("\ntess", "\nsavee"))
    with pytest.raises(
        DataError, match=r"corpora\.tsv: no row of corpus tess; it has ravdess, sav"
    ):
        page_of(tmp_path, built)


def test_an_analogue_says_why_it_is_one(tmp_path, built):
    why = "RAVDESS stands in for the paper's own data."
    paper = built.paper.model_copy(update={"analogue": why})
    weights = "From scratch, without ImageNet weights: densenet121."
    shown = replace(
        built, paper=paper, comparability="simulated analogue", note=weights,
        text_note=f"{why} Weights are random.",
    )  # fmt: skip
    text = Outline(page_of(tmp_path, shown)).text
    assert f"Zeng, Mao, Peng & Yi Analogue. {why} {weights} Table 2." in text
    for title in ("gated ResNets", "Numbers in the text"):
        assert f"{title} (analogue, not comparable with the paper; simulated audio)" in text
    assert text.index("60.1 %") < text.index(f"{why} Weights are random.") < text.index("Settings,")
    plain = Outline(page_of(tmp_path, built)).text
    assert "analogue" not in plain.lower() and "scratch" not in plain


def test_phones_and_dark_screens_are_provided_for(tmp_path, built):
    page = page_of(tmp_path, built)
    assert 'name="viewport" content="width=device-width' in page
    assert re.search(r"@media \(prefers-color-scheme: dark\)", page)


def test_equal_inputs_give_equal_bytes(tmp_path, built):
    assert page_of(tmp_path, built) == page_of(tmp_path, built, name="again.html")


def test_a_missing_figure_is_named(tmp_path, built):
    (tmp_path / "emotions.svg").unlink()
    with pytest.raises(DataError, match=r"emotions\.svg: the figure is missing"):
        page_of(tmp_path, built)
