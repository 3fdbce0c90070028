"""Peers in their own packages: what they are given, what becomes of it, and what is said where something is missing."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import peer_models
from peer_models import RATE
from stemsteer.compared import PEERS
from stemsteer.compared.open_unmix import import_open_unmix
from stemsteer.compared.peer import Peer, Separator
from stemsteer.compared.peers import peer_of, separate
from stemsteer.compared.settings import PeerSettings
from stemsteer.errors import UserError
from stemsteer.sound.audio import Signal

CPU = torch.device("cpu")


def tones(rate: int, channels: int, seconds: float = 1.5) -> Signal:
    """A tone on each channel, each another, faded in and out: `[samples, channels]`."""
    time = np.arange(round(seconds * rate))[:, None] / rate
    fade = np.sin(np.pi * time / seconds) ** 2
    return (0.3 * fade * np.sin(2 * np.pi * 440 * (1 + np.arange(channels)) * time)).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders with models; tests only read them."""
    folder = tmp_path_factory.mktemp("peers")
    peer_models.open_unmix(folder / "umx")
    peer_models.open_unmix(folder / "voice", ("vocals",))
    peer_models.demucs(folder / "demucs")
    peer_models.amplifier(folder / "mono", 1)
    peer_models.amplifier(folder / "stereo", 2)
    return folder


def umx(folder: Path) -> PeerSettings:
    return PeerSettings(package="open-unmix", weights=folder)


def demucs(folder: Path, model: str) -> PeerSettings:
    return PeerSettings(package="demucs", weights=folder, model=model)


def test_the_files_of_a_model_are_those_that_it_is_read_from(folder: Path, tmp_path: Path) -> None:
    peer_models.demucs(tmp_path / "demucs")
    for other in ("0000aaaa0.th", "another.yaml", "notes.txt"):
        (tmp_path / "demucs" / other).touch()
    bag = [path.name for path in peer_of(demucs(tmp_path / "demucs", "small")).model_files()]
    assert [name.split("-")[0] for name in bag] == ["small.yaml", "0000aaaa", "1111bbbb"]
    for name in ("1111bbbb", bag[2].removesuffix(".th")):
        assert [path.name for path in peer_of(demucs(tmp_path / "demucs", name)).model_files()] == bag[2:]
    assert [path.name for path in peer_of(umx(folder / "voice")).model_files()] == [
        "separator.json",
        "vocals-0123abcd.pth",
        "vocals.json",
    ]


@pytest.mark.parametrize(("source", "share"), [("drums", 0.1), ("bass", 0.2), ("vocals", 0.4)])
@pytest.mark.parametrize("rate", [RATE, 48_000, 22_050])
def test_the_source_that_is_asked_for_comes_back_at_its_place_and_rate(folder, source, share, rate) -> None:
    mixture = tones(rate, 2)[:-1]  # at 48 kHz no whole number of samples at the model's rate
    stem = separate(mixture, rate, source, demucs(folder / "stereo", "known"), CPU)
    assert stem.dtype == np.float32
    np.testing.assert_allclose(stem, share * mixture, atol=1e-4)


@pytest.mark.parametrize("model", ["mono", "stereo"])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_any_number_of_channels_goes_through_any_model(folder, model, channels) -> None:
    mixture = tones(RATE, channels)
    stem = separate(mixture, RATE, "vocals", demucs(folder / model, "known"), CPU)
    np.testing.assert_allclose(stem, 0.4 * mixture, atol=1e-5)


@pytest.mark.parametrize("source", ["vocals", "bass"])
def test_open_unmix_makes_what_its_own_front_door_makes(folder, source) -> None:
    import_open_unmix()
    from openunmix.predict import separate as front_door

    mixture = tones(RATE, 2)
    targets = ["vocals", "drums", "bass", "other"]
    expected = front_door(torch.from_numpy(mixture.T.copy()), RATE, str(folder / "umx"), targets, device="cpu")
    stem = separate(mixture, RATE, source, umx(folder / "umx"), CPU)
    assert np.abs(stem).max() > 1e-3
    np.testing.assert_allclose(stem, expected[source][0].T, atol=1e-6)


def test_open_unmix_with_one_target_hears_the_rest_as_another(folder) -> None:
    mixture = tones(RATE, 2)
    stem = separate(mixture, RATE, "vocals", umx(folder / "voice"), CPU)
    assert stem.shape == mixture.shape
    assert 1e-3 < np.abs(stem).max() < 1


def test_demucs_hears_every_level_alike_and_says_the_same_twice(folder) -> None:
    mixture, peer = tones(RATE, 2), demucs(folder / "demucs", "small")
    stem = separate(mixture, RATE, "drums", peer, CPU)
    assert stem.shape == mixture.shape
    assert np.abs(stem).max() > 1e-3
    np.testing.assert_array_equal(separate(mixture, RATE, "drums", peer, CPU), stem)
    np.testing.assert_allclose(separate(mixture / 8, RATE, "drums", peer, CPU), stem / 8, atol=1e-5)


