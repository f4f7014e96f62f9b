"""Doctor: where state and engine have drifted apart, and what brings them together again."""
