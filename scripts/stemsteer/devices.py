"""The device that a job computes on."""

import torch

from stemsteer.errors import UserError


def choose_device(wanted: str, threads: int) -> torch.device:
    """The device named in the config; `auto` takes a GPU where there is one.

    Also sets PyTorch's CPU threads, which are a setting of the method because they change the last bits of a sum.

    Raises:
        UserError: the named device is not on this machine.
    """
    torch.set_num_threads(threads)
    if wanted == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    device = torch.device(wanted)
    available = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not available[device.type]:
        raise UserError(f"config: device {wanted!r} is not available on this machine; set device: auto or cpu")
    return device


def describe(device: torch.device) -> str:
    """The device in words, for the record."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)
