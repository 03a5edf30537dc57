"""What is asked of every route: in which representation, with which query, with what typed.

The routes are those of the permission table; one without a row here fails the coverage gate.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from issues.exports.tables import TABLES
from issues.filters import IssueFilter
from tests.issues import importing
from tests.test_permissions import SENT, TABLE, address_of

from . import world as birds

HIDDEN = ("uuid", "source", "sheet", "batch", "note", "vault", "number")
# What else is hidden that this part of an address may name.
MORE_HIDDEN = {"note": ("own note",)}
# Places with a name in the world: what is asked of them, and how an address has it.
NAMED = {
    "communique": lambda world: world.communique.uuid,
    "released": lambda world: world.released.uuid,
    "ours": lambda world: world.ours.address,
}


@dataclass(frozen=True)
class Visit:
    """One request. `fragment` is what htmx would put the answer into; `before` goes first."""

    query: str = ""
    fragment: str = ""
    typed: dict = field(default_factory=dict)
    place: dict = field(default_factory=dict)
    names: str = ""  # what of the address is hidden, or in the first world nothing
    hidden: str = ""  # what stands there, if it is not called as its place in the address
    before: Callable | None = None
    is_open: bool = False  # without an account
    made: str = ""  # the kind of file that was prepared before
    is_slow: bool = False


def seen(*queries, fragments=(), **more):
    """The page with each query, and each fragment with the first and the last of them."""
    pages = [Visit(query, **more) for query in ("", *queries)]
    asked = dict.fromkeys(("", *queries[-1:]))
    return pages + [Visit(query, name, **more) for name in fragments for query in asked]


def typed(*forms, fragments=(), **more):
    """The form sent with each of these, as a page and for each fragment."""
    forms = [SENT | form for form in forms or ({},)]
    sent = [Visit(typed=form, **more) for form in forms]
    return sent + [Visit(fragment=name, typed=forms[0], **more) for name in fragments]


# --- Queries --------------------------------------------------------------------------------------

CLOCKS = ("as_of=2025-05-04", "known=2026-03-20", "as_of=2025-04-09&known=2026-03-20")
FILTERS = (
    *(f"q={birds.RUSSIA}", "status=Blocked", "status=Closed", "category=held", "category=none"),
    *("says=only", "says=differ", "said_by=RU", "said_by=US", "raised_by=RU", "waits=US"),
    *("waits=both", "round=1", "round=2", "moved=down", "moved=up"),
    *(f"sort={sort}" for sort in ("status", "-status", "-said", "number", "title")),
)
LOOKED = (
    *(f"q={bird}{part}" for bird in (birds.RUSSIA, birds.AUTHOR) for part in ("text", "source")),
    *(f"q={birds.RUSSIA}{part}" for part in ("", "position", "reason", "file", "original")),
    *(f"q={birds.SIDE}", f"q={birds.AMERICA}", f"q={birds.ELSEWHERE}", f"q={birds.BLANKED}"),
    *(f"q={birds.RUSSIA[:4]}", f"q={birds.RUSSIA}&kind=entries", f"q={birds.RUSSIA}&kind=sources"),
    *("q=they+said", "q=so&kind=entries", "q=2025", "q=blocked", "q=x&in=no-such-talks"),
)
SPANS = ("from=round-1&to=round-2", "from=2025-01-01&to=2026-03-20", "from=read", "from=x")
ASKED = ("rounds=1", "days=300", "days=400", "party=US", *CLOCKS)
STEPS = ("whose=ours", "party=US", "due=overdue", *CLOCKS[:2])
PAPER = (
    "audience=members",
    "audience=members&format=docx",
    "format=docx",
    *CLOCKS[:1],
    "format=odt",
)
NEW_SOURCE = {"source": "new", "source_title": "A new one"}

# --- What goes before -----------------------------------------------------------------------------


def prepare(kind):
    def before(client, world):
        address = address_of("issues:file_prepare", world)
        client.post(address, {"kind": kind})

    return before


def confirm(client, _world):
    """Says once more who one is, as the vault asks; nobody signed in cannot."""
    client.post("/account/confirm/", {"password": "a long password", "next": "/"})


def upload(client, world):
    rows = [[f"{birds.MEMBERS}item", "10.04.2025", "US", "Agreed", "Imported", ""]]
    _upload(client, world, rows)


def _upload(client, world, rows):
    importing.upload(client, world, importing.csv_bytes(rows=rows), name="ours.csv")
    _note_token(world, client.get(importing.address(world, "columns")))


def columns(client, world):
    upload(client, world)
    _go_on(client, world, "columns")


def guessed(client, world):
    """A table that names what is hidden, by its number and by its title."""
    names = ("RU-1", "Opened")
    rows = [[name, "10.04.2025", "US", "Agreed", "Imported", ""] for name in names]
    _upload(client, world, rows)
    _go_on(client, world, "columns")
    _go_on(client, world, "words")
    _check(client, world)


def words(client, world):
    columns(client, world)
    _go_on(client, world, "words")
    _check(client, world)


def _go_on(client, world, step):
    """Sends the form as it stands; whoever may not get there gets no further."""
    address = importing.address(world, step)
    page = client.get(address)
    form = page.context and page.context.get("form")
    if form and page.status_code == 200:
        client.post(address, importing.typed(form))


def _check(client, world):
    """Until every row is; whoever may not sees no file that waits."""
    address = importing.address(world, "check")
    while not _note_token(world, client.get(address)):
        client.post(address, {"token": world.waiting})


def _note_token(world, page):
    """Keeps by what a form names the file that waits. True once it is checked, or none waits."""
    upload = page.context and page.context.get("upload")
    world.waiting = str(upload.token) if upload else ""
    return not upload or bool(page.context.get("preview"))


# --- The table ------------------------------------------------------------------------------------

DIALOG = "entry-dialog-content"
ENTRY_FORMS = [DIALOG, "entry-form", "entry-reply"]
ENTRY = {"who": "own", "said": "2025", "text": "So it is.", "audience": "members"}
HIDDEN_SOURCE = {"source": "hidden"}
WAITING = {"token": "waiting"}

EDITION = (*CLOCKS, "day=2025-04-10", "page=9", "as_of=x")


def edition(**places):
    """The pages of the public edition by either door, at every clock."""
    return {
        f"issues:{door}_{page}": seen(*EDITION, is_open=True, place=place)
        for door in ("public", "shared")
        for page, place in places.items()
    }


SEEN = {
    **edition(
        state={},
        item={},
        rounds={},
        round={"place": 2},
        sources={},
        source={"source": "communique"},
        corrections={},
    ),
    "issues:robots": seen(is_open=True),
    "issues:home": seen(),
    "issues:search": seen(*LOOKED, fragments=["search-results"]),
    "issues:state_of_play": [
        *seen("empty=1", "rounds=all", "since=1", *CLOCKS, *FILTERS, fragments=["state"]),
        Visit("known=2026-03-01", place={"slug": birds.QUIET}),
    ],
    "issues:show_as_of": seen("day=2025-05-04&using=then", "round=1&using=now"),
    "issues:issue_list": seen(*CLOCKS, *FILTERS, "page=9", fragments=["issue-table"]),
    "issues:issue_detail": [
        visit
        for number in (1, 2, 3)
        for visit in seen(*CLOCKS, fragments=["item"], place={"number": number})
    ],
    "issues:round_list": seen("as_of=2026-03-15"),
    "issues:round_detail": [
        visit
        for place in (1, 2)
        for visit in seen(*CLOCKS, fragments=["round-page"], place={"place": place})
    ],
    "issues:changes": [
        *seen(*SPANS, fragments=["changes"]),
        Visit(SPANS[1], place={"slug": birds.OLD}),
    ],
    "issues:source_detail": seen(),
    "issues:source_file": seen(),
    "issues:files": seen(*CLOCKS),
    "issues:file_table": [
        visit for table in TABLES for visit in seen(*CLOCKS[1:], place={"table": table})
    ],
    "issues:file_prepare": [
        Visit(fragment=name, before=before)
        for name in ("", "file-progress")
        for before in (None, prepare("json"), prepare("xlsx"))
    ],
    "issues:file_download": [Visit(before=prepare(kind), made=kind) for kind in ("xlsx", "json")],
    "issues:silence": seen(*ASKED, fragments=["follow-up"]),
    "issues:unanswered": seen(*ASKED, fragments=["follow-up"]),
    "issues:next_steps": seen(*STEPS, fragments=["follow-up"]),
    "issues:paper_state": [*seen(*PAPER, *FILTERS[::5]), Visit("format=pdf", is_slow=True)],
    "issues:paper_moved": [*seen(*PAPER[:3], *SPANS[:2]), Visit("format=pdf", is_slow=True)],
    "issues:paper_brief": [
        *(visit for number in (1, 2, 3) for visit in seen(*PAPER, place={"number": number})),
        Visit("format=pdf", is_slow=True),
    ],
    "negotiations:letterhead_logo": seen(),
    "issues:pictures": seen("turns=all", *CLOCKS, fragments=["pictures"]),
    "issues:issue_chart": [
        visit
        for number in (1, 2, 3)
        for visit in seen(*CLOCKS, fragments=["issue-chart"], place={"number": number})
    ],
    "issues:entry": seen(),
    "issues:notes": [
        visit
        for number in (1, 2, 3)
        for visit in seen("page=1", fragments=["notes"], place={"number": number})
    ],
    "issues:entries": [
        visit
        for number in (1, 2)
        for visit in seen("round=2", fragments=[DIALOG, "entry-form"], place={"number": number})
    ],
    "issues:entry_correct": seen(fragments=ENTRY_FORMS),
    "issues:entry_retract": seen(fragments=ENTRY_FORMS),
    "issues:entry_source": seen(fragments=ENTRY_FORMS),
    "issues:vault": [
        visit
        for number in (1, 2, 3)
        for visit in seen("page=1", place={"number": number}, before=confirm)
    ],
    "issues:vault_edit": seen(before=confirm),
    "issues:still_so": seen(fragments=[DIALOG, "follow-up-form"], place={"number": 2}),
    "issues:ask": seen("whom=US", fragments=[DIALOG, "follow-up-form"], place={"number": 2}),
    "issues:step_done": seen(fragments=[DIALOG, "follow-up-form"]),
    "issues:issue_record": seen(
        "item=RU-1", "item=1&item=2&item=99", fragments=[DIALOG, "bulk-form"]
    ),
    "issues:round_sheet": [
        visit
        for place in (1, 2)
        for visit in seen("of=person", "find=a", fragments=["sheet-form"], place={"place": place})
    ],
    "issues:source_sheet": seen(fragments=["sheet-form"]),
    "issues:sheet": [*seen(), Visit(place={"sheet": "released"})],
    "issues:agenda_audience": [*seen(), *seen(place={"place": 2, "number": 2})],
    "issues:readout_audience": [*seen(), *seen(place={"place": 2, "code": "US"})],
    "issues:issue_order": seen(fragments=["issue-order"]),
    "issues:import_start": [*seen("kind=entries"), Visit(before=upload)],
    "issues:import_columns": [Visit(before=upload), Visit()],
    "issues:import_words": [Visit(before=columns), Visit()],
    "issues:import_check": [
        Visit(fragment=name, before=before)
        for name in ("", "import-check")
        for before in (None, words, guessed)
    ],
    "issues:import_progress": [Visit(), Visit(before=words)],
    "issues:import_sample": seen(place={"kind": "entries"}),
    "negotiations:round_edit": [*seen(), *seen(place={"place": 2})],
}
SENT_TO = {
    "issues:file_prepare": typed({"kind": "json"}, {"kind": "xlsx"}, fragments=["file-progress"]),
    "issues:entries": typed(
        ENTRY,
        ENTRY | HIDDEN_SOURCE,
        ENTRY | {"status": "Blocked"},
        fragments=[DIALOG, "entry-form", "entry-added"],
        place={"number": 2},
    ),
    "issues:entry_correct": typed(
        {"reason": "So."}, ENTRY | {"reason": "So."}, fragments=ENTRY_FORMS
    ),
    "issues:entry_retract": typed({"reason": "So."}, fragments=ENTRY_FORMS),
    "issues:entry_source": typed(HIDDEN_SOURCE, {"source_title": "New"}, fragments=ENTRY_FORMS),
    "issues:entry_undo": typed(fragments=[DIALOG, "entry-form"]),
    "issues:notes": typed(
        {"text": "So.", "audience": "members"},
        {"text": "So.", "audience": "named", "people": "person"},
        {"text": ""},
        fragments=["notes"],
    ),
    "issues:note_edit": typed({"text": "Changed.", "version": "1"}, {"text": "x", "version": "0"}),
    "issues:note_audience": typed(
        {"audience": "members", "reason": "So."},
        {"audience": "named", "reason": "So.", "people": "person", "seen": "named person"},
    ),
    "issues:vault": typed(
        {"red_line": "Not so.", "party": "RU"},
        {"red_line": "Not so.", "party": "US", "people": "person"},
        {"party": "RU"},
        before=confirm,
    ),
    "issues:vault_edit": typed(
        {"red_line": "Else.", "version": "1"},
        {"red_line": "x", "version": "0"},
        before=confirm,
    ),
    "issues:still_so": typed(
        {"who": "party:US", "said": "2025"}, HIDDEN_SOURCE, fragments=[DIALOG, "follow-up-form"]
    ),
    "issues:ask": typed({"step": "Ask them", "whom": "US"}, fragments=[DIALOG, "follow-up-form"]),
    "issues:step_done": typed({"said": "2026"}, fragments=[DIALOG, "follow-up-form"]),
    "issues:issue_record": typed(
        ENTRY | {"item": ["1", "2"]},
        ENTRY | {"item": ["1", "RU-1"]},
        fragments=[DIALOG, "bulk-form"],
    ),
    "issues:agenda_mark": typed(
        {"item": "1", "mark": "discussed"},
        {"item": "RU-1", "mark": "discussed"},
        {"item": "99"},
        fragments=["round-page"],
    ),
    "issues:round_sheet": typed(
        {"of": "ex"}, ENTRY | {"act": "release"}, fragments=["sheet-answer"], place={"place": 2}
    ),
    "issues:source_sheet": typed(fragments=["sheet-answer"]),
    **{
        f"issues:{name}_audience": typed(
            {"audience": "members", "reason": "So."},
            {"audience": "public", "reason": "So.", "seen": "public", "confirm": "1"},
        )
        for name in ("entry", "agenda", "readout", "source")
    },
    "issues:issue_audience": [
        *typed({"audience": "members", "reason": "So."}),
        *typed(
            {"audience": "public", "reason": "So."},
            {"audience": "public", "reason": "So.", "seen": "public", "confirm": "1"},
            {"audience": "delegation", "reason": "So."},
            place={"number": "ours"},
        ),
    ],
    "issues:issue_new": typed(
        {"title": "Opened"}, {"title": "", "parent": "1"}, {"title": "Under", "parent": "RU-1"}
    ),
    "issues:issue_paste": typed({"lines": "One\nTwo"}),
    "issues:issue_edit": typed(
        {"title": "Changed", "version": "1"},
        {"version": "0"},
        {"title": "Changed", "version": "1", "parent": "RU-1"},
    ),
    "issues:issue_move": typed(fragments=["issue-order"]),
    "issues:heading_move": typed(fragments=["issue-order"]),
    "issues:import_start": typed({"kind": "entries"}),
    "issues:import_columns": typed(WAITING, before=upload),
    "issues:import_words": typed(WAITING, before=columns),
    "issues:import_check": typed(WAITING, {}, fragments=["import-check"], before=columns),
    "issues:import_run": [
        *typed(WAITING, {}, fragments=["import-check"], before=words),
        *typed(WAITING, before=guessed),
    ],
    "issues:import_discard": typed(WAITING, before=upload),
    "issues:import_retract": typed({"reason": "So."}),
    "negotiations:preview": typed({"whose": "RU"}),
    "issues:share": typed({"what": "edition", "lasts": "week"}, {"what": "item-none"}),
    "forgotten": typed({"email": birds.ADDRESS}),
    "negotiations:invite": typed({"email": birds.ADDRESS, "role": "viewer"}),
    "negotiations:members": typed({"username": "nobody", "role": "viewer"}),
    "negotiations:party_edit": typed({"name": "Russian Federation", "code": "RU"}),
    "negotiations:round_edit": typed(place={"place": 2}),
    "negotiations:party_remove": typed(place={"code": "US"}) + typed(place={"code": "RU"}),
    "negotiations:status_remove": typed({"status": "Blocked"}, {"status": "Withdrawn"}, {}),
    "negotiations:round_remove": typed(place={"place": 2}) + typed(place={"place": 3}),
}


def visits(route):
    """What is asked of this route; of an address that names something, also something hidden."""
    rows = SEEN if route.method == "GET" else SENT_TO
    asked = list(rows.get(route.name, seen() if route.method == "GET" else typed()))
    names = {name for missing in route.missing for name in missing} & set(HIDDEN)
    if route.name == "issues:sheet_undo":
        names = {"sheet"}
    found = [(name, one) for name in sorted(names) for one in (name, *MORE_HIDDEN.get(name, ()))]
    return [*asked, *(_hidden(asked[0], name, one) for name, one in found)]


def _hidden(visit, name, hidden):
    return Visit(typed=visit.typed, names=name, hidden=hidden, before=visit.before)


def address(route, visit, world):
    """Where the visit goes in this world."""
    place = {
        name: NAMED[value](world) if value in NAMED else value
        for name, value in visit.place.items()
    }
    if visit.names:
        place[visit.names] = world.hidden[visit.hidden]
    plain = address_of(route.name, world, **place)
    return f"{plain}?{visit.query}" if visit.query else plain


def body(visit, world):
    """What is typed; the hidden source by its id, the file that waits by its token."""
    found = {"hidden": world.hidden["source"], "waiting": world.waiting}
    return {name: found[v] if v in tuple(found) else v for name, v in visit.typed.items()}


def covered_filters():
    """The names of the item list's filters that the table asks for."""
    return {query.split("=")[0] for query in FILTERS} & set(IssueFilter.base_filters)


ROUTES = TABLE
