"""From texts to a linked graph with its checks: analysed, cached, and only what changed looked at again."""
