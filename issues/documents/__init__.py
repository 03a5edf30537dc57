"""A negotiation that comes as a JSON file: read, held against schema and rules. No database.

What is wrong is told with its place in the file, such as $.entries[3].said; `issues.services`
writes what is right.
"""

from .checks import broken_rules
from .reading import Problem, Unreadable, read_document

__all__ = ["Problem", "Unreadable", "broken_rules", "read_document"]
