"""Components: a mixture in parts that non-negative matrix factorisation finds in it."""
