"""Jinja templates: read with Jinja's own parser, filled in by an evaluator that has nothing to escape to."""
