"""The vocabularies are in the order of the taggers' outputs: heard in General MIDI instruments.

A tag *rises* for an instrument by its logit in that instrument's music less its mean logit in the music of the others.
The right tags rise, on average over the taggers of a vocabulary. What is at their places in TagBox's list of Jamendo's
tags, which is not sorted as the taggers' outputs are, does not rise, or it is a genre that goes with the instrument.

Not every tagger alone tells every instrument: crnn-jamendo does not tell a bass, nor crnn-mtat strings. The choir sings
no words and is a voice to the MTAT taggers only, so that Jamendo's voice is not shown here, nor are its keyboard and
computer, which no one instrument stands for.
"""

import os

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import general_midi
from stemsteer.taggers.loading import load_tagger
from stemsteer.taggers.vocabularies import load_vocabulary

pytest.importorskip("tinysoundfont")
pytestmark = [
    pytest.mark.skipif(
        "STEMSTEER_MODELS" not in os.environ,
        reason="STEMSTEER_MODELS names no folder with the published weights",
    ),
    pytest.mark.skipif(
        not general_midi.SOUNDS.exists(), reason="Debian's package fluidr3mono-gm-soundfont is not installed"
    ),
]

Rises = dict[str, NDArray[np.float32]]

TAGGERS = {
    "mtat": ("fcn-mtat", "crnn-mtat", "musicnn-mtat"),
    "msd": ("fcn-msd", "crnn-msd", "MSD_musicnn"),
    "jamendo": ("fcn-jamendo", "crnn-jamendo", "musicnn-jamendo"),
}
LONG, SHORT = 29, 9
"""Seconds of music: one window of fcn and crnn, three of musicnn."""

INSTRUMENTS = list(general_midi.INSTRUMENTS)
MTAT = [
    ("piano", "piano"),
    ("nylon guitar", "guitar"),
    ("steel guitar", "guitar"),
    ("overdriven guitar", "rock"),
    ("overdriven guitar", "metal"),
    ("violin", "violin"),
    ("cello", "cello"),
    ("strings", "strings"),
    ("choir", "choir"),
    ("choir", "choral"),
    ("choir", "vocal"),
    ("choir", "singing"),
    ("flute", "flute"),
    ("sitar", "sitar"),
    ("synthesiser", "synth"),
    ("drums", "drums"),
    ("drums", "beat"),
    ("drums", "beats"),
]
MSD = [
    ("nylon guitar", "guitar"),
    ("nylon guitar", "acoustic"),
    ("nylon guitar", "folk"),
    ("overdriven guitar", "rock"),
    ("overdriven guitar", "hard rock"),
    ("overdriven guitar", "punk"),
    ("electric piano", "chillout"),
    ("synthesiser", "ambient"),
    ("bass", "funk"),
    ("drums", "Hip-Hop"),
    ("drums", "rnb"),
    ("drum machine", "House"),
    ("drum machine", "dance"),
]
# The third is the tag's place in TagBox's list.
JAMENDO = [
    ("piano", "instrument---piano", 25),
    ("piano", "genre---classical", 32),
    ("electric piano", "instrument---electricpiano", 6),
    ("electric piano", "genre---lounge", 19),
    ("nylon guitar", "instrument---guitar", 12),
    ("steel guitar", "instrument---acousticguitar", 23),
    ("steel guitar", "genre---folk", 38),
    ("overdriven guitar", "instrument---electricguitar", 28),
    ("overdriven guitar", "genre---metal", 17),
    ("bass", "instrument---bass", 43),
    ("bass", "genre---funk", 48),
    ("violin", "instrument---violin", 37),
    ("violin", "genre---classical", 32),
    ("strings", "instrument---strings", 8),
    ("strings", "genre---orchestral", 22),
    ("synthesiser", "instrument---synthesizer", 3),
    ("synthesiser", "genre---electronic", 34),
    ("drums", "instrument---drums", 9),
    ("drums", "genre---hiphop", 31),
    ("drum machine", "instrument---drummachine", 10),
    ("drum machine", "genre---house", 30),
]
# At TagBox's places of these lie genres that go with the instrument: downtempo, new age, pop rock, chill-out.
ALSO_RIGHT = {
    ("electric piano", 6): "genre---downtempo",
    ("electric piano", 19): "genre---newage",
    ("steel guitar", 23): "genre---poprock",
    ("steel guitar", 38): "instrument---guitar",
    ("synthesiser", 3): "genre---chillout",
    ("synthesiser", 34): "instrument---drummachine",
}


