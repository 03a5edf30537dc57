"""Long lists in pages. A number in the address that is no page is an error, not page one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from django.core.exceptions import BadRequest
from django.core.paginator import Page, Paginator

from .narrowed import Narrowed


class OpenPaginator(Paginator):
    """Of items that are counted no further than the page that is shown, where they are many."""

    def __init__(self, found: Narrowed, size: int, number: int) -> None:
        super().__init__(found, size)
        self._counted = found.counted((number - 1) * size, number * size)

    @cached_property
    def count(self) -> int:
        return self._counted[0]

    @property
    def is_open(self) -> bool:
        """Whether there are more than are counted."""
        return self._counted[1]


def page_at(pks: Sequence[int], typed: str, size: int) -> Page[int]:
    """Page `typed` ("" is the first) of these items. Raises BadRequest for what is no page."""
    number = int((typed or "1")[:9]) if (typed or "1").isdecimal() else 0
    if isinstance(pks, Narrowed) and number:
        paginator: Paginator[int] = OpenPaginator(pks, size, number)
    else:
        paginator = Paginator(pks, size)
    if not 1 <= number <= paginator.num_pages:
        raise BadRequest(f"There is no page “{typed[:20]}”; there are {paginator.num_pages}.")
    return paginator.page(number)
