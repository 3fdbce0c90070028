"""The stages of the workflow: what the rules' scripts do, as functions of paths, settings and names.

A stage reads files and writes files. It logs what a reader of the job's log wants to know, and raises `UserError` where
the user has to act. A script in `scripts/` reads what Snakemake gives it and calls one function from here; a stage that
is one function of another room is called there.
"""
