"""State stores, one a module."""
