"""The rotation trick: a gradient through a codebook that knows how a frame lies to its code.

Fifty et al., "Restructuring Vector Quantization with the Rotation Trick", arXiv 2410.06424, section 4. Theirs also
scales the gradient by the code's length over the frame's; without that, quiet music keeps more of the codes.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def rotated(latents: Tensor, quantised: Tensor) -> Tensor:
    """`quantised`, through which the gradient passes to `latents`; each `[batch, channels, frames]`.

    It passes as through the rotation that turns each frame towards its code, which counts as constant. The
    straight-through estimator takes the identity for it: all frames of a code get the same gradient.
    """
    with torch.no_grad():
        frame, code = F.normalize(latents, dim=1), F.normalize(quantised, dim=1)
        halfway = F.normalize(frame + code, dim=1)
    # Two reflections are a rotation: the first takes the frame to minus its code, the second that to the code.
    turned = latents - 2 * halfway * _along(halfway, latents) + 2 * code * _along(frame, latents)
    return quantised + (turned - turned.detach())


def _along(direction: Tensor, vectors: Tensor) -> Tensor:
    """The component of every frame along a direction: `[batch, 1, frames]`."""
    return (direction * vectors).sum(dim=1, keepdim=True)
