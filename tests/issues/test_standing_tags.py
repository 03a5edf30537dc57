"""What an answer to a new entry shows is written directly: nothing may go out unescaped."""

from django.template import Context

from issues.models import Entry
from issues.reads.standings import StandingView
from issues.reads.stands import Stands
from issues.templatetags.standing import entry_count, said, standing_card
from negotiations.models import Party

BAD = "<b>&\"'"


def _stands():
    step = Entry(
        next_step=BAD,
        next_step_who=BAD,
        next_step_party=Party(name=BAD),
    )
    view = StandingView()
    return Stands(view, words=[], badge=BAD, fell=BAD, waits=BAD, next_step=step, aside=[])


def test_standing_is_escaped():
    shown = standing_card(_stands(), out_of_band=True)
    assert "<b>" not in shown
    assert shown.count("&lt;b&gt;") == 4
    assert 'id="standing" hx-swap-oob="true"' in shown
    assert "hx-swap-oob" not in standing_card(_stands())


def test_what_was_said_is_escaped():
    shown = said(Context({"csrf_token": BAD}), BAD, f"/undo/{BAD}", BAD, problem=True)
    assert "<b>" not in shown
    assert 'class="message error"' in shown
    # The token, and where to come back to.
    assert shown.count('value="&lt;b&gt;') == 2
    assert "<form" not in said(Context(), BAD)


def test_entries_are_counted():
    assert entry_count(1) == '<span id="entry-count">1 entry on record</span>'
    assert "2 entries" in entry_count(2, out_of_band=True)
