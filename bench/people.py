#!/usr/bin/env python3
"""people.py N SEED OUT.csv

Makes N labelled mentions of people (rec_id, true_id, script, given, surname, sex, dob, place, camp) for measuring
linkage: about two thirds as many persons, Korean in several romanisations, Arabic and English, each mention with its
own slips, exchanged names, ages counted the Korean way, vague dates and missing fields.  The same arguments give the
same bytes.  Everyone in it is made up.
"""
import csv
import random
import sys

KOREAN_SURNAMES = [names.split("/") for names in (
    """
    Kim/Gim/Keem Lee/Ri/Yi/Rhee Park/Pak/Bak Choi/Choe Jung/Jong/Chung/Jeong Kang/Gang Cho/Jo Yoon/Yun
    Jang/Chang Lim/Rim/Im Han Oh/O Seo/So/Suh Shin/Sin Kwon/Gwon Hwang Ahn/An Song Ryu/Yoo/Yu Hong Jeon/Chon
    Ko/Go Moon/Mun Son Yang/Ryang Bae/Pae Paek/Baek Heo/Ho/Huh Nam Sim/Shim No/Roh Ha Kwak/Gwak
    Sung/Song/Seong Cha Ju/Joo U/Woo Ku/Gu Min Ra/Na Jin/Chin Om/Eom Chae Won Pang/Bang Kong Hyon/Hyun Ham""").split()]
KOREAN_SYLLABLES = [names.split("/") for names in (
    """
    chol/cheol/chul yong/yeong/young song/seong/sung il kwang/gwang hyok/hyeok/hyuk nam sun/soon ok hui/hee
    myong/myeong/myung chun/choon su/soo kum/geum chin/jin ho ki/gi min sik/shik hwan kil/gil tong/dong sang
    jong/jeong/jung kyong/gyeong/kyung hwa mi un/eun ja sok/seok/suk tae/dae won hyon/hyeon/hyun jun/joon in
    pok/bok pom/beom/bum chang ryong/yong kun/geun/keun ae yon/yeon ran ha u/woo hak jae/chae man
    pyong/byeong sil/shil kuk/guk/kook hun/hoon tok/deok/duk se ji/chi ye ryol/ryeol mun/moon sol/seol chan
    rim/lim hae uk/wook pil ik""").split()]
ARABIC_SURNAMES = [names.split("/") for names in (
    """
    al-Ahmad/El-Ahmed al-Hussein/Hussain al-Khatib/Khateeb al-Masri/El-Masry al-Hassan/Hassan Haddad/Hadad
    Khalil/Khaleel Saleh/Salih Ibrahim/Ebrahim Mansour/Mansur Nasser/Nasir Sharif/Shareef Qasim/Kassem
    Hamdan Darwish Awad Issa/Eissa Zein/Zayn Aziz/Azeez Shaheen/Chahine Suleiman/Soliman Yousef/Yusuf
    Hamid/Hameed Rashid/Rasheed Jaber/Jabir Othman/Osman Zaher/Zahir Sabbagh""").split()]
ARABIC_GIVEN = {"M": """
    Mohammed/Muhammad/Mohamed Ahmed/Ahmad Ali/Aly Hussein/Husayn Hassan/Hasan Omar/Umar Khaled/Khalid
    Mahmoud/Mahmud Mustafa/Mostafa Samir/Sameer Karim/Kareem Walid/Waleed Tariq/Tarek Rami/Ramy Amin/Ameen
    Jamal/Gamal Marwan Imad/Emad Saeed/Said Yasser/Yasir""",
                "F": """
    Fatima/Fatma Aisha/Aysha Maryam/Mariam Zainab/Zeinab Khadija Noor/Nour Layla/Leila Huda/Hoda Amina
    Salma/Selma Rania Hanan Iman/Eman Rima/Reema Dina Samira/Sameera Nada Hala Lina/Leena Rana Amal"""}
ENGLISH_SURNAMES = [[name] for name in (
    """
    Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore Martin Jackson
    Thompson White Harris Clark Lewis Walker Hall Young King Wright Hill Green Baker Nelson Carter Mitchell
    Roberts Turner Campbell Parker Evans Edwards Collins Stewart Morris Murphy Cook Rogers Morgan Cooper
    Reed Bailey Bell Kelly Howard Ward Cox Richardson Wood Watson Brooks Bennett Gray Hughes Price Long
    Foster Ross Powell""").split()]
ENGLISH_GIVEN = {"M": """
    James John/Jon Robert/Bob Michael/Mike William/Bill David/Dave Richard/Rick Joseph/Joe Thomas/Tom
    Charles Daniel/Dan Matthew/Matt Anthony/Tony Mark Donald Paul Andrew/Andy Kenneth/Ken Kevin George""",
                 "F": """
    Mary Patricia/Pat Jennifer/Jen Linda Elizabeth/Liz Barbara Susan/Sue Jessica Sarah/Sara Karen Nancy
    Betty Margaret/Maggie Sandra Emily Donna Michelle Carol Laura Helen"""}
