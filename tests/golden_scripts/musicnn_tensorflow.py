"""Tag probabilities of the four musicnn taggers, by their original TensorFlow code.

This makes tests/unit/golden/musicnn_tensorflow.json from tests/data/feelings_16khz.flac. It runs the
published package as it is, in an environment of its own, and never imports stemsteer:

    uv venv --python 3.11 /tmp/musicnn
    uv pip install --python /tmp/musicnn/bin/python tensorflow-cpu==2.15.1 "numpy<2" librosa==0.11.0
    uv pip install --python /tmp/musicnn/bin/python --no-deps musicnn==0.1.0
    /tmp/musicnn/bin/python tests/golden_scripts/musicnn_tensorflow.py AUDIO.flac GOLDEN.json

NumPy must be older than 2: from then on `10000 * float16` stays float16, overflows, and every
probability is NaN. The audio must be at 16 kHz already, so that no resampler comes between.
"""

import importlib.metadata
import json
import sys
from pathlib import Path

import numpy as np
from musicnn.extractor import extractor

MODELS = ("MTT_musicnn", "MSD_musicnn", "MTT_vgg", "MSD_vgg")


def main(audio: Path, golden: Path) -> None:
    taggrams = {}
    for model in MODELS:
        taggram, tags = extractor(str(audio), model=model, extract_features=False)
        assert np.isfinite(taggram).all()
        taggrams[model] = {"tags": tags, "probabilities": taggram.round(6).tolist()}  # [windows, tags]
    versions = {name: importlib.metadata.version(name) for name in ("musicnn", "tensorflow-cpu", "librosa", "numpy")}
    golden.write_text(json.dumps({"audio": audio.name, "versions": versions, "models": taggrams}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
