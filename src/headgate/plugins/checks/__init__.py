"""Kinds of checks: declared arguments into measures, and answers into numbers of failing rows. Pure."""
