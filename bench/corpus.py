#!/usr/bin/env python3
"""Makes the corpora of the measurements, the same bytes every time.

usage: bench/corpus.py OUTDIR [a] [b] [c] [--scale X]

a  OUTDIR/a: about 1.5 GiB in 23,000 files, as an archive looks: 60 % of the bytes like media (nothing
   to compress), documents as text, HTML, source and PDF, exact copies, edited versions, clips in another wrapper.
b  OUTDIR/b: 200,000 files of 1-8 KiB (70 % text behind a line of JSON, 25 % random, 5 % copies), about 880 MiB.
c  OUTDIR/c/v1/disk.img, OUTDIR/c/v2/disk.img: a 2 GiB image (22 % zeroes, 58 % text, 20 % random) and the
   same image with 2 % of its bytes replaced (three in four) or inserted, in runs of 512 B to 256 KiB.

--scale 0.01 makes everything that much smaller.  A finished corpus has OUTDIR/<name>.stamp beside it, with the
SHA-256 over all names and contents, and is not made again.

Every choice comes from random.Random(seed), every incompressible byte from an AES-256-CTR keystream (the openssl
program), and the documents from the generator below: words by a Zipf law, Korean and English, in four kinds of
document.  PDF-like documents are deflated by zlib, so another zlib may give other bytes for them.
If GROUNDWORK_DATA names a folder that has docs/, real documents are taken from there instead; the stamp says so.
"""
import argparse
import hashlib
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import time
import zlib

DESIGN = 1                  # raise when the bytes made by this file change
KIB, MIB = 1 << 10, 1 << 20
COPY_BYTES = MIB            # what is moved at a time
CHAPTER_SENTENCES = 900     # about 90 KiB of text on one theme
THEME_REUSE = 6             # how often a piece comes again in its chapter, on average

ENGLISH = """the of and to in that was for on he she they it with as by at from were had not be this which
or an but his her their have been are when there who all no out after before into him them then one two
three would said if more also very over under during until without against between because about where what
how each other some same own any only witness camp guard prison interview testimony statement detention
officer family village border river province transfer sentence labour farm mine school hospital record
document archive photograph recording translation page annex report commission inquiry court prosecutor
defence custody receipt seal evidence item copy original date year month morning night winter spring ration
grain mother father brother daughter uncle neighbour unit section chief bureau ministry security arrest
search release escape return repatriation beating hunger illness death burial forced disappearance
interrogation confession torture cell punishment quota shift tunnel coal timber fence gate told saw heard
knew took gave came went kept held moved asked wrote signed read carried worked slept died lived remembered
counted ordered reported described identified confirmed denied believed stated public people later early""".split()
KOREAN = """그리고 그러나 그때 당시 우리 저는 나는 그는 사람 사람들 가족 어머니 아버지 형제 누나 동생 아들 딸 마을 집 학교 병원 수용소 관리소 감옥 교화소 구류장 보위부 안전부
보위원 안전원 경비대 간부 당 위원회 증언 증인 진술 면담 기록 문서 사진 녹음 번역 날짜 아침 저녁 밤 겨울 봄 여름 가을 강 국경 도 시 군 리 탄광 광산 농장 작업반 식량 배급 옥수수 소금
병 죽음 매장 체포 심문 고문 자백 처벌 이송 석방 탈출 송환 조사 재판 판결 명령 보고 확인 기억 이름 나이 출생 주소 번호 자료 원본 사본 목록 강제 노동 굶주림 폭행 실종 구금 감시 신고
이웃 친구 동료 책임자 부서 과장 국장 지도원 검열 통행증 담장 초소 철조망 수감자""".split()
PARTICLES = "은 는 이 가 을 를 에 에서 의 와 과 도 로 으로 까지 부터 에게 만 보다 처럼".split()
KOREAN_ENDS = "했다 하였다 있었다 없었다 들었다 보았다 말했다 끌려갔다 돌아오지 못했다 기억한다 모른다 죽었다 받았다".split()
ONSETS = "b c d f g h j k l m n p r s t v w st tr pr ch sh gr pl".split()
VOWELS = "a e i o u ea ou ai io".split()
CODAS = "n s t r l d ng m e y".split()
SYLLABLES_KO = "가강경고관구국군권금기길김남내노단대도동두라로리림마만명모무문미민박반방배백보봉부북비사산상서석선설성소손송수순" \
    "시신안양연영오용우운원유윤은의이인일임자장재전정제조주준중지진차천철청최추춘충태평포하학한해현형호홍화황회훈희"
