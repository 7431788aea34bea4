"""An emotion does the same to the spectrum in the twins of all corpora of emotional speech."""

import numpy as np
import pytest
from scipy.signal import welch

from corpus_specs import corpus_spec
from retable.corpora.emotion_twin import emotional_speech
from retable.corpora.simulation import SPEECH, Utterance, synthesise

EMOTIONS = ("happy", "sad")
CLIPS = 12
BAND_EDGES_HZ = np.geomspace(400, 7000, 16)


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


@pytest.mark.parametrize("corpus", ["savee", "tess", "crema_d"])
def test_an_emotion_sounds_as_in_ravdess(emotion_alone, of_ravdess, corpus):
    simulation, rate = emotion_alone(corpus), corpus_spec(corpus).sample_rate

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
