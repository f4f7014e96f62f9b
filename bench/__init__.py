"""Speed and memory of whole commands, beside floors measured in the same run."""
