"""Engines, one a module."""
