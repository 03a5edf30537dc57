"""The dry run: every row through the same checks as recording it, some at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from negotiations.access import Viewer

from ...imports.columns import ENTRIES, plain
from ...models import Upload
from .lines import maker_for
from .staging import findings_of, keep_findings, table_of

# About a second's work: what one request checks.
ROWS = 2_500


@dataclass
class Check:
    """What a dry run found. `faults`: by row number, by field. `opens`: titles of new items."""

    rows: int
    faults: dict[int, dict[str, str]]
    opens: list[str]

    @property
    def good(self) -> int:
        return self.rows - len(self.faults)

    @property
    def common(self) -> list[tuple[str, int]]:
        """The sentences that occur most, so that one cause of many errors is seen at once."""
        counts = Counter(sentence for found in self.faults.values() for sentence in found.values())
        return counts.most_common(5)


def check_some(upload: Upload, viewer: Viewer) -> Upload:
    """Checks the next rows and keeps what is wrong with them."""
    table = table_of(upload)
    maker = maker_for(upload, viewer, table)
    faults, opens = findings_of(upload)
    for row in table.rows[upload.checked : upload.checked + ROWS]:
        line = maker.line(row)
        if line.errors:
            faults[row.number] = line.errors
        if line.opens and upload.kind == ENTRIES:
            opens.setdefault(plain(line.opens), line.opens)
    keep_findings(upload, faults, opens)
    upload.checked = min(upload.checked + ROWS, upload.row_count)
    upload.save(update_fields=["checked"])
    return upload


def checked(upload: Upload) -> Check:
    """What the rows checked so far amount to."""
    faults, opens = findings_of(upload)
    return Check(upload.checked, faults, list(opens.values()))
