"""What the commands show: one module for each."""
