"""The number of the analyser: part of every key under which the cache holds what it found out."""

from __future__ import annotations

ANALYSER = 12
"""Raise it when the same text gets another answer: cached ones are then made anew."""
