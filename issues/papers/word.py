"""A paper as a Word file one can go on writing in: real headings, styles, fields, header rows."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from .document import Cell, Group, Line, NumberedSource, Paper, Row, Section, Table
from .shapes import SHAPES

SIZES = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}
SIDE = 15.0
LANGUAGE = "en-GB"
FONT = "Calibri"
GREY = RGBColor(0x44, 0x44, 0x44)
# The letters of an XML file cannot be these; typed text may hold them all the same.
CONTROLS = {code: None for code in range(32) if chr(code) not in "\t\n\r"}


def write_word(paper: Paper) -> bytes:
    """The paper as a .docx. The same paper gives the same bytes."""
    document = Document()
    _set_up(document, paper)
    _title(document, paper)
    for section in paper.sections:
        _section(document, section, _width(paper))
    if paper.sources:
        document.add_heading("Sources", 1)
        for source in paper.sources:
            _source(document, source)
    found = io.BytesIO()
    document.save(found)
    return _dated(found, paper.made_at)


# --- The document as a whole --------------------------------------------------------------------


def _set_up(document: Any, paper: Paper) -> None:
    """Page, styles, language, what the file says of itself, and the lines on every page."""
    _page(document.sections[0], paper)
    _styles(document)
    about = document.core_properties
    about.title, about.author, about.last_modified_by = paper.full_title, paper.author, paper.author
    about.subject, about.comments, about.language = paper.marking, "", LANGUAGE
    # Word takes these without a zone, as UTC.
    made = paper.made_at.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)
    about.created = about.modified = made
    about.revision = 1
    for key, part in list(document.part.package.rels.items()):
        # The template brings a picture of itself.
        if part.reltype.endswith("/thumbnail"):
            del document.part.package.rels[key]


def _page(section: Any, paper: Paper) -> None:
    width, height = SIZES[paper.size]
    section.page_width, section.page_height = Mm(width), Mm(height)
    section.left_margin = section.right_margin = Mm(SIDE)
    section.top_margin, section.bottom_margin = Mm(20), Mm(18)
    section.header_distance = section.footer_distance = Mm(9)
    head = section.header.paragraphs[0]
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER
    head.add_run(_clean(f"{paper.full_title} · {paper.marking}")).bold = True
    foot = section.footer.paragraphs[0]
    foot.paragraph_format.tab_stops.add_tab_stop(Mm(width - 2 * SIDE), WD_TAB_ALIGNMENT.RIGHT)
    foot.add_run(_clean(paper.head.footer) + "\t")
    _field(foot, "PAGE")
    foot.add_run(" / ")
    _field(foot, "NUMPAGES")


def _width(paper: Paper) -> float:
    """Of what is between the margins, in millimetres."""
    return SIZES[paper.size][0] - 2 * SIDE


def _styles(document: Any) -> None:
    """One font for every script, sizes as in the other forms, black headings."""
    sizes = {"Normal": 10, "Header": 8, "Footer": 8, "Title": 20, "List Bullet": 10}
    sizes |= {"Heading 1": 14, "Heading 2": 11, "Subtitle": 11}
    for name, size in sizes.items():
        style = document.styles[name]
        style.font.size, style.font.name = Pt(size), FONT
        style.font.color.rgb = RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for script in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(script), FONT)
        for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:cstheme", "w:eastAsiaTheme"):
            fonts.attrib.pop(qn(theme), None)
    # The template's own: stops for a page of another width, and a coloured rule.
    document.styles["Footer"].paragraph_format.tab_stops.clear_all()
    for border in document.styles["Title"].element.pPr.findall(qn("w:pBdr")):
        border.getparent().remove(border)
    normal = document.styles["Normal"]
    normal.paragraph_format.space_after = Pt(3)
    document.styles["List Bullet"].paragraph_format.space_after = Pt(1)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), LANGUAGE)
    normal.element.get_or_add_rPr().append(language)


def _field(paragraph: Any, name: str) -> None:
    """A field that Word and LibreOffice work out: the page, or how many there are."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), name)
    run, text = OxmlElement("w:r"), OxmlElement("w:t")
    text.text = "1"
    run.append(text)
    field.append(run)
    paragraph._p.append(field)


def _dated(file: io.BytesIO, made_at: dt.datetime) -> bytes:
    """The same archive with one date on all its parts, so that the bytes tell nothing else."""
    found = io.BytesIO()
    moment = made_at.astimezone(dt.UTC).timetuple()[:6]
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = zipfile.ZipInfo(name, moment)
            part.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(part, old.read(name))
    return found.getvalue()


# --- What is on it ------------------------------------------------------------------------------


