"""Carries a plan out through ports: makes the builds that it lacks, in order and in parallel."""
