"""The papers of the centre as text: testimonies, notes, consents, letters, the long day-book."""
from centre import planted
from centre.chance import Chance
from centre.world import COUNTRY_EN, COUNTRY_KO, MARK

STAFF = [("놀 운담", "Nol Un-dam"), ("밀 찬영", "Mil Chan-yeong"), ("돛 호진", "Dot Ho-jin"),
         ("들 래은", "Deul Rae-eun")]

DAYS_EN = [line.strip() for line in """
    We rose before the siren because the boards were too cold to lie on.
    In the evening each of us had to tell one fault of his own and two of a neighbour.
    The soup was thinner at the end of the line, so we changed places every day.
    A woman from the harbour taught the children to count with pine cones.
    I remember the smell of the tannery more than any face.
    The list was read at the gate, and whoever coughed was written down.
    When the river froze we walked across to cut reeds for the roofs.
    My shoes were made of two pieces of tyre and a sack.
    There was one mirror in the wash-house and it was turned to the wall.
    They changed the guards at the new moon, and the dogs with them.
    I did not see this myself; the man on the next plank told me.
    I have thought about the year for a long time and I am not certain of it.
    The gate had two lamps, and only the left one was ever lit.
    We kept the seeds of a melon in a matchbox until spring.
    On rest days we mended sacks, so there were no rest days.
    The store book was kept in pencil and rubbed out every month.
    He was not cruel that day; he gave my sister a piece of bread, and I want this written too.
    I say what I saw. About what was behind the second fence I know nothing.
    The names were called by number, and after a while I answered in my sleep.
    In the mine the old ones went first because they knew the sound of the stone.
    The letter I dictated was never sent; I saw it later in the stove.
    A child sang the song about the paper boat, and the guard looked away.
    The snow lay until the fourth month and covered the path to the quarry.
    I was asked to sign that I would not speak of it, and I signed.
    After the flood the whole block slept in the schoolhouse.
    We measured the days by the train: one long whistle, then two short.
    The doctor was a prisoner like us and had only salt and thread.
    I can draw the yard for you, but the distances will be wrong.
""".strip().splitlines()]
DAYS_KO = [line.strip() for line in """
    우리는 사이렌이 울리기 전에 일어났습니다. 널빤지가 차가워 누울 수 없었습니다.
    저녁마다 자기 잘못 하나와 이웃의 잘못 둘을 말해야 했습니다.
    줄 끝으로 갈수록 국이 묽어서 우리는 날마다 자리를 바꾸었습니다.
    포구에서 온 한 아주머니가 아이들에게 솔방울로 셈을 가르쳤습니다.
    얼굴들보다 가죽 공장 냄새가 더 또렷하게 기억납니다.
    정문에서 명단을 읽었고, 기침하는 사람은 따로 적혔습니다.
    강이 얼면 건너가서 지붕에 얹을 갈대를 베었습니다.
    제 신발은 타이어 두 조각과 자루로 만든 것이었습니다.
    세면장에는 거울이 하나 있었는데 늘 벽 쪽으로 돌려져 있었습니다.
    초승달이 뜰 때마다 경비가 바뀌었고 개들도 함께 바뀌었습니다.
    이것은 제가 직접 본 것이 아니라 옆자리 사람이 말해 준 것입니다.
    몇 년도였는지 오래 생각해 보았지만 확실하지 않습니다.
    정문에는 등이 두 개 있었는데 왼쪽 등만 켜졌습니다.
    봄이 올 때까지 참외씨를 성냥갑에 간직했습니다.
    쉬는 날에는 자루를 기웠으니 쉬는 날은 없었던 셈입니다.
    창고 장부는 연필로 적고 달마다 지웠습니다.
    그날 그 사람은 모질지 않았습니다. 동생에게 빵을 주었고, 이것도 적어 주십시오.
    저는 본 것만 말합니다. 둘째 울타리 너머의 일은 모릅니다.
    이름 대신 번호로 불렸고, 나중에는 자면서도 대답했습니다.
    탄광에서는 돌 소리를 아는 노인들이 먼저 들어갔습니다.
    제가 불러 준 편지는 부쳐지지 않았습니다. 나중에 아궁이에서 보았습니다.
    한 아이가 종이배 노래를 불렀는데 경비가 고개를 돌렸습니다.
    넷째 달까지 눈이 쌓여 채석장으로 가는 길이 보이지 않았습니다.
    이 일을 말하지 않겠다는 종이에 서명하라고 해서 서명했습니다.
    큰물이 난 뒤에는 막사 사람들이 모두 학교에서 잤습니다.
    기차 소리로 날을 세었습니다. 긴 기적 한 번, 짧은 기적 두 번이었습니다.
    의사도 우리처럼 갇힌 사람이었고 가진 것은 소금과 실뿐이었습니다.
    마당을 그려 드릴 수는 있지만 거리는 틀릴 것입니다.
""".strip().splitlines()]


