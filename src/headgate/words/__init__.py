"""What people are told of a result, once for every door: figures, rows of cells, lines of text."""
