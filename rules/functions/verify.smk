"""Input and parameter functions of verification."""

from stemsteer.settings.tracks import find_place


def path_of_stored_scores(wildcards) -> str:
    """The table of scores that `snakemake verify` compares with."""
    table = PLAN.config.verify.table
    if table is None:
        sys.exit("error: config: verify.table is not set; give the table of scores to compare with")
    path = find_place(Path(table))
    if not path.is_file():
        sys.exit(f"error: config: verify.table: there is no table {table}; give the table of scores to compare with")
    return str(path)
