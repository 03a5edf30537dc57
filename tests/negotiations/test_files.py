"""Which files are kept, under what name, and how their size reads."""

import pytest
from django.core.exceptions import ValidationError

from negotiations.files import KINDS, MAX_BYTES, check_file, kept_name, mime_of, size_text
from tests.factories import make_file

PK = b"PK\x03\x04"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"%PDF-1.4"),
        ("A.PDF", b"%PDF-1.4"),
        ("a.docx", PK),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("a.jpeg", b"\xff\xd8\xff\xe0"),
        ("a.webp", b"RIFF1234WEBPVP8 "),
        ("a.heic", b"\x00\x00\x00\x18ftypheic"),
        ("a.tif", b"MM\x00*"),
        ("a.txt", "Протокол".encode()),
    ],
)
def test_what_is_what_it_is_called_is_kept(name, content):
    check_file(make_file(name, content))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.exe", b"MZ", "Only documents"),
        ("a.html", b"<script>", "Only documents"),
        ("a.svg", b"<svg/>", "Only documents"),
        ("pdf", b"%PDF-1.4", "Only documents"),
        ("a.pdf.exe", b"%PDF-1.4", "Only documents"),
        ("a.pdf", b"MZ\x90\x00", "something else"),
        ("a.docx", b"%PDF-1.4", "something else"),
        ("a.txt", b"MZ\x00\x00", "something else"),
        ("a.pdf", b"", "empty"),
    ],
)
def test_anything_else_is_refused_with_a_reason(name, content, sentence):
    with pytest.raises(ValidationError, match=sentence):
        check_file(make_file(name, content))


def test_too_large_says_how_large():
    file = make_file()
    file.size = MAX_BYTES + 100_000
    with pytest.raises(ValidationError, match="This file has 20.1 MB; at most 20 MB are kept"):
        check_file(file)


def test_checking_leaves_the_file_at_its_beginning():
    file = make_file("a.pdf", b"%PDF-1.4 and more")
    check_file(file)
    assert file.read() == b"%PDF-1.4 and more"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Protokoll vom 3. März.pdf", "Protokoll vom 3. März.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ('a"\r\nSet-Cookie: b.pdf', 'a"Set-Cookie: b.pdf'),
        ("x" * 300 + ".docx", "x" * 145 + ".docx"),
    ],
)
def test_own_name_is_one_line_without_a_folder(given, kept):
    assert kept_name(given) == kept


def test_every_kind_is_sent_as_what_it_is():
    assert mime_of("a.PDF") == "application/pdf"
    assert mime_of("unknown") == "application/octet-stream"
    assert not {"text/html", "image/svg+xml"} & {kind.mime for kind in KINDS.values()}


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (1, "1 byte"),
        (999, "999 bytes"),
        (120_400, "120 kB"),
        (3_400_000, "3.4 MB"),
        (20_000_000, "20 MB"),
    ],
)
def test_size_in_words(size, text):
    assert size_text(size) == text
