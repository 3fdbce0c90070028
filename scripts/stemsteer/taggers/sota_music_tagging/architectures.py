"""The architectures by name, as in resources/models.yaml.

A new one is a file beside this and a line here.
"""

from typing import Any

from stemsteer.registries import Registry

ARCHITECTURES: Registry[Any] = Registry(
    {
        "fcn": "stemsteer.taggers.sota_music_tagging.fcn:FCN",
        "musicnn": "stemsteer.taggers.sota_music_tagging.musicnn:Musicnn",
        "crnn": "stemsteer.taggers.sota_music_tagging.crnn:CRNN",
        "sample": "stemsteer.taggers.sota_music_tagging.sample:Sample",
        "se": "stemsteer.taggers.sota_music_tagging.sample:SampleSE",
        "short": "stemsteer.taggers.sota_music_tagging.short:Short",
        "short_res": "stemsteer.taggers.sota_music_tagging.short:ShortRes",
        "attention": "stemsteer.taggers.sota_music_tagging.attention:CNNSA",
        "hcnn": "stemsteer.taggers.sota_music_tagging.hcnn:HarmonicCNN",
    }
)
