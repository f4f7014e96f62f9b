"""What a release is made of and leaves behind: its code, its settings, its record, and what it protects."""
