"""The four taggers of the Python package musicnn: two architectures, musicnn and vgg, on two data sets.

The package (Pons and Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging", 2019,
arXiv 1909.06654; ISC licence) holds its weights as TensorFlow 1 checkpoints. They are read from there; its code,
which needs TensorFlow, is never imported.
"""

from stemsteer.taggers.musicnn_package.tagger import load_musicnn_package

__all__ = ["load_musicnn_package"]
