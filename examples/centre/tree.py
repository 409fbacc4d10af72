"""The centre as a plan: which paper lies in which folder, under which name, and what went wrong with it since."""
import unicodedata

from centre import office, paper, picture, planted, prose, sound
from centre.chance import Chance, noise
from centre.pack import zip_file
from centre.plan import Plan, at_time
from centre.world import MARK, make_world

CASE_COLUMNS = ["case", "testimony", "earliest", "latest", "precision", "place_code", "place_ko", "place_latin",
                "act_code",
                "act_en", "act_ko", "victim", "victim_as_written", "alleged_perpetrator", "alleged_as_written",
                "involvement", "source_kind", "confidence", "note"]
PERSON_COLUMNS = ["person", "name_ko", "name_latin_1", "name_latin_2", "name_latin_3", "sex", "born", "home_code",
                  "home_ko", "role", "post", "posted_at"]
FILM_BYTES = 3_000_000
DAYBOOK_BYTES = 2_000_000

KO, EN, NOTES = "02 증언 testimonies/한국어", "02 증언 testimonies/English", "03 면담 notes"
CONSENTS, SHEETS, PAPERS = "04 동의서 consents", "05 표 sheets", "06 문서 papers"
PICTURES, SOUNDS, MAILS = "07 사진 pictures", "08 소리 sounds", "09 편지 mail"
STICK, BROKEN = "10 받은 것 from a giver/USB 1", "11 깨진 것 broken"


def nfd(text):
    return unicodedata.normalize("NFD", text)


def legacy(text):
    """CP949, as programs of its time wrote it: it has no short vowel marks, so they were dropped."""
    return text.translate(str.maketrans("ŎŏŬŭ", "OoUu")).encode("cp949")


def case_rows(world):
    for n, case in enumerate(world.cases):
        _, place_ko, place_latin, _ = world.places[case.place]
        note = planted.SHEET_NOTE if n % 500 == 123 else ""
        yield [case.code, case.testimony, case.earliest, case.latest, case.precision, case.place, place_ko, place_latin,
               case.act[0], case.act[1], case.act[2], case.victim, case.victim_as_written, case.alleged,
               case.alleged_as_written, case.involvement, case.source_kind, case.confidence, note]


def person_rows(world):
    for p in world.persons.values():
        yield [p.code, p.ko, *p.latin, p.sex, p.born, p.home, world.places[p.home][1], p.role, p.post[0], p.posted]


