"""Open-Unmix (Stöter et al., "Open-Unmix - A Reference Implementation for Music Source Separation", JOSS 2019).

All of the four targets that the folder has are separated, then one step of expectation maximisation follows, as is the
package's default.
"""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import torch

from stemsteer.compared.packages import check_source, imported, loading
from stemsteer.compared.peer import Peer, Separator
from stemsteer.files import read_json

TARGETS = ("vocals", "drums", "bass", "other")


class OpenUnmix(Peer):
    """A folder with a model of Open-Unmix for each target."""

    distribution = "openunmix"

    def load(self, source: str, device: torch.device) -> Separator:
        utils = import_open_unmix()
        folder = self.settings.weights
        targets = [t for t in TARGETS if (folder / f"{t}.json").is_file() and any(folder.glob(f"{t}*.pth"))]
        check_source(source, targets, self.settings)
        with loading(self.settings):
            layout = read_json(folder / "separator.json")
            # The rest of the mixture is a source too, because expectation maximisation needs at least two.
            residual = len(targets) < len(TARGETS)
            model = utils.load_separator(str(folder), targets, niter=1, residual=residual, device=device)
        model.freeze()
        return Separator(
            rate=int(layout["sample_rate"]),
            channels=int(layout["nb_channels"]),
            separate=lambda mixture: model.to_dict(model(mixture.to(device)))[source],
        )

    def model_files(self) -> list[Path]:
        return [path for path in sorted(self.settings.weights.iterdir()) if path.suffix in (".pth", ".json")]


def import_open_unmix() -> ModuleType:
    """The module of Open-Unmix that loads its models.

    It imports torchaudio, which it needs only to resample; StemSteer resamples itself. If torchaudio is missing, or
    does not fit the version of torch, an empty module takes its place.
    """
    try:
        importlib.import_module("torchaudio")
    except (ImportError, OSError):
        sys.modules["torchaudio"] = ModuleType("torchaudio")
    return imported("openunmix.utils")
