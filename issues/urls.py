from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, register_converter

from issues.numbers import NumberConverter
from issues.views import (
    bulk,
    changes,
    detail,
    entries,
    files,
    follow_up,
    home,
    imports,
    lists,
    notes,
    papers,
    pictures,
    public,
    publishing,
    rounds,
    search,
    setup,
    sheets,
    sight,
    sources,
    state,
    vault,
)

app_name = "issues"
register_converter(NumberConverter, "item")

# Opening, editing and ordering items.
setup_urls: list[URLPattern] = [
    path("new/", setup.issue_new, name="issue_new"),
    path("paste/", setup.issue_paste, name="issue_paste"),
    path("order/", setup.issue_order, name="issue_order"),
    path("order/heading/", setup.heading_move, name="heading_move"),
    path("<item:number>/edit/", setup.issue_edit, name="issue_edit"),
    path("<item:number>/move/", setup.issue_move, name="issue_move"),
    path("<item:number>/error/", setup.issue_mark, name="issue_mark"),
    path("<item:number>/audience/", sight.issue_audience, name="issue_audience"),
    path("<item:number>/restore/", setup.issue_restore, name="issue_restore"),
]

# One item, its history, and the one door for entries.
item_urls: list[URLPattern] = [
    path("", lists.issue_list, name="issue_list"),
    path("record/", bulk.issue_record, name="issue_record"),
    path("<item:number>/", detail.issue_detail, name="issue_detail"),
    path("<item:number>/brief/", papers.paper_brief, name="paper_brief"),
    path("<item:number>/entries/", entries.entries, name="entries"),
    path("<item:number>/entries/<uuid:uuid>/", detail.entry, name="entry"),
    path("<item:number>/entries/<uuid:uuid>/correct/", entries.entry_correct, name="entry_correct"),
    path("<item:number>/entries/<uuid:uuid>/retract/", entries.entry_retract, name="entry_retract"),
    path("<item:number>/entries/<uuid:uuid>/sources/", entries.entry_source, name="entry_source"),
    path("<item:number>/entries/<uuid:uuid>/undo/", entries.entry_undo, name="entry_undo"),
    path(
        "<item:number>/entries/<uuid:uuid>/audience/", sight.entry_audience, name="entry_audience"
    ),
    path("<item:number>/entries/<uuid:uuid>/done/", follow_up.step_done, name="step_done"),
    path("<item:number>/still-so/", follow_up.still_so, name="still_so"),
    path("<item:number>/chart/", pictures.issue_chart, name="issue_chart"),
    path("<item:number>/ask/", follow_up.ask, name="ask"),
]

# What one's own side notes on an item.
note_urls: list[URLPattern] = [
    path("<item:number>/notes/", notes.notes, name="notes"),
    path("<item:number>/notes/<uuid:note>/", notes.note, name="note"),
    path("<item:number>/notes/<uuid:note>/edit/", notes.note_edit, name="note_edit"),
    path("<item:number>/notes/<uuid:note>/audience/", sight.note_audience, name="note_audience"),
    path("<item:number>/notes/<uuid:note>/remove/", notes.note_remove, name="note_remove"),
    path("<item:number>/notes/<uuid:note>/restore/", notes.note_restore, name="note_restore"),
]

# How far a side would go: for people by name.
vault_urls: list[URLPattern] = [
    path("<item:number>/vault/", vault.vault, name="vault"),
    path("<item:number>/vault/<uuid:vault>/", vault.vault_edit, name="vault_edit"),
]

# Round by round, and what moved between two of them.
round_urls: list[URLPattern] = [
    path("rounds/", rounds.round_list, name="round_list"),
    path("rounds/<int:place>/", rounds.round_detail, name="round_detail"),
    path("rounds/<int:place>/agenda/", rounds.agenda_mark, name="agenda_mark"),
    path(
        "rounds/<int:place>/agenda/<item:number>/audience/",
        sight.agenda_audience,
        name="agenda_audience",
    ),
    path(
        "rounds/<int:place>/readouts/<str:code>/audience/",
        sight.readout_audience,
        name="readout_audience",
    ),
    path("changes/", changes.changes, name="changes"),
    path("changes/read/", changes.mark_read, name="mark_read"),
    path("papers/state/", papers.paper_state, name="paper_state"),
    path("papers/moved/", papers.paper_moved, name="paper_moved"),
]

# Where something was read or heard, and who rests on it.
source_urls: list[URLPattern] = [
    path("<uuid:source>/", sources.source_detail, name="source_detail"),
    path("<uuid:source>/audience/", sight.source_audience, name="source_audience"),
    path("<uuid:source>/file/", sources.source_file, name="source_file"),
]

