"""What is found out about builds under the lease, and kept with them: checks, comparisons, profiles."""
