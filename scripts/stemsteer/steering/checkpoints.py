"""Checkpoints: what an interrupted job goes on from, on the disk that all machines share."""

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from stemsteer.files import written_whole

DIGEST_BYTES = hashlib.sha256().digest_size


def key_of(facts: Mapping[str, Any]) -> bytes:
    """What a checkpoint must have been made with to be used: the sha256 of facts that JSON can hold."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).digest()


def write_checkpoint(path: Path, key: bytes, content: dict[str, Any]) -> None:
    """Write tensors and plain values, whole or not at all."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    payload = buffer.getvalue()
    with written_whole(path) as part:
        part.write_bytes(key + hashlib.sha256(payload).digest() + payload)


def read_checkpoint(path: Path, key: bytes, device: torch.device) -> dict[str, Any] | None:
    """What was written, or nothing where there is no checkpoint, or one of other facts, or a damaged one."""
    if not path.is_file():
        return None
    saved = path.read_bytes()
    payload = saved[len(key) + DIGEST_BYTES :]
    if saved[: len(key) + DIGEST_BYTES] != key + hashlib.sha256(payload).digest():
        return None
    content: dict[str, Any] = torch.load(io.BytesIO(payload), map_location=device, weights_only=True)
    return content
