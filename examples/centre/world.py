"""Who did what to whom, where and when, in a country that does not exist.

No surname, place, camp, unit or number here is that of anything real: the surnames are plain words (well, star, anchor)
that nobody bears, the places are pictures, and dates and acts are drawn by chance.
"""
from typing import NamedTuple

from centre.chance import Chance

MARK = "FICTIONAL SAMPLE / 가공의 견본"
COUNTRY_KO, COUNTRY_EN = "온별", "Onbyeol"

WITNESSES = 160
VICTIMS = 1100      # besides the witnesses
ALLEGED = 240
DOUBLES = 60        # of the victims: persons who are in the list a second time, spelt otherwise
CASES = 2000

# Korean, then three ways to write it: by rule, by an older rule, by ear.
SURNAMES = [line.split() for line in """
너울 Neoul Nŏul Noul|가람 Garam Karam Garram|도담 Dodam Todam Dohdam|바위 Bawi Pawi Bahwee
둘레 Dulle Tulle Doolleh|별 Byeol Pyŏl Byul|놀 Nol Nol Noll|샘 Saem Saem Sem|닻 Dat Tat Dutt
돛 Dot Tot Doat|굴 Gul Kul Gool|늘 Neul Nŭl Null|밀 Mil Mil Meel|벌 Beol Pŏl Burl
겨울 Gyeoul Kyŏul Kyowool|들 Deul Tŭl Dull|여울 Yeoul Yŏul Yowool|이랑 Irang Irang Eerang
소금 Sogeum Sogŭm Sokum|마루 Maru Maru Mahroo|보라 Bora Pora Borah|구슬 Guseul Kusŭl Gooseul
""".replace("\n", "|").split("|") if line]
SYLLABLES = [line.split() for line in """
해 hae hae hay|든 deun tŭn dun|솔 sol sol soll|린 rin rin leen|범 beom pŏm bum|찬 chan ch'an chahn
윤 yun yun yoon|결 gyeol kyŏl gyul|온 on on ohn|슬 seul sŭl sul|빛 bit pit beet|나 na na nah
래 rae rae lay|운 un un oon|담 dam tam dahm|호 ho ho hoh|연 yeon yŏn yun|주 ju chu joo
명 myeong myŏng myung|석 seok sŏk suk|길 gil kil gill|순 sun sun soon|옥 ok ok ock|덕 deok tŏk duk
진 jin chin jeen|영 yeong yŏng young|금 geum kŭm gum|봄 bom pom bohm|여 yeo yŏ yuh|름 reum rŭm room
가 ga ka gah|을 eul ŭl ull|겸 gyeom kyŏm gyum|도 do to doh
""".replace("\n", "|").split("|") if line]

# code, Korean, Latin, kind
PLACES = [tuple(line.split()) for line in """
L-01 달그늘수용소 Dalgeuneul camp|L-02 먹구름골수용소 Meokgureumgol camp
L-03 서리재수용소 Seorijae camp|L-04 검은여울수용소 Geomeunyeoul camp
L-05 유리언덕구류장 Yurieondeok station|L-06 종이배나루구류장 Jongibaenaru station
L-07 첫눈마을분주소 Cheonnunmaeul station|L-08 반딧불역 Banditbul railway
L-09 구름사다리탄광 Gureumsadari mine|L-10 은모래구름읍 Eunmoraegureum town
L-11 별똥재마을 Byeolttongjae village|L-12 달팽이못마을 Dalpaengimot village
L-13 바람개비들마을 Baramgaebideul village|L-14 도토리고개마을 Dotorigogae village
L-15 늦잠나루 Neutjamnaru ferry|L-16 고래꿈포구 Goraekkum harbour
L-17 무지개솥공장 Mujigaesot works|L-18 하늘빗농장 Haneulbit farm
L-19 솜구름벌목장 Somgureum loggery|L-20 잿빛등대 Jaetbitdeungdae lighthouse
L-21 거울호수읍 Geoulhosu town|L-22 실개울마을 Silgaeul village|L-23 북두다리초소 Bukdudari post
L-24 안개상자역 Angaesangja railway|L-25 물시계읍 Mulsigye town
L-26 두꺼비바위마을 Dukkeobibawi village|L-27 노을우물농장 Noeurumul farm
L-28 열두고리교화소 Yeoldugori prison|L-29 흰까마귀관리소 Huinkkamagwi camp
L-30 소라고둥포구 Soragodung harbour
""".replace("\n", "|").split("|") if line]
PLACE_WEIGHTS = {"camp": 6, "prison": 5, "station": 4, "mine": 3, "post": 2}

