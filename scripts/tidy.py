#!/usr/bin/env python3
"""tidy.py [ROOT | --untranslated]

Hold the tree to its own rules.  Prints one line for each finding, `path:line: what`, and exits 1 when there is one.
With --untranslated: print the sentences that the catalogue lacks, as its `en` lines, for a translator to complete.

  layers      layers.txt is a stair, and every #include is granted there; no room opens another's internal header
  headers     a third-party header is included only by the room that layers.txt names
  exports     what a room exports begins with one of its prefixes (nm over build/src)
  circles     a room's objects use only symbols of rooms granted to it (nm over build/src)
  twins       src/ROOM/x.c has tests/ROOM/x_test.c, or a line `src/ROOM/x.c — reason` in tests/twins.txt
  catalogue   every sentence a person can read is in the catalogue, English and Korean, with the same conversions
  form        line length, tabs, blanks at line ends, file size, words that promise work for later
  dead        every source file is in a list of Meson, every header is included, every script is run by something
"""
import errno
import functools
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import catalogue  # noqa: E402

# ---- What may be adjusted -------------------------------------------------------------------------------------------

# Functions that take a sentence for people: name -> index of that argument.  Every function that the source declares
# with the attribute format(printf, ...) is one too, and every macro that hands its __VA_ARGS__ on to one.  TEXT marks
# a sentence that is put into the person's language elsewhere.
TEXT_CALLS = {"text_tr": 0, "TEXT": 0}
# Those that write what is not for people.
PLAIN_CALLS = {"buf_printf", "file_path"}
# Functions named like these take a sentence as the first argument that holds a string literal.
TEXT_CALL_PATTERN = re.compile(r"^(say|warn|ui)(_[a-z0-9_]+)?$")
# Rooms whose tables are for people: there, every literal of two or more words is a sentence.
TEXT_ROOMS = {"verbs"}
# Tables of which some fields are for people, whatever they hold: name -> indices of the fields; a pair leads into a
# field that is itself a table.
TEXT_TABLES = {"verbs_table": (2, 3, (7, 2))}
# Members that are for people wherever a designated initializer names them.
TEXT_MEMBERS = {"help"}
# Errors of the system that a person can meet: the catalogue holds the C library's words for them.
SYSTEM_ERRORS = ("EACCES", "EBUSY", "EDQUOT", "EEXIST", "EFBIG", "EINVAL", "EIO", "EISDIR", "ELOOP", "EMFILE",
                 "ENAMETOOLONG", "ENODEV", "ENOENT", "ENOMEM", "ENOSPC", "ENOTDIR", "EPERM", "EROFS", "ESTALE",
                 "ETXTBSY")
FORMAT_MACROS = {f"PRI{kind}{bits}": {8: "hh", 16: "h", 32: "", 64: "l", "MAX": "l", "PTR": "l"}[bits] + kind
                 for kind in "diouxX" for bits in (8, 16, 32, 64, "MAX", "PTR")}

COLUMNS_MAX = 120
FILE_BYTES_MAX = 1 << 20
LATER_WORDS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
SOURCE_ENDINGS = (".c", ".h", ".py", ".sh", ".go", ".build", ".js")
LONG_LINES_ALLOWED = ("LICENSE", "package-lock.json", ".md", "text_catalogue.txt", ".good")
FOLDERS_PASSED_OVER = {".git", "build", "node_modules", "__pycache__"}

# Headers of the C library and the kernel: anyone may include them.  All others must be named in layers.txt.
SYSTEM_HEADERS = re.compile(
    r"^(?:(?:sys|linux|net|netinet|arpa|asm)/[a-z0-9_/]+|immintrin|cpuid|x86intrin|"
    r"aio|assert|ctype|dirent|dlfcn|endian|err|errno|fcntl|features|fenv|float|fnmatch|fts|ftw|getopt|glob|grp|iconv|"
    r"inttypes|langinfo|libgen|limits|locale|malloc|math|mntent|poll|pthread|pwd|sched|semaphore|setjmp|signal|"
    r"spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|syslog|termios|"
    r"threads|time|uchar|unistd|utime|wchar|wctype)\.h$")
TEST_HEADERS = {"cmocka.h"}

# ---- Reading the tree -----------------------------------------------------------------------------------------------


