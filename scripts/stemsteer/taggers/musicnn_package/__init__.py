"""The four taggers inside the Python package musicnn."""
