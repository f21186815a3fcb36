"""Decoding by evidence: what the bytes are counts, what they are called does not."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.decode import codec_of, decode

SENTENCE = "为了方便群众就医，我院自下周一起开设午间门诊，市民可以通过电话和微信预约。"
TRADITIONAL = "為了方便民眾就醫，本院自下週一起開設午間門診，可以用電話預約，歡迎多加利用。"


def page(charset: str, text: str = SENTENCE) -> str:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">' if charset else ""
    return f"<html><head>{meta}<title>{text[:12]}</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize(
    "declared", ["utf-8", "gb2312", "iso-8859-1", "big5", "", "utf-16", "rot13", "zlib", "no-such-charset"]
)
@pytest.mark.parametrize("really", ["utf-8", "gb18030"])
def test_a_page_is_read_by_its_bytes_whatever_it_declares(declared: str, really: str) -> None:
    html = page(declared)

    decoded = decode(html.encode(really), f"text/html; charset={declared}" if declared else "text/html")

    assert decoded.text == html
    assert decoded.encoding == really


def test_traditional_pages_in_big5_are_read_with_and_without_a_label() -> None:
    for declared in ("big5", "", "utf-8"):
        html = page(declared, TRADITIONAL)

        assert decode(html.encode("big5hkscs")).text == html


def test_a_byte_order_mark_comes_before_every_label() -> None:
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        decoded = decode(mark + page("gb2312").encode(codec), "text/html; charset=gb2312")

        assert decoded.text == page("gb2312")
        assert decoded.how == "bom"


@pytest.mark.parametrize(
    ("raw", "character"),
    [
        (b"\x80", "€"), (b"\xa3\xa0", "\u3000"), (b"\xa6\xd9", "\ufe10"), (b"\xa6\xdf", "\ufe16"),
        (b"\xa6\xf3", "\ufe19"),
        (b"\xa8\xbc", "\u1e3f"), (b"\xfe\x59", "\u9fb4"), (b"\xfe\xa0", "\u9fbb"),
    ],
)  # fmt: skip
def test_gb2312_is_read_with_the_table_of_browsers(raw: bytes, character: str) -> None:
    body = page("gb2312").encode("gb18030").replace("一".encode("gb18030"), raw)

    assert decode(body).text == page("gb2312").replace("一", character)


def test_one_bad_byte_costs_one_character() -> None:
    body = page("gb2312").encode("gb18030")
    cut = body.index("医".encode("gb18030"))

    text = decode(body[:cut] + b"\xff" + body[cut:]).text

    assert text.replace("\ufffd", "") == page("gb2312")
    assert text.count("\ufffd") == 1


def test_a_page_cut_inside_its_last_character_is_still_utf8() -> None:
    body = SENTENCE.encode()[:-1]

    decoded = decode(body)

    assert decoded.text == SENTENCE[:-1]
    assert decoded.encoding == "utf-8"


def test_what_the_operator_says_is_tried_first_and_not_believed_against_the_bytes() -> None:
    assert decode(page("", TRADITIONAL).encode("big5hkscs"), charset="big5").how == "site"
    assert decode(page("").encode("gb18030"), charset="big5").encoding == "gb18030"


@pytest.mark.parametrize(
    "label", ["idna", "rot13", "base64", "hex", "zlib", "undefined", "unicode_escape", "utf-7", "mbcs"]
)
def test_labels_that_no_browser_knows_choose_nothing(label: str) -> None:
    assert codec_of(label) is None


@pytest.mark.parametrize("label", ["GB2312", " gbk ", "x-gbk", "chinese", '"gb18030"'])
def test_the_labels_of_simplified_chinese_mean_gb18030(label: str) -> None:
    assert codec_of(label) == "gb18030"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=40))
def test_nothing_makes_it_raise_and_no_control_character_gets_through(body: bytes, content_type: str) -> None:
    text = decode(body, content_type).text

    assert not [c for c in text if (c < " " and c not in "\t\n\r") or "\x7f" <= c <= "\x9f"]


@settings(max_examples=40, deadline=None)
@given(st.text(st.sampled_from(SENTENCE), min_size=20, max_size=200))
def test_common_words_survive_in_either_encoding_without_a_label(text: str) -> None:
    for codec in ("utf-8", "gb18030"):
        assert decode(text.encode(codec)).text == text


KOREAN = "병원은 다음 주 월요일부터 점심 진료를 시작합니다. 시민 여러분은 전화로 예약할 수 있습니다."
HONG_KONG = "病人嘅家屬喺大堂登記，職員會帶佢哋去病房，唔使等咁耐，仲有茶水供應㗎。"


def test_korean_is_read_as_declared_and_chinese_that_calls_itself_korean_is_not() -> None:
    korean = page("euc-kr", KOREAN)
    chinese = page("euc-kr")

    assert decode(korean.encode("cp949")).text == korean
    assert decode(chinese.encode("gb18030")).text == chinese
    assert decode(chinese.encode()).text == chinese


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("declared", ["", "utf-16", "gb2312"])
def test_utf16_is_known_without_its_mark(codec: str, declared: str) -> None:
    html = page(declared)

    decoded = decode(html.encode(codec), "text/html")

    assert (decoded.text, decoded.encoding, decoded.how) == (html, codec, "zeros")


@pytest.mark.parametrize("declared", ["utf-8", "gb2312", ""])
def test_a_few_broken_bytes_leave_utf8_what_it_is(declared: str) -> None:
    body = page(declared, SENTENCE * 5).encode()
    at = body.index("午间".encode())
    broken = body[:at] + b"\xe5\x8d" + body[at + 3 :] + b"\xff<p>\xe4"

    decoded = decode(broken)

    assert decoded.encoding == "utf-8"
    assert decoded.text.count("\ufffd") <= 4
    assert SENTENCE in decoded.text


def test_the_characters_of_hong_kong_are_read_from_big5() -> None:
    html = page("big5", HONG_KONG)

    assert decode(html.encode("big5hkscs")).text == html


@pytest.mark.parametrize("label", ["x-user-defined", "utf-7", "hz-gb-2312", "iso-2022-cn", "gb18030-2005x"])
def test_a_label_that_says_nothing_leaves_the_bytes_to_speak(label: str) -> None:
    for codec in ("utf-8", "gb18030"):
        assert decode(page(label).encode(codec), f"text/html; charset={label}").text == page(label)


def test_utf7_is_not_read_as_utf7() -> None:
    assert decode(b"<p>+ADw-script+AD4-</p>", "text/html; charset=utf-7").text == "<p>+ADw-script+AD4-</p>"


def test_zeros_and_controls_between_the_characters_are_dropped() -> None:
    html = page("utf-8")
    spoilt = "\x00".join(html).replace("医", "\x85医\x0b").encode()

    assert decode(spoilt).text == html
