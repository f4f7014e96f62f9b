"""The ports: what Headgate asks of a state store, an engine and a binder, and nothing more."""
