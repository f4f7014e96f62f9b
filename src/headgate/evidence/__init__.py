"""The verb of evidence: what is measured of builds before anybody sees them, and what it says."""
