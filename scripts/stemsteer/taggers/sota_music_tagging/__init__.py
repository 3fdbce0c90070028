"""The taggers of sota-music-tagging-models: nine architectures on three data sets, which TagBox steers with.

Won, Ferraro, Bogdanov and Serra, "Evaluation of CNN-based automatic music tagging models", SMC 2020, arXiv 2006.00751
(MIT licence). The networks are written anew; their tensors have the published names, so that a published state dict
loads unchanged. They must not be confused with the taggers of the Python package musicnn, which have other weights
and, where an architecture has the same name, other layers.
"""

from stemsteer.taggers.sota_music_tagging.tagger import SotaMusicTagger, load_sota_music_tagging

__all__ = ["SotaMusicTagger", "load_sota_music_tagging"]
