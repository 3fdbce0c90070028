"""The network of an ONNX file as a tagger."""

import torch
from torch import Tensor

from stemsteer.models.weights import sha256
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.labels import Labels
from stemsteer.taggers.onnx_file.network import OnnxNetwork
from stemsteer.taggers.settings import OnnxSettings

SURE = 1e-6
"""How near probabilities may come to 0 and 1, so that their logits are finite."""


class OnnxTagger(Tagger):
    """A black box: what it says of audio has no gradient.

    Probabilities of frames are averaged, as those of windows are.

    Raises:
        UserError: onnxruntime is missing or cannot run the file, or it does not take samples to labels.
    """

    def __init__(self, name: str, own: OnnxSettings, labels: Labels) -> None:
        super().__init__()
        self.name, self.labels, self.licence = name, labels, own.licence
        self.sample_rate, self.window_seconds = own.sample_rate, own.window_seconds
        self.fingerprint = sha256(own.weights)
        self.choices = (own.sample_rate, own.window_seconds, own.output, own.activation)
        self.says_probabilities, self.one_at_a_time = own.output == "probabilities", own.activation == "softmax"
        self.network = OnnxNetwork(name, own.weights, self.window_samples, len(labels.names))

    def activation(self, logits: Tensor) -> Tensor:
        return logits.softmax(dim=-1) if self.one_at_a_time else logits.sigmoid()

    @torch.no_grad()
    def window_logits(self, windows: Tensor) -> Tensor:
        said = self.network(windows.float().cpu().numpy(), gpu=windows.device.type == "cuda")
        logits = torch.from_numpy(said).to(windows)
        if logits.ndim == 2 and not self.says_probabilities:
            return logits
        probabilities = logits if self.says_probabilities else self.activation(logits)
        if probabilities.ndim == 3:
            probabilities = probabilities.mean(dim=1)
        return probabilities.clamp(min=SURE).log() if self.one_at_a_time else probabilities.logit(eps=SURE)


def load_own(name: str, own: OnnxSettings, labels: Labels) -> OnnxTagger:
    """Load a tagger from a file of the user's.

    Raises:
        UserError: onnxruntime is missing or cannot run the file, or it does not take samples to labels.
    """
    return OnnxTagger(name, own, labels)
