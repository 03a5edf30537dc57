"""The known ways in which such programs have leaked, and the test that closes each here.

A test is named as `file::test`, below `tests/`. What cannot arise here says why in a sentence.
"""

WORDS = "leaks/test_leaks.py::test_no_word_reaches_whom_it_is_not_for"
BYTES = "leaks/test_leaks.py::test_no_byte_differs_between_the_worlds"
ADMIN = "leaks/test_leaks.py::test_hidden_row_of_the_admin_answers_as_one_that_is_not_there"
LOGS = "leaks/test_leaks.py::test_no_word_is_logged"
GONE = "leaks/test_revocation.py::test_nothing_answers_and_nothing_changes"
HEADERS = "test_foundation/test_headers.py"
COPIES = "leaks/test_revocation.py::test_what_was_under_way_is_lost"

CHANNELS = {
    "L1 totals and pages of lists": [BYTES],
    "L2 search results and passages": [WORDS, BYTES],
    "L3 a count, or that there is something": [
        BYTES,
        "issues/test_vault.py::test_not_named_and_nothing_there_are_the_same_bytes",
    ],
    "L4 sums, progress and matrix totals": [BYTES],
    "L5 order, filters and groups by what is hidden": [
        BYTES,
        "leaks/test_coverage.py::test_every_filter_has_a_row",
        "issues/test_edition.py::test_items_that_are_not_public_decide_nothing_in_its_order",
    ],
    "L6 choice lists and data within pages": [
        BYTES,
        "issues/test_scopes.py::test_source_of_a_hidden_entry_cannot_be_chosen",
    ],
    "L7 autocompletes and pickers of people": [
        BYTES,
        "issues/test_notes.py::test_who_is_tied_names_only_their_own_side",
        "issues/test_notes.py::test_only_people_in_the_negotiation_can_be_named",
    ],
    "L8 side addresses of boards": [
        BYTES,
        "leaks/test_coverage.py::test_every_fragment_has_a_row",
    ],
    "L9 ids of something else, in addresses and forms": [
        BYTES,
        "test_permissions.py::test_what_is_not_of_this_negotiation_is_missing",
    ],
    "L10 forms for editing, and what they send": [
        BYTES,
        "issues/test_scopes.py::test_hidden_entry_answers_as_one_that_is_not_there",
    ],
    "L11 many at once": [BYTES],
    "L12 copies": [
        "leaks/test_leaks.py::test_a_paper_for_all_members_holds_no_more_than_theirs",
        BYTES,
    ],
    "L13 history that names what is hidden": [
        WORDS,
        BYTES,
        "issues/test_note_sight.py::test_told_with_its_reason_to_who_saw_it_before_and_since",
    ],
    "L14 revisions of what is private": [WORDS, ADMIN],
    "L15 relations and back-links": [WORDS, BYTES],
    "L16 rendered once for all": [WORDS, BYTES],
    "L17 CSV, XLSX and JSON": [
        WORDS,
        BYTES,
        "leaks/test_coverage.py::test_every_file_has_a_row",
    ],
    "L18 PDF, Word and print": [
        WORDS,
        BYTES,
        "leaks/test_coverage.py::test_every_form_of_a_paper_has_a_row",
    ],
    "L19 feeds and calendars": "There are none; a new address would need a row in the table.",
    "L20 mail": [
        "leaks/test_leaks.py::test_no_word_is_mailed",
        "leaks/test_leaks.py::test_mail_went_out",
    ],
    "L21 subscriptions after access has ended": [
        GONE,
        "leaks/test_revocation.py::test_what_was_let_out_is_taken_back",
        "leaks/test_revocation.py::test_a_link_ends_with_its_makers_membership",
    ],
    "L22 replies by mail": "Nothing is received by mail.",
    "L23 chat and other programs": "Nothing is sent to another host.",
    "L24 streams of activity and times": [BYTES],
    "L25 files: content, name and size": [WORDS, BYTES],
    "L26 the interface for programs": "There is none: files are made by the code of the pages.",
    "L27 forms that come filled in": [BYTES],
    "L28 navigation and badges": [BYTES],
    "L29 robots.txt, pictures and paths of files": [WORDS, BYTES],
    "L30 refusals: 403 or 404, and their words": [
        BYTES,
        "test_permissions.py::test_a_stranger_cannot_tell_it_from_what_is_missing",
        "issues/test_hidden_use.py::test_used_in_secret_or_not_at_all_it_stays_with_the_same_sentence",
    ],
    "L31 the page about a conflict": [
        BYTES,
        "issues/test_sight_pages.py::test_a_conflict_loses_nothing_of_who_may_see_it",
    ],
    "L32 a party or person removed": [
        "issues/test_scopes.py::test_new_scope_sees_what_was_kept_before",
        "issues/test_notes.py::test_who_went_over_to_the_other_side_sees_none_of_it",
        GONE,
    ],
    "L33 seen first and restricted afterwards": [
        "issues/test_sight.py::test_all_is_written_with_its_audience_at_once",
    ],
    "L34 asked from another site": [
        f"{HEADERS}::test_other_sites_may_not_probe",
        "test_foundation/test_every_address.py::test_no_other_site_gets_an_answer",
    ],
    "L35 what the browser keeps": [
        f"{HEADERS}::test_every_answer_is_guarded_and_stored_nowhere",
        "test_foundation/test_account_pages.py::test_back_after_signing_out_shows_nothing",
        "browser/test_trouble.py::test_signing_out_leaves_nothing_behind",
    ],
    "L36 saved views": "There are none: a view is its address, made anew for whoever opens it.",
    "L37 lists of people": [BYTES],
    "L38 when something was last said": [BYTES],
    "L39 the administrator’s pages, and the log": [WORDS, BYTES, ADMIN, LOGS],
    "L40 labels": "There are none.",
    "L41 ids, numbers and gaps": [
        BYTES,
        "issues/test_sight.py::test_item_of_a_delegation_is_numbered_apart",
    ],
    "L42 a copy of everything": [
        WORDS,
        BYTES,
        COPIES,
        "issues/test_backups.py::test_it_is_whole_private_and_says_what_it_holds",
    ],
}
