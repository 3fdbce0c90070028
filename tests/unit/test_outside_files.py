"""A file that names other files or addresses is refused, and nothing that it names is opened."""

import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import mutagen.id3
import pytest

from audio_files import assert_refused, make, music, run_ffmpeg
from file_server import FileServer, serving
from stemsteer.datasets.streams import read_stream
from stemsteer.errors import UserError
from stemsteer.sound.probing import probe
from stemsteer.sound.recognition import holds_audio
from stemsteer.stages.decode import decode_mixture

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\n{}\n#EXT-X-ENDLIST\n"
SDP = "v=0\no=- 0 0 IN IP4 {0}\ns=x\nc=IN IP4 {0}\nt=0 0\nm=audio {1} RTP/AVP 0\n"
DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S" '
    'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="audio/mp4"><Representation '
    'id="1" bandwidth="1"><BaseURL>{}</BaseURL></Representation></AdaptationSet></Period></MPD>'
)
REFUSED = r"holds no audio of its own, it is of the format \w+; give the audio|cannot be read as audio"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving() as served:
        yield served


@pytest.fixture
def secret(tmp_path: Path, server: FileServer) -> Path:
    """A file that nothing but its owner should open; the server has it, too."""
    path = Path(make(tmp_path / "secret.aac"))
    server.files["secret.aac"] = path.read_bytes()
    return path


def texts(secret: Path, server: FileServer) -> dict[str, str]:
    """Files that name the secret one, by the names that they have."""
    host, port = server.address.removeprefix("http://").split(":")
    address, local = f"{server.address}/{secret.name}", secret.name
    return {
        "playlist.m3u8": PLAYLIST.format(local),
        "playlist.mp3": PLAYLIST.format(local),
        "absolute.wav": PLAYLIST.format(secret),
        "url.m3u8": PLAYLIST.format(f"file://{secret}"),
        "parts.m3u8": PLAYLIST.format(f"subfile,,start,0,end,0,,:{secret}"),
        "joined.m3u8": PLAYLIST.format(f"concat:{secret}|{secret}"),
        "web.m3u8": PLAYLIST.format(address),
        "web.mp3": PLAYLIST.format(address),
        "key.mp3": PLAYLIST.format(local).replace("#EXTINF", f'#EXT-X-KEY:METHOD=AES-128,URI="{address}"\n#EXTINF'),
        "plain.m3u": f"#EXTM3U\n#EXTINF:1,x\n{local}\n{address}\n",
        "list.pls": f"[playlist]\nFile1={address}\nNumberOfEntries=1\n",
        "list.asx": f'<asx version="3.0"><entry><ref href="{address}"/></entry></asx>',
        "list.ram": f"{address}\n",
        "concat.wav": f"ffconcat version 1.0\nfile {local}\n",
        "concat.flac": f"ffconcat version 1.0\nfile '{address}'\n",
        "session.flac": SDP.format(host, port),
        "session.sdp": SDP.format(host, port),
        "dash.mpd": DASH.format(address),
        "dash.m4a": DASH.format(local),
        "script.wav": "-SE\nts: bell+440/50\nNOW ts\n",
    }


NAMES = list(texts(Path("secret.aac"), FileServer(address="http://host:1")))


@pytest.mark.parametrize("name", NAMES)
def test_files_that_name_others_are_refused_unopened(tmp_path, secret, server, name):
    path = tmp_path / name
    path.write_text(texts(secret, server)[name])
    assert_refused(str(path), REFUSED)
    assert not holds_audio(path)
    assert server.requests == []


@pytest.mark.parametrize("name", ["playlist.m3u8", "concat.wav"])
def test_ffmpeg_alone_would_open_files(tmp_path, secret, server, name):
    """Else the test above would prove nothing."""
    path = tmp_path / name
    path.write_text(texts(secret, server)[name])
    assert len(run_ffmpeg("-i", str(path), "-f", "f32le", "-")) > 4 * 2 * 40_000


