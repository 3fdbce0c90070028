"""Data sets of music whose sources are known: layouts of the published ones, and one that is made from MIDI."""

KINDS = ("musdb18", "musdb18-hq", "slakh", "moisesdb", "folder")
"""The layouts that `tables` reads."""
