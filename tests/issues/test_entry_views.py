"""Adding an entry and what follows it through the pages: with htmx, without, twice, too late."""

import datetime as dt
import re
from copy import deepcopy
from html import unescape
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from issues import services
from issues.models import Entry, Standing
from negotiations.scopes import MEMBERS
from tests import factories
from tests.factories import record, viewer

from .reading import words

GOOD = {
    "who": "party:RU",
    "said": "10 Apr 2025",
    "status": "Agreed",
    "text": "So.",
    "audience": "members",
}
HTMX = {"HX-Request": "true"}
IN_FORM = HTMX | {"HX-Target": "entry-form"}
ITEM = HTMX | {"HX-Target": "item"}
BESIDE = HTMX | {"HX-Target": "entry-added"}
IN_DIALOG = HTMX | {"HX-Target": "entry-dialog-content"}
IN_REPLY = HTMX | {"HX-Target": "entry-reply"}


@pytest.fixture
def talks(module_delegations, db):
    return deepcopy(module_delegations)


@pytest.fixture
def issue(talks):
    return factories.make_issue(talks.negotiation, "Banking")


@pytest.fixture
def recorder(client, talks):
    client.force_login(talks.recorder)
    return client


@pytest.fixture
def entry(talks, issue):
    return record(issue, "RU", "Agreed", "10 Apr 2025", by=talks.recorder, text="Old words.")


def url(issue, name="entries", entry=None):
    args = [issue.negotiation.slug, issue.number]
    return reverse(f"issues:{name}", args=[*args, entry.uuid] if entry else args)


def add(client, issue, headers=None, **typed):
    return client.post(url(issue), GOOD | typed, headers=headers or {})


def body(answer):
    return answer.content.decode()


def headline(issue):
    return str(Standing.objects.get(issue=issue, scope=MEMBERS, until=None).headline)


def said_to(client, answer):
    """The message on the page that a form without scripts leads to."""
    page = body(client.get(answer["Location"]))
    return words(page.split('<div id="messages"')[1].split("</div>\n</div>")[0])


class TestWithoutScripts:
    def test_form_on_a_page_of_its_own(self, recorder, issue):
        page = body(recorder.get(url(issue)))
        assert page.count("<html") == page.count("<h1") == 1
        assert f'action="{url(issue)}"' in page

    def test_saving_leads_back_with_a_message_and_an_undo(self, recorder, issue):
        answer = add(recorder, issue)
        assert (answer.status_code, answer["Location"]) == (302, issue.get_absolute_url())
        page = body(recorder.get(answer["Location"]))
        told = words(page)
        assert "Saved. Headline is now Agreed: Russia says so, 10 Apr 2025." in told
        undo = url(issue, "entry_undo", Entry.objects.get())
        assert f'action="{undo}"' in page.split('id="messages"')[1]
        assert headline(issue) == "Agreed"

    def test_undo_says_what_came_of_it(self, recorder, issue, entry):
        answer = recorder.post(url(issue, "entry_undo", entry))
        assert answer.status_code == 302
        assert "Undone. The item has no status yet." in said_to(recorder, answer)

    @pytest.mark.parametrize(
        "back", ["https://example.org/", "//example.org/x", "/\\example.org", "javascript:alert(1)"]
    )
    def test_nothing_leads_to_another_site(self, recorder, issue, entry, back):
        own = issue.get_absolute_url()
        answers = [
            add(recorder, issue, back=back),
            recorder.post(url(issue, "entry_source", entry), {"title": "B", "back": back}),
            recorder.post(url(issue, "entry_undo", entry), {"back": back}),
        ]
        assert [answer["Location"] for answer in answers] == [own] * 3
        page = recorder.get(url(issue), {"back": back})
        assert page.context["back"] == own

    def test_it_leads_back_to_where_one_was(self, recorder, issue):
        back = f"{reverse('issues:issue_list', args=[issue.negotiation.slug])}?q=Bank&sort=-title"
        assert recorder.get(url(issue), {"back": back}).context["back"] == back
        assert add(recorder, issue, back=back)["Location"] == back


