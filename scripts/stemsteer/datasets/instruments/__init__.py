"""Clips of single instruments, for the training of taggers: scores of open packages, played by open instruments."""
