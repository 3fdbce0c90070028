"""What stands in the column `reference` of tables of scores."""

AS_GIVEN, MOVED, DOUBTFUL = "as given", "moved", "doubtful"
"""A reference is taken as it is; was moved to its place; or does not lie where it belongs: its scores mean nothing."""