class TestWithScripts:
    def test_form_alone_for_the_dialog(self, recorder, issue):
        part = body(recorder.get(url(issue), headers=IN_DIALOG))
        assert part.lstrip().startswith('<div id="entry-form"')
        assert "<html" not in part
        assert "Banking" in part

    def test_history_restore_gets_the_whole_page(self, recorder, issue):
        restore = IN_DIALOG | {"HX-History-Restore-Request": "true"}
        assert body(recorder.get(url(issue), headers=restore)).count("<html") == 1

    def test_saving_answers_with_a_fresh_form_a_message_and_an_event(self, recorder, issue):
        answer = add(recorder, issue, IN_FORM, token=str(uuid4()))
        assert answer.status_code == 200
        assert answer["HX-Trigger-After-Swap"] == "entry-recorded"
        part = body(answer)
        assert part.lstrip().startswith('<div id="entry-form"')
        assert "<html" not in part
        announced = part.split('id="announce" hx-swap-oob="innerHTML">')[1].split("<")[0]
        assert announced == "Saved. Headline is now Agreed: Russia says so, 10 Apr 2025."
        assert url(issue, "entry_undo", Entry.objects.get()) in part
        assert "So." not in part.split("</form>")[0]
        fresh = re.search(r'name="token" value="([^"]+)"', part)[1]
        assert not Entry.objects.filter(batch=fresh).exists()

    def test_present_status_of_each_party_stands_beside_the_choice(self, recorder, issue, entry):
        assert "Now: RU Agreed, last said 10 Apr 2025 · US nothing on record" in words(
            body(recorder.get(url(issue), headers=IN_DIALOG))
        )

    def test_cell_presets_round_date_and_the_table(self, recorder, talks, issue):
        factories.make_round(talks.negotiation, "First", "10 Apr 2025")
        factories.make_round(talks.negotiation, "Next")
        form = recorder.get(url(issue), {"round": "1"}).context["form"]
        assert (form["round"].value(), form["said"].value()) == ("1", "10 Apr 2025")
        assert form["source"].value() == "table"
        assert recorder.get(url(issue), {"round": "2"}).context["form"]["said"].value() is None
        assert recorder.get(url(issue), {"round": "9"}).status_code == 200

    def test_reply_form_alone_for_the_dialog(self, recorder, issue, entry):
        for name in ("entry_correct", "entry_retract", "entry_source"):
            part = body(recorder.get(url(issue, name, entry), headers=IN_DIALOG))
            assert part.lstrip().startswith('<div id="entry-reply"')
            assert "<html" not in part
            assert "Old words." in part

    @pytest.mark.parametrize(
        ("name", "typed"),
        [
            ("entry_correct", GOOD | {"reason": "Slip"}),
            ("entry_retract", {"reason": "Slip"}),
            ("entry_source", {"title": "B"}),
            ("entry_undo", {}),
        ],
    )
    def test_every_act_tells_the_page_to_refresh(self, recorder, issue, entry, name, typed):
        answer = recorder.post(url(issue, name, entry), typed, headers=IN_REPLY)
        assert answer.status_code == 200
        assert answer["HX-Trigger-After-Swap"] == "entry-recorded"
        assert 'id="announce" hx-swap-oob="innerHTML">' in body(answer)
        assert "<html" not in body(answer)


