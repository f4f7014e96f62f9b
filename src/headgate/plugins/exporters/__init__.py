"""Forms of what Headgate knows that other tools read."""
