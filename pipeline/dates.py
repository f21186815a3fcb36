"""Printed dates in, days and times out.

    find_dates("发布时间：2022年8月22日 10:14")[0].iso -> "2022-08-22T10:14:00+08:00"

Every form that the pages of Chinese hospitals print: 2022-08-22, 2022/8/22, 2022.08.22, 2022年8月22日, the same in
Han numerals, 22.08.2022, 民國111年8月22日, with or without a time (10:14, 10:14:05, 上午10时14分). A date without
its year has its month and day and `iso` None; the caller decides whether anything proves the year. Times are those of
the page, which is China's (+08:00); 00:00:00 is what a CMS prints when it has no time, so it counts as none.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import re

EARLIEST_YEAR = 1990  # no page is older than the web
_NEAR_LABEL = 6  # characters between a label and its date at most
ZONE = "+08:00"
_CHINA = datetime.timezone(datetime.timedelta(hours=8))

# full-width forms become ASCII one for one, so that offsets stay those of the printed line
_ASCII = str.maketrans("０１２３４５６７８９：．／－—–・·○零Ｏ\u3000\xa0", "0123456789:./---..〇〇〇  ")
_DIGITS = {character: str(value) for value, character in enumerate("〇一二三四五六七八九")} | {"O": "0", "o": "0"}

_TIME = (
    r"(?:\s{0,4}[T,，]?\s{0,4}(?:\(?(?:星期|周|礼拜)[一二三四五六日天]\)?)?\s{0,4}(?P<half>上午|下午|晚上|中午|"
    r"凌晨|早上|[AP]M)?\s{0,2}"
    r"(?P<hour>[01]?\d|2[0-4])\s{0,2}(?::|时|点)\s{0,2}(?P<minute>[0-5]\d|\d(?=\s{0,2}分|:\d))(?:\s{0,2}(?::|"
    r"分)\s{0,2}(?P<second>[0-5]\d|\d(?!\d)))?(?:\.\d{1,6})?"
    r"(?:\s{0,2}[分秒])?(?:\s?(?P<half2>[AP]M)\b)?(?P<zone>Z|\s?(?:GMT|UTC)?\s?[+-]\d\d:?\d\d|\s?(?:GMT|UTC)\b)?)?"
)
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_MONTH = r"(?P<month>1[0-2]|0?[1-9])"
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAME = "|".join(_MONTH_NAMES)
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])"
# in the order in which they are believed at the same place
_FORMS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<!\d){_YEAR}\s{{0,2}}年\s{{0,2}}{_MONTH}\s{{0,2}}月\s{{0,2}}{_DAY}\s{{0,2}}[日号]?{_TIME}",
        # two digits each when a number is glued on: 2020-04-27525 is a day and 525 views
        rf"(?<![\d.]){_YEAR}\s?([-/.])\s?(?P<month>1[0-2]|0[1-9])\s?\2\s?(?P<day>3[01]|[12]\d|0[1-9])(?!\d:\d){_TIME}",
        rf"(?<![\d.]){_YEAR}\s?([-/.])\s?{_MONTH}\s?\2\s?{_DAY}(?!\d){_TIME}",
        rf"(?<!\d)(?:民國|民国)\s?(?P<roc>\d{{2,3}})\s?年\s?{_MONTH}\s?月\s?{_DAY}\s?日{_TIME}",
        # 112/09/18 of a Taiwanese page: three digits of the year, two of the others
        r"(?<![\d./-])(?P<roc>1[0-2]\d)([-/.])(?P<month>1[0-2]|0[1-9])\2(?P<day>3[01]|[12]\d|0[1-9])"
        rf"(?![\d./-]){_TIME}",
        # 3/25/2023 3:05:06 PM of an American server: the month first when no day is meant, or with AM and PM
        rf"(?<![\d.]){_MONTH}/(?P<day>1[3-9]|2\d|3[01])/{_YEAR}(?!\d){_TIME}",
        rf"(?<![\d.]){_MONTH}/{_DAY}/{_YEAR}(?=\s[\d:]{{4,8}}\s?[AP]M\b){_TIME}",
        rf"(?<![\d.]){_DAY}\s?([-/.])\s?{_MONTH}\s?\2\s?{_YEAR}(?!\d){_TIME}",
        rf"\b(?P<name>{_MONTH_NAME})[a-z]{{0,6}}\.?\s{{1,3}}{_DAY}(?:st|nd|rd|th)?,?\s{{1,3}}{_YEAR}(?!\d){_TIME}",
        rf"(?<!\d){_DAY}(?:st|nd|rd|th)?[\s-]{{1,3}}(?P<name>{_MONTH_NAME})[a-z]{{0,6}}\.?,?[\s-]{{1,3}}{_YEAR}(?!\d){_TIME}",
        # Thu Mar 09 08:05:06 CST 2023, as Java prints it
        rf"\b(?P<name>{_MONTH_NAME})\s{{1,2}}{_DAY}\s(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d):(?P<second>[0-5]\d)"
        rf"\s[A-Z]{{3,4}}\s{_YEAR}(?!\d)",
        rf"(?<![\d./-]){_MONTH}\s?([-/])\s?{_DAY}(?![\d/.-])(?!\s?[%年月]){_TIME}",
        rf"(?<![\d年]){_MONTH}\s?月\s?{_DAY}\s?[日号]{_TIME}",
    )
)
_HAN_DATE = re.compile(
    r"(?P<year>[一二][〇Oo0-9一二三四五六七八九]{3})年(?P<month>[一二三四五六七八九十]{1,3}|"
    r"\d{1,2})月(?P<day>[一二三四五六七八九十廿卅]{1,3}|\d{1,2})日"
)
_NUMERAL = re.compile("[0-9０-９]|[一二][〇○零0OＯ]")
_HINT = re.compile(
    r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?,?[\s-]+\d|\d\s{0,2}[-/.年月]\s{0,2}\d|"
    r"[〇Oo一二三四五六七八九\d]年[一二三四五六七八九十\d]"
)
_SHORT_YEAR = r"(?P<short>[0-3]\d|9\d)"
# forms that are a date only behind a label: 20230309, 20230309080506, 23-03-09, 23年3月9日, 112.3.9 (of the Republic)
_LABELLED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}(?P<month>1[0-2]|0[1-9])(?P<day>3[01]|[12]\d|0[1-9])"
        r"(?:\s?(?P<hour>[01]\d|2[0-3]):?(?P<minute>[0-5]\d)(?::?(?P<second>[0-5]\d))?)?(?!\d)",
        rf"{_SHORT_YEAR}([-/.]){_MONTH}\2{_DAY}(?![\d/.-]){_TIME}",
        rf"{_SHORT_YEAR}年{_MONTH}月{_DAY}日{_TIME}",
        rf"(?P<roc>1[0-2]\d)([-/.]){_MONTH}\2{_DAY}(?![\d/.-]){_TIME}",
    )
)
_BEFORE_VALUE = re.compile(rf"\W{{0,{_NEAR_LABEL}}}")
_URL_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-/_]?)(1[0-2]|0[1-9])(?:[-/_]?)(3[01]|[12]\d|0[1-9])(?!\d)|"
    r"(?<!\d)((?:19|20)\d\d)[-/_]([1-9]|1[0-2]|0[1-9])[-/_]([1-9]|[12]\d|3[01]|0[1-9])(?!\d)|"
    r"/t((?:19|20)\d\d)(1[0-2]|0[1-9])(3[01]|[12]\d|0[1-9])_"
)
_URL_LONG = re.compile(r"(?<!\d)((?:19|20)\d\d)(1[0-2]|0[1-9])(3[01]|[12]\d|0[1-9])\d{2,11}(?!\d)")


@dataclasses.dataclass(frozen=True, slots=True)
class Printed:
    """A date as a line prints it: where, which day, which time of day."""

    start: int
    end: int
    raw: str
    year: int | None
    month: int
    day: int
    time: str = ""  # HH:MM or HH:MM:SS, empty when the line has none or only the zeros of a CMS

    @property
    def iso(self) -> str | None:
        """ISO 8601 with +08:00 when a time of day was printed, else the bare date; None without a year."""
        if self.year is None:
            return None
        day = f"{self.year:04}-{self.month:02}-{self.day:02}"
        if not self.time:
            return day
        return f"{day}T{self.time if self.time.count(':') == 2 else self.time + ':00'}{ZONE}"

    def with_year(self, year: int) -> Printed | None:
        """The same date with a year found elsewhere, or None when that year has no such day."""
        return dataclasses.replace(self, year=year) if _is_day(year, self.month, self.day) else None


def find_dates(line: str, *, yearless: bool = True) -> list[Printed]:
    """All dates of a line in the order of their places; of overlapping readings the first form of the table wins."""
    return list(_found(line, yearless)) if _NUMERAL.search(line) else []


@functools.lru_cache(maxsize=2_000)
def _found(line: str, yearless: bool) -> tuple[Printed, ...]:
    flat = line.translate(_ASCII)
    if not _HINT.search(flat):
        return ()
    found: list[Printed] = []
    for form in _FORMS if yearless else _FORMS[:-2]:
        for match in form.finditer(flat):
            printed = _printed(match, line)
            if printed and not any(printed.start < other.end and other.start < printed.end for other in found):
                found.append(printed)
    for match in _HAN_DATE.finditer(flat):
        printed = _from_han(match, line)
        if printed:
            found.append(printed)
    return tuple(sorted(found, key=lambda printed: printed.start))


def first_date(line: str, *, yearless: bool = False) -> Printed | None:
    """The first date of a line, or None."""
    return next(iter(find_dates(line, yearless=yearless)), None)


def labelled_date(value: str) -> Printed | None:
    """The date at the beginning of what follows a label such as 发布日期, or None; there 20230309 is one as well."""
    dates = find_dates(value)
    if dates and dates[0].start <= _NEAR_LABEL and dates[0].year is not None:
        return dates[0]
    flat = value.translate(_ASCII)
    begin = _BEFORE_VALUE.match(flat)
    for form in _LABELLED:
        match = form.match(flat, begin.end() if begin else 0)
        printed = _printed(match, value) if match else None
        if printed:
            return printed
    return dates[0] if dates and dates[0].start <= _NEAR_LABEL else None


def date_in_url(url: str) -> datetime.date | None:
    """The day that a URL's path names (/2022/0822/, /202208/t20220822_1.html, 20220822101412.html), or None."""
    path = url.partition("://")[2].partition("/")[2].partition("?")[0]
    for pattern in (_URL_DATE, _URL_LONG):
        for match in pattern.finditer("/" + path):
            year, month, day = [int(group) for group in match.groups() if group and group.isdigit()][:3]
            if _is_day(year, month, day) and year >= EARLIEST_YEAR:
                return datetime.date(year, month, day)
    return None