class TestBesideTheHistory:
    """What is new on the page comes with the answer, where that is one line on top."""

    @pytest.fixture(autouse=True)
    def page(self, recorder, issue, entry):
        self.client, self.issue = recorder, issue

    def read(self):
        return body(self.client.get(self.issue.get_absolute_url()))

    def shown(self):
        return re.search(r'name="shown" id="history-shown" value="(\d+)"', self.read())[1]

    def save(self, shown=None, **typed):
        typed = {"said": "11 Apr 2025", "token": str(uuid4())} | typed
        return add(self.client, self.issue, BESIDE, shown=shown or self.shown(), **typed)

    def test_line_and_standing_are_those_of_the_page(self):
        answer = self.save(status="Blocked", position="No.", waits="US", text="Not like this.")
        assert "HX-Trigger-After-Swap" not in answer
        part, page = body(answer), self.read()
        assert part.lstrip().startswith('<div id="entry-added"')
        assert "<html" not in part
        assert "<textarea" not in part
        for tag, mark in (("li", "history-line-"), ("div", "standing"), ("p", "entry-now")):
            there = element(page, tag, mark)
            assert element(part, tag, mark) == there
            assert "Blocked" in words(there)
        assert f'value="{self.shown()}" hx-swap-oob="true"' in part
        fresh = re.search(r'name="token" value="([^"]+)"', part)[1]
        assert not Entry.objects.filter(batch=fresh).exists()
        assert "Saved. Headline is now Blocked (was Agreed)" in words(part)

    def test_line_of_a_joint_text(self):
        record(self.issue, "US", "Raised", "10 Apr 2025")
        answer = self.save(who="joint")
        assert "HX-Trigger-After-Swap" in answer  # each said something else before
        answer = self.save(who="joint", said="12 Apr 2025")
        line = element(body(answer), "li", "history-line-")
        assert "RU US still Agreed" in words(line)
        assert line == element(self.read(), "li", "history-line-")

    def test_source_comes_along_and_can_be_chosen_next(self):
        part = body(self.save(source="new", source_title="A readout"))
        line = element(part, "li", "history-line-")
        assert "A readout" in line
        assert line == element(self.read(), "li", "history-line-")
        choice = element(part, "select", "entry-source")
        assert "Same as last: A readout" in choice
        assert choice == element(self.read(), "select", "entry-source")

    def test_count_above_follows(self):
        part = body(self.save())
        read_anew = body(self.client.get(self.issue.get_absolute_url(), headers=ITEM))
        counts = [element(html, "span", "entry-count") for html in (part, self.read(), read_anew)]
        assert f"{self.issue.entries.count()} entries on record" in counts[0]
        assert counts == counts[:1] * 3
        assert 'id="entry-count" hx-swap-oob="true"' in part
        assert 'id="entry-count" hx-swap-oob="true"' in read_anew

    def test_page_is_read_anew_where_more_than_a_line_is_new(self, talks):
        shown = self.shown()
        record(self.issue, "US", "Agreed", "9 Apr 2025")
        answers = [self.save(shown), self.save(same="on"), self.save(who="third")]
        answers += [self.save(said="8 Apr 2025"), self.save(said="2025"), self.save(shown="x")]
        factories.make_round(talks.negotiation, "First", "12 Apr 2025")
        answers.append(self.save(early="on"))
        for answer in answers:
            assert answer.status_code == 200
            assert answer["HX-Trigger-After-Swap"] == "entry-recorded"
            assert "history-line-" not in body(answer)
            assert "Saved." in body(answer)

    def test_sent_again_is_told_and_read_anew(self):
        typed = {"token": str(uuid4()), "shown": self.shown()}
        first, again = self.save(**typed), self.save(**typed)
        assert "history-line-" in body(first)
        assert again["HX-Trigger-After-Swap"] == "entry-recorded"
        assert "This was recorded already" in body(again)

    def test_refused_is_the_whole_form_again(self):
        answer = self.save(said="soon", text="Typed words.", beside_history="1")
        assert (answer.status_code, answer["HX-Retarget"], answer["HX-Reswap"]) == (
            422,
            "#entry-form",
            "outerHTML",
        )
        part = body(answer)
        assert part.lstrip().startswith('<div id="entry-form"')
        assert "Typed words." in part
        assert 'hx-target="#entry-form"' in part
        fresh = add(self.client, self.issue, IN_FORM, said="11 Apr 2025", beside_history="1")
        assert 'hx-target="#entry-added"' in body(fresh)

    def test_a_page_of_older_entries_or_of_the_past_is_read_anew(self, entry):
        for query in ({"after": str(entry.uuid)}, {"as_of": "2025-05-01"}):
            page = body(self.client.get(self.issue.get_absolute_url(), query))
            assert "history-shown" not in page.replace("#history-shown", "")


