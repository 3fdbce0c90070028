"""Demucs (Rouard, Massa and Défossez, "Hybrid Transformers for Music Source Separation", ICASSP 2023).

Tracks are separated in overlapping segments, as is the package's default, but without its random shifts.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor

from stemsteer.compared.packages import check_source, imported, loading
from stemsteer.compared.peer import Peer, Separator
from stemsteer.compared.pickles import refuse_code


def _parts_of_models() -> list[Any]:
    """What the published models refer to: the class of their network, and numbers among its settings."""
    networks = [
        getattr(imported(f"demucs.{module}"), name)
        for module, name in (("demucs", "Demucs"), ("hdemucs", "HDemucs"), ("htdemucs", "HTDemucs"))
    ]
    scalar = np.float64(0).__reduce__()[0]
    numbers = [Fraction, (scalar, "numpy.core.multiarray.scalar"), scalar, np.dtype, type(np.dtype("float64"))]
    return [*networks, *numbers]


class Demucs(Peer):
    """A folder with models of Demucs, of which the settings name one."""

    distribution = "demucs"

    def load(self, source: str, device: torch.device) -> Separator:
        pretrained, apply = imported("demucs.pretrained"), imported("demucs.apply")
        with loading(self.settings):
            refuse_code((path for path in self.model_files() if path.suffix == ".th"), _parts_of_models())
            model = pretrained.get_model(self._name(), repo=self.settings.weights)
        check_source(source, model.sources, self.settings)

        def separate(mixture: Tensor) -> Tensor:
            # The mixture is normalised, as the package does with a file.
            level = mixture.mean(dim=1, keepdim=True)
            mean, deviation = level.mean(dim=-1, keepdim=True), level.std(dim=-1, keepdim=True) + 1e-8
            separated = apply.apply_model(model, (mixture - mean) / deviation, shifts=0, device=device)
            return separated[:, model.sources.index(source)] * deviation + mean

        return Separator(model.samplerate, model.audio_channels, separate)

    def model_files(self) -> list[Path]:
        # A bag of models has a recipe, which lists their signatures. A single model has its own signature.
        recipe = self.settings.weights / f"{self.settings.model}.yaml"
        is_bag = recipe.is_file()
        signatures = yaml.safe_load(recipe.read_text(encoding="utf-8"))["models"] if is_bag else [self._name()]
        files = sorted(self.settings.weights.iterdir())
        own = [path for path in files if path.suffix == ".th" and path.stem.partition("-")[0] in signatures]
        return [recipe, *own] if is_bag else own

    def _name(self) -> str:
        """The name by which Demucs knows the model: for a file <signature>-<checksum>.th, only the signature."""
        model = str(self.settings.model)
        is_single = (self.settings.weights / f"{model}.th").is_file()
        return model.rpartition("-")[0] if is_single and "-" in model else model
