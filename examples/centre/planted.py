"""Names and sentences that a search for leaks can look for: each occurs, byte for byte, in the centre."""
from centre.world import NAMED_WITNESSES

# testimony number -> a sentence of its own; the even ones stand in Korean testimonies as well where both exist.
SENTENCES_EN = {
    2: "The clock in the dispensary had no hands, and we told the hour by the baker's cough.",
    4: "There were seven sacks of millet under the warden's stairs, counted every night.",
    6: "My brother scratched a heron on the third brick beside the stove.",
    8: "They wrote my number with blue chalk: four, nine, nine, two, one.",
    112: "The lorry with the torn yellow tarpaulin came on the night of the first frost.",
    114: "I hid the spoon in the hem of the grey blanket for eleven winters.",
    116: "The deputy kept a caged magpie that could say good morning.",
    118: "Behind the saw-mill there is a row of nineteen birches without names.",
    120: "Nobody was to say the word orchard aloud.",
}
SENTENCES_KO = {
    1: "셋째 막사의 파란 문에는 손잡이가 없었고, 우리는 숟가락으로 문을 열었습니다.",
    3: "어머니는 마지막 날 저에게 단추 다섯 개를 쥐여 주셨습니다.",
    5: "감독의 책상 밑에는 이름이 적힌 나무패가 삼백일곱 개 있었습니다.",
    7: "우물 옆 자작나무에 우리는 달마다 금을 하나씩 그었습니다.",
    9: "그날 밤 노란 천막을 친 트럭이 세 번 돌아왔습니다.",
    11: "창고 열쇠는 까치집 속에 숨겨 두었습니다.",
    13: "아무도 과수원이라는 말을 입 밖에 내지 못했습니다.",
    15: "저는 열한 해 겨울 동안 회색 담요 솔기에 바늘을 감추었습니다.",
    17: "눈이 오면 발자국으로 몇 명이 남았는지 세었습니다.",
}
LETTER_EN = "The strongbox key lies with the lighthouse keeper of Jaetbitdeungdae."
LETTER_KO = "금고 열쇠는 잿빛등대의 등대지기가 가지고 있습니다."
MAIL_EN = "Please do not write her new address in any file name again."
SHEET_NOTE = "second list found behind the stove-pipe"
PHONE_EN = "call the ferry house at 000-0142-7719 after dusk"
PICTURE_NOTE = "plan drawn from memory by the carpenter of block nine"
FOLDER_KO = "봉인 전 명단"
FOLDER_EN = "names not yet sealed"
LONG_TEXT_EN = "the harbour bell was heard although no bell hangs there"
CP949_KO = "낡은 공책 열두 권을 부엌 마루 밑에서 꺼냈습니다."

TEXTS = [*SENTENCES_EN.values(), *SENTENCES_KO.values(), LETTER_EN, LETTER_KO, MAIL_EN, SHEET_NOTE, PHONE_EN,
         PICTURE_NOTE, FOLDER_KO, FOLDER_EN, LONG_TEXT_EN]
LEGACY_TEXTS = [CP949_KO]     # occur in CP949 only


def planted(world):
    """Every planted piece as the bytes that occur."""
    named = [p for p in world.persons.values() if p.ko in NAMED_WITNESSES and p.role == "witness"]
    names = [n for p in named for n in (p.ko, p.latin[0])]
    return [t.encode() for t in TEXTS + names] + [t.encode("cp949") for t in LEGACY_TEXTS]
