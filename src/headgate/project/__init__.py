"""Reads the user's repository (``load``) and links it into a graph with recipes (``link``, pure)."""
