"""The formats that are read: those that hold their audio in themselves.

Playlists, manifests and session descriptions (hls, dash, concat, sdp, imf) name other files or addresses, and scripts
(sbg, lavfi) make sound of any length out of a few lines. ffmpeg knows a file by its content, so that such a one may be
called song.mp3. It is refused before anything that it names is opened.
"""

MUSIC = """
aa aac ac3 ac4 aea aiff amr ape apac ast asf asf_o au bonk caf codec2 dsf dss dts dtshd eac3 epaf flac gsm hca iamf iff
ilbc ircam laf lc3 libmodplug libopenmpt loas mca mlp mmf mp3 mpc mpc8 nistsphere nsp ogg oma osq pvf qcp qoa rka rso
sbc sds sdx shn sox spdif tak truehd tta voc vqf w64 wav wavarc wsd wv wve xwma
"""
VIDEO = "avi dv flv gxf ivr lxf matroska mov mpeg mpegts mxf nsv nut nuv pmp pva rm smjpeg swf ty webm wtv"
GAMES = """
4xm aax acm ads adp adx afc aix apc apm bethsoftvid bfstm bink binka boa brstm dxa ea film_cpk fsb fwse genh ipmovie
kvag moflex msf mtaf musx mvi roq rsd scd siff smk sol svag svs thp vag vmd vpk wc3movie wsaud wsvqa xa xmd xmv xvag
"""
SAMPLES = "alaw f32be f32le f64be f64le mulaw s16be s16le s24be s24le s32be s32le s8 u8"
"""Without any header. ffmpeg takes no file for one of these unless it is told to."""

TIMED = frozenset([*VIDEO.split(), "asf", "asf_o"]) - {"avi"}
"""Those that tell when a frame is to be heard. In the others frames follow on each other, in ogg those of a song."""

READ = tuple(f"{MUSIC} {VIDEO} {GAMES} {SAMPLES}".split())
"""ffmpeg's names of the formats; a build of ffmpeg may not have all of them."""


def is_timed(container: str) -> bool:
    """Whether a container, by all names that ffmpeg gives it, is one of `TIMED`."""
    return not TIMED.isdisjoint(container.split(","))