MEDIA_HEADS = {"jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "mp4": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00",
               "opus": b"OggS\x00\x02OpusHead", "mov": b"\x00\x00\x00\x14ftypqt  ",
               "zip": b"PK\x03\x04\x14\x00\x00\x00\x08\x00"}


def zipf(n, shift=2.7):
    """Cumulative weights of n ranks by the Zipf-Mandelbrot law."""
    return list(itertools.accumulate(1.0 / (rank + shift) for rank in range(n)))


class Bank:
    """Pieces to be drawn by rank: few of them often, most of them seldom."""

    def __init__(self, pieces):
        self.pieces, self.weights = pieces, zipf(len(pieces))

    def draw(self, rng, n):
        return rng.choices(self.pieces, cum_weights=self.weights, k=n)


class Documents:
    """The generator: sentences are put together from banks of pieces, one set of banks for each kind and language."""

    def __init__(self, seed):
        rng = random.Random("documents " + seed)
        english = Bank(ENGLISH + [self.made_word(rng) for _ in range(16000)])
        korean = Bank(KOREAN + ["".join(rng.choices(SYLLABLES_KO, k=rng.choice((2, 2, 2, 3)))) for _ in range(16000)])
        en = [self.phrases(rng, english, 14000, lambda r, w: w) for _ in range(3)]
        ko = [self.phrases(rng, korean, 14000, lambda r, w: w + r.choice(PARTICLES) if r.random() < .6 else w)
              for _ in range(3)]
        ko[2] = [p + " " + rng.choice(KOREAN_ENDS) for p in ko[2]]
        facts_en = self.facts(rng, (" on {d}", " ({n})", " of {y}", " W-{n:06d}", " at {h}"))
        facts_ko = self.facts(rng, (" {d}에", " {n}명", " {y}년", " W-{n:06d}", " {h}쯤"))
        capital = [p[:1].upper() + p[1:] for p in en[0]]
        self.kinds = {}
        columns = (("en", capital, en[1], en[2], facts_en), ("ko", ko[0], ko[1], ko[2], facts_ko))
        for lang, first, middle, last, facts in columns:
            ends = [p + rng.choice((". ", ". ", ". ", ".\n", ".\n\n")) for p in last]
            tags = [p + rng.choice((". ", ". ", ".</p>\n<p>", '.</p>\n<p class="body">', ".</li>\n  <li>",
                                    "</td></tr>\n<tr><td>", "</a></dt>\n<dd>")) for p in last]
            links = facts + [' <a href="%s/%s.html#p%d">' % (rng.choice(("items", "people", "places", "../annex")),
                             self.made_word(rng), rng.randrange(400)) for _ in range(len(facts) // 2)]
            gaps = [" " + p + rng.choice((" ", " ", ", ")) for p in middle]
            self.kinds["text", lang] = tuple(map(Bank, (first, facts, gaps, ends)))
            self.kinds["html", lang] = tuple(map(Bank, (first, links, gaps, tags)))
        self.kinds["source", "en"] = self.source_banks(rng, english)
        self.heads = [self.head_html(rng, english) for _ in range(24)]
        self.licences = ["/*\n * " + "\n * ".join(" ".join(english.draw(rng, 9)) for _ in range(14)) + "\n */\n"
                         for _ in range(12)]

    @staticmethod
    def made_word(rng):
        syllables = rng.choice((1, 2, 2, 2, 3))
        return "".join(rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(syllables)) + rng.choice(CODAS)

    @staticmethod
    def phrases(rng, words, n, form):
        return [" ".join(form(rng, w) for w in words.draw(rng, rng.choice((2, 3, 3, 4, 5)))) for _ in range(n)]

    @staticmethod
    def facts(rng, forms):
        """Dates, counts and references: half of the sentences carry none."""
        out = [""] * 60
        for _ in range(20000):
            year, hour = rng.randrange(1958, 2017), "%d:%02d" % (rng.randrange(24), rng.randrange(60))
            day = "%d-%02d-%02d" % (year, rng.randrange(1, 13), rng.randrange(1, 29))
            out.append(rng.choice(forms).format(y=year, n=rng.randrange(200000), h=hour, d=day))
        return out

    def source_banks(self, rng, words):
        names = ["_".join(words.draw(rng, rng.choice((1, 2, 2, 3)))) for _ in range(9000)]
        name = Bank(names)
        starts = ("    int %s = ", "    if (%s ", "        return %s", "    %s->", "static int\n%s(",
                  "    for (size_t %s", "    /* %s */\n    ", "        case %s: ", "    %s[i]", "#define %s ")
        starts = [rng.choice(starts) % n for n in name.draw(rng, 9000)]
        facts = [""] * 20 + [rng.choice((" %d", "(0x%x)", "[%d]", ", %du")) % rng.randrange(70000) for _ in range(6000)]
        gaps = (" == %s", " + %s", "(%s, ", " < %s->size", " = %s(", "->%s", ", struct %s *", ' "%s"')
        gaps = [rng.choice(gaps) % n for n in name.draw(rng, 9000)]
        ends = (");\n", ";\n", ") {\n", ");\n    }\n", ";\n\n", ",\n         ", ")\n        ", ";\n}\n\n")
        ends = [n + rng.choice(ends) for n in name.draw(rng, 9000)]
        return tuple(map(Bank, (starts, facts, gaps, ends)))

    @staticmethod
    def head_html(rng, words):
        nav = words.draw(rng, rng.randrange(12, 50))
        nav = "".join('<li class="nav"><a href="/%s/">%s</a></li>\n' % (w, w) for w in nav)
        return '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n' \
            '<link rel="stylesheet" href="/style.css">\n' \
            "<title>%s</title></head>\n<body><ul>\n%s</ul>\n<p>" % (" ".join(words.draw(rng, 5)), nav)

    def sentences(self, rng, kind, lang, want):
        """At least want bytes of running text."""
        out, have = [], 0
        while have < want:
            # A chapter keeps to its own theme: a short list from each bank, of which its sentences are made.
            n = min((want - have) // 90 + 4, CHAPTER_SENTENCES)
            columns = [rng.choices(bank.draw(rng, n // THEME_REUSE + 3), k=n) for bank in self.kinds[kind, lang]]
            text = "".join(itertools.chain.from_iterable(zip(*columns))).encode()
            out.append(text)
            have += len(text)
        return b"".join(out)

    def make(self, rng, kind, want):
        """One document of about want bytes: kind is text, html, source or pdf."""
        lang = "en" if kind == "source" or rng.random() < .55 else "ko"
        if kind == "pdf":
            return self.pdf(rng, lang, want)
        if kind == "html":
            head, tail = rng.choice(self.heads).encode(), b"</p>\n</body></html>\n"
        elif kind == "source":
            head, tail = rng.choice(self.licences).encode(), b"}\n"
        else:
            head = b"Reference: W-%06d\nDate: 2016-%02d-%02d\nLanguage: %s\nPages: %d\n\n" % (
                rng.randrange(10**6), rng.randrange(1, 13), rng.randrange(1, 29), lang.encode(), rng.randrange(1, 90))
            tail = b"\n"
        return (head + self.sentences(rng, kind, lang, want))[:max(0, want - len(tail))] + tail

    def pdf(self, rng, lang, want):
        """A header, deflated page streams and a cross-reference table."""
        parts, offsets, have = [b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"], [], 15
        while have < want:
            page = self.sentences(rng, "text", lang, min(14000, (want - have) * 4 + 400)).replace(b". ", b".) Tj T* (")
            stream = zlib.compress(b"BT /F1 10 Tf 72 720 Td (" + page + b") Tj ET", 6)
            offsets.append(have)
            part = b"%d 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream\nendobj\n" % (
                len(offsets), len(stream), stream)
            parts.append(part)
            have += len(part)
        parts.append(b"xref\n0 %d\n" % len(offsets) + b"".join(b"%010d 00000 n \n" % o for o in offsets))
        parts.append(b"trailer\n<< /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets), have))
        return b"".join(parts)


class Keystream:
    """AES-256-CTR over zeroes: bytes that nothing compresses, the same for the same seed."""

    def __init__(self, seed):
        key = hashlib.sha256(b"groundwork bench " + seed.encode()).hexdigest()
        self.zero = open("/dev/zero", "rb")
        argv = ["openssl", "enc", "-aes-256-ctr", "-K", key, "-iv", "00" * 16]
        self.openssl = subprocess.Popen(argv, stdin=self.zero, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        bufsize=COPY_BYTES)

    def read(self, n):
        data = self.openssl.stdout.read(n)
        if len(data) != n:
            sys.exit("corpus.py: the openssl program gave no keystream")
        return data

    def pieces(self, n):
        while n > 0:
            k = min(n, COPY_BYTES)
            yield self.read(k)
            n -= k

    def close(self):
        self.openssl.kill()
        self.openssl.stdout.close()
        self.openssl.wait()
        self.zero.close()


class Tree:
    """The folder being made; counts and hashes all that goes into it."""

    def __init__(self, root):
        self.root, self.files, self.bytes, self.digest, self.made = root, 0, 0, hashlib.sha256(), set()

    def put(self, path, pieces):
        full = os.path.join(self.root, path)
        folder = os.path.dirname(full)
        if folder not in self.made:
            os.makedirs(folder, exist_ok=True)
            self.made.add(folder)
        size = 0
        self.digest.update(b"\0" + path.encode() + b"\0")
        with open(full, "wb", buffering=0) as f:
            for piece in pieces:
                if f.write(piece) != len(piece):
                    sys.exit("corpus.py: short write to %s" % full)
                self.digest.update(piece)
                size += len(piece)
        self.files += 1
        self.bytes += size
        return size

    def get(self, path):
        with open(os.path.join(self.root, path), "rb") as f:
            return f.read()


def real_documents(folder):
    """Files of 512 B to 24 MiB under folder, sorted, as (path, size)."""
    found = []
    for here, folders, files in os.walk(folder):
        folders.sort()
        for name in files:
            path = os.path.join(here, name)
            if os.path.isfile(path) and not os.path.islink(path) and 512 <= os.path.getsize(path) <= 24 * MIB:
                found.append((os.path.relpath(path, folder), os.path.getsize(path)))
    return sorted(found)


class Source:
    """Where documents come from: the generator, or real ones under GROUNDWORK_DATA/docs."""

    KINDS = (("html", .46), ("text", .24), ("source", .24), ("pdf", .06))       # shares of the number of files
    ENDINGS = {"html": "html", "text": "txt", "source": "c", "pdf": "pdf"}

    def __init__(self, seed):
        data = os.environ.get("GROUNDWORK_DATA", "")
        self.folder = os.path.join(data, "docs") if data and os.path.isdir(os.path.join(data, "docs")) else None
        self.generator = None if self.folder else Documents(seed)
        self.name = "real documents of GROUNDWORK_DATA/docs" if self.folder else "generated documents"

    def documents(self, rng, want):
        """Yields (name, bytes) until about want bytes are out."""
        used = 0
        if self.folder:
            order = real_documents(self.folder)
            rng.shuffle(order)
            for path, size in order:
                if used >= want:
                    return
                with open(os.path.join(self.folder, path), "rb") as f:
                    yield path, f.read()
                used += size
            return
        for i in itertools.count():
            if used >= want:
                return
            kind = rng.choices([k for k, _ in self.KINDS], [w for _, w in self.KINDS])[0]
            size = int(rng.lognormvariate(10.97, 1.2) if kind == "pdf" else rng.lognormvariate(9.06, 1.4))
            data = self.generator.make(rng, kind, min(max(size, 700), 6 * MIB))
            yield "%s-%02d/%05d.%s" % (kind, rng.randrange(30), i, self.ENDINGS[kind]), data
            used += len(data)

    def pool(self, rng, want):
        """At least want bytes of text of all kinds, one document after the other."""
        pool = bytearray()
        if self.folder:
            packed = (".gz", ".pdf", ".png", ".jpg", ".gif", ".svgz", ".xz", ".zip")
            order = [p for p, size in real_documents(self.folder) if size < 400000 and not p.endswith(packed)]
            rng.shuffle(order)
            for path in order:
                if len(pool) >= want:
                    break
                with open(os.path.join(self.folder, path), "rb") as f:
                    pool += f.read()
            if len(pool) < want:
                pool *= want // max(1, len(pool)) + 1
        while len(pool) < want:
            kind = rng.choices(("html", "text", "source"), (.46, .27, .27))[0]
            pool += self.generator.make(rng, kind, min(max(int(rng.lognormvariate(9.6, 1.3)), 700), 2 * MIB))
        return bytes(pool)


def edited(data, rng, edits):
    """The same document after a few small corrections."""
    out = bytearray(data)
    for _ in range(edits):
        at, run = rng.randrange(len(out) - 40), rng.randrange(1, 33)
        fresh = " ".join(rng.choices(ENGLISH, k=9)).encode()[:run]
        act = rng.randrange(3)
        if act == 0:
            out[at:at + run] = fresh
        elif act == 1:
            out[at:at] = fresh
        else:
            del out[at:at + run]
    return bytes(out)


def corpus_a(tree, scale, source):
    rng, random_bytes = random.Random("a media"), Keystream("a media")
    want, used, media = int(920 * MIB * scale), 0, []
    while used < want:
        ending = rng.choice(sorted(MEDIA_HEADS))
        path = "case-%02d/media/%05d.%s" % (rng.randrange(40), len(media), ending)
        act, small = rng.random(), [m for m in media if m[1] < 24 * MIB]
        if act < .14 and small:
            data = tree.get(rng.choice(small)[0])
            if act < .05:               # the same clip, cut and in another wrapper
                data = random_bytes.read(rng.randrange(100, 5000)) + data[rng.randrange(0, max(1, len(data) // 4)):]
            size = tree.put(path, [data])
        else:                           # a photograph to a long video
            size = int(2 ** rng.uniform(15.3, 27.3 if rng.random() < .12 else 22.5))
            size = min(size, want - used + 4096)
            size = tree.put(path, itertools.chain([MEDIA_HEADS[ending]], random_bytes.pieces(size)))
        media.append((path, size))
        used += size
    random_bytes.close()
    rng, documents = random.Random("a documents"), []
    for name, data in source.documents(rng, int(430 * MIB * scale)):
        path = "case-%02d/docs/%s" % (rng.randrange(40), name)
        documents.append((path, tree.put(path, [data])))
    rng, used = random.Random("a versions"), 0
    documents = [d for d in documents if d[1] <= 6 * MIB]
    for i in itertools.count():
        if used >= int(190 * MIB * scale):
            return
        path = rng.choice(documents)[0]
        data = tree.get(path)
        if rng.random() < .55:
            data = edited(data, rng, rng.randrange(1, 6))
        used += tree.put("case-%02d/versions/%05d-%s" % (rng.randrange(40), i, os.path.basename(path)), [data])


def corpus_b(tree, scale, source):
    rng, random_bytes = random.Random("b"), Keystream("b")
    pool = source.pool(random.Random("b pool"), int(48 * MIB * max(scale, .05)))
    recent = []
    for i in range(int(200000 * scale)):
        size, act = rng.randrange(1024, 8193), rng.random()
        if act < .05 and recent:
            data = rng.choice(recent)
        elif act < .30:
            data = random_bytes.read(size)
        else:
            head = json.dumps({"id": i, "ref": "W-%06d" % rng.randrange(10**6), "lang": "ko",
                               "date": "2017-03-%02d" % (1 + i % 28)})
            at = rng.randrange(len(pool) - size)
            data = head.encode() + b"\n" + pool[at:at + size - len(head) - 1]
        if i % 50 == 0:
            recent.append(data)
        tree.put("%02x/r%06d" % (i & 255, i), [data])
    random_bytes.close()


def extents(rng, random_bytes, pool, total):
    """The first image, extent by extent (4 KiB to 4 MiB)."""
    while total > 0:
        size, act = min(total, 4096 * int(2 ** rng.uniform(0, 10))), rng.random()
        if act < .22:
            yield bytes(size)
        elif act < .80:
            at = rng.randrange(len(pool) - size)
            yield pool[at:at + size]
        else:
            yield random_bytes.read(size)
        total -= size


def later_image(path, rng, random_bytes, total):
    """The second image: the first with runs replaced or inserted."""
    runs, left = [], total * 2 // 100
    while left > 0:
        size = min(left, int(2 ** rng.uniform(9, 18)))
        runs.append((rng.randrange(total), size, rng.random() < .25))
        left -= size
    with open(path, "rb") as f:
        for at, size, inserted in sorted(runs):
            while f.tell() < at:
                yield f.read(min(COPY_BYTES, at - f.tell()))
            yield random_bytes.read(size)
            if not inserted:
                f.seek(min(size, total - f.tell()), os.SEEK_CUR)
        yield from iter(lambda: f.read(COPY_BYTES), b"")


def corpus_c(tree, scale, source):
    rng, random_bytes = random.Random("c"), Keystream("c")
    pool = source.pool(random.Random("c pool"), max(8 * MIB, int(256 * MIB * scale)))
    total = int(2048 * scale) * MIB
    tree.put("v1/disk.img", extents(rng, random_bytes, pool, total))
    tree.put("v2/disk.img", later_image(os.path.join(tree.root, "v1/disk.img"), rng, random_bytes, total))
    random_bytes.close()


CORPORA = {"a": corpus_a, "b": corpus_b, "c": corpus_c}


def make(out, name, scale):
    """Makes one corpus under another name, then renames it and writes its stamp."""
    folder, stamp = os.path.join(out, name), os.path.join(out, name + ".stamp")
    source = Source(name)
    wanted = {"design": DESIGN, "scale": scale, "source": source.name}
    if os.path.isfile(stamp) and os.path.isdir(folder):
        with open(stamp) as f:
            have = json.load(f)
        if all(have.get(key) == value for key, value in wanted.items()):
            print("%s: is there (%d files, %d bytes, %s)" % (name, have["files"], have["bytes"], source.name))
            return
    began = time.monotonic()
    for old in (stamp, stamp + ".new"):
        if os.path.exists(old):
            os.unlink(old)
    for old in (folder, folder + ".partial"):
        shutil.rmtree(old, ignore_errors=True)
    tree = Tree(folder + ".partial")
    CORPORA[name](tree, scale, source)
    os.rename(tree.root, folder)
    wanted.update(files=tree.files, bytes=tree.bytes, sha256=tree.digest.hexdigest())
    with open(stamp + ".new", "w") as f:
        json.dump(wanted, f)
        f.write("\n")
    os.rename(stamp + ".new", stamp)
    print("%s: made from %s in %.0f s (%d files, %d bytes, sha256 %s)" % (
        name, source.name, time.monotonic() - began, tree.files, tree.bytes, tree.digest.hexdigest()[:16]))


def main():
    parser = argparse.ArgumentParser(description="Makes the corpora of the measurements.")
    parser.add_argument("outdir")
    parser.add_argument("names", nargs="*", metavar="a|b|c", help="which (all without)")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is full size; at least 0.005")
    args = parser.parse_args()
    if not .005 <= args.scale <= 4:
        parser.error("--scale goes from 0.005 to 4")
    for name in args.names:
        if name not in CORPORA:
            parser.error("no corpus %s; there are a, b and c" % name)
    if shutil.which("openssl") is None:
        sys.exit("corpus.py: the openssl program is missing (apt-get install openssl)")
    os.makedirs(args.outdir, exist_ok=True)
    for name in args.names or sorted(CORPORA):
        make(args.outdir, name, args.scale)


if __name__ == "__main__":
    main()