def element(html, tag, mark):
    """The first element whose id begins like this, without what differs from answer to answer."""
    start = re.search(rf'<{tag}[^>]* id="{mark}', html).start()
    depth, at = 0, start
    for found in re.finditer(rf"</?{tag}\b", html[start:]):
        depth += -1 if found[0].startswith("</") else 1
        if not depth:
            at = start + found.start()
            break
    text = html[start:at].replace(' hx-swap-oob="true"', "")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


class TestWhatTheMessageSays:
    def said(self, client, issue, **typed):
        with time_machine.travel("2026-06-25 10:00Z"):
            client.force_login(issue.negotiation.memberships.filter(role="head").get().user)
            answer = add(client, issue, IN_FORM, **typed)
        part = body(answer).split('id="announce"')[1]
        return unescape(words(part.split(">", 1)[1].split("</div>")[0]))

    def test_stays_because_the_other_says_so(self, client, talks, issue):
        record(issue, "US", "Under discussion", "10 Apr 2025")
        assert self.said(client, issue, said="24 Jun 2026") == (
            "Saved. Headline stays Under discussion: United States says so, 10 Apr 2025."
        )

    def test_is_now_and_was(self, client, issue, entry):
        assert self.said(client, issue, status="Blocked", said="24 Jun 2026") == (
            "Saved. Headline is now Blocked (was Agreed): Russia says so, 24 Jun 2026."
        )

    def test_both_separately_and_jointly(self, client, issue):
        told = self.said(client, issue, same="on")
        assert told == (
            "Saved. Headline is now Agreed: "
            "Russia says so, 10 Apr 2025; United States says so, 10 Apr 2025."
        )
        assert Entry.objects.count() == 2
        assert self.said(client, issue, who="joint", said="11 Apr 2025") == (
            "Saved. Headline stays Agreed: confirmed jointly."
        )

    def test_without_a_status(self, client, issue):
        assert self.said(client, issue, status="") == "Saved. The item has no status yet."

    def test_press(self, client, issue):
        assert self.said(client, issue, who="third") == (
            "Saved. Headline is now Agreed: press report."
        )

    def test_what_a_delegation_keeps_moves_its_own_headline(self, client, talks, issue):
        client.force_login(talks.ru)
        answer = add(client, issue, IN_FORM, audience="delegation")
        assert "Headline is now Agreed" in body(answer)
        assert headline(issue) == "None"