def test_a_single_model_of_the_folder_can_be_named(folder) -> None:
    mixture = tones(RATE, 2)
    names = ("small", "0000aaaa", "1111bbbb")
    of_bag, *of_each = (separate(mixture, RATE, "bass", demucs(folder / "demucs", name), CPU) for name in names)
    np.testing.assert_allclose(of_bag, sum(of_each) / 2, atol=1e-6)
    assert np.abs(of_each[0] - of_each[1]).max() > 1e-4


def test_a_single_model_can_be_named_as_its_file_is(folder, tmp_path) -> None:
    """With the checksum, as where it is published; a bag may have a hyphen in its name, too."""
    mixture = tones(RATE, 1)
    (file,) = (folder / "mono").glob("known-*.th")
    np.testing.assert_allclose(
        separate(mixture, RATE, "vocals", demucs(folder / "mono", file.stem), CPU), 0.4 * mixture, atol=1e-5
    )
    shutil.copy(file, tmp_path)
    (tmp_path / "my-model.yaml").write_text("models: [known]\n")
    np.testing.assert_allclose(
        separate(mixture, RATE, "bass", demucs(tmp_path, "my-model"), CPU), 0.2 * mixture, atol=1e-5
    )


@pytest.mark.parametrize("package", ["open-unmix", "demucs"])
def test_silence_stays_silent(folder, package) -> None:
    peer = umx(folder / "umx") if package == "open-unmix" else demucs(folder / "demucs", "small")
    stem = separate(np.zeros((RATE, 1), np.float32), RATE, "vocals", peer, CPU)
    assert np.abs(stem).max() < 1e-6


def test_open_unmix_does_without_torchaudio(monkeypatch, folder) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in ("openunmix", "torchaudio")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torchaudio", None)
    assert separate(tones(RATE, 1), RATE, "vocals", umx(folder / "umx"), CPU).any()


def told(peer: PeerSettings, source: str = "vocals") -> str:
    with pytest.raises(UserError) as caught:
        separate(tones(RATE, 2), RATE, source, peer, CPU)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("module", "peer"), [("openunmix", umx), ("demucs", lambda path: demucs(path, "small"))])
def test_a_package_that_is_not_installed(monkeypatch, folder, module, peer) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    sentence = told(peer(folder / ("umx" if module == "openunmix" else "demucs")))
    assert sentence.startswith(f"the package {module} cannot be imported (")
    assert f"`pip install {module}`" in sentence


def test_targets_and_files_that_the_folder_lacks(tmp_path, folder) -> None:
    assert f"'{folder / 'voice'}' holds a model of open-unmix only for vocals, not for bass" in told(
        umx(folder / "voice"), "bass"
    )
    assert "open-unmix for no source, not for vocals: add its files" in told(umx(tmp_path))
    peer_models.open_unmix(tmp_path / "without", ("drums",))
    (tmp_path / "without/separator.json").unlink()
    sentence = told(umx(tmp_path / "without"), "drums")
    assert "no model of open-unmix can be loaded" in sentence
    assert "separator.json" in sentence


def test_models_that_the_folder_lacks_or_holds_damaged(tmp_path, folder) -> None:
    assert "no model of demucs can be loaded from there (ModelLoadingError: htdemucs is neither" in told(
        demucs(folder / "demucs", "htdemucs")
    )
    (tmp_path / "damaged.th").write_bytes(b"no weights")
    assert "no model of demucs can be loaded from there (" in told(demucs(tmp_path, "damaged"))
    (whole,) = (folder / "stereo").iterdir()
    (tmp_path / whole.name).write_bytes(whole.read_bytes() + b"\0")
    assert "Invalid checksum" in told(demucs(tmp_path, "known"))
    assert "Invalid checksum" in told(demucs(tmp_path, whole.stem))


def test_a_source_that_a_model_of_demucs_lacks(monkeypatch, folder) -> None:
    monkeypatch.setattr(peer_models.Amplifier, "sources", ["vocals", "other"])
    assert "holds a model of demucs only for vocals, other, not for drums" in told(
        demucs(folder / "mono", "known"), "drums"
    )


def test_a_quantised_model_names_the_package_that_it_needs(tmp_path) -> None:
    torch.save(
        {"klass": peer_models.Amplifier, "args": (), "kwargs": {"audio_channels": 1}, "state": {"__quantized": True}},
        tmp_path / "quantised.th",
    )
    assert "install the package diffq" in told(demucs(tmp_path, "quantised"))


def test_a_folder_that_has_gone(tmp_path) -> None:
    peer = umx(tmp_path)
    tmp_path.rmdir()
    assert "is no folder on this machine" in told(peer)


class Half(Peer):
    """A toy peer, which hears mono at 16 kHz."""

    distribution = "halves"

    def load(self, source: str, device: torch.device) -> Separator:
        return Separator(16_000, 1, lambda mixture: mixture / 2)

    def model_files(self) -> list[Path]:
        return [self.settings.weights / "half.txt"]


def test_a_new_peer_needs_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(PEERS._places, "half", f"{__name__}:Half")
    settings = PeerSettings(package="half", weights=tmp_path)
    mixture = np.ones((1000, 2), np.float32)
    np.testing.assert_array_equal(separate(mixture, 16_000, "vocals", settings, torch.device("cpu")), mixture / 2)
    assert peer_of(settings).model_files() == [tmp_path / "half.txt"]
