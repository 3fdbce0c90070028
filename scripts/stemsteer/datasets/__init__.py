"""Data sets of music whose sources are known: the layouts of published ones, and one that is made from MIDI.

A new layout is a file beside this with a `DataSet`, and a line in `DATASETS`.
"""

from typing import Any

from stemsteer.registries import Registry

DATASETS: Registry[Any] = Registry(
    {
        "musdb18": "stemsteer.datasets.musdb18:MUSDB18",
        "musdb18-hq": "stemsteer.datasets.folder:MUSDB18_HQ",
        "slakh": "stemsteer.datasets.slakh:SLAKH2100",
        "moisesdb": "stemsteer.datasets.moisesdb:MOISESDB",
        "folder": "stemsteer.datasets.folder:FOLDER_OF_STEMS",
    }
)
"""The layouts by name, for `stemsteer tracks`. Reading this imports none of them."""