class TestBadInput:
    TYPED = {
        "who": "",
        "said": "31 Feb 2026",
        "text": "Typed words.",
        "speaker": "A. Smith",
        "position": "My position.",
        "source_title": "My source",
    }

    @pytest.mark.parametrize("headers", [{}, IN_FORM], ids=["page", "htmx"])
    def test_refused_beside_the_field_with_all_that_was_typed(self, recorder, issue, headers):
        answer = add(recorder, issue, headers, **self.TYPED)
        assert answer.status_code == 422
        page = body(answer)
        assert ("<html" in page) is not bool(headers)
        for typed in ("31 Feb 2026", "Typed words.", "A. Smith", "My position.", "My source"):
            assert typed in page
        problem = re.search(r'<p class="error" id="([^"]+)">There is no such day', page)[1]
        control = re.search(r'<input[^>]* name="said"[^>]*>', page)[0]
        assert 'aria-invalid="true"' in control
        assert problem in re.search(r'aria-describedby="([^"]+)"', control)[1].split()
        assert not Entry.objects.exists()

    def test_each_problem_leads_to_its_field(self, recorder, issue):
        answer = add(recorder, issue, **self.TYPED, audience="", round="9")
        page = body(answer)
        summary = page.split('id="form-errors"')[1].split("</div>")[0]
        links = re.findall(r'href="#([^"]+)"', summary)
        assert len(links) == len(answer.context["form"].errors) > 3
        assert set(links) <= set(re.findall(r' id="([^"]+)"', page))

    def test_title_says_that_something_is_wrong(self, recorder, issue):
        assert "<title>Error: " in body(add(recorder, issue, said="soon"))

    @pytest.mark.parametrize("name", ["entries", "entry_correct", "entry_retract", "entry_source"])
    def test_empty_form(self, recorder, issue, entry, name):
        address = url(issue, name, None if name == "entries" else entry)
        for headers in ({}, IN_FORM, IN_REPLY):
            assert recorder.post(address, {}, headers=headers).status_code == 422
        assert Entry.objects.count() == 1

    def test_what_only_the_service_refuses_stands_beside_the_field_too(
        self, recorder, issue, monkeypatch
    ):
        refusal = ValidationError({"voice": "Not they.", "waits_party": "Nobody.", "x": "Else."})
        monkeypatch.setattr("issues.views.entries.services.record", raising(refusal))
        answer = add(recorder, issue, text="Typed words.")
        assert answer.status_code == 422
        assert "Typed words." in body(answer)
        found = answer.context["form"].errors
        assert (found["who"], found["waits"], found["__all__"]) == (
            ["Not they."],
            ["Nobody."],
            ["Else."],
        )

    def test_correction_that_the_rules_refuse(self, recorder, talks, issue):
        theirs = record(issue, "RU", "Agreed", text="Old words.")
        answer = recorder.post(
            url(issue, "entry_correct", theirs), GOOD | {"reason": "Slip", "text": "Typed words."}
        )
        assert answer.status_code == 422
        assert "Only its author or a head corrects an entry." in unescape(body(answer))
        assert "Typed words." in body(answer)
        assert Entry.objects.count() == 1

    def test_wider_correction(self, recorder, issue, entry):
        answer = recorder.post(
            url(issue, "entry_correct", entry), GOOD | {"reason": "Slip", "audience": "public"}
        )
        assert answer.status_code == 422
        assert "audience" in answer.context["form"].errors


def raising(error):
    def act(*_args, **_kwargs):
        raise error

    return act


