"""The archivists' pages: a Datasette plugin (`plugins/pages.py`) with its templates and one style sheet.

Datasette opens the archive read-only. Text is shown, never the HTML of a page: what was fetched runs nowhere.
"""
