"""Probable legacy encoding of a few bytes, even of a single word: the reading that people would more likely write.

Each reading costs what its characters cost, roughly the negative logarithm of how often people write them, and more
where letters follow each other as they do not in words. Libraries that detect encodings compare whole texts and are
wrong on most names (decision 33 has the numbers).
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from engine.errors import unknown_name
from engine.sentences import Sentence

ANSI: Mapping[str, float] = {
    **{"cp1252": 0.0, "gb18030": 0.0, "cp1251": 1.0, "cp932": 1.0, "cp1250": 1.5, "big5": 2.0, "cp949": 2.0},
    **{"cp850": 3.0, "euc_jp": 4.0, "koi8-r": 4.0, "cp866": 4.0, "cp852": 4.5},
}
"""Encodings of text files, and what each encoding costs before a letter was read: the usual ones of Windows little."""
OEM: Mapping[str, float] = {
    **{"cp850": 0.0, "gb18030": 0.0, "cp866": 0.5, "cp932": 0.5, "cp852": 1.0, "big5": 1.5, "cp949": 1.5},
    **{"cp1252": 2.0, "cp1251": 2.5, "cp1250": 3.5, "euc_jp": 5.0, "koi8-r": 5.0},
}
"""Encodings of names in a zip: those of the command line of Windows come first."""

_SPOKEN = {
    **{"cp1252": Sentence("Western European (Windows-1252)"), "cp850": Sentence("Western European (code page 850)")},
    **{"cp1250": Sentence("Central European (Windows-1250)"), "cp852": Sentence("Central European (code page 852)")},
    **{
        "cp1251": Sentence("Cyrillic (Windows-1251)"),
        "koi8-r": Sentence("Cyrillic (KOI8-R)"),
        "cp866": Sentence("Cyrillic (code page 866)"),
    },
    **{
        "gb18030": Sentence("Chinese (GB 18030)"),
        "big5": Sentence("Chinese (Big5)"),
        "cp949": Sentence("Korean (code page 949)"),
    },
    **{"cp932": Sentence("Japanese (Shift JIS)"), "euc_jp": Sentence("Japanese (EUC-JP)")},
}
ENCODINGS = ("utf-8", *_SPOKEN)
"""Encodings that can be chosen by hand."""
_SAMPLE_BYTES = 6_000
_HIGH = re.compile(rb"[\x80-\xff]")
_PLACES = 40  # from which the sample of a long text is taken
_WESTERN = "äöüßéèêëàâáçñóíúôîïûœæøåãõìòù"
_CENTRAL = "ąćęłńśźżčďěňřšťůýžőűășțđ"
_SLAVIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"  # by how often Russian has them
_MARKS = "«»„“”’‘–—…¿¡°§€£©®·，。！？、；：（）《》「」"
_HAN = (  # those that make up about two thirds of Chinese and many Japanese texts, then what traditional Chinese writes instead
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现"
    "当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并"
    "物手应向头文体政美相见被利什二等产或新己制身果加西月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认"
    "条平系气题活更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直资命山金指统区保至形社便空决治展马科五基书非则听白却界达光放"
    "强即像难且权思王象完设式色路记南品住告类求据程北边该交规万取格望觉术领共确传师观清今切院让识候带导争运猫狗鸟花草树车红黄蓝绿黑菜苹香差错质推荐购买"
    "這個們來為國說時會對過發後裡種經沒動還進樣開從實無與長機關點業將兩間問並應頭體見產話給門兒東聲員論處義幾認條係氣題變總電數報結務場計資統區馬書則聽達"
    "強難權設記類據邊該規萬覺術領確傳師觀讓識帶導爭運貓鳥樹車紅黃藍綠蘋錯質薦購買很歡喜犬映画東京食駅"
)
_LEVELS = {"gb18030": ("gb2312", 0xB0, 0xD7), "big5": ("big5", 0xA4, 0xC6), "cp932": ("cp932", 0x88, 0x97)}
_LEVELS |= {"euc_jp": ("euc_jp", 0xB0, 0xCF), "cp949": ("euc_kr", 0xB0, 0xC8)}
_SCRIPTS = (
    *(("CJK UNIFIED", "han"), ("HIRAGANA", "kana"), ("KATAKANA", "kana"), ("HANGUL", "hangul")),
    *(("LATIN", "latin"), ("CYRILLIC", "cyrillic")),
)
_RARE = 14.0
_LOST = 25.0


def likeliest(data: bytes, candidates: Mapping[str, float]) -> str:
    """The encoding, of `candidates` and what each costs, in which `data` reads most like what people write."""
    sample = _sample(data)
    costs = {encoding: start + cost_of(sample, encoding) for encoding, start in candidates.items()}
    return min(costs, key=costs.__getitem__)


def check_encoding(name: str) -> None:
    """Raise `TrainyardError` unless this is an encoding of texts."""
    try:
        b"a".decode(name)
    except (LookupError, ValueError) as error:
        raise unknown_name("encoding", name[:40], ENCODINGS) from error


def spoken(encoding: str) -> str:
    """Return the common name of an encoding."""
    return _SPOKEN.get(encoding, encoding.upper())


def cost_of(data: bytes, encoding: str) -> float:
    """Return the cost of reading `data` in `encoding`."""
    text = data.decode(encoding, "replace")
    return sum(_cost(encoding, before, letter) for before, letter in zip("\n" + text, text, strict=False))


def _sample(data: bytes) -> bytes:
    """Stretches of a long text in which something else than ASCII stands, from all of its parts."""
    if len(data) <= _SAMPLE_BYTES:
        return data
    each, step, parts = _SAMPLE_BYTES // _PLACES, len(data) // _PLACES, []
    for start in range(0, len(data), step):
        if found := _HIGH.search(data, start, start + step):
            begin = data.rfind(b"\n", max(0, found.start() - each), found.start()) + 1 or found.start()
            parts.append(data[begin : begin + each])
    return b"\n".join(parts)


@cache
def _cost(encoding: str, before: str, letter: str) -> float:
    """Return the cost of a character after another one."""
    if letter < "\x80":
        return _ascii(before, letter)
    own = _own(encoding, letter)
    if letter == "\N{REPLACEMENT CHARACTER}" or not before.isalpha():
        return own
    if not letter.isalpha():
        return own + (0 if letter in _MARKS and _script(before) != "latin" else 5)
    mixed = {_script(before), _script(letter)}
    broken = 6 if letter.isupper() and before.islower() else 0
    crowded = 2.5 if _script(letter) == "latin" and before >= "\x80" else 0
    return own + broken + crowded + (9 if len(mixed) > 1 and mixed != {"han", "kana"} else 0)


def _ascii(before: str, letter: str) -> float:
    strange = before >= "\x80" and before not in _MARKS and _script(before) != "latin"
    odd = 5 if strange and letter.isalpha() else 0
    return odd + (3.0 if letter.isalpha() else 2.0 if letter in " \n\r\t" else 4.0 if letter.isprintable() else _RARE)


def _own(encoding: str, letter: str) -> float:
    if letter == "\N{REPLACEMENT CHARACTER}":
        return _LOST
    script, small = _script(letter), letter.lower()
    capital = 1.5 if letter.isupper() else 0.0
    if script == "latin":
        return capital + (5.0 if small in _WESTERN else 5.5 if small in _CENTRAL else 9.0)
    if script == "cyrillic":
        return capital + (2.4 + 0.05 * _SLAVIC.index(small) if small in _SLAVIC else 8.0)
    if script == "han":
        return 5.0 if letter in _HAN else 7.5 if _everyday(encoding, letter) else _RARE
    if script == "kana":
        return 4.0 if encoding in ("cp932", "euc_jp") else 12.0
    if script == "hangul":
        return 6.2 if _everyday(encoding, letter) else _RARE
    return 4.0 if letter in "¿¡" else 7.0 if letter in _MARKS else _RARE


@cache
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "")
    return next((script for start, script in _SCRIPTS if name.startswith(start)), "other")


@cache
def _everyday(encoding: str, letter: str) -> bool:
    """Whether the standard has the character among those of daily use, which it lists first."""
    if encoding not in _LEVELS:
        return True
    plain, first, last = _LEVELS[encoding]
    try:
        return first <= letter.encode(plain)[0] <= last
    except UnicodeEncodeError:
        return False