class TestTwice:
    def test_form_sent_again_records_nothing_and_says_so(self, recorder, issue):
        token = str(uuid4())
        first, again = (add(recorder, issue, IN_FORM, token=token) for _ in range(2))
        assert Entry.objects.count() == 1
        assert "Saved." in body(first)
        assert "This was recorded already; nothing was added twice." in body(again)

    def test_somebody_elses_form(self, client, talks, issue):
        token = str(uuid4())
        client.force_login(talks.recorder)
        add(client, issue, token=token)
        client.force_login(talks.head)
        answer = add(client, issue, token=token)
        assert answer.status_code == 422
        assert "sent by somebody else" in body(answer)
        assert Entry.objects.count() == 1

    @pytest.mark.parametrize("name", ["entry_correct", "entry_retract"])
    def test_reply_sent_again(self, recorder, issue, entry, name):
        typed = GOOD | {"reason": "Slip", "token": str(uuid4())}
        answers = [recorder.post(url(issue, name, entry), typed) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [302, 302]
        assert Entry.objects.count() == 2

    def test_undo_sent_again(self, recorder, issue, entry):
        for expected in ("Undone.", "This was undone already."):
            answer = recorder.post(url(issue, "entry_undo", entry), headers=IN_FORM)
            assert expected in body(answer)
        assert Entry.objects.count() == 2


class TestReplies:
    def test_correction(self, recorder, issue, entry):
        typed = GOOD | {"reason": "Misheard", "status": "Raised", "text": "New words."}
        answer = recorder.post(url(issue, "entry_correct", entry), typed)
        assert answer.status_code == 302
        assert "Headline is now Raised (was Agreed)" in said_to(recorder, answer)
        made = entry.corrections.get()
        assert (made.text, made.reason) == ("New words.", "Misheard")

    def test_retraction(self, recorder, issue, entry):
        answer = recorder.post(url(issue, "entry_retract", entry), {"reason": "Wrong item"})
        assert "The item has no status yet" in said_to(recorder, answer)
        assert entry.corrections.get().kind == "retraction"

    def test_second_source(self, recorder, issue, entry):
        typed = {"url": "https://example.org/b", "title": "B", "dated": "Jun 2025"}
        answer = recorder.post(url(issue, "entry_source", entry), typed)
        assert "Source added." in said_to(recorder, answer)
        assert entry.sources.get().url == "https://example.org/b"
        assert headline(issue) == "Agreed"

    @pytest.mark.parametrize("name", ["entry_correct", "entry_retract"])
    @pytest.mark.parametrize("headers", [{}, IN_REPLY], ids=["page", "htmx"])
    def test_second_editor_gets_both_versions_and_keeps_what_they_typed(
        self, client, talks, issue, entry, name, headers
    ):
        data = factories.entry_data(talks.negotiation, "RU", "Raised", text="Their words.")
        person = viewer(talks.negotiation)
        services.correct(entry, data, viewer=person, reason="Their reason")
        client.force_login(talks.recorder)
        typed = GOOD | {"reason": "My reason", "text": "My words."}
        answer = client.post(url(issue, name, entry), typed, headers=headers)
        assert answer.status_code == 409
        told = unescape(words(body(answer)))
        for expected in ("Somebody was faster.", "Their words.", "Their reason", str(talks.head)):
            assert expected in told
        assert "My reason" in body(answer)
        assert name == "entry_retract" or "My words." in body(answer)
        assert entry.corrections.count() == 1

    def test_undo_too_late_says_what_to_do_instead(self, recorder, issue, entry):
        with time_machine.travel(entry.recorded_at + dt.timedelta(minutes=11)):
            answer = recorder.post(url(issue, "entry_undo", entry), headers=IN_FORM)
        assert "Undo works for ten minutes. Correct or retract the entry instead." in body(answer)
        assert 'class="message error"' in body(answer)
        assert headline(issue) == "Agreed"

    def test_undo_of_what_somebody_corrected(self, recorder, talks, issue, entry):
        services.retract(entry, viewer=viewer(talks.negotiation), reason="Slip")
        answer = recorder.post(url(issue, "entry_undo", entry), headers=IN_FORM)
        assert "Somebody has replaced this entry meanwhile; nothing was undone." in body(answer)

    def test_undo_takes_back_all_of_one_form(self, recorder, issue):
        add(recorder, issue, same="on")
        recorder.post(url(issue, "entry_undo", Entry.objects.first()))
        assert headline(issue) == "None"
        assert Entry.objects.filter(kind="undo").count() == 2

    def test_undone_entry_is_gone_for_others_and_struck_for_its_author(
        self, client, talks, issue, entry
    ):
        client.force_login(talks.recorder)
        client.post(url(issue, "entry_undo", entry))
        own = body(client.get(issue.get_absolute_url()))
        assert "Old words." in own
        assert 'class="struck"' in own
        client.force_login(talks.head)
        page = body(client.get(issue.get_absolute_url()))
        assert "Old words." not in page
        assert "0 entries on record" in words(page)
        for name in ("entry_correct", "entry_retract", "entry_source", "entry_undo"):
            answer = client.post(url(issue, name, entry), {"reason": "So."})
            assert answer.status_code == 404


def test_source_of_another_negotiation_cannot_be_chosen(recorder, talks, issue, entry):
    other = factories.make_negotiation(head=talks.recorder)
    foreign = record(
        factories.make_issue(other),
        "RU",
        by=talks.recorder,
        sources=[services.NewSource(title="X")],
    ).sources.get()
    answers = [
        add(recorder, issue, source=str(foreign.uuid)),
        recorder.post(url(issue, "entry_source", entry), {"source": str(foreign.uuid)}),
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert foreign.entry_links.count() == 1


def test_signed_out_meanwhile(client, issue):
    """The page stays with what was typed, and is told where to sign in."""
    answer = add(client, issue, IN_FORM)
    assert answer.status_code == 401
    assert answer["HX-Reswap"] == "none"
    assert not Entry.objects.exists()
