"""The taggers of instruments, and how their weights are read."""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from stemsteer.errors import UserError
from stemsteer.models.registry import TaggerModel
from stemsteer.models.weights import find, sha256
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.instruments.front_end import CONTEXT_SECONDS, SAMPLE_RATE, FrontEnd, compressed
from stemsteer.taggers.instruments.network import InstrumentsNetwork
from stemsteer.taggers.labels import Labels


class InstrumentsTagger(Tagger):
    """One of StemSteer's own taggers (resources/tagger/README.md)."""

    sample_rate = SAMPLE_RATE
    context_seconds = CONTEXT_SECONDS
    knows_parts = True

    def __init__(
        self,
        name: str,
        labels: Labels,
        network: InstrumentsNetwork,
        window_seconds: float,
        licence: str,
        fingerprint: str,
    ) -> None:
        super().__init__()
        self.name, self.labels, self.licence, self.fingerprint = name, labels, licence, fingerprint
        self.window_seconds = window_seconds
        self.front_end, self.network = FrontEnd(), network
        self.eval().requires_grad_(False)

    def window_logits(self, windows: Tensor) -> Tensor:
        logits: Tensor = self.network(compressed(self.front_end.power(windows)).transpose(1, 2))
        return logits


def load_instruments(name: str, model: TaggerModel, labels: Labels) -> InstrumentsTagger:
    """Load a tagger of the registry.

    Raises:
        UserError: the weights are missing or altered.
    """
    return read_instruments(find(name), name, labels, model.licence)


def read_instruments(path: Path, name: str, labels: Labels, licence: str) -> InstrumentsTagger:
    """A tagger of weights as the training writes them (safetensors).

    Raises:
        UserError: the file is something else.
    """
    try:
        with safe_open(path, "pt") as file:
            facts = file.metadata() or {}
            state = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118, not a dictionary
    except SafetensorError as error:
        raise UserError(f"{path} cannot be read as the weights of a tagger ({error}); train it anew") from error
    if facts.get("labels", "").split("\t") != list(labels.names):
        raise UserError(f"{path} does not hold a tagger of the instruments that this version knows; train it anew")
    network = InstrumentsNetwork(len(labels.names), int(facts["width"]))
    network.load_state_dict(state)
    return InstrumentsTagger(name, labels, network, float(facts["window_seconds"]), licence, sha256(path))
