"""The bytes of a page in, its characters out: by evidence, not by what the page says of itself.

    decode(body, content_type="text/html; charset=gb2312") -> Decoded(text, encoding, how)

The order of the evidence: a byte order mark; bytes that are UTF-8 without a single error (no other encoding looks like
that by chance); the declared charset, widened to what pages in it really use; and when that does not fit, whichever of
the encodings of Chinese pages does the least damage. Control characters are dropped here, so that no later stage, and
no database, meets a NUL.
"""

from __future__ import annotations

import codecs
import dataclasses
import re
from collections.abc import Iterator

# Python codec -> the labels of https://encoding.spec.whatwg.org/#names-and-labels that mean it. No others count:
# Python knows codecs (idna, rot13, unicode_escape, zlib) that a page must not be able to choose. gb* is widened to
# gb18030 and big5 to big5-hkscs, as browsers do.
_LABELS = {
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
    "gb18030": "chinese csgb2312 csiso58gb231280 gb18030 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "utf-16-le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
    "utf-16-be": "unicodefffe utf-16be",
    "euc_jp": "cseucpkdfmtjapanese euc-jp x-euc-jp",
    "shift_jis": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
    "iso2022_jp": "csiso2022jp iso-2022-jp",
    "cp949": (
        "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949"
    ),
    "koi8_r": "cskoi8r koi koi8 koi8-r koi8_r",
    "koi8_u": "koi8-ru koi8-u",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "mac_roman": "csmacintosh mac macintosh x-mac-roman",
    "cp866": "866 cp866 csibm866 ibm866",
    "cp874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "cp1250": "cp1250 windows-1250 x-cp1250",
    "cp1251": "cp1251 windows-1251 x-cp1251",
    "cp1252": (
        "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 "
        "iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252"
    ),
    "cp1253": "cp1253 windows-1253 x-cp1253",
    "cp1254": (
        "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 "
        "windows-1254 x-cp1254"
    ),
    "cp1255": "cp1255 windows-1255 x-cp1255",
    "cp1256": "cp1256 windows-1256 x-cp1256",
    "cp1257": "cp1257 windows-1257 x-cp1257",
    "cp1258": "cp1258 windows-1258 x-cp1258",
    "iso8859_2": ("csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2"),
    "iso8859_3": "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
    "iso8859_4": "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
    "iso8859_5": "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988",
    "iso8859_6": (
        "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i "
        "iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987"
    ),
    "iso8859_7": (
        "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 "
        "iso_8859-7:1987 sun_eu_greek"
    ),
    "iso8859_8": (
        "csiso88598e csiso88598i csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-8859-8-i iso-ir-138 iso8859-8 "
        "iso88598 iso_8859-8 iso_8859-8:1988 logical visual"
    ),
    "iso8859_10": "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6",
    "iso8859_13": "iso-8859-13 iso8859-13 iso885913",
    "iso8859_14": "iso-8859-14 iso8859-14 iso885914",
    "iso8859_15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9",
    "iso8859_16": "iso-8859-16",
}
_CODECS = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}

# Where Python's gb18030 gives a private-use character and the WHATWG table a real one (A3A0, A6D9–A6F3, A8BC,
# FE59–FEA0); the 21st difference, byte 80 = €, is no character of gb18030 at all and is handled as an error below.
_GB_DIFFERENCES = {
    0xE5E5: 0x3000, 0xE7C7: 0x1E3F,
    0xE78D: 0xFE10, 0xE78E: 0xFE12, 0xE78F: 0xFE11, 0xE790: 0xFE13, 0xE791: 0xFE14, 0xE792: 0xFE15, 0xE793: 0xFE16,
    0xE794: 0xFE17, 0xE795: 0xFE18, 0xE796: 0xFE19,
    0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6, 0xE82C: 0x9FB7, 0xE832: 0x9FB8, 0xE843: 0x9FB9, 0xE854: 0x9FBA,
    0xE864: 0x9FBB,
}  # fmt: skip

_PRIVATE_USE = re.compile("[\ue5e5-\ue864]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]+")
_ASCII_CONTROLS = bytes({*range(0x20), 0x7F} - {0x09, 0x0A, 0x0D})
_UTF8_CONTROLS = re.compile(rb"\xc2[\x80-\x9f]|\xef\xbf[\xbe\xbf]")  # of more than one byte
_META_CHARSET = re.compile(rb"""<meta\b[^>]{0,400}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"""<\?xml\b[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_HEADER_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_META_WITHIN = 8192  # bytes; browsers look at 1,024, but pages with a long head before the meta tag exist

# Characters that make up a quarter or more of any real Chinese text, simplified and traditional, and next to nothing of
# text read with the wrong encoding.
_COMMON = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所"
    "然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日军者意无力它与长"
    "把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制"
    "身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气"
    "题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便"
    "空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格"
    "望觉术领共确传师观清今切院让识候带导争运医護衛這個們來為國說時會對過發後經學現動當進開實從長無業關體見將間問"
    "題點產與員處門報結務場計統區據設書聽總記電樂號頭，。、；：？！“”《》（）"
)
# and of Korean and Japanese
_COMMON_ELSEWHERE = (  # fmt: skip
    "이다는을의에가하고지를은로한기도사인자대어서시나일아있것정으리해수그보"
    "のにはをたがでてとしれさいるなもかっラリンスルトー"
)
_OFTEN = re.compile(f"[{_COMMON}{_COMMON_ELSEWHERE}]")
_FOREIGN = re.compile("[^\x00-\x7f]+")
_HAN_OR_PUNCTUATION = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff01-\uff60\u2018-\u201d]")
_ELSEWHERE = re.compile("[\uac00-\ud7a3\u3040-\u30ff]")  # Hangul, kana
_DAMAGE = re.compile("[\ufffd\ue000-\uf8ff]")
_UTF16_WITHIN = 2_000  # bytes
_UTF16_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]{0,12}[\s>]")
_UTF16_TAGS = 3
_SAMPLE = 20_000  # characters that are weighed; a page's encoding shows in its first screens
_CLEAN_COST = 0.12  # below it a decoding is taken without trying another (one bad byte, a few odd names)
_GUESSES = ("utf-8", "gb18030", "big5hkscs")  # in the order of how often Chinese pages are in them


