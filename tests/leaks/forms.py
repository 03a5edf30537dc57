"""The forms of a page as a browser reads them, and what it sends: bytes, whatever they are."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import quote_from_bytes, urlsplit
from uuid import uuid4

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


@dataclass(frozen=True)
class Form:
    """A form as it stands on a page; `before` is what has to be done before it is there."""

    role: str
    action: str
    method: str
    fields: tuple  # (name, value or None for a file)
    before: object = field(default=None, compare=False)

    @property
    def names(self):
        return sorted({name for name, _value in self.fields})

    @property
    def has_file(self):
        return any(value is None for _name, value in self.fields)

    def __str__(self):
        return f"{self.role}: {self.method} {self.action} ({', '.join(self.names)})"


class FormParser(HTMLParser):
    """Every form of a page: (action, method, [(name, value)])."""

    def __init__(self):
        super().__init__()
        self.forms, self._open, self._select, self._text = [], {}, None, None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            made = (given.get("action") or "", given.get("method", "get").upper(), [])
            self.forms.append(made)
            self._open[given.get("id")] = self._open[""] = made
        name, home = given.get("name"), self._open.get(given.get("form", ""))
        if tag == "option" and self._select and ("selected" in given or not self._select[2]):
            self._select[2][:] = [given.get("value", "")]
        if not name or not home:
            return
        if tag == "select":
            self._select = (home, name, [])
        elif tag == "textarea":
            self._text = (home, name, [])
        elif tag in ("input", "button"):
            self._take(home[2], name, given)

    def _take(self, into, name, given):
        kind = given.get("type", "text")
        if kind == "file":
            into.append((name, None))
        elif kind not in ("checkbox", "radio") or "checked" in given:
            into.append((name, given.get("value") or ""))
        elif name not in dict(into):
            into.append((name, given.get("value") or "on"))

    def handle_data(self, data):
        if self._text:
            self._text[2].append(data)

    def handle_endtag(self, tag):
        if tag == "select" and self._select:
            home, name, chosen = self._select
            home[2].append((name, "".join(chosen)))
            self._select = None
        elif tag == "textarea" and self._text:
            home, name, text = self._text
            home[2].append((name, "".join(text).removeprefix("\n")))
            self._text = None
        elif tag == "form":
            self._open.pop("", None)


def forms_on(answer):
    """The forms of one answer, without the token."""
    if "html" not in answer.headers.get("Content-Type", ""):
        return
    parser = FormParser()
    parser.feed(answer.content.decode())
    for action, method, found in parser.forms:
        if method == "DIALOG":  # closes what it stands in, and sends nothing
            continue
        kept = tuple((name, value) for name, value in found if name != "csrfmiddlewaretoken")
        yield action, method, kept


def shape(address):
    """The address without what names one thing among many."""
    return re.sub(r"/\d+/|/person/[^/]+/", "/*/", UUID.sub("*", urlsplit(address).path))


def encoded(data, as_parts):
    """The body and its kind. Bytes as they come: what is no text is sent as well."""
    if not as_parts:
        pairs = [f"{quoted(name)}={quoted(_text(value))}" for name, value in data]
        return "&".join(pairs).encode(), "application/x-www-form-urlencoded"
    boundary = uuid4().hex
    parts = b"".join(_part(boundary, name, value) for name, value in data)
    return parts + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _text(value):
    return value if isinstance(value, str) else value[1].decode("latin-1")


def quoted(text):
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"))


def _part(boundary, name, value):
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode(errors="replace")
    if isinstance(value, tuple):
        file_name, content = value
        head += f'; filename="{file_name}"'.encode(errors="replace") + b"\r\nContent-Type: x/y"
    else:
        content = value.encode("utf-8", "surrogatepass")
    return head + b"\r\n\r\n" + content + b"\r\n"
