"""The differential fuzzer: random projects and edits, incremental builds against what the engine gives anew.

`python -m fuzz --cases 10000` prints wrong reuses (there must be none), the share of needless rebuilds, and which
planted bugs were found.
"""