def josa(word, with_final, without):
    """WORD with the particle that its last syllable asks for."""
    last = ord(word[-1])
    final = 0xAC00 <= last <= 0xD7A3 and (last - 0xAC00) % 28 != 0
    return word + (with_final if final else without)


def wrap(text, width):
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = line + " " + word if line else word
    return "\n".join(lines + [line])


class Testimony:
    """What the papers about one testimony share."""

    def __init__(self, world, code):
        self.world, self.code = world, code
        witness_code, self.cases = world.by_testimony[code]
        self.witness = world.persons[witness_code]
        self.number = int(code[2:])
        chance = Chance("taken " + code)
        self.staff = chance.pick(STAFF)
        self.date = (chance.between(2011, 2018), chance.between(1, 12), chance.between(1, 28))
        self.consents = chance.pick([("research, court", "연구, 법정"), ("court only", "법정에 한함"),
                                     ("research only, no name", "연구에 한하며 이름은 밝히지 않음")])

    def iso_date(self):
        return "%04d-%02d-%02d" % self.date


def case_en(t, case, chance):
    who = "I was" if case.victim == t.witness.code else "%s was" % case.victim_as_written
    place = "%s (%s)" % (t.world.places[case.place][2], t.world.places[case.place][3])
    text = "%s, at %s, %s %s." % (case.wording_en[0].upper() + case.wording_en[1:], place, who, case.act[3])
    if case.alleged:
        post = t.world.persons[case.alleged].post[0]
        text += chance.pick([" I was told that %s, the %s, had a part in it: %s.",
                             " The name I heard was %s, the %s: %s.",
                             " People named %s, the %s: %s."]) % (case.alleged_as_written, post, case.involvement)
    else:
        text += chance.pick([" I do not know who gave the order.", " Nobody was named."])
    return text + " [%s]" % case.code


def case_ko(t, case, chance):
    victim = t.world.persons[case.victim]
    name = victim.ko or case.victim_as_written
    who = "저는" if case.victim == t.witness.code else josa(name, "은", "는")
    text = "%s %s에서 %s %s." % (case.wording_ko, t.world.places[case.place][1], who, case.act[4])
    if case.alleged:
        alleged = t.world.persons[case.alleged]
        text += chance.pick([" %s %s의 책임이라고 들었습니다.",
                             " 그때 이름이 나온 사람은 %s %s입니다.",
                             " 사람들은 %s %s의 짓이라고 말했습니다."]) % (alleged.post[1], alleged.ko)
    else:
        text += chance.pick([" 누가 시켰는지는 모릅니다.", " 이름은 나오지 않았습니다."])
    return text + " [%s]" % case.code