# code, English noun, Korean noun, English verb ("... was"), Korean verb (ending that follows the subject)
ACTS = [
    ("A-01", "arbitrary detention", "자의적 구금",
     "held without any charge", "아무런 혐의 통보도 없이 갇혔습니다"),
    ("A-02", "beating", "구타",
     "beaten with a strap in front of the others", "다른 사람들이 보는 앞에서 가죽띠로 맞았습니다"),
    ("A-03", "forced labour", "강제노동",
     "made to carry stones from dark to dark", "어두울 때부터 어두울 때까지 돌을 날라야 했습니다"),
    ("A-04", "denial of food", "식량 차단",
     "given no food for days", "며칠 동안 먹을 것을 받지 못했습니다"),
    ("A-05", "enforced disappearance", "강제실종",
     "taken away in a lorry and not seen again", "트럭에 실려 간 뒤 다시는 보이지 않았습니다"),
    ("A-06", "forced displacement", "강제이주",
     "moved away with one bundle and no reason", "보따리 하나만 들고 이유도 모른 채 옮겨졌습니다"),
    ("A-07", "taking of property", "재산 몰수",
     "robbed of house and tools", "집과 연장을 빼앗겼습니다"),
    ("A-08", "forced confession", "강요된 자백",
     "kept standing until a paper was signed", "종이에 지장을 찍을 때까지 서 있어야 했습니다"),
    ("A-09", "separation of family", "가족 분리",
     "parted from the family", "가족과 떨어지게 되었습니다"),
    ("A-10", "denial of medicine", "치료 거부",
     "refused medicine while ill", "앓는 동안 약을 받지 못했습니다"),
    ("A-11", "killing", "살해",
     "killed, as the others said afterwards", "나중에 들은 말로는 죽임을 당했습니다"),
    ("A-12", "punishment of relatives", "연좌",
     "punished for what a relative had said", "친척이 한 말 때문에 벌을 받았습니다"),
]
POSTS = [("block warden", "막사 감독"), ("guard of the gate", "정문 경비"),
         ("section leader", "구역 책임자"),
         ("interrogator", "심문원"), ("camp deputy", "부소장"), ("store keeper", "창고 책임자"),
         ("work brigade leader", "작업반장"), ("record clerk", "서기")]
INVOLVEMENTS = ["ordered (alleged)", "carried out (alleged)", "was present (alleged)", "failed to prevent (alleged)"]
SOURCE_KINDS = ["first-hand", "first-hand", "first-hand", "hearsay", "inference"]
SEASONS = [("spring", "봄", 3, 5), ("summer", "여름", 6, 8), ("autumn", "가을", 9, 11)]

# The first witnesses are named by hand: their names are among the planted ones.
NAMED_WITNESSES = ["너울 해든", "가람 솔린", "도담 결온", "둘레 빛나", "겨울 윤슬", "여울 봄여",
                   "소금 명석", "구슬 연주",
                   "이랑 길순", "보라 겸도"]


class Person(NamedTuple):
    code: str
    ko: str
    latin: tuple        # by rule, by the older rule, by ear
    sex: str
    born: int
    home: str           # place code
    role: str           # witness, victim, alleged perpetrator
    post: tuple         # of an alleged perpetrator, (English, Korean), else ("", "")
    posted: str         # place code, or ""


class Case(NamedTuple):
    code: str
    testimony: str
    earliest: str
    latest: str
    precision: str
    wording_en: str
    wording_ko: str
    place: str
    act: tuple
    victim: str
    victim_as_written: str
    alleged: str        # person code, or "" where nobody was named
    alleged_as_written: str
    involvement: str
    source_kind: str
    confidence: str


class World(NamedTuple):
    places: dict
    persons: dict
    doubles: list       # (second code, first code): the same person twice
    cases: list
    by_testimony: dict  # testimony code -> (witness code, [Case])


def latin_name(surname, given, way):
    parts = [syllable[way] for syllable in given]
    family = surname[way]
    if way == 1:
        return "%s %s-%s" % (family, parts[0].capitalize(), parts[1])
    if way == 2:
        return "%s%s %s" % (parts[0].capitalize(), parts[1], family)
    return "%s %s%s" % (family, parts[0].capitalize(), parts[1])


def make_name(chance, wanted=None):
    surname, given = chance.pick(SURNAMES), [chance.pick(SYLLABLES) for _ in range(2)]
    if wanted is not None:
        family, rest = wanted.split()
        surname = next(s for s in SURNAMES if s[0] == family)
        given = [next(s for s in SYLLABLES if s[0] == letter) for letter in rest]
    ko = surname[0] + " " + given[0][0] + given[1][0]
    return ko, tuple(latin_name(surname, given, way) for way in (1, 2, 3))


def make_person(chance, number, role, wanted=None):
    ko, latin = make_name(chance, wanted)
    post, posted = ("", ""), ""
    if role == "alleged perpetrator":
        post, posted = chance.pick(POSTS), weighted_place(chance)
    return Person("P-%04d" % number, ko, latin, chance.pick("FM"), chance.between(1936, 1966),
                  "L-%02d" % chance.between(10, 27), role, post, posted)


def weighted_place(chance):
    return chance.pick([p[0] for p in PLACES for _ in range(PLACE_WEIGHTS.get(p[3], 1))])


