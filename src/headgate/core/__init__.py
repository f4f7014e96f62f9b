"""Frozen nouns and ports. No input, no output, no clock."""