def _printed(match: re.Match[str], line: str) -> Printed | None:
    groups = match.groupdict()
    year = int(groups["year"]) if groups.get("year") else None
    if groups.get("roc"):
        year = int(groups["roc"]) + 1911
    elif groups.get("short"):
        year = int(groups["short"]) + (1900 if groups["short"] >= "90" else 2000)
    month = _MONTH_NAMES.index(groups["name"].lower()) + 1 if groups.get("name") else int(groups["month"])
    day = int(groups["day"])
    if not _is_day(year if year is not None else 2000, month, day):  # 2000 was a leap year
        return None
    if year is not None and year < EARLIEST_YEAR:
        return None
    raw = line[match.start() : match.end()].strip()
    time = _time_of(groups)
    # 08:00-12:00 without seconds is a span, unless the T of ISO 8601 stands before it
    if groups.get("zone") and time and year is not None and (groups.get("second") or "T" in raw or "GMT" in raw):
        return _in_china(match, raw, (year, month, day), time, groups["zone"])
    return Printed(match.start(), match.end(), raw, year, month, day, time)


def _time_of(groups: dict[str, str | None]) -> str:
    if not groups.get("hour"):
        return ""
    hour, minute, second = int(groups["hour"] or 0), groups["minute"], groups.get("second")
    half = (groups.get("half") or groups.get("half2") or "").upper()
    if half in {"下午", "晚上", "PM"} and hour < 12:
        hour += 12
    elif half == "AM" and hour == 12:
        hour = 0
    if hour > 23:
        return ""
    time = f"{hour:02}:{(minute or '').zfill(2)}" + (f":{second.zfill(2)}" if second else "")
    return "" if time in {"00:00", "00:00:00"} else time


