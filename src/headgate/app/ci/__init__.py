"""What `headgate ci` does with a request, step by step, and what it tells the forge."""
