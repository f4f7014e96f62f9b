"""Trying assets out on a few rows: unit tests, and what they find."""
