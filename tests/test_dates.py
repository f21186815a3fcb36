"""Dates as Chinese pages print them."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dates import date_in_url, find_dates, first_date, labelled_date


@pytest.mark.parametrize(
    ("printed", "iso"),
    [
        ("2022-08-22", "2022-08-22"),
        ("发布时间：2022-08-22 10:14", "2022-08-22T10:14:00+08:00"),
        ("2022-08-22 10:14:38", "2022-08-22T10:14:38+08:00"),
        ("2022年8月22日", "2022-08-22"),
        ("2022 年 8 月 22 日 16:20", "2022-08-22T16:20:00+08:00"),
        ("2022年08月22日 星期一 10时14分", "2022-08-22T10:14:00+08:00"),
        ("2022/8/22 下午 3:05", "2022-08-22T15:05:00+08:00"),
        ("2022.08.22", "2022-08-22"),
        ("２０２２－０８－２２　１０：１４", "2022-08-22T10:14:00+08:00"),
        ("22.08.2022", "2022-08-22"),
        ("二〇二二年八月二十二日", "2022-08-22"),
        ("二0二二年十月三十一日", "2022-10-31"),
        ("民國111年8月22日", "2022-08-22"),
        ("民國113年3月5日", "2024-03-05"),
        ("112/09/18", "2023-09-18"),
        ("113.02.01 10:30", "2024-02-01T10:30:00+08:00"),
        ("March 3, 2021", "2021-03-03"),
        ("3 Mar. 2021", "2021-03-03"),
        ("2015年12月4日 9时5分", "2015-12-04T09:05:00+08:00"),
        ("2022-08-22T02:14:00+00:00", "2022-08-22T10:14:00+08:00"),
        ("2022-08-22T02:14:00Z", "2022-08-22T10:14:00+08:00"),
        ("2022-08-22 00:00:00", "2022-08-22"),
        ("时间:2022-08-22525", "2022-08-22"),
        ("2022-08-22浏览：33", "2022-08-22"),
        ("2022-8-22 8:5:6", "2022-08-22T08:05:06+08:00"),
        ("二Ｏ二二年八月二十二日", "2022-08-22"),
        ("2022·08·22", "2022-08-22"),
        ("22-Aug-2022", "2022-08-22"),
        ("Mon Aug 22 10:14:05 CST 2022", "2022-08-22T10:14:05+08:00"),
        ("Mon, 22 Aug 2022 02:14:05 GMT", "2022-08-22T10:14:05+08:00"),
        ("8/22/2022 3:05:06 PM", "2022-08-22T15:05:06+08:00"),
        ("2022-08-22 08:00-12:00", "2022-08-22T08:00:00+08:00"),
    ],
)
def test_a_printed_date_is_read(printed: str, iso: str) -> None:
    found = first_date(printed)

    assert found is not None
    assert found.iso == iso


@pytest.mark.parametrize(
    "printed", ["2022-13-01", "2022-02-30", "3.15", "1234567", "1022-08-22", "第20220822号公告", "192.168.1.1", ""]
)
def test_what_is_no_date_is_none(printed: str) -> None:
    assert first_date(printed) is None


@pytest.mark.parametrize("printed", ["05-12 15:14", "日期:11-20", "8月22日"])
def test_a_date_without_its_year_has_no_day(printed: str) -> None:
    found = first_date(printed, yearless=True)

    assert found is not None
    assert found.iso is None
    assert found.with_year(2022) is not None


def test_the_29th_of_february_needs_a_leap_year() -> None:
    found = first_date("02-29", yearless=True)

    assert found is not None
    assert found.with_year(2023) is None


def test_places_are_those_of_the_printed_line() -> None:
    line = "来源：健康报　２０２２－０８－２２　点击"

    found = find_dates(line)

    assert [line[date.start : date.end] for date in found] == ["２０２２－０８－２２"]


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("http://a.example/2022/0822/1.html", datetime.date(2022, 8, 22)),
        ("http://a.example/xwzx/202208/t20220822_12.html", datetime.date(2022, 8, 22)),
        ("http://a.example/art/2022/8/22/art_1_2.html", datetime.date(2022, 8, 22)),
        ("http://a.example/20220822101412.html", datetime.date(2022, 8, 22)),
        ("http://a.example/info/1018/1312.htm", None),
        ("http://20220822.example/info/1.htm", None),
        ("http://a.example/show?id=20220822", None),
    ],
)
def test_the_day_in_a_path_is_found(url: str, day: datetime.date | None) -> None:
    assert date_in_url(url) == day


@given(st.datetimes(min_value=datetime.datetime(1995, 1, 1), max_value=datetime.datetime(2035, 1, 1)))
def test_every_time_comes_back_in_every_form(moment: datetime.datetime) -> None:
    moment = moment.replace(microsecond=0)
    time = moment.strftime("%H:%M:%S")
    for day in (
        f"{moment:%Y-%m-%d}",
        f"{moment:%Y/%m/%d}",
        f"{moment.year}年{moment.month}月{moment.day}日",
        f"{moment:%Y.%m.%d}",
    ):
        found = first_date(f"发布时间：{day} {time} 点击：12")

        assert found is not None
        assert found.iso == (f"{moment:%Y-%m-%d}T{time}+08:00" if time != "00:00:00" else f"{moment:%Y-%m-%d}")


@given(st.text(st.sampled_from("0123456789年月日时分-/.: 〇一二十"), max_size=200))
def test_no_line_makes_it_raise(line: str) -> None:
    for found in find_dates(line):
        assert found.iso is None or datetime.datetime.fromisoformat(found.iso)


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("20220822", "2022-08-22"), ("20220822101405", "2022-08-22T10:14:05+08:00"), ("22-08-22", "2022-08-22"),
        ("22年8月22日 10:14", "2022-08-22T10:14:00+08:00"), ("111.8.22", "2022-08-22"), ("98/8/22", "1998-08-22"),
    ],
)  # fmt: skip
def test_behind_a_label_shorter_forms_are_dates(value: str, iso: str) -> None:
    found = labelled_date(value)

    assert found is not None
    assert found.iso == iso
    assert first_date(value) is None
