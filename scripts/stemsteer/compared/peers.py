"""Separate a mixture with a peer.

StemSteer works without the packages of peers; a package is imported when the config asks for its peer. Models are read
from a folder, in the format of the package; nothing is downloaded.
"""

import torch

from stemsteer.compared import PEERS
from stemsteer.compared.peer import Peer
from stemsteer.compared.settings import PeerSettings
from stemsteer.errors import UserError
from stemsteer.sound.audio import Signal, resample


def peer_of(settings: PeerSettings) -> Peer:
    """The peer with these settings."""
    peer: Peer = PEERS[settings.package](settings)
    return peer


@torch.no_grad()
def separate(mixture: Signal, rate: int, source: str, settings: PeerSettings, device: torch.device) -> Signal:
    """A peer's estimate of a source: `[samples, channels]`, like the mixture at `rate` Hz.

    If the mixture and the model have different numbers of channels, each channel is separated alone: the model gets it
    on all its channels, and the mean of its outputs is the result.

    Raises:
        UserError: the package, the model or its target is missing, or cannot be loaded.
    """
    if not settings.weights.is_dir():
        folder = str(settings.weights)
        raise UserError(f"{folder!r} is no folder on this machine: see weights under the config's key peers")
    separator = peer_of(settings).load(source, device)
    heard = torch.from_numpy(resample(mixture, rate, separator.rate).T.copy())
    if len(heard) == separator.channels:
        separated = separator.separate(heard[None])[0]
    else:
        separated = separator.separate(heard[:, None].repeat(1, separator.channels, 1)).mean(dim=1)
    return resample(separated.T.cpu().numpy(), separator.rate, rate)[: len(mixture)]
