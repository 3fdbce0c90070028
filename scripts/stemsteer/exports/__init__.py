"""Stems for people: under names that they choose, in the format that they want, with the rest of the mixture."""
