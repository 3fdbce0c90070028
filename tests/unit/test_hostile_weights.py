"""Models are pickles, which can hold code: none runs, whatever the file is called and however it was saved."""

import json
import pickle
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from demucs.htdemucs import HTDemucs

import peer_models
from stemsteer.compared.demucs import _parts_of_models
from stemsteer.compared.open_unmix import TARGETS
from stemsteer.compared.peers import peer_of
from stemsteer.compared.pickles import refuse_code
from stemsteer.compared.settings import PeerSettings
from stemsteer.errors import UserError
from stemsteer.generators.jukebox.codec import load_jukebox
from stemsteer.steering.checkpoints import read_checkpoint, write_checkpoint
from stemsteer.taggers.sota_music_tagging.short import Short
from stemsteer.taggers.state_dicts import read_network

pytestmark = pytest.mark.filterwarnings("ignore:Detected pickle protocol")
CPU = torch.device("cpu")


class Code:
    """Makes a file when it is unpickled."""

    def __init__(self, made: Path) -> None:
        self.made = made

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.made), "w")


def plain(content: Any, path: Path) -> None:
    path.write_bytes(pickle.dumps(content))


def old(content: Any, path: Path) -> None:
    torch.save(content, path, _use_new_zipfile_serialization=False)


SAVERS = {"as now": torch.save, "as PyTorch did": old, "as a plain pickle": plain}


@pytest.fixture(params=SAVERS.values(), ids=SAVERS.keys())
def save(request: pytest.FixtureRequest) -> Callable[[Any, Path], None]:
    saver: Callable[[Any, Path], None] = request.param
    return saver


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """What the code of the files makes."""
    return tmp_path / "made by code"


def test_the_code_would_run(made: Path) -> None:
    pickle.loads(pickle.dumps(Code(made))).close()
    assert made.exists()


@pytest.mark.parametrize("name", ["weights.pth", "weights.pth.tar", "weights.pt", "weights"])
def test_weights_of_a_tagger(tmp_path: Path, made: Path, save: Callable[[Any, Path], None], name: str) -> None:
    save({"conv.weight": Code(made)}, tmp_path / name)
    with pytest.raises(UserError, match="not a readable state dict"):
        read_network(tmp_path / name, Short.sized_like, "Short")
    assert not made.exists()


@pytest.mark.parametrize("name", ["vqvae.pth.tar", "vqvae.pth", "vqvae.safetensors"])
def test_weights_of_a_codec(tmp_path: Path, made: Path, save: Callable[[Any, Path], None], name: str) -> None:
    save({"model": {"bottleneck": Code(made)}}, tmp_path / name)
    with pytest.raises(UserError, match="not a readable checkpoint"):
        load_jukebox(tmp_path / name, 0, "unknown")
    assert not made.exists()


def test_weights_of_demucs(tmp_path: Path, made: Path, save: Callable[[Any, Path], None]) -> None:
    save({"klass": HTDemucs, "args": (), "kwargs": {}, "state": {}, "training_args": Code(made)}, tmp_path / "model.th")
    peer = peer_of(PeerSettings(package="demucs", weights=tmp_path, model="model"))
    with pytest.raises(UserError, match=r"no model of demucs can be loaded from there .*model.th .* is not opened"):
        peer.load("drums", CPU)
    assert not made.exists()


def test_code_in_a_bag_of_demucs(tmp_path: Path, made: Path) -> None:
    peer_models.demucs(tmp_path / "bag")
    torch.save(Code(made), tmp_path / "bag" / "2222cccc.th")
    (tmp_path / "bag/small.yaml").write_text("models: ['0000aaaa', '2222cccc']\n")
    peer = peer_of(PeerSettings(package="demucs", weights=tmp_path / "bag", model="small"))
    with pytest.raises(
        UserError, match=r"2222cccc.th refers to (io|builtins).open, which may be code: it is not opened"
    ):
        peer.load("drums", CPU)
    assert not made.exists()


def test_what_published_models_of_demucs_refer_to_is_no_code(tmp_path: Path) -> None:
    """A fraction and numbers of numpy, beside the class."""
    content = {"klass": HTDemucs, "kwargs": {"segment": Fraction(39, 5)}, "training_args": {"loss": np.float64(0.5)}}
    torch.save(content, tmp_path / "model.th")
    refuse_code([tmp_path / "model.th"], _parts_of_models())


def test_weights_of_open_unmix(tmp_path: Path, made: Path, save: Callable[[Any, Path], None]) -> None:
    peer_models.open_unmix(tmp_path / "umx")
    for target in TARGETS:
        (path,) = (tmp_path / "umx").glob(f"{target}*.pth")
        save({"fc1.weight": Code(made)}, path)
    peer = peer_of(PeerSettings(package="open-unmix", weights=tmp_path / "umx"))
    with pytest.raises(UserError, match="no model of open-unmix can be loaded from there"):
        peer.load("vocals", CPU)
    assert not made.exists()
    assert json.loads((tmp_path / "umx/separator.json").read_text())["sample_rate"] == peer_models.RATE


def test_a_checkpoint_of_a_job(tmp_path: Path, made: Path) -> None:
    key = bytes(32)
    write_checkpoint(tmp_path / "checkpoint", key, {"state": Code(made)})
    with pytest.raises(pickle.UnpicklingError):
        read_checkpoint(tmp_path / "checkpoint", key, CPU)
    assert not made.exists()
