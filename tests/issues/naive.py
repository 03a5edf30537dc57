"""The rules of standing and movement told once more, as simply as possible and without speed.

Written from the design and not from the code: the properties hold one against the other.
"""

import datetime as dt


def naive_counting(history):
    def taken_back(entry):
        return any(
            reply.corrects == entry.id
            and reply.kind in ("retraction", "undo")
            and not taken_back(reply)
            for reply in history
        )

    def replaced(entry):
        return any(
            reply.corrects == entry.id and reply.kind == "correction" and not taken_back(reply)
            for reply in history
        )

    return [
        e
        for e in history
        if e.kind not in ("retraction", "undo") and not taken_back(e) and not replaced(e)
    ]


def on_record(history, day):
    """What counts by the end of a day, oldest first."""
    found = [e for e in naive_counting(history) if e.counts_from <= day]
    return sorted(found, key=lambda e: (e.said_first, e.precision_rank, e.recorded_at, e.id))


def last(found):
    return found[-1] if found else None


def by(party, found):
    return [e for e in found if e.voice in ("party", "joint") and party in e.parties]


def rung(status):
    return status.rung or 0


def at_table(frame, day):
    return [
        seat.party
        for seat in frame.seats
        if (seat.since or day) <= day and (seat.until or day) >= day
    ]


def naive_headline(history, frame, day):
    found = [e for e in on_record(history, day) if e.status]
    own = last([e for e in found if e.voice == "own"])
    if frame.assessor and own:
        return own.status
    table = at_table(frame, day)
    claims = {p: by(p, found)[-1] for p in table if by(p, found)}
    if not claims:
        aside = last([e for e in found if e.voice in ("third", "own")])
        return aside.status if aside else None
    dropped = [p for p in claims if claims[p].status.category == "dropped"]
    raisers = [p for p in frame.raised_by if p in table]
    if set(dropped) == set(claims) or (raisers and set(raisers) <= set(dropped)):
        pool = [claims[p] for p in dropped]
    else:
        rest = [claims[p] for p in claims if p not in dropped]
        least = min(rung(e.status) for e in rest)
        pool = [e for e in rest if rung(e.status) == least]
    return [e for e in found if e in pool][-1].status


def naive_held_run(history, frame, day):
    """Where a held headline fell from, and on which day, by walking through every day."""
    fell_from = fell_on = previous = None
    first = min(e.counts_from for e in history) - dt.timedelta(1)
    for step in range((day - first).days + 1):
        today = first + dt.timedelta(step)
        status = naive_headline(history, frame, today)
        held = status is not None and status.category == "held"
        if not held:
            fell_from = fell_on = None
        elif previous is None or previous.category != "held":
            fell_from, fell_on = (previous, today) if previous else (None, None)
        previous = status
    return fell_from, fell_on


# --- What the badge of a standing has to mean, from its words alone ------------------------------


def categories(standing):
    return {status.category for status in standing.own_statuses.values()}


def silent(standing):
    return [word for word in standing.words if word.claim is None]


def answered(standing):
    """Whether somebody who claims less spoke no earlier than somebody who claims more.

    Where two categories share the lowest rung nobody may be ahead.
    """
    claimed = [w for w in standing.words if w.claim]
    least = min(rung(w.claim.status) for w in claimed)
    low = {w.claim.status.category for w in claimed if rung(w.claim.status) == least}
    behind = [w.spoke for w in claimed if w.claim.status.category in low]
    ahead = [w.claim for w in claimed if w.claim.status.category not in low]
    return not ahead or any(said(one) <= said(other) for one in ahead for other in behind)


def said(entry):
    return entry.said_first, entry.precision_rank, entry.recorded_at


def is_joint(standing, found):
    """Whether a text of all at the table, in the one category, was contradicted by nobody since."""
    table = {word.party for word in standing.words}
    (category,) = categories(standing)
    since = None
    for place, entry in enumerate(found):
        if entry.status is None:
            continue
        if entry.voice == "joint" and entry.parties >= table and entry.status.category == category:
            since = place
    return since is not None and all(
        entry.status.category == category
        for entry in found[since:]
        if entry.status and any(entry in by(party, found) for party in table)
    )


def expected_badge(standing, found, frame):
    own, press = (last([e for e in found if e.status and e.voice == v]) for v in ("own", "third"))
    claimed = [w for w in standing.words if w.claim]
    if frame.assessor and own:
        return "ours"
    if not claimed:
        aside = last([e for e in found if e in (own, press)])
        return {"own": "ours", "third": "press"}[aside.voice] if aside else ""
    if len(categories(standing)) > 1:
        dropped = "dropped" in categories(standing)
        return "differ" if dropped or answered(standing) else "more"
    if silent(standing) or len(standing.words) == 1:
        return "only"
    return "joint" if is_joint(standing, found) else "separate"


# --- Movement ------------------------------------------------------------------------------------


def naive_movement(before, after):
    """The kinds in the order of the design; the first that fits."""
    old, new = before.headline, after.headline
    then, now = (s.own_statuses for s in (before, after))
    known = old is not None and new is not None
    ended = ("done", "dropped")
    moved = known and old.category != new.category
    lower = known and rung(new) < rung(old)
    own_word_fell = any(rung(now[p]) < rung(then[p]) for p in now if p in then)
    same_outsider = before.badge == after.badge and after.badge in ("press", "ours")
    agreed = ("joint", "separate")
    confirmed = after.badge in agreed and before.badge not in agreed
    fits = {
        "new": old is None and new is not None,
        "gone": old is not None and new is None,
        "reopened": moved and old.category in ended and new.category not in ended,
        "dropped": moved and new.category == "dropped",
        "closed": moved and new.category == "done",
        "resumed": moved and old.category == "held",
        "contested": lower and not own_word_fell and not same_outsider and not confirmed,
        "back": lower and (moved or own_word_fell or same_outsider or not confirmed),
        "forward": known and rung(new) > rung(old),
        "unchanged": True,
    }
    return next(kind for kind, fit in fits.items() if fit)
