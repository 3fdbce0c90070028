"""The device that is taken, on machines of every kind."""

import pytest
import torch

from stemsteer.devices import choose_device, choose_device_for_light_work, describe
from stemsteer.errors import UserError


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The threads that PyTorch was told to use; the tests' own stay as they are."""
    told: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    return told


def machine(monkeypatch: pytest.MonkeyPatch, gpus: int = 0, apple: bool = False) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"GPU {device.index or 0}")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: apple)


@pytest.mark.parametrize(
    ("gpus", "apple", "wanted", "chosen"),
    [
        (0, False, "auto", "cpu"),
        (2, False, "auto", "cuda"),
        (0, True, "auto", "cpu"),
        (2, False, "cpu", "cpu"),
        (2, False, "cuda", "cuda"),
        (2, False, "cuda:1", "cuda:1"),
        (0, True, "mps", "mps"),
    ],
)
def test_the_wanted_device_is_taken(
    monkeypatch: pytest.MonkeyPatch, threads: list[int], gpus: int, apple: bool, wanted: str, chosen: str
) -> None:
    machine(monkeypatch, gpus, apple)
    assert choose_device(wanted, threads=3) == torch.device(chosen)
    assert threads == [3]


@pytest.mark.parametrize(("gpus", "wanted"), [(0, "cuda"), (2, "cuda:2"), (2, "mps")])
@pytest.mark.usefixtures("threads")
def test_a_device_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, gpus: int, wanted: str) -> None:
    machine(monkeypatch, gpus)
    with pytest.raises(UserError, match=rf"config: device '{wanted}' is not available.*auto or cpu"):
        choose_device(wanted, threads=1)


@pytest.mark.parametrize(
    ("gpus", "wanted", "chosen"),
    [(0, "cuda", "cpu"), (1, "cuda:1", "cuda"), (2, "cuda:1", "cuda:1"), (1, "cpu", "cpu")],
)
def test_light_work_is_done_on_another_device(
    monkeypatch: pytest.MonkeyPatch, threads: list[int], gpus: int, wanted: str, chosen: str
) -> None:
    machine(monkeypatch, gpus)
    assert choose_device_for_light_work(wanted, threads=3) == torch.device(chosen)
    assert set(threads) == {3}


def test_a_gpu_is_recorded_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, gpus=2)
    assert describe(torch.device("cpu")) == "cpu"
    assert describe(torch.device("cuda:1")) == "cuda:1 (GPU 1)"
