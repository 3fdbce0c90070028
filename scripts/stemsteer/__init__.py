"""StemSteer's library: everything that the workflow's scripts call."""

__version__ = "0.1.0"

# A parameter of every job whose result depends on the method. Raise it by one when a change of the code changes what is
# computed: Snakemake then makes the results anew.
METHOD_VERSION = 4
