"""Which parts a source took, for the record and its picture."""

import torch
from torch import Tensor

from stemsteer.steering.perturbation.questions import AudibleParts


def taken_parts(mixture: AudibleParts, gains: Tensor) -> list[dict[str, float]]:
    """Of each part its mean frequency (Hz), its level against the loudest part (dB) and its gain `[parts]`."""
    levels = 10 * torch.log10(mixture.energies / mixture.energies.max().clamp_min(1e-20) + 1e-12)
    columns = {"hz": mixture.sounds.centroids, "level_db": levels, "gain": gains}
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return [dict(zip(columns, (round(value, 4) for value in row), strict=True)) for row in rows]