class Tree:
    """The files of a source tree, each read once, and its layers.txt."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.paths = sorted(self.walk())
        self.layers, self.programs, self.prefixes, self.owners = {}, {}, {}, {}
        self.layer_findings = list(self.read_layers())

    def walk(self):
        for folder, folders, files in os.walk(self.root):
            folders[:] = [name for name in folders if name not in FOLDERS_PASSED_OVER]
            for name in files:
                path = pathlib.Path(folder, name)
                if name != ".git" and not path.is_symlink():
                    yield str(path.relative_to(self.root))

    @functools.lru_cache(maxsize=None)
    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    @functools.lru_cache(maxsize=None)
    def tokens(self, path):
        return list(c_tokens(self.text(path)))

    def files(self, start, *endings):
        return [path for path in self.paths if path.startswith(start) and path.endswith(endings or "")]

    def read_layers(self):
        tables = {"[layers]": self.layers, "[programs]": self.programs, "[prefixes]": self.prefixes,
                  "[headers]": self.owners}
        table = None
        for number, line in enumerate(self.text("layers.txt").split("\n"), 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            name, colon, words = line.partition(":")
            if line in tables:
                table = tables[line]
            elif table is None or not colon or name in table:
                yield f"layers.txt:{number}: not a line of the form `name: words` in a section, or named twice"
            else:
                if table in (self.layers, self.programs):
                    for word in words.split():
                        if word not in self.layers:
                            yield f"layers.txt:{number}: {name} names {word}, which does not stand above it"
                table[name] = words.split()


TOKEN = re.compile(r'''
    (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<string>(?:u8|[LuU])?"(?:[^"\\\n]|\\.)*")
  | (?P<char>[LuU]?'(?:[^'\\\n]|\\.)*')
  | (?P<name>[A-Za-z_]\w*)
  | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<space>\s+)
  | (?P<mark>.)''', re.X | re.S)


def c_tokens(text):
    """(kind, text, line) of C source, without comments and white space."""
    line = 1
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        if kind not in ("comment", "space"):
            yield kind, match.group(), line
        line += match.group().count("\n")


def includes(tree, path):
    """(line, opening mark, name) of every #include."""
    for number, line in enumerate(tree.text(path).split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1), match.group(2)


