"""A report in every form that people and programs read: lines, Markdown, a page, JUnit. ``core/report_json`` is JSON.

Each form is made of a report without the values of protected columns (``core/redacted``), and equal reports give equal
texts.
"""
