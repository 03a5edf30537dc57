"""How fast the pages are, next to the plainest page the same process can serve: `make bench`."""