def room_of(tree, path):
    """The room a file belongs to by its place: src/ROOM/..., tests/ROOM/...; None for programs and others."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] in ("src", "tests") and parts[1] in tree.layers else None


# ---- layers, headers ------------------------------------------------------------------------------------------------


def granted_to(tree, path):
    """(may include, whose internal headers) for a C file of the tree."""
    parts = path.split("/")
    room = room_of(tree, path)
    if room:
        return {room, *tree.layers[room]}, {room}
    if parts[:2] == ["src", "programs"]:
        names = {name.replace("-", "_"): rooms for name, rooms in tree.programs.items()}
        return set(names.get(pathlib.Path(path).stem, [])), set()
    return set(tree.layers), set()  # fuzz harnesses and the like may call any door


def rule_layers(tree):
    findings = list(tree.layer_findings)
    for folder in sorted({path.split("/")[1] for path in tree.files("src/") if path.count("/") > 1}):
        if folder not in tree.layers and folder != "programs":
            findings.append(f"src/{folder}: a room that layers.txt does not name")
    sources = {f"src/programs/{name.replace('-', '_')}.c": name for name in tree.programs}
    findings += [f"{path}: a program that layers.txt does not name"
                 for path in tree.files("src/programs/", ".c") if path not in sources]
    findings += [f"layers.txt: names {room}, and there is no src/{room}/meson.build"
                 for room in tree.layers if f"src/{room}/meson.build" not in tree.paths]
    findings += [f"layers.txt: names {name}, and there is no {path}"
                 for path, name in sources.items() if path not in tree.paths]
    for path in tree.files("", ".c", ".h"):
        may, own = granted_to(tree, path)
        for number, mark, name in includes(tree, path):
            if mark == "<" or not path.startswith(("src/", "tests/", "fuzz/", "bench/")):
                continue
            room, slash, rest = name.partition("/")
            beside = os.path.normpath(pathlib.Path(path).parent / name)
            if not slash or room not in tree.layers:
                if path.startswith("src/") or beside not in tree.paths:
                    findings.append(f'{path}:{number}: "{name}" is no header of a room')
            elif f"src/{name}" not in tree.paths:
                findings.append(f'{path}:{number}: "{name}" does not exist')
            elif room not in may:
                findings.append(f'{path}:{number}: "{name}" is not granted by layers.txt')
            elif rest.endswith("internal.h") and room not in own and not path.startswith(("fuzz/", "bench/")):
                findings.append(f'{path}:{number}: "{name}" is the inside of another room')
    return findings


def owner_of(tree, header):
    for name, rooms in tree.owners.items():
        if header == name or (name.endswith("/") and header.startswith(name)):
            return rooms
    return None


def rule_headers(tree):
    findings = []
    for path in tree.files("", ".c", ".h"):
        if not path.startswith(("src/", "tests/", "fuzz/", "bench/")):
            continue
        for number, mark, name in includes(tree, path):
            if mark != "<" or SYSTEM_HEADERS.match(name):
                continue
            owners = owner_of(tree, name)
            if name in TEST_HEADERS:
                if not path.startswith("tests/"):
                    findings.append(f"{path}:{number}: <{name}> is for tests only")
            elif owners is None:
                findings.append(f"{path}:{number}: <{name}> is no system header, and layers.txt gives it to no room")
            elif room_of(tree, path) not in owners:
                findings.append(f"{path}:{number}: <{name}> may be included by {', '.join(owners)} only")
    return findings


# ---- exports, circles -----------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=None)
def symbols(tree):
    """room -> ({exported symbols}, {symbols used but not defined in it}), from the libraries that are built."""
    found = {}
    for room in tree.layers:
        library = tree.root / f"build/src/lib{room}.a"
        if not library.exists():
            continue
        listing = subprocess.run(["nm", "-g", "-P", str(library)], capture_output=True, text=True, check=True).stdout
        defined, used = set(), set()
        for line in listing.split("\n"):
            words = line.split()
            if len(words) >= 2 and len(words[1]) == 1:
                (used if words[1] in "Uvw" else defined).add(words[0])
        found[room] = (defined, used - defined)
    return found


def rule_exports(tree):
    findings = []
    for room, (defined, _) in symbols(tree).items():
        allowed = tuple(tree.prefixes.get(room, [f"{room}_"]))
        for name in sorted(defined):
            if not name.startswith(allowed):
                findings.append(f"src/{room}: exports {name}; its prefixes are {' '.join(allowed)}")
    return findings


def rule_circles(tree):
    findings = []
    home = {name: room for room, (defined, _) in symbols(tree).items() for name in defined}
    for room, (_, used) in symbols(tree).items():
        for name in sorted(used):
            other = home.get(name, room)
            if other != room and other not in tree.layers[room]:
                findings.append(f"src/{room}: uses {name} of {other}, which layers.txt does not grant")
    return findings


# ---- twins ----------------------------------------------------------------------------------------------------------


def rule_twins(tree):
    findings, excused = [], {}
    lines = tree.text("tests/twins.txt").split("\n") if "tests/twins.txt" in tree.paths else []
    for number, line in enumerate(lines, 1):
        if line == "" or line.startswith("#"):
            continue
        path, dash, reason = line.partition(" — ")
        if not dash or not reason.strip():
            findings.append(f"tests/twins.txt:{number}: not of the form `path — reason`")
        elif path not in tree.paths:
            findings.append(f"tests/twins.txt:{number}: {path} does not exist")
        excused[path] = number
    for path in tree.files("src/", ".c"):
        _, room, name = path.split("/", 2) if path.count("/") > 1 else (None, None, path)
        if room in (None, "programs"):
            continue
        twin = f"tests/{room}/{name.removesuffix('.c')}_test.c"
        if twin in tree.paths and path in excused:
            findings.append(f"tests/twins.txt:{excused[path]}: {path} has its test now")
        elif twin not in tree.paths and path not in excused:
            findings.append(f"{path}: has neither {twin} nor a line in tests/twins.txt")
    return findings


# ---- catalogue ------------------------------------------------------------------------------------------------------

CATALOGUE = "src/base/text_catalogue.txt"
CONVERSION = re.compile(r"%(?:(?P<place>\d+)\$)?(?P<flags>[-+ #0']*)(?P<width>\*(?:\d+\$)?|\d+)?"
                        r"(?:\.(?P<precision>\*(?:\d+\$)?|\d+)?)?"
                        r"(?P<type>(?:hh|h|ll|l|j|z|t|L)?[diouxXeEfFgGaAcspnm%])")


def conversions(text):
    """place -> type of the arguments a printf format takes; None when it is malformed or mixes its two manners."""
    taken, placed = {}, None

    def take(place, kind):
        nonlocal placed
        if placed not in (None, place is not None):
            return False
        placed = place is not None
        where = int(place) if place else len(taken) + 1
        return taken.setdefault(where, kind) == kind

    at = 0
    while (at := text.find("%", at)) >= 0:
        match = CONVERSION.match(text, at)
        if match is None:
            return None
        at = match.end()
        if match["type"] == "%":
            continue
        for star in (match["width"], match["precision"]):
            if star and star[0] == "*" and not take(star[1:].rstrip("$") or None, "*"):
                return None
        if match["type"] != "m" and not take(match["place"], match["type"]):
            return None
    return taken


def literal_groups(tokens):
    """[(line, text)] of the string literals among tokens, neighbours joined as the compiler joins them."""
    groups, open_group = [], False
    for kind, text, line in tokens:
        if kind == "string":
            piece = catalogue.unescape(text[text.index('"') + 1:-1])
        elif kind == "name" and text in FORMAT_MACROS and (open_group or groups == []):
            piece = FORMAT_MACROS[text]
        else:
            open_group = False
            continue
        if open_group:
            groups[-1] = (groups[-1][0], groups[-1][1] + piece)
        else:
            groups.append((line, piece))
        open_group = True
    return groups


def call_arguments(tokens, at):
    """The argument token lists of the call whose opening parenthesis is tokens[at]."""
    arguments, depth = [[]], 0
    for token in tokens[at:]:
        if token[1] in ("(", "[", "{") and token[0] == "mark":
            depth += 1
            if depth == 1:
                continue
        elif token[1] in (")", "]", "}") and token[0] == "mark":
            depth -= 1
            if depth == 0:
                return arguments
        if depth == 1 and token[1] == ",":
            arguments.append([])
        else:
            arguments[-1].append(token)
    return arguments


def is_call(tokens, at):
    """Is the name at tokens[at] called here, rather than declared, defined or merely named?"""
    if at + 1 >= len(tokens) or tokens[at + 1][1] != "(":
        return False
    kind, text, _ = tokens[at - 1] if at else ("mark", ";", 0)
    return text in ("return", "else", "do") if kind == "name" else text != "*"


def closing(tokens, at):
    """The index of the mark that closes the one at tokens[at]."""
    depth = 0
    for index in range(at, len(tokens)):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(tokens[index][1], 0)
        if depth == 0:
            return index
    return len(tokens) - 1


def opening(tokens, at):
    """The index of the mark that opens the one at tokens[at]."""
    depth = 0
    for index in range(at, -1, -1):
        depth += {"(": -1, "[": -1, "{": -1, ")": 1, "]": 1, "}": 1}.get(tokens[index][1], 0)
        if depth == 0:
            return index
    return 0


def declared_with_format(tokens):
    """(name, index of the format) of functions with the attribute format(printf, N, M), before or behind; not of those
    that take a va_list, whose callers have named the sentence already."""
    words = [text for _, text, _ in tokens]
    for at, word in enumerate(words):
        if word != "__attribute__" or "printf" not in words[at:closing(tokens, at + 1)]:
            continue
        end = closing(tokens, at + 1)
        where = words.index("printf", at, end)
        number, last = int(words[where + 2]), int(words[where + 4])
        if at and words[at - 1] == ")":
            name = words[opening(tokens, at - 1) - 1]
        else:
            name = words[words.index("(", end + 1) - 1]
        if last != 0:
            yield name, number - 1


MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)\(([^)\n]*\.\.\.)\)((?:.*\\\n)*.*)", re.M)


def text_calls(tree):
    """name -> index of the sentence, for every function and macro that takes one."""
    calls = dict(TEXT_CALLS)
    files = tree.files("src/", ".c", ".h")
    for path in files:
        calls.update((name, at) for name, at in declared_with_format(tree.tokens(path)) if name not in PLAIN_CALLS)
    for path in files:
        for name, parameters, body in MACRO.findall(tree.text(path)):
            tokens = list(c_tokens(body))
            for at, (_, text, _) in enumerate(tokens[:-1]):
                if text in calls and tokens[at + 1][1] == "(":
                    arguments = call_arguments(tokens, at + 1)[calls[text]:]
                    if arguments and [word for _, word, _ in arguments[0]] == ["__VA_ARGS__"]:
                        calls[name] = parameters.count(",")
    return calls


def row_sentences(row, places):
    """The sentences of one table row, as its tokens from { to }."""
    fields = call_arguments(row, 0)
    for place in places:
        inner, *deeper = place if isinstance(place, tuple) else (place,)
        if inner >= len(fields):
            continue
        if deeper:
            for line in call_arguments(fields[inner], 0):
                yield from row_sentences(line, deeper) if line else ()
        else:
            yield from literal_groups(fields[inner])


def placed_sentences(tokens):
    """The sentences of the tables that TEXT_TABLES names and of the members that TEXT_MEMBERS names."""
    words = [text for _, text, _ in tokens]
    for at, word in enumerate(words):
        if word in TEXT_TABLES and "=" in words[at:at + 6] and words[words.index("=", at) + 1] == "{":
            for row in call_arguments(tokens, words.index("=", at) + 1):
                yield from row_sentences(row, TEXT_TABLES[word]) if row else ()
        if word in TEXT_MEMBERS and words[at - 1:at + 2:2] == [".", "="]:
            end = next(i for i in range(at, len(words)) if words[i] in (",", "}", ";"))
            yield from literal_groups(tokens[at + 2:end])


def table_sentences(tokens):
    """What the literals of a room for people say, but in what the compiler alone reads."""
    kept, at = [], 0
    while at < len(tokens):
        if tokens[at][1] in ("assert", "static_assert", "_Static_assert", "include", "__attribute__"):
            at = closing(tokens, at + 1)
        else:
            kept.append(tokens[at])
        at += 1
    return [group for group in literal_groups(kept) if re.search(r"[A-Za-z]{2}\S* +\(?[A-Za-z]", group[1])]


def sentences(tree):
    """([(path, line, sentence)], [findings]): what the source says to people."""
    said, findings = [], []
    calls = text_calls(tree)
    for path in tree.files("src/", ".c", ".h"):
        tokens = tree.tokens(path)
        said += [(path, *group) for group in placed_sentences(tokens)]
        if room_of(tree, path) in TEXT_ROOMS:
            said += [(path, *group) for group in table_sentences(tokens)]
        for at, (kind, text, line) in enumerate(tokens):
            if kind != "name":
                continue
            if not (text in calls or TEXT_CALL_PATTERN.match(text)) or not is_call(tokens, at):
                continue
            arguments = call_arguments(tokens, at + 1)
            if text in calls:
                arguments = arguments[calls[text]:calls[text] + 1]
            groups = next((found for found in map(literal_groups, arguments) if found), [])
            named = [word for argument in arguments for _, word, _ in argument]
            if not groups and text in calls and text not in TEXT_CALLS and named != ["__VA_ARGS__"]:
                findings.append(f"{path}:{line}: {text} without a literal sentence")
            said += [(path, *group) for group in groups]
    return list(dict.fromkeys(said)), findings


def system_words():
    """(those the catalogue must hold, those it may hold)"""
    every = {os.strerror(number) for number in errno.errorcode}
    return {os.strerror(getattr(errno, name)) for name in SYSTEM_ERRORS}, every


def has_words(sentence):
    return re.search(r"[A-Za-z]{2}", CONVERSION.sub("", sentence))


def is_prose(sentence):
    """Does it hold a word of the language, not only the names of options, files and hashes?"""
    return any(re.fullmatch(r"[(\"]?[A-Za-z]{3,}[\").,:;!?]*", word) for word in CONVERSION.sub("", sentence).split())


def untranslated(tree):
    """The `en` lines that the catalogue lacks, in the order of the source."""
    known = {english for _, english, _ in catalogue.parse(tree.text(CATALOGUE))}
    lacking = dict.fromkeys(sentence for _, _, sentence in sentences(tree)[0] if has_words(sentence))
    lines = [f"en {catalogue.c_literal(sentence)[1:-1]}" for sentence in lacking if sentence not in known]
    return [line[:-1] + "\\040" if line.endswith(" ") else line for line in lines]  # no editor may trim it


def rule_catalogue(tree):
    path = CATALOGUE
    said, findings = sentences(tree)
    if path not in tree.paths:
        return findings + ([f"{path}: is missing"] if said else [])
    try:
        pairs = catalogue.parse(tree.text(path))
    except catalogue.Malformed as reason:
        return findings + [f"{path}: {reason}"]
    known = {english for _, english, _ in pairs}
    for where, line, sentence in said:
        if sentence not in known and has_words(sentence):
            findings.append(f"{where}:{line}: not in the catalogue: {sentence!r}")
    must, may = system_words()
    findings += [f"{path}: the C library's words are missing: {words!r}" for words in sorted(must - known)]
    spoken = {sentence for _, _, sentence in said}
    for line, english, korean in pairs:
        if english not in spoken and english not in may:
            findings.append(f"{path}:{line}: nobody says this any more: {english!r}")
        if conversions(english) is None or conversions(english) != conversions(korean):
            findings.append(f"{path}:{line}: the conversions of `en` and `ko` differ")
        if english.endswith("\n") != korean.endswith("\n"):
            findings.append(f"{path}:{line}: only one of `en` and `ko` ends its line")
        if not re.search(r"[가-힣]", korean) and is_prose(english):
            findings.append(f"{path}:{line}: `ko` holds no Korean")
    return findings


# ---- form, dead -----------------------------------------------------------------------------------------------------


def rule_form(tree):
    findings = []
    for path in tree.paths:
        size = (tree.root / path).stat().st_size
        if size > FILE_BYTES_MAX:
            findings.append(f"{path}: {size} bytes; at most {FILE_BYTES_MAX}")
            continue
        source = path.endswith(SOURCE_ENDINGS) or path in ("Makefile", "layers.txt", ".ci/run", "bench/run")
        if not source and not path.endswith((".md", ".txt")) or path.startswith(("fuzz/corpus/", "examples/")):
            continue
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            if len(line) > COLUMNS_MAX and not path.endswith(LONG_LINES_ALLOWED):
                findings.append(f"{path}:{number}: {len(line)} columns; at most {COLUMNS_MAX}")
            if line != line.rstrip() and not path.endswith(".md"):
                findings.append(f"{path}:{number}: blanks at the end of the line")
            if "\t" in line and path.endswith((".c", ".h", ".py", ".build")):
                findings.append(f"{path}:{number}: a tab")
            if source and LATER_WORDS.search(line):
                findings.append(f"{path}:{number}: promises work for later")
    return findings


def quoted_words(tree, path):
    return set(re.findall(r"'([^'\n]+)'", tree.text(path))) if path in tree.paths else set()


def in_a_list(tree, path):
    """Does the meson.build that must name this C file name it?"""
    folder, name = path.rsplit("/", 1)
    listed = quoted_words(tree, f"{folder}/meson.build")
    if path.startswith("src/programs/"):
        return name.removesuffix(".c") in {program.replace("-", "_") for program in tree.programs}
    if name in listed:
        return True
    ending = "_test.c" if path.startswith("tests/") else "_fuzz.c" if path.startswith("fuzz/") else None
    return ending is not None and name.endswith(ending) and name.removesuffix(ending) in listed


def rule_dead(tree):
    findings = []
    for path in tree.files("", ".c"):
        if path.startswith(("src/", "tests/", "fuzz/")) and not in_a_list(tree, path):
            findings.append(f"{path}: no meson.build names it")
    used = set()
    for path in tree.files("", ".c", ".h"):
        for _, _, name in includes(tree, path):
            used |= {f"src/{name}", os.path.normpath(pathlib.Path(path).parent / name)}
    findings += [f"{path}: nobody includes it" for path in tree.files("src/", ".h") if path not in used]
    findings += [f"{path}: nobody includes it" for path in tree.files("tests/", ".h") if path not in used]
    callers = "\n".join(tree.text(path) for path in tree.paths
                        if path in ("Makefile", ".ci/run") or path.endswith((".py", ".sh", ".build")))
    for path in tree.files("scripts/"):
        name = pathlib.Path(path)
        imported = name.suffix == ".py" and re.search(rf"^\s*import {re.escape(name.stem)}\b", callers, re.M)
        if name.name not in callers and not imported:
            findings.append(f"{path}: nothing runs it")
    return findings


RULES = {"layers": rule_layers, "headers": rule_headers, "exports": rule_exports, "circles": rule_circles,
         "twins": rule_twins, "catalogue": rule_catalogue, "form": rule_form, "dead": rule_dead}


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    if sys.argv[1:] == ["--untranslated"]:
        print("\n".join(untranslated(Tree(here))))
        return 0
    tree = Tree(sys.argv[1] if len(sys.argv) > 1 else here)
    findings = [f"{name}: {finding}" for name, rule in RULES.items() for finding in rule(tree)]
    print("".join(f"{finding}\n" for finding in findings), end="")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
