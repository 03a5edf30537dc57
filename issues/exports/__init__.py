"""Files to take away: tables as CSV and XLSX, and a whole negotiation as one JSON document.

Each is read in pages, outside any transaction, from a `Snapshot`: one viewer's scope, as known
when the file was begun. What was undone is in no file, not even its author's.
"""
