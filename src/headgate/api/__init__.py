"""Headgate from Python and notebooks: the commands as functions, their results as values that show themselves."""
