"""Functions of the repository as assets: their files, the modules they see, their recipes. Nothing here runs them."""