def test_ffmpeg_alone_would_open_addresses(tmp_path, secret, server):
    path = tmp_path / "web.m3u8"
    path.write_text(texts(secret, server)["web.m3u8"])
    allowed = ["-protocol_whitelist", "file,http,tcp,crypto,data"]
    subprocess.run(["ffprobe", "-v", "quiet", *allowed, str(path)], timeout=60)
    assert server.requests


def test_a_playlist_with_the_name_of_a_file_of_stems(tmp_path, secret, server):
    path = tmp_path / "song.stem.mp4"
    path.write_text(texts(secret, server)["web.m3u8"])
    with pytest.raises(UserError, match=r"cannot be read as a stem\.mp4 file"):
        read_stream(path, 0)
    assert server.requests == []


def boxed(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


def alias(target: Path) -> bytes:
    """A reference to another file as QuickTime writes it: an alias record with its absolute path."""
    place = bytes(target)
    head = bytes(10) + b"\4disk" + bytes(23) + bytes(12) + bytes([len(target.name)])
    head += target.name.encode().ljust(63, b"\0") + bytes(16) + struct.pack(">hh", 0, 0) + bytes(16)
    absolute = struct.pack(">hH", 2, len(place)) + place + bytes(len(place) % 2)
    return boxed(b"alis", bytes(4) + head + absolute + struct.pack(">hH", -1, 0))


def with_data_elsewhere(content: bytes, target: Path) -> bytes:
    """A mov file whose index, at its end, says that the samples lie in another file."""
    at = content.index(b"dref") - 4
    (size,) = struct.unpack_from(">I", content, at)
    reference = boxed(b"dref", struct.pack(">II", 0, 1) + alias(target))
    changed = bytearray(content[:at] + reference + content[at + size :])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        place = changed.rindex(name, 0, at + 8) - 4
        struct.pack_into(">I", changed, place, struct.unpack_from(">I", changed, place)[0] + len(reference) - size)
    return bytes(changed)


@pytest.mark.parametrize("name", ["a.mov", "a.mp3"])
def test_a_mov_whose_samples_lie_in_another_file(tmp_path, name):
    whole = Path(make(tmp_path / "whole.mov", options=["-c:a", "pcm_s16le"]))
    path = tmp_path / name
    path.write_bytes(with_data_elsewhere(whole.read_bytes(), whole))
    arguments = ["-v", "error", "-i", str(path), "-f", "f32le", "-"]
    assert len(run_ffmpeg("-enable_drefs", "1", "-use_absolute_path", "1", *arguments)) == 8 * 44100
    assert_refused(str(path), "has its audio in another file; give that file")


def test_addresses_in_tags_are_not_fetched(tmp_path, server):
    path = make(tmp_path / "a.mp3", music(0.2))
    tags = mutagen.id3.ID3(path)
    address = f"{server.address}/cover.jpg"
    tags.add(mutagen.id3.APIC(mime="-->", type=3, data=address.encode()))
    tags.add(mutagen.id3.WOAF(url=address))
    tags.save(path)
    outputs = {name: tmp_path / f"{name}.wav" for name in ("mixture_out", "mono_out", "facts_out", "tags_out")}
    decode_mixture(path, 0, None, **outputs)
    assert server.requests == []


def test_pictures_are_no_music(tmp_path):
    picture = tmp_path / "%03d.jpg"
    run_ffmpeg("-f", "lavfi", "-i", "color=red:size=16x16", "-frames:v", "1", "-update", "1", f"file:{picture}")
    assert_refused(str(picture), "holds no audio of its own, it is of the format")


def test_the_bounds_are_those_of_both_programs(tmp_path):
    """Each format that is read is one that ffmpeg knows: a misspelt one would never be read."""
    known = subprocess.run(["ffmpeg", "-v", "error", "-demuxers"], capture_output=True, text=True, check=True).stdout
    assert {"wav", "flac", "mp3", "ogg", "aac", "aiff", "asf", "avi"} <= set(known.split())
    assert probe(make(tmp_path / "a.mkv", music(0.1))).container == "matroska,webm"
