"""From every released schema to this one, with rows in it.

`releases/` holds one file per release: every kind of row, as that release wrote it, made by
`keep.py` from a checkout of it.
"""
