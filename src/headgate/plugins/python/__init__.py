"""Python assets: calling people's functions in processes of their own."""
