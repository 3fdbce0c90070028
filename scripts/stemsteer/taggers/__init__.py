"""Taggers: pretrained networks that hear what is in music.

A new family of taggers is a folder beside this file and a line in `FAMILIES`. Its weights are entries of
`resources/models.yaml` with that family. Families whose weights a user may bring have a line in `OWN_TAGGERS`, too.
"""

from stemsteer.registries import Kind
from stemsteer.taggers.family import Family
from stemsteer.taggers.settings import OnnxSettings, SotaMusicTaggingSettings

FAMILIES = {
    "clap": Family("stemsteer.taggers.clap.tagger:load_clap"),
    "instruments": Family("stemsteer.taggers.instruments.tagger:load_instruments"),
    "efficientat": Family("stemsteer.taggers.efficientat.tagger:load_efficientat"),
    "musicnn-package": Family("stemsteer.taggers.musicnn_package.tagger:load_musicnn_package"),
    "sota-music-tagging": Family("stemsteer.taggers.sota_music_tagging.tagger:load_sota_music_tagging"),
}

OWN_TAGGERS = {
    "sota-music-tagging": Kind(SotaMusicTaggingSettings, "stemsteer.taggers.sota_music_tagging.tagger:load_own"),
    "onnx": Kind(OnnxSettings, "stemsteer.taggers.onnx_file.tagger:load_own"),
}
"""Taggers with the user's own weights, by the key `kind` below the config's `taggers`."""
