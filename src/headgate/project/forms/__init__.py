"""The form of everything that property files, headers and ``headgate.toml`` may hold, as data.

From these tables come the checks of the parser, the JSON Schemas of ``headgate schema`` and the page of all keys.
"""
