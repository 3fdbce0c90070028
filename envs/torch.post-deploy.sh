#!/usr/bin/env bash
# Made by `make envs` from constraints.txt; not to be edited.
set -euo pipefail
# musicnn: taken for the weights in its wheel; its requirements of 2019 must not be installed
python -m pip install --no-deps musicnn==0.1.0
# tinysoundfont: only its synthesiser is used; playing through a sound card needs a library that is seldom there
python -m pip install --no-deps tinysoundfont==0.3.7