# What can be taken away as a file.
file_urls: list[URLPattern] = [
    path("", files.files, name="files"),
    path("<slug:table>.csv", files.file_table, name="file_table"),
    path("prepare/", files.file_prepare, name="file_prepare"),
    path("prepare/download/", files.file_download, name="file_download"),
    path("prepare/cancel/", files.file_cancel, name="file_cancel"),
]

# What nobody speaks of, what was never answered, who owes what; and how it went, as pictures.
follow_up_urls: list[URLPattern] = [
    path("silence/", follow_up.silence, name="silence"),
    path("silence/unanswered/", follow_up.unanswered, name="unanswered"),
    path("next-steps/", follow_up.next_steps, name="next_steps"),
    path("pictures/", pictures.pictures, name="pictures"),
]

# What is typed at the table, until it is released.
sheet_urls: list[URLPattern] = [
    path("rounds/<int:place>/sheet/", sheets.round_sheet, name="round_sheet"),
    path("sources/<uuid:source>/sheet/", sheets.source_sheet, name="source_sheet"),
    path("sheets/<uuid:sheet>/", sheets.sheet, name="sheet"),
    path("sheets/<uuid:sheet>/undo/", sheets.sheet_undo, name="sheet_undo"),
]

# A table from outside, step by step; one file waits per person, so no step names it.
import_urls: list[URLPattern] = [
    path("", imports.import_start, name="import_start"),
    path("columns/", imports.import_columns, name="import_columns"),
    path("words/", imports.import_words, name="import_words"),
    path("check/", imports.import_check, name="import_check"),
    path("run/", imports.import_run, name="import_run"),
    path("progress/", imports.import_progress, name="import_progress"),
    path("forget/", imports.import_discard, name="import_discard"),
    path("empty/<slug:kind>.csv", imports.import_sample, name="import_sample"),
    path("<uuid:batch>/", imports.import_detail, name="import_detail"),
    path("<uuid:batch>/retract/", imports.import_retract, name="import_retract"),
]

# What the head lets out, and to whom.
publishing_urls: list[URLPattern] = [
    path("", publishing.publishing, name="publishing"),
    path("edition/", publishing.edition_on, name="edition_on"),
    path("edition/off/", publishing.edition_off, name="edition_off"),
    path("links/", publishing.share, name="share"),
    path("links/<uuid:link>/withdraw/", publishing.share_withdraw, name="share_withdraw"),
]


def edition_urls(door: str) -> list[URLPattern]:
    """The pages for people without account, by either door."""
    return [
        path("", public.state, name=f"{door}_state"),
        path("items/<slug:key>/", public.item, name=f"{door}_item"),
        path("rounds/", public.rounds, name=f"{door}_rounds"),
        path("rounds/<int:place>/", public.round_, name=f"{door}_round"),
        path("sources/", public.sources, name=f"{door}_sources"),
        path("sources/<uuid:source>/", public.source, name=f"{door}_source"),
        path("corrections/", public.corrections, name=f"{door}_corrections"),
    ]


urlpatterns: list[URLPattern | URLResolver] = [
    path("robots.txt", public.robots, name="robots"),
    path("public/<slug:slug>/", include(edition_urls("public"))),
    path("s/<str:secret>/", include(edition_urls("shared"))),
    path("negotiations/<slug:slug>/publishing/", include(publishing_urls)),
    path("", home.home, name="home"),
    path("negotiations/new/from-file/", files.negotiation_from_file, name="negotiation_from_file"),
    path("negotiations/new/from-file/schema/", files.file_schema, name="file_schema"),
    path("search/", search.search, name="search"),
    path("negotiations/<slug:slug>/", state.state_of_play, name="state_of_play"),
    path("negotiations/<slug:slug>/as-of/", state.show_as_of, name="show_as_of"),
    path("negotiations/<slug:slug>/issues/", include(item_urls)),
    path("negotiations/<slug:slug>/issues/", include(setup_urls)),
    path("negotiations/<slug:slug>/issues/", include(note_urls)),
    path("negotiations/<slug:slug>/issues/", include(vault_urls)),
    path("negotiations/<slug:slug>/import/", include(import_urls)),
    path("negotiations/<slug:slug>/", include(round_urls)),
    path("negotiations/<slug:slug>/sources/", include(source_urls)),
    path("negotiations/<slug:slug>/files/", include(file_urls)),
    path("negotiations/<slug:slug>/", include(follow_up_urls)),
    path("negotiations/<slug:slug>/", include(sheet_urls)),
]
