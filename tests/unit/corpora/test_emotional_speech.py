"""Emotions in the twins of SAVEE, TESS and CREMA-D, and in that of RAVDESS."""

import io
import zipfile
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy.signal import welch
from twin_difficulty import accuracy, accuracy_in_folds, mean_log_mel_of, modulation_spectrum

from corpus_specs import corpus_spec
from retable.corpora import ravdess, ravdess_twin
from retable.corpora.datasets import select_clips
from retable.corpora.emotional_speech import MANNERS, emotional_speech
from retable.corpora.simulation import SPEECH, Utterance, synthesise
from retable.registry import TWINS, load

SPEAKER_GAIN = {"savee": 0.1, "tess": 0.1, "crema_d": 0.05}
"""Accuracy that random folds, which know the speakers, must gain over unseen ones."""
EMOTIONS = ("happy", "sad")
CLIPS = 12
BAND_EDGES_HZ = np.geomspace(400, 7000, 16)


@pytest.fixture(scope="module", params=list(SPEAKER_GAIN))
def corpus(request):
    return corpus_spec(request.param)


def test_the_classes_of_the_twin_are_those_of_the_dataset(indexed_twin, corpus):
    manifest, _ = indexed_twin
    twin = load(TWINS, corpus.corpus)
    clips = select_clips(manifest, corpus.datasets["all"])
    assert len(clips) == len(manifest)
    assert list(clips["emotion"]) == [twin.CLASSES[emotion] for emotion in manifest["emotion"]]


def test_emotions_overlap_and_strangers_are_harder(indexed_twin, twin_root, corpus):
    manifest, _ = indexed_twin
    clips = manifest[manifest["sample_rate"] == corpus.sample_rate]
    features = mean_log_mel_of(twin_root, clips)
    random = accuracy(features, clips["emotion"])
    unseen = accuracy_in_folds(features, clips["emotion"], clips["speaker"])
    chance = clips["emotion"].value_counts(normalize=True).max()
    assert 0.40 <= random <= 0.85
    assert chance + 0.1 <= unseen <= random - SPEAKER_GAIN[corpus.corpus]


@pytest.fixture(scope="module")
def emotion_alone():
    """Corpus -> its simulation, in which nothing but the emotion changes the spectrum."""

    def simulation(name):
        others = dict.fromkeys(("group_effect_db", "interaction_db", "clip_effect_db"), 0.0)
        return corpus_spec(name).simulation.model_copy(update={**others, "duration_s": (1.5, 1.5)})

    return simulation


def band_levels(samples, sample_rate):
    """Mean level in dB of bands that all corpora have: shape (15,)."""
    frequencies, power = welch(samples[:, 0], sample_rate, nperseg=sample_rate // 25)
    band = np.digitize(frequencies, BAND_EDGES_HZ)
    return 10 * np.log10([power[band == number].mean() for number in range(1, 16)])


def difference(speak):
    """What sets the emotions apart, in dB: shape (15,)."""
    happy, sad = (
        np.mean([speak(f"{emotion}{number}", emotion) for number in range(CLIPS)], axis=0)
        for emotion in EMOTIONS
    )
    return happy - sad


@pytest.fixture(scope="module")
def of_ravdess(emotion_alone):
    simulation = emotion_alone("ravdess")
    assert simulation.class_effect_db["emotion"] == 5.5

    def speak(name, emotion):
        utterance = Utterance(name, "01", {"emotion": emotion}, SPEECH)
        return band_levels(synthesise(utterance, simulation, 48_000), 48_000)

    return difference(speak)


def test_an_emotion_sounds_as_in_ravdess(emotion_alone, of_ravdess, corpus):
    simulation, rate = emotion_alone(corpus.corpus), corpus.sample_rate

    def speak(name, emotion):
        clip = {"clip_id": name, "group": "A"}
        return band_levels(emotional_speech(clip, emotion, simulation, rate), rate)

    of_corpus = difference(speak)
    assert np.corrcoef(of_corpus, of_ravdess)[0, 1] >= 0.9
    assert np.std(of_corpus) == pytest.approx(np.std(of_ravdess), rel=0.25)


@pytest.mark.parametrize("sample_rate", [16_000, 24_414, 96_000])
def test_a_clip_has_the_length_and_rate_asked_for(emotion_alone, sample_rate):
    clip = {"clip_id": "a", "group": "A"}
    samples = emotional_speech(clip, "sad", emotion_alone("tess"), sample_rate)
    assert samples.shape == (round(1.5 * sample_rate), 1)
    assert 0.01 < np.abs(samples).max() <= 1


def of_ravdesss_twin(folder):
    """Modulation spectra and emotions of 90 clips of speech: (90, 20), (90,)."""
    few = {"speaker": ["01", "02", "03"], "statement": ["02"]}
    simulation = corpus_spec("ravdess").simulation.model_copy(update={"keep": (few,)})
    archive = folder / "Audio_Speech_Actors_01-24.zip"
    ravdess_twin.simulate_archive(archive.name, simulation, archive)
    spectra, emotions = [], []
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            spectra.append(modulation_spectrum(*soundfile.read(io.BytesIO(opened.read(name)))))
            emotions.append(ravdess.describe_clip(PurePosixPath(name))["emotion"])
    return np.stack(spectra), pd.Series(emotions)


def of_the_other_twins(folder):
    """The same of 80 clips that are as long as RAVDESS's, ten of each emotion."""
    simulation = corpus_spec("tess").simulation.model_copy(update={"duration_s": (3.0, 4.5)})
    emotions = [emotion for emotion in MANNERS for _ in range(10)]
    clips = [{"clip_id": str(number), "group": "A"} for number in range(80)]
    spectra = [
        modulation_spectrum(emotional_speech(clip, emotion, simulation, 16_000), 16_000)
        for clip, emotion in zip(clips, emotions, strict=True)
    ]
    return np.stack(spectra), pd.Series(emotions)


def chance_of(emotions):
    """Accuracy of a guess of the most frequent emotion, and its deviation over so many clips."""
    share = emotions.value_counts(normalize=True).max()
    return share, np.sqrt(share * (1 - share) / len(emotions))


@pytest.mark.parametrize("clips_of", [of_ravdesss_twin, of_the_other_twins])
def test_emotions_have_a_rhythm_of_their_own(clips_of, tmp_path):
    """They are heard where nothing is left of level and mean spectrum."""
    spectra, emotions = clips_of(tmp_path)
    assert set(emotions) == set(MANNERS)
    chance, deviation = chance_of(emotions)
    assert accuracy(spectra, emotions) > chance + 5 * deviation


def test_emotions_that_are_spoken_in_the_same_manner_have_the_same_rhythm(monkeypatch, tmp_path):
    for emotion in MANNERS:
        monkeypatch.setitem(MANNERS, emotion, SPEECH)
    spectra, emotions = of_the_other_twins(tmp_path)
    chance, deviation = chance_of(emotions)
    assert accuracy(spectra, emotions) < chance + 3 * deviation
