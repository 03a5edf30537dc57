"""All of a site in one file, and back: database, files, and a list of what that is."""

from .making import make_backup
from .manifest import Manifest, Refused
from .restoring import restore_backup
from .scratch import sweep_leftovers

__all__ = ["Manifest", "Refused", "make_backup", "restore_backup", "sweep_leftovers"]