def _in_china(match: re.Match[str], raw: str, day: tuple[int, int, int], time: str, zone: str) -> Printed:
    offset = datetime.timedelta()
    zone = zone.strip().upper().removeprefix("GMT").removeprefix("UTC").strip()
    if zone not in {"", "Z"}:
        sign = -1 if zone[0] == "-" else 1
        offset = sign * datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    hours, minutes, *seconds = (int(part) for part in time.split(":"))
    clock = datetime.time(hours, minutes, seconds[0] if seconds else 0, tzinfo=datetime.UTC)
    moment = datetime.datetime.combine(datetime.date(*day), clock) - offset
    there = moment.astimezone(_CHINA)
    shown = there.strftime("%H:%M:%S" if seconds else "%H:%M")
    return Printed(match.start(), match.end(), raw, there.year, there.month, there.day, shown)


def _from_han(match: re.Match[str], line: str) -> Printed | None:
    year = int("".join(_DIGITS.get(character, character) for character in match["year"]))
    month, day = _han_number(match["month"]), _han_number(match["day"])
    if year < EARLIEST_YEAR or not _is_day(year, month, day):
        return None
    return Printed(match.start(), match.end(), line[match.start() : match.end()], year, month, day)


def _han_number(text: str) -> int:
    """十二 -> 12, 二十 -> 20, 廿一 -> 21, 12 -> 12."""
    if text.isdigit() and text.isascii():
        return int(text)
    text = text.replace("廿", "二十").replace("卅", "三十")
    tens, ten, units = text.rpartition("十")
    if not ten:
        return int(_DIGITS.get(text, "0"))
    return int(_DIGITS.get(tens, "1" if not tens else "0")) * 10 + int(_DIGITS.get(units, "0"))


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return True
