"""Office files: the least of OOXML, OpenDocument and HWPX that their programs open, and CSV, mail and mbox."""
import base64
import csv
import io
from xml.sax.saxutils import escape

from centre.pack import zip_file
from centre.world import MARK

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OPC = "http://schemas.openxmlformats.org/package/2006/"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
MAIN_TYPE = "application/vnd.openxmlformats-officedocument."


def content_types(parts):
    overrides = "".join('<Override PartName="%s" ContentType="%s%s+xml"/>' % (name, MAIN_TYPE, kind)
                        for name, kind in parts)
    return XML + ('<Types xmlns="%scontent-types"><Default Extension="rels" '
                  'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                  '<Default Extension="xml" ContentType="application/xml"/>%s</Types>' % (OPC, overrides))


def relationships(targets):
    rows = "".join('<Relationship Id="rId%d" Type="%s/%s" Target="%s"/>' % (n, OFFICE, kind, target)
                   for n, (kind, target) in enumerate(targets, 1))
    return XML + '<Relationships xmlns="%srelationships">%s</Relationships>' % (OPC, rows)


def packed(members):
    return zip_file([(name, data.encode()) for name, data in members])


def docx(text):
    paragraphs = "".join('<w:p><w:r><w:t xml:space="preserve">%s</w:t></w:r></w:p>' % escape(p)
                         for p in text.split("\n"))
    body = '<w:document xmlns:w="%s"><w:body>%s<w:sectPr/></w:body></w:document>' % (WORD, paragraphs)
    return packed([
        ("[Content_Types].xml", content_types([("/word/document.xml", "wordprocessingml.document.main")])),
        ("_rels/.rels", relationships([("officeDocument", "word/document.xml")])),
        ("word/document.xml", XML + body),
    ])


def column_name(n):
    name = ""
    while n >= 0:
        name = chr(65 + n % 26) + name
        n = n // 26 - 1
    return name


def sheet_xml(rows):
    out = [XML, '<worksheet xmlns="%s"><sheetData>' % SHEET]
    for r, row in enumerate(rows, 1):
        out.append('<row r="%d">' % r)
        for c, value in enumerate(row):
            where = "%s%d" % (column_name(c), r)
            if isinstance(value, int):
                out.append('<c r="%s"><v>%d</v></c>' % (where, value))
            elif value:
                out.append('<c r="%s" t="inlineStr"><is><t>%s</t></is></c>' % (where, escape(value)))
        out.append("</row>")
    return "".join(out) + "</sheetData></worksheet>"


def xlsx(sheets):
    """SHEETS: (name, rows) pairs, a row being strings and integers."""
    parts = [("/xl/workbook.xml", "spreadsheetml.sheet.main")]
    parts += [("/xl/worksheets/sheet%d.xml" % n, "spreadsheetml.worksheet") for n in range(1, len(sheets) + 1)]
    named = "".join('<sheet name="%s" sheetId="%d" r:id="rId%d"/>' % (escape(name), n, n)
                    for n, (name, _) in enumerate(sheets, 1))
    book = XML + '<workbook xmlns="%s" xmlns:r="%s"><sheets>%s</sheets></workbook>' % (SHEET, OFFICE, named)
    members = [("[Content_Types].xml", content_types(parts)),
               ("_rels/.rels", relationships([("officeDocument", "xl/workbook.xml")])),
               ("xl/workbook.xml", book),
               ("xl/_rels/workbook.xml.rels", relationships(
                   [("worksheet", "worksheets/sheet%d.xml" % n) for n in range(1, len(sheets) + 1)]))]
    members += [("xl/worksheets/sheet%d.xml" % n, sheet_xml(rows)) for n, (_, rows) in enumerate(sheets, 1)]
    return packed(members)


ODF = "urn:oasis:names:tc:opendocument:xmlns:"


def odt(text):
    paragraphs = "".join("<text:p>%s</text:p>" % escape(p) for p in text.split("\n"))
    kind = "application/vnd.oasis.opendocument.text"
    manifest = XML + ('<manifest:manifest xmlns:manifest="%smanifest:1.0" manifest:version="1.2">'
                      '<manifest:file-entry manifest:full-path="/" manifest:media-type="%s"/>'
                      '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
                      '</manifest:manifest>' % (ODF, kind))
    content = XML + ('<office:document-content xmlns:office="%soffice:1.0" xmlns:text="%stext:1.0" '
                     'office:version="1.2"><office:body><office:text>%s</office:text></office:body>'
                     '</office:document-content>' % (ODF, ODF, paragraphs))
    return packed([("mimetype", kind), ("content.xml", content), ("META-INF/manifest.xml", manifest)])


HWPML = "http://www.hancom.co.kr/hwpml/2011/"


def hwpx(text):
    paragraphs = "".join('<hp:p id="%d"><hp:run><hp:t>%s</hp:t></hp:run></hp:p>' % (n, escape(p))
                         for n, p in enumerate(text.split("\n")))
    section = XML + '<hs:sec xmlns:hs="%ssection" xmlns:hp="%sparagraph">%s</hs:sec>' % (HWPML, HWPML, paragraphs)
    container = (XML + '<ocf:container xmlns:ocf="urn:oasis:names:tc:opendocument:xmlns:container"><ocf:rootfiles>'
                 '<ocf:rootfile full-path="Contents/content.hpf"/></ocf:rootfiles></ocf:container>')
    package = (XML + '<opf:package xmlns:opf="http://www.idpf.org/2007/opf/"><opf:manifest><opf:item id="section0" '
               'href="Contents/section0.xml"/></opf:manifest></opf:package>')
    return packed([("mimetype", "application/hwp+zip"), ("META-INF/container.xml", container),
                   ("Contents/content.hpf", package), ("Contents/section0.xml", section)])


def csv_bytes(rows, encoding="utf-8-sig"):
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


def letter_eml(number, date, subject, text, attached=None):
    """A mail of the centre's own, under names that resolve nowhere; ATTACHED is (name, bytes)."""
    head = ["From: Nol Un-dam <office@onbyeol.invalid>", "To: keeper <keeper@archive.invalid>", "Date: %s" % date,
            "Subject: =?UTF-8?B?%s?=" % base64.b64encode(subject.encode()).decode(),
            "Message-ID: <%d.sample@onbyeol.invalid>" % number, "MIME-Version: 1.0", "X-Note: FICTIONAL SAMPLE"]
    plain = "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n" % (
        ("%s\n\n%s" % (MARK, text)).replace("\n", "\r\n"))
    if attached is None:
        return ("\r\n".join(head) + "\r\n" + plain).encode()
    name, data = attached
    coded = base64.b64encode(data).decode()
    lines = "\r\n".join(coded[n:n + 76] for n in range(0, len(coded), 76))
    edge = "=_sample_%d" % number
    return ("\r\n".join(head) + "\r\nContent-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\n%s--%s\r\n"
            "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
            "Content-Disposition: attachment; filename=\"%s\"\r\n\r\n%s\r\n--%s--\r\n"
            % (edge, edge, plain, edge, name, lines, edge)).encode()


def mbox(mails):
    out = b""
    for mail in mails:
        body = mail.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ")
        out += b"From office@onbyeol.invalid Fri Mar  4 09:30:00 2016\n" + body + b"\n"
    return out
