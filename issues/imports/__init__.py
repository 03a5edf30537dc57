"""What a table says, read without a database: cells, columns, dates and words.

django-import-export is not used: it writes models directly, and here only the services write.
"""