class Centre:
    def __init__(self):
        self.world = make_world()
        self.plan = Plan()
        self.testimonies = [prose.Testimony(self.world, code) for code in self.world.by_testimony]

    def build(self):
        self.letters()
        self.testimony_files()
        self.notes_and_consents()
        self.sheets()
        self.papers()
        self.pictures()
        self.sounds()
        self.mails()
        self.from_a_giver()
        self.odd_names()
        self.broken()
        self.not_evidence()
        return self.plan

    def letters(self):
        add = self.plan.file
        add("README.txt", prose.README, "notice that all is fictional")
        add("읽어보기.txt", prose.README, "notice that all is fictional")
        add("01 letters/centre letter.txt", prose.LETTER, "letter", mode=0o600)
        add("01 letters/centre letter.pdf", paper.pdf_text("Letter", prose.LETTER), "PDF, English")
        add("01 letters/centre letter.odt", office.odt(prose.LETTER), "ODT")
        add("01 letters/편지.hwpx", office.hwpx(prose.LETTER), "HWPX")
        add("01 letters/old statute of the centre.txt",
            MARK + "\n\nThe centre gathers, keeps and gives back.\n" + MARK + "\n",
            "text older than 1980", mtime_ns=at_time(1974, 5, 2, 6, 7, 8, ns=987654321))
        add("01 letters/1979.txt", MARK + "\n마지막 날의 기록\n", "text older than 1980",
            mtime_ns=at_time(1979, 12, 31, 23, 59, 59, ns=999999999))

    def testimony_files(self):
        for t in self.testimonies:
            name = "%s %s" % (t.code, t.witness.ko)
            if t.number <= 110:
                self.korean_testimony(t, name)
            if t.number > 110 or t.number <= 24:
                self.plan.file("%s/%s %s.txt" % (EN, t.code, t.witness.latin[0]), prose.testimony_en(t),
                               "testimony, English, UTF-8")

    def korean_testimony(self, t, name):
        text, path = prose.testimony_ko(t), "%s/%s.txt" % (KO, name)
        if t.number % 10 == 0:
            text = text.replace("\n\n-- ", "\n\n" + planted.CP949_KO + "\n\n-- ")
            self.plan.file(path, legacy(text.replace("\n", "\r\n")), "testimony, Korean, CP949")
        elif t.number % 10 == 5:
            self.plan.file(path, b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
                           "testimony, Korean, UTF-8 with BOM")
        else:
            self.plan.file(path, text, "testimony, Korean, UTF-8", mode=0o640 if t.number % 7 == 0 else 0o644)

    def notes_and_consents(self):
        for t in self.testimonies[::3]:
            text = prose.notes(t)
            if t.number % 2:
                self.plan.file("%s/%s notes.txt" % (NOTES, t.code), text, "interview notes, text")
            else:
                self.plan.file("%s/%s notes.docx" % (NOTES, t.code), office.docx(text), "interview notes, DOCX")
        for t in self.testimonies[:90]:
            text, stem = prose.consent(t), "%s/%s 동의서 consent" % (CONSENTS, t.code)
            if t.number % 3 == 0:
                self.plan.file(stem + ".txt", text, "consent, text", mode=0o444)
            elif t.number % 3 == 1:
                self.plan.file(stem + ".pdf", paper.pdf_text(t.code, text), "PDF, Korean")
            else:
                scan = picture.scanned_page(t.code, prose.consent_on_paper(t))
                if t.number % 6 == 2:
                    self.plan.file(stem + ".pdf", paper.pdf_scan(t.code, [scan]), "PDF, scanned")
                else:
                    self.plan.file(stem + ".png", picture.png(scan, t.code), "PNG scan")

    def sheets(self):
        cases, persons = [CASE_COLUMNS, *case_rows(self.world)], [PERSON_COLUMNS, *person_rows(self.world)]
        marked = [[MARK]]
        places = [["place", "name_ko", "name_latin", "kind"], *map(list, self.world.places.values())]
        add = self.plan.file
        add(SHEETS + "/cases.csv", office.csv_bytes(cases + marked), "CSV of 2,000 cases")
        add(SHEETS + "/persons.csv", office.csv_bytes(persons + marked), "CSV of 1,500 persons")
        add(SHEETS + "/places.csv", office.csv_bytes(places + marked), "CSV of places")
        add(SHEETS + "/places (euc-kr).csv", office.csv_bytes([[row[0], row[1]] for row in places] + marked, "euc_kr"),
            "CSV of places")
        book = office.xlsx([("cases", cases + marked), ("persons", persons + marked), ("places", places + marked)])
        add(SHEETS + "/사건과 인물 cases and persons.xlsx", book, "XLSX of 2,000 cases and 1,500 persons")

    def papers(self):
        for t in self.testimonies[24:48]:
            korean = t.number % 2 == 0
            text = prose.testimony_ko(t) if korean else prose.testimony_en(t)
            document = paper.pdf_text(t.code, text, pressed=t.number % 4 < 2, named_codes=t.number % 3 == 0)
            self.plan.file("%s/%s transcript.pdf" % (PAPERS, t.code), document,
                           "PDF, Korean" if korean else "PDF, English")
        for t in self.testimonies[48:60]:
            self.plan.file("%s/%s 진술.docx" % (PAPERS, t.code), office.docx(prose.testimony_ko(t)), "DOCX")
        for t in self.testimonies[60:68]:
            self.plan.file("%s/%s statement.odt" % (PAPERS, t.code), office.odt(prose.testimony_en(t)), "ODT")
        for t in self.testimonies[68:74]:
            self.plan.file("%s/%s 진술서.hwpx" % (PAPERS, t.code), office.hwpx(prose.testimony_ko(t)), "HWPX")
        self.plan.file(PAPERS + "/일지 daybook.txt", prose.daybook(DAYBOOK_BYTES), "long text of 2 MB")

    def pictures(self):
        add = self.plan.file
        for n in range(1, 13):
            code = "L-%02d" % n
            add("%s/plan %s.png" % (PICTURES, code), picture.png(picture.plan_of_a_camp(code), planted.PICTURE_NOTE),
                "PNG plan")
        for n in range(1, 13):
            code = "S-%02d" % n
            add("%s/IMG_%04d.JPG" % (PICTURES, 400 + n), picture.jpeg(picture.snapshot(code), code), "JPEG", mode=0o755)
        for n in range(1, 5):
            code = "L-%02d" % (12 + n)
            add("%s/plan %s.gif" % (PICTURES, code), picture.gif(picture.plan_of_a_camp(code), code), "GIF")
            add("%s/plan %s.bmp" % (PICTURES, code), picture.bmp(picture.plan_of_a_camp(code)), "BMP")
            add("%s/fax %s.tif" % (PICTURES, code), picture.tiff(picture.scanned_page(code, [code, "FAX"]), code),
                "TIFF")

    def sounds(self):
        for t in self.testimonies[:12]:
            self.plan.file("%s/%s.wav" % (SOUNDS, t.code), sound.wav(t.code, 3 + t.number % 4, t.code), "WAV")
        self.plan.file(SOUNDS + "/T-0003 interview.mp4", sound.film("T-0003", FILM_BYTES), "film-like file of 3 MB")

    def mails(self):
        chance = Chance("mail")
        mails = []
        for n, t in enumerate(self.testimonies[100:118], 1):
            text = "About %s.\n%s\n%s" % (t.code, chance.pick(prose.DAYS_EN), chance.pick(prose.DAYS_KO))
            if n % 6 == 1:
                text += "\n" + planted.MAIL_EN
            attached = ("%s.txt" % t.code, prose.notes(t).encode()) if n % 4 == 0 else None
            day = "Fri, 04 Mar 2016 09:%02d:00 +0000" % n
            mails.append(office.letter_eml(n, day, "증언 %s (sample)" % t.code, text, attached))
        for n, mail in enumerate(mails[:10], 1):
            self.plan.file("%s/%02d.eml" % (MAILS, n), mail, "mail, EML")
        self.plan.file(MAILS + "/office.mbox", office.mbox(mails), "mailbox, MBOX")

    def archive(self):
        members = [(t.code + ".txt", prose.testimony_ko(t).encode()) for t in self.testimonies[:6]]
        return zip_file([("README.txt", prose.README.encode())] + members, comment=b"FICTIONAL SAMPLE")

    def copy(self, source, path, kind="exact duplicate", **options):
        self.plan.file(path, self.plan.content(source), kind, **options)

    def path_of(self, t):
        return "%s/%s %s.txt" % (KO, t.code, t.witness.ko)

    def from_a_giver(self):
        """One person's stick: the same things again, almost the same things, and things of her own."""
        for t in self.testimonies[:30]:
            self.copy(self.path_of(t), "%s/copies/%s.txt" % (STICK, t.code), mode=0o755)
        self.copy(PICTURES + "/IMG_0401.JPG", STICK + "/DCIM/100SAMPL/P1010001.JPG", mode=0o755)
        self.copy(PICTURES + "/IMG_0402.JPG", STICK + "/DCIM/100SAMPL/P1010002.JPG", mode=0o755)
        self.copy(SHEETS + "/cases.csv", STICK + "/cases (2).csv")
        self.copy(SOUNDS + "/T-0001.wav", STICK + "/녹음 1.wav")
        for t in self.testimonies[30:60]:
            self.near_duplicate(t)
        self.plan.file(STICK + "/증언 모음.zip", self.archive(), "ZIP")
        self.plan.file("%s/%s/%s.txt" % (STICK, planted.FOLDER_KO, planted.FOLDER_EN),
                       MARK + "\n" + "\n".join(t.witness.ko for t in self.testimonies[:10]) + "\n", "list of names",
                       mode=0o400)
        self.plan.folder(STICK + "/빈 폴더", kind="empty folder", mode=0o700)
        self.plan.folder(STICK + "/empty/also empty", kind="empty folder")

    def near_duplicate(self, t):
        text, stem = prose.testimony_ko(t), "%s/near/%s" % (STICK, t.code)
        if t.number % 4 == 0:
            self.plan.file(stem + " wrapped.txt", prose.wrap(text, 60) + "\n", "near duplicate")
        elif t.number % 4 == 1:
            self.plan.file(stem + " edited.txt", text.replace("겨울", "늦가을").replace("트럭", "화물차"),
                           "near duplicate")
        elif t.number % 4 == 2:
            self.plan.file(stem + " cp949.txt", legacy(text), "near duplicate")
        else:
            self.plan.file(stem + " dos.txt", b"\xef\xbb\xbf" + (text + "\n(끝)\n").replace("\n", "\r\n").encode(),
                           "near duplicate")

    def odd_names(self):
        for t in self.testimonies[:8]:
            name = "%s 사본.txt" % t.witness.ko
            self.plan.file("%s/맥 mac/%s" % (STICK, name), prose.consent(t), "name in NFC beside NFD")
            self.plan.file("%s/맥 mac/%s" % (STICK, nfd(name)), prose.consent(t) + "2\n", "name in NFD beside NFC")
        folder = STICK + "/odd names"
        names = ["two  spaces .txt", "it's \"quoted\".txt", "line\nbreak.txt", "tab\there.txt", "-rf.txt",
                 "$HOME `id`.txt",
                 "back\\slash.txt", "star * and ?.txt", ".hidden", "..a", "~", "#1;2&3|4.txt", "paper boat \u26f5.txt"]
        for n, name in enumerate(names):
            self.plan.file("%s/%s" % (folder, name), "%s\n%d\n" % (MARK, n), "odd name")
        for n, name in enumerate(["증언 사본.txt", "달그늘 명단.txt", "면담 녹취록.txt"]):
            raw = folder.encode() + b"/" + name.encode("cp949")
            self.plan.file(raw, ("%s\n%d번째 옛 파일 이름\n" % (MARK, n)).encode("cp949"), "name in CP949 bytes")
        self.plan.file(folder.encode() + b"/" + "옛 폴더".encode("cp949") + b"/a.txt", MARK + "\n",
                       "name in CP949 bytes")
        long_name = "가" * 83 + "bb.txt"[:6]
        self.plan.file("%s/%s" % (folder, long_name), MARK + "\n", "name of 255 bytes")
        deep = STICK + "/deep" + "".join("/%02d" % n for n in range(1, 31))
        self.plan.file(deep + "/bottom.txt", MARK + "\n서른 층 아래\n", "in a deep folder")
        self.plan.file(STICK + "/empty.txt", b"", "empty file")
        self.plan.file(STICK + "/빈 파일.hwp", b"", "empty file", mtime_ns=at_time(1980, 1, 1))

    def broken(self):
        source = self.plan.content
        cut = [("letter.pdf", "01 letters/centre letter.pdf", 700), ("photo.jpg", PICTURES + "/IMG_0403.JPG", 2500),
               ("plan.png", PICTURES + "/plan L-01.png", 1500), ("stick.zip", STICK + "/증언 모음.zip", 4000),
               ("notes.docx", NOTES + "/T-0004 notes.docx", 900), ("sound.wav", SOUNDS + "/T-0002.wav", 3001)]
        for name, path, size in cut:
            self.plan.file("%s/cut %s" % (BROKEN, name), source(path)[:size], "broken: cut short")
        self.plan.file(BROKEN + "/not a picture.jpg", MARK + "\nthis is text\n", "broken: wrong ending")
        self.plan.file(BROKEN + "/noise.pdf", noise("broken", 4096), "broken: noise")
        self.plan.file(BROKEN + "/bad utf8.txt", MARK.encode() + b"\n\xff\xfe\xc0\xaf \xed\xa0\x80 \xf8\n",
                       "broken: bad UTF-8")
        letter = source("01 letters/centre letter.pdf")
        moved = letter.replace(b"%PDF-1.4\n", b"%PDF-1.4\n%moved by a careless tool\n")
        self.plan.file(BROKEN + "/wrong offsets.pdf", moved, "broken: offsets moved")
        self.plan.sparse(BROKEN + "/disk image.img", [(0, MARK.encode() + b"\n"), (5 << 20, b"last words\n")],
                         (6 << 20) + 17, "sparse file of 6 MiB")

    def not_evidence(self):
        """Links, and the things an intake must refuse and say so."""
        first = self.path_of(self.testimonies[0])
        self.plan.hard_link("12 links/hard link to T-0001.txt", first, "hard link")
        self.plan.hard_link("12 links/hard link to film.mp4", SOUNDS + "/T-0003 interview.mp4", "hard link")
        self.plan.link("12 links/to a file", "../README.txt", "symbolic link")
        self.plan.link("12 links/to a folder", "../" + PICTURES, "symbolic link", at_time(1977, 7, 7, 7, 7, 7, ns=7))
        self.plan.link("12 links/to nothing", "/nonexistent/샘플", "symbolic link, dangling")
        self.plan.link("12 links/loop", "loop", "symbolic link, loop")
        self.plan.link("12 links/up", "..", "symbolic link, loop")
        self.plan.link("12 links/to raw bytes", "증언".encode("cp949"), "symbolic link, dangling")
        self.plan.special("13 not evidence/pipe", "fifo", "FIFO (refused)")
        self.plan.special("13 not evidence/socket", "socket", "socket (refused)")
        self.plan.file("13 not evidence/locked.txt", MARK + "\n읽을 수 없는 파일\n",
                       "unreadable file (refused, but not by root)",
                       mode=0)


def build():
    """(plan, world) of the whole centre."""
    centre = Centre()
    return centre.build(), centre.world