PLACES = ("""
    Hoeryong Musan Onsong Chongjin Kilju Hamhung Hungnam Tanchon Sinpo Yodok Sinuiju Jongju Kusong Tokchon
    Kaechon Anju Sunchon Pukchang Pyongsong Sariwon Songnim Haeju Ongjin Sinchon Wonsan Munchon Kanggye
    Manpo Huichon Hyesan Samjiyon Rajin Sonbong Nampo Kaesong Yonsa Kimchaek Ichon Cholwon Kosong Unsan
    Nyongbyon Pakchon""").split()
CAMPS = [f"Camp {number}" for number in (1, 4, 9, 11, 12, 14, 15, 16, 18, 22, 25)]


def slip(rng, word):
    if len(word) < 2:
        return word
    at, kind = rng.randrange(len(word)), rng.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1:]
    if kind == 1:
        return word[:at] + word[at] + word[at:]
    if kind == 2 and at + 1 < len(word):
        return word[:at] + word[at + 1] + word[at] + word[at + 2:]
    return word[:at] + rng.choice("aeiousrnt") + word[at + 1:]


def skewed(rng, items, flat):
    """An item, the first ones more often: the k-th with weight 1/(k + flat)."""
    while True:
        k = int(len(items) * rng.random() ** 2)
        if rng.random() < (1 + flat) / (k + 1 + flat) or rng.random() < .3:
            return items[k]


def person(rng):
    sex, kind = rng.choice("MF"), rng.random()
    if kind < .7:
        script, surname = "K", skewed(rng, KOREAN_SURNAMES, 2)
        given = [skewed(rng, KOREAN_SYLLABLES, 20) for _ in range(2 if rng.random() < .93 else 1)]
    elif kind < .87:
        script, surname = "A", rng.choice(ARABIC_SURNAMES)
        given = rng.choice(ARABIC_GIVEN[sex].split()).split("/")
    else:
        script, surname = "E", rng.choice(ENGLISH_SURNAMES)
        given = rng.choice(ENGLISH_GIVEN[sex].split()).split("/")
    birth = (1925 + rng.randrange(75), rng.randint(1, 12), rng.randint(1, 28))
    return script, surname, given, sex, birth, skewed(rng, PLACES, 10), rng.choice(CAMPS), rng.randrange(3)


def written(rng, script, surname, given, style):
    style = style if rng.random() < .6 else rng.randrange(3)
    if script == "K":
        parts = [names[min(style, len(names) - 1)] for names in given]
        joiner = rng.choice([" ", " ", "-", "-", ""])
        second = [part.capitalize() if joiner == " " else part for part in parts[1:]]
        return joiner.join([parts[0].capitalize()] + second), surname[min(style, len(surname) - 1)]
    return tuple(names[0] if rng.random() < .6 else rng.choice(names) for names in (given, surname))


def born(rng, birth):
    year, month, day = birth
    kind = rng.random()
    if kind < .13:
        return ""
    if kind < .20:
        year += rng.choice((-1, 1))
    elif kind < .22 and day <= 12:
        month, day = day, month
    elif kind < .24:
        day = rng.randint(1, 28)
    elif kind < .26:
        month = rng.randint(1, 12)
    elif kind < .33:
        return f"{year:04d}"
    return f"{year:04d}-{month:02d}-{day:02d}"


def mention(rng, number, who):
    script, surname, given, sex, birth, place, camp, style = who
    first, last = written(rng, script, surname, given, style)
    first = slip(rng, first) if rng.random() < .11 else first
    last = slip(rng, last) if rng.random() < .09 else last
    if rng.random() < .04:
        first, last = last, first
    lost = rng.random()
    first, last = "" if lost < .02 else first, "" if .02 <= lost < .05 else last
    kind = rng.random()
    place = "" if kind < .18 else slip(rng, place) if kind < .26 else rng.choice(PLACES) if kind < .32 else place
    kind = rng.random()
    camp = "" if kind < .30 else rng.choice(CAMPS) if kind < .33 else camp
    kind = rng.random()
    sex = "" if kind < .05 else "MF"[sex == "M"] if kind < .06 else sex
    return number, script, first, last, sex, born(rng, birth), place, camp


def main(count, seed, out):
    rng, rows, number = random.Random(seed), [], 0
    while len(rows) < count:
        number += 1
        who, kind = person(rng), rng.random()
        more = 5 + rng.randrange(4) if kind >= .985 else 4
        times = 1 if kind < .7 else 2 if kind < .88 else 3 if kind < .955 else more
        rows += [mention(rng, number, who) for _ in range(times)]
    rows = rows[:count]
    rng.shuffle(rows)
    with open(out, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow("rec_id true_id script given surname sex dob place camp".split())
        writer.writerows((i, *row) for i, row in enumerate(rows))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
