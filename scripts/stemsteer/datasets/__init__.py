"""Data sets of music whose sources are known: layouts of the published ones, and one that is made from MIDI."""