def make_persons():
    chance = Chance("persons")
    persons, doubles = {}, []
    for number in range(1, WITNESSES + VICTIMS + ALLEGED + 1):
        if number <= WITNESSES:
            wanted = NAMED_WITNESSES[number - 1] if number <= len(NAMED_WITNESSES) else None
            person = make_person(chance, number, "witness", wanted)
        elif number <= WITNESSES + VICTIMS - DOUBLES:
            person = make_person(chance, number, "victim")
        elif number <= WITNESSES + VICTIMS:
            first = persons["P-%04d" % chance.between(WITNESSES + 1, WITNESSES + VICTIMS - DOUBLES)]
            person = second_mention(chance, first, number)
            doubles.append((person.code, first.code))
        else:
            person = make_person(chance, number, "alleged perpetrator")
        persons[person.code] = person
    return persons, doubles


def second_mention(chance, first, number):
    """The same person as somebody else heard of her: otherwise spelt, a year off, often without a Korean name."""
    turned = first.latin[1:] + first.latin[:1]
    return first._replace(code="P-%04d" % number, ko=first.ko if chance.one_in(2) else "", latin=turned,
                          born=first.born + chance.between(-1, 1))


def case_date(chance, year):
    """(earliest, latest, precision, English wording, Korean wording)."""
    month, day = chance.between(1, 12), chance.between(1, 28)
    draw = chance.below(100)
    if draw < 35:
        iso = "%04d-%02d-%02d" % (year, month, day)
        return (iso, iso, "day", "on %d %s %d" % (day, MONTHS[month - 1], year),
                "%d년 %d월 %d일에" % (year, month, day))
    if draw < 70:
        last = LAST_DAYS[month - 1]
        return ("%04d-%02d-01" % (year, month), "%04d-%02d-%02d" % (year, month, last), "month",
                "in %s %d" % (MONTHS[month - 1], year), "%d년 %d월에" % (year, month))
    if draw < 85:
        en, ko, first, last = chance.pick(SEASONS)
        return ("%04d-%02d-01" % (year, first), "%04d-%02d-%02d" % (year, last, LAST_DAYS[last - 1]), "season",
                "in the %s of %d" % (en, year), "%d년 %s에" % (year, ko))
    return "%04d-01-01" % year, "%04d-12-31" % year, "year", "some time in %d" % year, "%d년 어느 때" % year


MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December"]
LAST_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


class Turns:
    """Deals the alleged perpetrators of each place in turn, so that each of them is named in some case."""

    def __init__(self, persons):
        self.posted = {}
        for person in persons.values():
            if person.posted:
                self.posted.setdefault(person.posted, []).append(person)
        self.dealt = {}

    def at(self, place):
        here = self.posted.get(place, [])
        if not here:
            return None
        n = self.dealt.get(place, 0)
        self.dealt[place] = n + 1
        return here[n % len(here)]


def make_cases(persons):
    chance = Chance("cases")
    turns = Turns(persons)
    witnesses = [p for p in persons.values() if p.role == "witness"]
    victims = [p for p in persons.values() if p.role == "victim"]
    once = chance.shuffled(victims)
    more = [chance.pick(victims) for _ in range(CASES - WITNESSES - len(victims))]
    waiting = iter(once + more)
    cases, by_testimony = [], {}
    for n, witness in enumerate(witnesses):
        testimony = "T-%04d" % (n + 1)
        count = CASES // WITNESSES + (n < CASES % WITNESSES)
        stays = [weighted_place(chance) for _ in range(3)]
        year = chance.between(1984, 2001)
        mine = []
        for k in range(count):
            victim = witness if k == 0 else next(waiting)
            mine.append(make_case(chance, len(cases) + 1, testimony, victim, turns, chance.pick(stays), year + k // 4))
            cases.append(mine[-1])
        by_testimony[testimony] = (witness.code, mine)
    return cases, by_testimony


def make_case(chance, number, testimony, victim, turns, place, year):
    alleged = None if chance.one_in(9) else turns.at(place)
    involvement = chance.pick(INVOLVEMENTS) if alleged else ""
    kind = chance.pick(SOURCE_KINDS) if victim.role != "witness" else "first-hand"
    written = chance.pick([name for name in (victim.ko,) + victim.latin if name])
    return Case("C-%04d" % number, testimony, *case_date(chance, year), place, pick_act(chance, victim),
                victim.code, written, alleged.code if alleged else "",
                chance.pick((alleged.ko,) + alleged.latin) if alleged else "", involvement, kind,
                chance.pick(["high", "medium", "medium", "low"]))


def pick_act(chance, victim):
    """Who tells the story is alive and was found again."""
    survived = [act for act in ACTS if act[0] not in ("A-05", "A-11")]
    return chance.pick(survived if victim.role == "witness" else ACTS)


def make_world():
    persons, doubles = make_persons()
    cases, by_testimony = make_cases(persons)
    return World({p[0]: p for p in PLACES}, persons, doubles, cases, by_testimony)