def body(t, case_text, days, plants, width):
    chance = Chance("body " + t.code)
    days = chance.shuffled(days)
    pieces = []
    for n, case in enumerate(t.cases):
        piece = case_text(t, case, chance) + " " + days[n % len(days)]
        if chance.one_in(2):
            piece += " " + days[(n + 13) % len(days)]
        pieces.append(piece)
    paragraphs = [wrap(p, width) for p in pieces]
    if t.number in plants:
        paragraphs.insert(len(paragraphs) // 2, plants[t.number])
    return "\n\n".join(paragraphs)


def testimony_en(t):
    head = """%s

TESTIMONY %s
%s Documentation Centre (no such centre exists)

Witness: %s (%s), person code %s
Born: %d in %s
Taken by: %s on %s
Consent: %s
Language: English

""" % (MARK, t.code, COUNTRY_EN, t.witness.latin[0], t.witness.ko, t.witness.code, t.witness.born,
       t.world.places[t.witness.home][2], t.staff[1], t.iso_date(), t.consents[0])
    return head + body(t, case_en, DAYS_EN, planted.SENTENCES_EN, 78) + annex(t) + "\n%s\n" % MARK


def testimony_ko(t):
    head = """%s

증언 %s
%s 기록센터 (실제로 존재하지 않는 단체입니다)

증언자: %s, 인물 부호 %s
출생: %d년 %s
면담자: %s, %s
동의: %s
언어: 한국어

""" % (MARK, t.code, COUNTRY_KO, t.witness.ko, t.witness.code, t.witness.born, t.world.places[t.witness.home][1],
       t.staff[0], t.iso_date(), t.consents[1])
    return head + body(t, case_ko, DAYS_KO, planted.SENTENCES_KO, 44) + annex(t) + "\n%s\n" % MARK


def annex(t):
    rows = ["%s  %s  %s  %s  %s" % (c.code, c.earliest, c.place, c.act[0], c.alleged or "-") for c in t.cases]
    return "\n\n-- %s --\n" % t.code + "\n".join(rows) + "\n"


def notes(t):
    chance = Chance("notes " + t.code)
    asked = "\n".join("- %s: %s" % (c.code, chance.pick([
        "told without being asked", "told after a pause; ask again about the year", "drew the place on paper",
        "differs from what was said before lunch", "heard from a neighbour", "연도를 다시 물어볼 것",
        "장소 이름을 두 가지로 말함",
        "직접 보지 않았다고 분명히 말함"])) for c in t.cases)
    return """%s
Interview notes / 면담 기록  %s
%s, %s; interpreter present: %s
Witness %s (%s)

%s

Mood: %s
Next: %s
%s
""" % (MARK, t.code, t.staff[1], t.iso_date(), chance.pick(["no", "yes"]), t.witness.code, t.witness.latin[2], asked,
       chance.pick(["calm", "tired after an hour", "asked for tea and a walk", "wished to stop at four"]),
       chance.pick(["read back in Korean", "ask the brother", "compare with the camp list", planted.PHONE_EN]), MARK)


def consent(t):
    return """%s
CONSENT / 동의서  %s

I, %s (%s), allow the %s Documentation Centre to use what I said on %s for: %s.
나 %s의 진술을 다음에 쓰는 것에 동의합니다: %s.
I may take this back at any time. / 언제든지 철회할 수 있습니다.

Signed / 서명: (a drawn mark)    Before / 입회: %s
%s
""" % (MARK, t.code, t.witness.latin[0], t.witness.ko, COUNTRY_EN, t.iso_date(), t.consents[0],
       t.witness.ko, t.consents[1], t.staff[0], MARK)


def consent_on_paper(t):
    """The short form that was typed and scanned; the picture's letters are Latin only."""
    return [MARK, "", "CONSENT " + t.code, "", "I " + t.witness.latin[0].upper(), "ALLOW USE OF WHAT I SAID",
            "ON " + t.iso_date(), "FOR " + t.consents[0].upper().replace(",", " -"), "",
            "I MAY TAKE THIS BACK AT ANY TIME", "", "BEFORE " + t.staff[1].upper()]


LETTER = """%s
%s Documentation Centre / %s 기록센터
4 Paper Boat Quay, Jongibaenaru (a place that does not exist)

To whoever keeps the evidence,

we hand over what we have gathered in eight years: testimonies, notes, consents, plans, sounds and one table of
2,000 cases with 1,500 persons. Some things lie here twice, some under another name, and some are broken; we did not
tidy up, because we do not know what will matter.

%s
%s

Please take in everything and tell us of every file what became of it.

%s 드림 / for the centre: %s
2019-11-08
%s
""" % (MARK, COUNTRY_EN, COUNTRY_KO, planted.LETTER_EN, planted.LETTER_KO, STAFF[0][0], STAFF[0][1], MARK)

README = """%s

This is fictional. 모두 꾸며 낸 것입니다.

No person, camp, place, unit, number or event in this folder is real. It was made by a program so that an evidence
repository can be tried out without touching anybody's life. If a name here is yours, that is chance.

이 폴더의 사람, 수용소, 장소, 부대, 번호, 사건은 모두 실재하지 않습니다.
누구의 삶도 건드리지 않고 증거 저장소를 시험해 보도록 프로그램이 만들었습니다.

%s
""" % (MARK, MARK)

DAYBOOK_EN = ["the post came with %d letters", "%d visitors, none stayed", "lamp oil for %d evenings",
              "counted %d boxes twice",
              "rain; %d sheets dried by the stove", "copied %d pages by hand", "the copier jammed after %d pages",
              "%d telephone calls, all silent"]
DAYBOOK_KO = ["편지 %d통이 왔다", "손님 %d명, 아무도 머물지 않았다",
              "상자 %d개를 두 번 세었다", "비가 와서 종이 %d장을 말렸다",
              "손으로 %d쪽을 베꼈다", "전화 %d통, 모두 말이 없었다",
              "등잔 기름이 %d일치 남았다"]


def daybook(size):
    """A day-book of about SIZE bytes, one line an entry."""
    chance = Chance("daybook")
    lines, total, number = [MARK, "Day-book of the centre / 센터 일지", ""], 0, 0
    while total < size:
        number += 1
        entry = chance.pick(DAYBOOK_EN if chance.one_in(2) else DAYBOOK_KO) % chance.between(2, 97)
        if number % 5000 == 2500:
            entry = planted.LONG_TEXT_EN
        line = "%06d %04d-%02d-%02d %02d:%02d %s: %s" % (
            number, 2011 + number // 4000, chance.between(1, 12), chance.between(1, 28), chance.between(8, 19),
            chance.below(60), chance.pick(STAFF)[number % 2], entry)
        lines.append(line)
        total += len(line.encode()) + 1
    return "\n".join(lines + [MARK, ""])
