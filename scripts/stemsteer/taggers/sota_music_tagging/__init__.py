"""The nine architectures of sota-music-tagging-models."""
