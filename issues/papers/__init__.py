"""Papers to carry: state of play, what moved, one item. Built from the reads of the pages.

`document` is what a paper says, in plain values; `state`, `moved` and `brief` make one from the
reads; the print page, `pdf` and `word` show it. So the three forms of a paper never disagree.
"""

from .brief import item_brief
from .document import Paper
from .moved import moved_paper
from .pdf import NoPdf, write_pdf
from .state import state_paper
from .title import Maker

__all__ = [
    "Maker",
    "NoPdf",
    "Paper",
    "item_brief",
    "moved_paper",
    "state_paper",
    "write_pdf",
    "write_word",
]


def write_word(paper: Paper) -> bytes:
    """The paper as a .docx; its library is loaded with the first one, for it takes 17 MB."""
    from .word import write_word as write

    return write(paper)
