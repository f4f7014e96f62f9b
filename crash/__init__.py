"""Crash campaigns: kill, race and read Headgate as whole processes on real files, then check with code of its own."""
