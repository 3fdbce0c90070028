"""Reads published state dicts into networks, and checks that they fit."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from stemsteer.errors import UserError

NEGLIGIBLE = 1e-20
"""Smaller numbers are replaced by zero, which changes no logit.

Weight decay has made whole filters, in crnn-msd more than half of all numbers, so small that they are subnormal. A CPU
is many times slower with such numbers (musicnn-jamendo: forty times).
"""

Network = TypeVar("Network", bound=nn.Module)


def read_network(path: Path, network_for: Callable[[Mapping[str, Tensor]], Network], name: str) -> Network:
    """A network with the weights of a file.

    Args:
        path: of a state dict.
        network_for: what makes a network that these weights, by their names, may fit.
        name: of the network, for messages.

    Raises:
        UserError: the file cannot be read, or does not hold exactly the tensors that the network needs.
    """
    try:
        tensors: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        with torch.device("meta"):  # no memory is filled and no random numbers are drawn for weights that are replaced
            network = network_for(tensors)
        problem = _difference(network.state_dict(), tensors)
    except Exception as error:  # PyTorch raises many kinds of exceptions for damaged files and other objects
        raise UserError(f"{path}: not a readable state dict of {name}; fetch the file again") from error
    if problem:
        raise UserError(f"{path}: not the weights of {name}, {problem}; fetch the file again")
    cleaned = {name: tensor.masked_fill(tensor.abs() < NEGLIGIBLE, 0) for name, tensor in tensors.items()}
    network.load_state_dict(cleaned, strict=True, assign=True)
    return network.to(memory_format=torch.channels_last)  # type: ignore


def _difference(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str | None:
    """The first difference between the names and shapes of two state dicts, in words."""
    for name, tensor in wanted.items():
        if name not in given:
            return f"the tensor {name} is missing"
        if given[name].shape != tensor.shape:
            return f"the tensor {name} has the shape {list(given[name].shape)} instead of {list(tensor.shape)}"
    surplus = [name for name in given if name not in wanted]
    return f"the tensor {surplus[0]} is unknown" if surplus else None
