"""The gradient through a codebook turns as the frame does towards its code."""

import math

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from stemsteer.generators.jukebox.training.rotation import rotated


def gradient_of(frame: list[float], code: list[float], of_output: list[float]) -> Tensor:
    """What reaches one frame of a gradient on the decoder's side of its code."""
    latents = torch.tensor(frame, dtype=torch.float64)[None, :, None].requires_grad_()
    output = rotated(latents, torch.tensor(code, dtype=torch.float64)[None, :, None])
    output.backward(torch.tensor(of_output, dtype=torch.float64)[None, :, None])
    assert latents.grad is not None
    return latents.grad[0, :, 0]


def test_the_decoder_hears_the_codes_themselves() -> None:
    random = torch.Generator().manual_seed(51)
    latents, codes = torch.randn(2, 3, 8, 50, generator=random)
    latents[0, :, 0] = 0
    codes[1, :, 1] = 0
    codes[2, :, 2] = -latents[2, :, 2]
    latents.requires_grad_()
    output = rotated(latents, codes)
    assert torch.equal(output, codes)
    output.sum().backward()
    assert latents.grad is not None
    assert latents.grad.isfinite().all()


def test_a_frame_in_the_direction_of_its_code_gets_the_gradient_as_it_is() -> None:
    found = gradient_of([0.3, -0.4, 0.0], [3.0, -4.0, 0.0], [1.0, 2.0, 3.0])
    torch.testing.assert_close(found, torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))


def test_the_gradient_keeps_its_angle_to_the_frame() -> None:
    """Where the error grows along the code, it grows along the frame, however long these are."""
    across = math.sqrt(0.5)
    found = gradient_of([0.0, 5.0], [2.0, 2.0], [across, across])
    torch.testing.assert_close(found, torch.tensor([0.0, 1.0], dtype=torch.float64))


def test_it_is_turned_back_by_the_shortest_rotation() -> None:
    random = np.random.default_rng(52)
    for _ in range(20):
        frame, code, of_output = random.normal(size=(3, 3))
        axis = np.cross(frame, code)
        angle = math.atan2(np.linalg.norm(axis), frame @ code)
        expected = Rotation.from_rotvec(-angle * axis / np.linalg.norm(axis)).apply(of_output)
        found = gradient_of(frame.tolist(), code.tolist(), of_output.tolist())
        np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)
