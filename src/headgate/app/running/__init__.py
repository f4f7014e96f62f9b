"""What a run has to know before it begins, and what is recorded of it."""