@dataclasses.dataclass(frozen=True, slots=True)
class Decoded:
    """A page as characters: no NUL, no control but tab and line end."""

    text: str
    encoding: str  # Python's name of the codec
    how: str  # bom, zeros, utf-8, site, header, meta, least damage


def decode(body: bytes, content_type: str = "", charset: str | None = None) -> Decoded:
    """Read the bytes of a page.

    `content_type` is the HTTP header, `charset` what the operator says of the site. Both are tried before the
    guesses, and neither is believed against the bytes. Never raises.
    """
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if body.startswith(mark):
            return Decoded(_without_controls(_read(body[len(mark) :], codec)), codec, "bom")
    text = _strict_utf8(body.translate(None, _ASCII_CONTROLS))
    if text is not None:
        return Decoded(_without_controls(text) if _UTF8_CONTROLS.search(body) else text, "utf-8", "utf-8")
    zeros = _by_zeros(body)
    if zeros:
        return Decoded(_without_controls(_read(body, zeros)), zeros, "zeros")
    best: tuple[float, str, str, str] | None = None
    for codec, how in _candidates(body, content_type, charset):
        text = _read(body, codec)
        cost = _cost(text)
        if best is None or cost < best[0] - 0.02:  # a later guess has to be clearly better than what was declared
            best = (cost, text, codec, how)
        if best[0] < _CLEAN_COST:
            break
    assert best is not None  # _candidates always ends in the guesses
    return Decoded(_without_controls(best[1]), best[2], best[3])


def _by_zeros(body: bytes) -> str:
    """UTF-16 without a mark: its tags have a zero in every second byte, and nothing else has."""
    head = body[:_UTF16_WITHIN]
    if head.count(0) < len(head) // 8 or not head:
        return ""
    for codec in ("utf-16-le", "utf-16-be"):
        if len(_UTF16_TAG.findall(head.decode(codec, "ignore"))) >= _UTF16_TAGS:
            return codec
    return ""


def codec_of(label: str) -> str | None:
    """The Python codec that a charset label means, or None for a label that is not on the WHATWG list."""
    return _CODECS.get(label.strip().strip("\"'").lower())


def _strict_utf8(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(body) - 3 and error.start > 0:  # a page cut inside its last character
            return body[: error.start].decode("utf-8")
        return None


def _candidates(body: bytes, content_type: str, charset: str | None) -> Iterator[tuple[str, str]]:
    """Codecs worth trying with how we came to them, each once; the guesses last."""
    seen: set[str] = set()
    for label, how in _declared(body, content_type, charset):
        codec = codec_of(label)
        if codec is not None and codec not in seen:
            seen.add(codec)
            yield codec, how
    for codec in _GUESSES:
        if codec not in seen:
            yield codec, "least damage"


def _declared(body: bytes, content_type: str, charset: str | None) -> Iterator[tuple[str, str]]:
    if charset:
        yield charset, "site"
    header = _HEADER_CHARSET.search(content_type)
    if header:
        yield header[1], "header"
    head = body[:_META_WITHIN]
    for pattern in (_META_CHARSET, _XML_CHARSET):
        declared = pattern.search(head)
        if declared:
            # a meta tag that can be read as ASCII proves that the page is not UTF-16
            label = declared[1].decode("ascii")
            yield ("utf-8" if (codec_of(label) or "").startswith("utf-16") else label), "meta"


def _read(body: bytes, codec: str) -> str:
    if codec == "gb18030":
        text = body.decode(codec, "yixun.gb")
        return text.translate(_GB_DIFFERENCES) if _PRIVATE_USE.search(text) else text
    return body.decode(codec, "replace")


def _gb_error(error: UnicodeError) -> tuple[str, int]:
    """Byte 80 alone is the euro sign of cp936; every other bad byte is one U+FFFD, so that damage can be counted."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return ("€" if error.object[error.start] == 0x80 else "\ufffd"), error.start + 1


codecs.register_error("yixun.gb", _gb_error)


def _cost(text: str) -> float:
    """How wrong a decoding looks: 0 for flawless, about 1 for mojibake.

    Characters that could not be read, and how far the share of common Chinese characters stays below that of real text.
    A single-byte charset never fails, so Latin letters with accents count as damage where Chinese was to be expected.
    """
    sample = text[:_SAMPLE] if not text[:_SAMPLE].isascii() else text
    foreign = "".join(_FOREIGN.findall(sample))
    if not foreign:
        return 0.0
    damaged = len(_DAMAGE.findall(foreign))
    readable = len(_HAN_OR_PUNCTUATION.findall(foreign)) + len(_ELSEWHERE.findall(foreign))
    strange = len(foreign) - readable - damaged
    share = len(_OFTEN.findall(foreign)) / readable if readable else 0.0
    return damaged / len(foreign) * 2 + strange / len(foreign) * 0.6 + 0.5 * (1 - min(1.0, share / 0.2))


def _without_controls(text: str) -> str:
    return _CONTROLS.sub("", text)
