"""From bytes to a document that follows the published schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ..exports.document import FORMAT, SCHEMA, VERSION

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

Document = dict[str, Any]
# More than a person reads; the first ones tell what is wrong.
MOST = 50


class Problem(NamedTuple):
    """What is wrong, and where in the file: "$.entries[3].said"."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}"


class Unreadable(Exception):
    """The file is not what it should be; `problems` say where, the first fifty at most."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def read_document(content: bytes) -> Document:
    """The document in these bytes. Raises Unreadable unless it follows the schema."""
    document = _parsed(content)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise Unreadable([Problem("$.format", f"This is no file of the kind “{FORMAT}”.")])
    if document.get("version") != VERSION:
        sentence = f"This Parley reads version {VERSION} of the format, and no other."
        raise Unreadable([Problem("$.version", sentence)])
    if found := list(islice(_problems(document), MOST)):
        # A record that lacks five fields is found five times.
        raise Unreadable(list(dict.fromkeys(found)))
    return document


def _parsed(content: bytes) -> Any:
    try:
        text = content.decode("utf-8-sig")
        document = json.loads(text, parse_constant=_refuse, parse_float=_refuse)
        # What a database cannot store: half a letter, and the letter zero.
        text.encode("utf-8")
        if "\\u" in text and _has_unfit(document):
            raise ValueError("it holds a character that cannot be stored")
    except UnicodeDecodeError as error:
        raise Unreadable([Problem("$", "The file is not UTF-8 text.")]) from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Unreadable([Problem("$", f"This is no JSON: {error.msg} at {where}.")]) from error
    except (ValueError, RecursionError) as error:
        raise Unreadable([Problem("$", f"The file cannot be read: {error}.")]) from error
    return document


def _refuse(word: str) -> Any:
    raise ValueError(f"“{word[:20]}” is no whole number")


def _has_unfit(value: Any) -> bool:
    if isinstance(value, str):
        return any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, dict):
        return any(map(_has_unfit, value)) or any(map(_has_unfit, value.values()))
    return isinstance(value, list) and any(map(_has_unfit, value))


@lru_cache(maxsize=1)
def _validator() -> Draft202012Validator:
    # Loaded with the first file: hardly any process ever reads one.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _problems(document: Document) -> Iterator[Problem]:
    for error in _validator().iter_errors(document):
        yield Problem(error.json_path, _sentence(error))


def _sentence(error: ValidationError) -> str:
    """The library's finding in plain words, without repeating the whole value."""
    shown = str(error.instance)[:60]
    match error.validator:
        case "required":
            missing = [name for name in error.validator_value if name not in error.instance]
            return f"“{'”, “'.join(missing)}” is missing."
        case "additionalProperties":
            known = error.schema.get("properties", {})
            extra = [name for name in error.instance if name not in known]
            return f"There is no field “{'”, “'.join(extra)[:100]}”."
        case "enum":
            return f"“{shown}” is none of {', '.join(map(str, error.validator_value))}."
        case "pattern":
            wanted = error.schema.get("description", "another form")
            return f"“{shown}” is not as it should be: {wanted}"
        case "maxLength":
            return f"This is longer than {error.validator_value} letters."
        case "type":
            kinds = error.validator_value
            wanted = [kinds] if isinstance(kinds, str) else kinds
            return f"This should be a {' or '.join(_KINDS.get(one, one) for one in wanted)}."
        case "minItems":
            return f"There must be at least {error.validator_value}."
        case "minimum" | "maximum":
            return f"{shown} is too {'small' if error.validator == 'minimum' else 'large'}."
        case "minLength":
            return "This is empty."
    return f"“{shown}” is not allowed here."


_KINDS = {"object": "record", "array": "list", "string": "text", "integer": "whole number"}
