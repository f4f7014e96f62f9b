"""Everything that talks to a database or a file store. Islands: no plugin sees another."""
