"""``make demo``: the whole story against a running server, through its public API alone."""
