"""CLAP, which compares audio with any text, from checkpoints that the package transformers reads."""
