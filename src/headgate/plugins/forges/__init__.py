"""Forges: GitHub and GitLab, spoken to over HTTP."""
