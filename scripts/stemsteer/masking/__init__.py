"""Masks, and the stems that are made with them."""