@pytest.fixture(scope="module")
def rises() -> Rises:
    """Of each vocabulary, how much every tag rises: `[taggers, instruments, tags]`."""
    return {name: np.stack([rises_of(tagger) for tagger in taggers]) for name, taggers in TAGGERS.items()}


@torch.no_grad()
def rises_of(name: str) -> NDArray[np.float32]:
    """`[instruments, tags]`."""
    tagger = load_tagger(name)
    seconds = LONG if tagger.window_seconds > SHORT else SHORT
    music = [torch.from_numpy(general_midi.played(instrument, seconds)) for instrument in INSTRUMENTS]
    logits = torch.stack([tagger.logits(samples[None])[0].mean(dim=0) for samples in music]).numpy()
    others = (logits.sum(axis=0) - logits) / (len(logits) - 1)
    return logits - others


def rise(
    rises: dict[str, NDArray[np.float32]], vocabulary: str, instrument: str, tag: str | int
) -> NDArray[np.float32]:
    """`[taggers]`, of a tag by its name or its place."""
    place = tag if isinstance(tag, int) else load_vocabulary(vocabulary).index(tag)
    return rises[vocabulary][:, INSTRUMENTS.index(instrument), place]


@pytest.mark.parametrize(
    ("vocabulary", "instrument", "tag"),
    [("mtat", *row) for row in MTAT] + [("msd", *row) for row in MSD] + [("jamendo", *row[:2]) for row in JAMENDO],
)
def test_the_right_tag_rises(rises: Rises, vocabulary: str, instrument: str, tag: str) -> None:
    found = rise(rises, vocabulary, instrument, tag)
    assert found.mean() > 0.4
    assert (found > 0).sum() >= 2, "only one of three taggers tells it"


@pytest.mark.parametrize(("instrument", "tag", "place"), JAMENDO)
def test_what_is_at_tagboxs_place_does_not(rises: Rises, instrument: str, tag: str, place: int) -> None:
    at_tagboxs = rise(rises, "jamendo", instrument, place).mean()
    if (instrument, place) in ALSO_RIGHT:
        assert load_vocabulary("jamendo").tags[place] == ALSO_RIGHT[instrument, place]
    else:
        assert at_tagboxs < 0.5
        assert at_tagboxs < rise(rises, "jamendo", instrument, tag).mean() - 0.5


@pytest.mark.parametrize("number", range(3), ids=TAGGERS["jamendo"])
def test_each_jamendo_tagger_outputs_sorted_tags(rises: Rises, number: int) -> None:
    """Over all rows of the table, the rise is 1 or more at our places and none at TagBox's."""
    ours = np.mean([rise(rises, "jamendo", instrument, tag)[number] for instrument, tag, _ in JAMENDO])
    tagboxs = np.mean([rise(rises, "jamendo", instrument, place)[number] for instrument, _, place in JAMENDO])
    assert ours > 1
    assert abs(tagboxs) < 0.3


def test_of_jamendos_instruments_the_one_that_plays_rises_most(rises: Rises) -> None:
    """Among the outputs that we take for instruments, whatever the levels of their logits."""
    places = [place for place, tag in enumerate(load_vocabulary("jamendo").tags) if tag.startswith("instrument")]
    for instrument, tag in [
        ("piano", "piano"),
        ("steel guitar", "acousticguitar"),
        ("overdriven guitar", "electricguitar"),
        ("violin", "violin"),
        ("strings", "strings"),
        ("synthesiser", "synthesizer"),
        ("drum machine", "drummachine"),
    ]:
        means = {place: rise(rises, "jamendo", instrument, place).mean() for place in places}
        assert load_vocabulary("jamendo").tags[max(means, key=means.__getitem__)] == f"instrument---{tag}"
