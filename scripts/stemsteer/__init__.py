"""StemSteer's library: everything that the workflow's scripts call."""

# Among the parameters of every job whose result depends on the method: raised by one when a change of the code changes
# what it computes, so that what was computed before is computed again.
METHOD_VERSION = 3
