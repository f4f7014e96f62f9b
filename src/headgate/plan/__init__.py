"""Graph and recorded snapshot in, plan out. Pure: no scan, no clock, no side effect."""
