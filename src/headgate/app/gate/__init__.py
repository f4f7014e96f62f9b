"""The gate as every command asks it: what is known of a change, who agreed, and what is decided."""
