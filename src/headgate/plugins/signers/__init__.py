"""What signs the records of releases."""
