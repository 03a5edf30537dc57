"""Long lists in pages. A number in the address that is no page is an error, not page one."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import BadRequest
from django.core.paginator import Page, Paginator


def page_at(pks: Sequence[int], typed: str, size: int) -> Page[int]:
    """Page `typed` ("" is the first) of these items. Raises BadRequest for what is no page."""
    paginator = Paginator(pks, size)
    number = typed or "1"
    if not number.isdecimal() or not 1 <= int(number[:9]) <= paginator.num_pages:
        raise BadRequest(f"There is no page “{typed[:20]}”; there are {paginator.num_pages}.")
    return paginator.page(int(number[:9]))
