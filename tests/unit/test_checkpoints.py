"""Checkpoints come back as they were written, or not at all."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stemsteer.steering.checkpoints import key_of, read_checkpoint, write_checkpoint

CPU = torch.device("cpu")
KEY = key_of({"seed": 1})
SCRIPTS = Path(__file__).parents[2] / "scripts"

facts = st.dictionaries(
    st.text(max_size=3), st.none() | st.booleans() | st.integers() | st.text(max_size=3), max_size=3
)


def content() -> dict[str, Any]:
    """What a solver has: tensors of all kinds, nested, and plain values beside them."""
    generator = torch.Generator().manual_seed(2**62)
    latents = torch.randn(1, 4, 9, generator=generator).requires_grad_(True)
    optimiser = torch.optim.Adam([{"params": [latents]}])
    latents.square().sum().backward()
    optimiser.step()
    return {
        "step": 17,
        "latents": [latents.detach(), latents.detach().double() / 3, latents.detach().bfloat16()],
        "optimiser": optimiser.state_dict(),
        "random": generator.get_state(),
        "histories": [[{"step": 0, "loss": 0.1, "target_probability": 2.0**-40}], []],
        "kept": [None, torch.tensor([float("inf"), -0.0])],
        "empty": torch.zeros(0, 3),
        "seed": 2**62 + 1,
        "name": "Für Elise",
    }


def assert_same(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    if isinstance(expected, torch.Tensor):
        assert found.dtype == expected.dtype
        assert torch.equal(found, expected)
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        for key, value in expected.items():
            assert_same(found[key], value)
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        assert found == expected


def test_tensors_and_values_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "a new folder" / "0.running"
    write_checkpoint(path, KEY, content())
    assert_same(read_checkpoint(path, KEY, CPU), content())
    assert list(path.parent.iterdir()) == [path]


def test_tensors_come_to_the_device_that_is_asked_for(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "0.running", KEY, content())
    saved = read_checkpoint(tmp_path / "0.running", KEY, torch.device("meta"))
    assert saved is not None
    assert {tensor.device.type for tensor in (*saved["latents"], saved["kept"][1])} == {"meta"}


def test_the_last_one_counts(tmp_path: Path) -> None:
    for step in range(3):
        write_checkpoint(tmp_path / "0.running", KEY, {"step": step})
    assert read_checkpoint(tmp_path / "0.running", KEY, CPU) == {"step": 2}


def test_where_there_is_none_nothing_is_read(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path / "0.running", KEY, CPU) is None
    (tmp_path / "0.running").touch()
    assert read_checkpoint(tmp_path / "0.running", KEY, CPU) is None
    assert read_checkpoint(tmp_path, KEY, CPU) is None


@given(facts, facts)
def test_one_of_other_facts_is_not_used(tmp_path_factory: pytest.TempPathFactory, made: dict, wanted: dict) -> None:
    path = tmp_path_factory.mktemp("checkpoints") / "0.running"
    write_checkpoint(path, key_of(made), {"step": 1})
    # 1 == True in Python, but not among settings.
    same = repr(sorted(made.items())) == repr(sorted(wanted.items()))
    assert (read_checkpoint(path, key_of(wanted), CPU) is not None) == same


def test_the_order_of_the_facts_is_none_of_them() -> None:
    assert key_of({"seed": 1, "hop": 8}) == key_of({"hop": 8, "seed": 1})


@pytest.mark.parametrize("keys", [1, 3])
def test_one_of_a_batch_is_not_that_of_a_part_of_it(tmp_path: Path, keys: int) -> None:
    """The key of a batch is its excerpts' keys in a row."""
    write_checkpoint(tmp_path / "0.running", 2 * KEY, {"step": 1})
    assert read_checkpoint(tmp_path / "0.running", 2 * KEY, CPU) == {"step": 1}
    assert read_checkpoint(tmp_path / "0.running", keys * KEY, CPU) is None


def test_damage_anywhere_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "0.running"
    write_checkpoint(path, KEY, {"step": 3})
    whole = path.read_bytes()
    assert read_checkpoint(path, KEY, CPU) is not None
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        assert read_checkpoint(path, KEY, CPU) is None, f"byte {place}"
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert read_checkpoint(path, KEY, CPU) is None, f"{length} bytes"
    path.write_bytes(whole + b"\0")
    assert read_checkpoint(path, KEY, CPU) is None


def write_half(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content[: len(content) // 2])


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_is_full(path: Path, content: bytes) -> None:
        write_half(path, content)
        raise OSError(28, "No space left on device")

    write_checkpoint(tmp_path / "0.running", KEY, {"step": 1})
    monkeypatch.setattr(Path, "write_bytes", disk_is_full)
    with pytest.raises(OSError, match="No space left"):
        write_checkpoint(tmp_path / "0.running", KEY, {"step": 2})
    assert read_checkpoint(tmp_path / "0.running", KEY, CPU) == {"step": 1}
    assert list(tmp_path.iterdir()) == [tmp_path / "0.running"]


KILLED_WHILE_IT_WRITES = """
import os, signal, sys
from pathlib import Path
from stemsteer.steering.checkpoints import write_checkpoint

def write_half_and_die(path, content):
    with path.open("wb") as file:
        file.write(content[: len(content) // 2])
    os.kill(os.getpid(), signal.SIGKILL)

path, key = Path(sys.argv[1]), bytes.fromhex(sys.argv[2])
write_checkpoint(path, key, {"step": 1})
Path.write_bytes = write_half_and_die
write_checkpoint(path, key, {"step": 2})
"""


def test_a_process_killed_while_it_writes_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "0.running"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_IT_WRITES, str(path), KEY.hex()],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert read_checkpoint(path, KEY, CPU) == {"step": 1}
    # What it left of the other is in nobody's way.
    write_checkpoint(path, KEY, {"step": 3})
    assert read_checkpoint(path, KEY, CPU) == {"step": 3}
    assert list(tmp_path.iterdir()) == [path]