def _title(document: Any, paper: Paper) -> None:
    if paper.head.logo:
        paragraph = document.add_paragraph()
        picture = paragraph.add_run().add_picture(io.BytesIO(paper.head.logo), height=Mm(16))
        picture._inline.docPr.set("descr", "Logo")
    if paper.head.heading:
        document.add_paragraph(_clean(paper.head.heading)).runs[0].bold = True
    document.add_paragraph(paper.kind, style="Subtitle")
    document.add_heading(_clean(paper.title), 0)
    table = document.add_table(0, 2)
    table.autofit = False
    for name, text in paper.facts:
        cells = table.add_row().cells
        cells[0].paragraphs[0].add_run(name).bold = True
        cells[1].paragraphs[0].add_run(_clean(text))
    _set_widths(table, (16, 84), _width(paper))


def _section(document: Any, section: Section, width: float) -> None:
    document.add_heading(section.title, 1)
    for line in section.intro:
        _write(document.add_paragraph(), line)
    if section.table:
        _table(document, section.table, width)
    for part in section.parts:
        if part.title:
            document.add_heading(_clean(part.title), 2)
        for line in part.lines:
            _write(document.add_paragraph(style="List Bullet"), line)
    if section.note:
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_before = Pt(4)
        paragraph.add_run(section.note).font.color.rgb = GREY


def _table(document: Any, table: Table, width: float) -> None:
    """With a row of heads that repeats on every page; no row breaks across two."""
    made = document.add_table(1, len(table.heads), style="Table Grid")
    made.autofit, made.alignment = False, WD_TABLE_ALIGNMENT.CENTER
    _describe(made, table.caption)
    for cell, head in zip(made.rows[0].cells, table.heads, strict=True):
        cell.paragraphs[0].add_run(_clean(head)).bold = True
        _shade(cell)
    _mark_row(made.rows[0], "w:tblHeader")
    for row in table.rows:
        _row(made.add_row(), row)
    _set_widths(made, table.widths, width)


def _row(made: Any, row: Row | Group) -> None:
    _mark_row(made, "w:cantSplit")
    if isinstance(row, Group):
        cells = made.cells
        whole = cells[0].merge(cells[-1])
        whole.paragraphs[0].add_run(_clean(row.title)).bold = True
        whole.paragraphs[0].paragraph_format.keep_with_next = True
        _shade(whole)
        return
    for cell, lines in zip(made.cells, row.cells, strict=True):
        _fill(cell, lines)
    if row.is_child:
        for paragraph in made.cells[0].paragraphs:
            paragraph.paragraph_format.left_indent = Mm(4)


def _fill(cell: Any, lines: Cell) -> None:
    for place, line in enumerate(lines):
        paragraph = cell.add_paragraph() if place else cell.paragraphs[0]
        paragraph.paragraph_format.space_after = Pt(0)
        _write(paragraph, line, size=9)


def _write(paragraph: Any, line: Line, size: float = 0) -> None:
    for run in line:
        text = f"{SHAPES[run.mark]} {run.text}" if run.mark else run.text
        made = paragraph.add_run(_clean(text))
        made.bold = True if run.style == "strong" else None
        if run.style == "muted":
            made.font.color.rgb = GREY
        if size:
            made.font.size = Pt(size)


def _source(document: Any, source: NumberedSource) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.left_indent = Mm(9)
    paragraph.paragraph_format.first_line_indent = Mm(-9)
    paragraph.add_run(f"[{source.number}]\t").bold = True
    paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(9))
    paragraph.add_run(_clean(source.text))
    for url in filter(None, (source.url, source.archive_url)):
        paragraph.add_run().add_break()
        run = paragraph.add_run(_clean(url))
        run.font.size = Pt(8)
        _link(run, url)


# --- What python-docx has no word for ------------------------------------------------------------


def _set_widths(table: Any, parts: Iterable[int], width: float) -> None:
    """Word goes by the cells, LibreOffice by the grid: both are told."""
    widths = [Mm(width * part / 100) for part in parts]
    for column, one in zip(table.columns, widths, strict=True):
        column.width = one
    for row in table.rows:
        # A merged cell spans the row and comes up once for each column.
        cells = row._tr.tc_lst
        for cell, one in zip(cells, widths if len(cells) > 1 else [Mm(width)], strict=True):
            cell.width = one


def _link(run: Any, url: str) -> None:
    """Makes the run a link: Word itself only does so while somebody types."""
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), run.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run._r.addprevious(link)
    link.append(run._r)


def _mark_row(row: Any, name: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(name))


def _shade(cell: Any) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", "EEEEEE")):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _describe(table: Any, text: str) -> None:
    """What a screen reader says of the table."""
    caption = OxmlElement("w:tblCaption")
    caption.set(qn("w:val"), text)
    table._tbl.tblPr.append(caption)


def _clean(text: str) -> str:
    return text.translate(CONTROLS)
