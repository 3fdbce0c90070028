"""Taggers of our own that hear the instruments of General MIDI in parts of mixtures (resources/tagger/README.md)."""
