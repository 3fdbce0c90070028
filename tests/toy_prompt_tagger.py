"""A family of prompt taggers, added as CONTRIBUTING says: a module, a line in `FAMILIES`, an entry of the registry.

It hears 48 kHz. The embedding of a text is the band of the instrument that it names, the embedding of audio is the
share of its energy at each frequency, and their similarity is the share of the energy in the band.
"""

import torch
from torch import Tensor

from stemsteer.models.registry import PromptTaggerModel, registry
from stemsteer.taggers import FAMILIES
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.family import Family
from stemsteer.taggers.labels import Labels

NAME = "band-words"
MODEL = PromptTaggerModel(
    kind="prompt-tagger",
    family=NAME,
    architecture="bands",
    prompt="the sound of {source}",
    rest=("hiss",),
    sha256="ba2d" + 60 * "0",
    licence="MIT",
    citation="a toy of the tests",
)
BANDS = {"bass": (20, 400), "flute": (400, 3000), "my whistle": (3000, 10_000), "hiss": (10_000, 24_000)}
"""Hz."""


class BandWords(Tagger):
    """The probability of a text is the share of the energy in the band that it names, of all energy in all labels'."""

    sample_rate = 48_000
    window_seconds = 0.1

    def __init__(self, name: str, model: PromptTaggerModel, labels: Labels) -> None:
        super().__init__()
        self.name, self.labels, self.licence, self.fingerprint = name, labels, model.licence, str(model.sha256)
        self.register_buffer("texts", torch.stack([self.text_embedding(text) for text in labels.names]))
        self.texts: Tensor

    def text_embedding(self, text: str) -> Tensor:
        """`[frequencies]`: 1 in the band of the word that the text ends with, 0 elsewhere."""
        frequencies = torch.fft.rfftfreq(self.window_samples, 1 / self.sample_rate)
        low, high = next(band for word, band in BANDS.items() if text.endswith(word))
        return ((low <= frequencies) & (frequencies < high)).float()

    def window_logits(self, windows: Tensor) -> Tensor:
        energy = torch.fft.rfft(windows).abs().square()
        shares = energy / (energy.sum(dim=1, keepdim=True) + 1e-9)
        return (shares @ self.texts.T + 1e-6).log()

    def activation(self, logits: Tensor) -> Tensor:
        return torch.softmax(logits, dim=-1)


def load_band_words(name: str, model: PromptTaggerModel, labels: Labels) -> BandWords:
    return BandWords(name, model, labels)


FAMILY = Family("toy_prompt_tagger:load_band_words")


def register() -> None:
    """The line in `FAMILIES`, and the entry of the registry."""
    FAMILIES[NAME] = FAMILY
    registry()[NAME] = MODEL
