"""Moves pointers: publish, promote, roll back, recover, collect garbage."""
