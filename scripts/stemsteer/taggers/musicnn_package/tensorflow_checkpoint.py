"""A reader of TensorFlow 1 checkpoints ("tensor bundles"), without TensorFlow.

A checkpoint is a file of raw little-endian tensors and an index that says which tensor lies where. The index is a
table in LevelDB's format (github.com/google/leveldb, doc/table_format.md) from names to `BundleEntryProto` messages
(tensorflow/core/protobuf/tensor_bundle.proto). TensorFlow writes both uncompressed.
"""

import math
import struct
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from stemsteer.errors import UserError

TABLE_MAGIC = 0xDB4775248B80FB57
FOOTER_BYTES = 48
DT_FLOAT = 1

# Fields of BundleEntryProto, and of the TensorShapeProto and Dim inside it.
DTYPE, SHAPE, OFFSET, SIZE = 1, 2, 4, 5
DIM = 2
DIM_SIZE = 1

# Wire types of protocol buffers. Fields of a fixed length, such as a checksum, are skipped.
VARINT, LENGTH_DELIMITED = 0, 2
SKIPPED_BYTES = {1: 8, 5: 4}


def read_checkpoint(index: Path, data: Path) -> dict[str, Tensor]:
    """All tensors of a checkpoint by name, float32.

    Raises:
        UserError: a file is missing, damaged, or holds something other than float32 tensors.
    """
    try:
        table, raw = index.read_bytes(), bytearray(data.read_bytes())
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be read ({error.strerror}); install its package again") from error
    try:
        # The entry without a name is the bundle's header.
        return {name.decode(): _tensor(entry, raw) for name, entry in _table_entries(table) if name}
    except (ValueError, LookupError, struct.error) as error:
        raise UserError(f"{index}: not a TensorFlow checkpoint ({error}); install its package again") from error


def _tensor(entry: bytes, raw: bytearray) -> Tensor:
    numbers, messages = _parse(entry)
    if numbers[DTYPE] != DT_FLOAT:
        raise ValueError(f"a tensor of type {numbers[DTYPE]}, where only float32 is known")
    (shape,) = messages[SHAPE]
    sizes = [_parse(dim)[0].get(DIM_SIZE, 0) for dim in _parse(shape)[1].get(DIM, [])]
    offset, count = numbers.get(OFFSET, 0), math.prod(sizes)
    if numbers[SIZE] != 4 * count or offset + 4 * count > len(raw):
        raise ValueError(f"a tensor of shape {sizes} does not fit its place in the data")
    return torch.frombuffer(raw, dtype=torch.float32, count=count, offset=offset).reshape(sizes)


def _table_entries(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a LevelDB table: its footer names the index block, which names the data blocks."""
    footer = table[-FOOTER_BYTES:]
    if len(footer) < FOOTER_BYTES or struct.unpack("<Q", footer[-8:])[0] != TABLE_MAGIC:
        raise ValueError("no table's magic number at its end")
    _, _, position = _block_handle(footer, 0)  # of the meta-index, which is empty
    index_offset, index_size, _ = _block_handle(footer, position)
    for _, handle in _block_entries(table, index_offset, index_size):
        offset, size, _ = _block_handle(handle, 0)
        yield from _block_entries(table, offset, size)


def _block_handle(buffer: bytes, position: int) -> tuple[int, int, int]:
    """Offset and size of a block, and the position after its handle."""
    offset, position = _varint(buffer, position)
    size, position = _varint(buffer, position)
    return offset, size, position


def _block_entries(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of one block; each key is stored as what differs from the key before it."""
    if table[offset + size] != 0:
        raise ValueError("a compressed block")
    block = table[offset : offset + size]
    restarts = struct.unpack("<I", block[-4:])[0]
    end, position, key = size - 4 * (restarts + 1), 0, b""
    while position < end:
        shared, position = _varint(block, position)
        unshared, position = _varint(block, position)
        length, position = _varint(block, position)
        key = key[:shared] + block[position : position + unshared]
        position += unshared
        yield key, block[position : position + length]
        position += length


def _parse(message: bytes) -> tuple[dict[int, int], dict[int, list[bytes]]]:
    """The fields of a protocol buffer message by number: its integers, and the messages inside it."""
    numbers: dict[int, int] = {}
    messages: dict[int, list[bytes]] = {}
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        field, wire_type = tag >> 3, tag & 7
        if wire_type == VARINT:
            numbers[field], position = _varint(message, position)
        elif wire_type == LENGTH_DELIMITED:
            length, position = _varint(message, position)
            messages.setdefault(field, []).append(message[position : position + length])
            position += length
        else:
            position += SKIPPED_BYTES[wire_type]
    return numbers, messages


def _varint(buffer: bytes, position: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and the position after it."""
    value, shift = 0, 0
    while True:
        byte = buffer[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
