"""The demo: the whole round on the New York flights of 2013, with real commands."""
