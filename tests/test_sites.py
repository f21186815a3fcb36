from __future__ import annotations

import dataclasses
import datetime
import tomllib
from pathlib import Path

import pytest

from pipeline.errors import SiteError
from pipeline.records import Site, site_of
from spiders.sites import interval, is_due, load_site, load_sites, parse_site, sites_folder

GOOD = 'hospital = "示范县人民医院"\nstart_urls = ["http://demo.test/news/"]\n'
NOW = datetime.datetime(2026, 11, 21, 2, 0, tzinfo=datetime.UTC)


def test_a_site_needs_a_hospital_and_a_start_url_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "demo.toml").write_text(GOOD, "utf-8")
    (tmp_path / "notes.txt").write_text("not a site")

    sites = load_sites(tmp_path)

    assert list(sites) == ["demo"]
    assert sites["demo"].hospital == "示范县人民医院"
    assert sites["demo"].all_hosts == {"demo.test"}
    assert sites["demo"].delay == 1.0


def test_everything_that_a_site_can_say_is_read() -> None:
    text = GOOD + (
        'aliases = ["示范医院"]\nhosts = ["old.demo.test:8080"]\narticle_urls = "/info/\\\\d+"\nschedule = "6h"\n'
        'charset = "gbk"\njavascript = false\nminimum_articles = 5\n'
        '[[layout]]\nuntil = 2019-01-31\nbody = "#zoom"\nnoise = [".share"]\n'
    )

    site = parse_site(text, "demo.toml")

    assert site.aliases == ("示范医院",)
    assert site.layout[0].until == datetime.date(2019, 1, 31)
    assert site.article_urls == r"/info/\d+"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('hospital = "x"', 'demo.toml: start_urls: missing; add start_urls = ["https://…"]'),
        ('start_urls = ["http://a.test/"]', "demo.toml: hospital: missing; add hospital"),
        ('hospital = " "\nstart_urls = ["http://a.test/"]', "demo.toml: hospital: empty"),
        ('hospital = "x"\nstart_urls = []', "demo.toml: start_urls: empty"),
        ('hospital = "x"\nstart_urls = ["www.a.test"]', "demo.toml: start_urls: 'www.a.test' is no http://"),
        ('hospital = "x"\nstart_urls = ["file:///etc/passwd"]', "demo.toml: start_urls: 'file:///etc/passwd'"),
        ('hospital = "x"\nstart_urls = "http://a.test/"', "demo.toml: start_urls: "),
        (GOOD + 'articel_urls = "x"', "demo.toml: articel_urls: no such key; did you mean article_urls?"),
        (GOOD + 'article_urls = "("', "demo.toml: article_urls: '(' is no regular expression"),
        (GOOD + 'schedule = "monthly"', "demo.toml: schedule: 'monthly'; write hourly"),
        (GOOD + "delay = -1", "demo.toml: delay: -1"),
        (GOOD + 'delay = "slow"', "demo.toml: delay: "),
        (GOOD + "maximum_pages = 0", "demo.toml: maximum_pages: 0"),
        (GOOD + 'hosts = ["http://a.test/"]', "demo.toml: hosts: 'http://a.test/' is no host"),
        (GOOD + 'name = "other"', "demo.toml: name: is 'other' but the file says 'demo'"),
        (GOOD + '[[layout]]\nbody = "#x"', "demo.toml: layout.0.until: missing"),
        (GOOD + '[[layout]]\nuntil = 2019-01-31\narticle_urls = "["', "demo.toml: layout.0.article_urls: "),
        ("hospital = 示范", "(at line 1, column 12)"),
        (GOOD + "delay = = 1", "(at line 3, column 9)"),
    ],
)
def test_an_error_names_the_file_the_key_and_the_cure(text: str, said: str) -> None:
    with pytest.raises(SiteError) as caught:
        parse_site(text, "demo.toml")

    assert said in str(caught.value)
    assert str(caught.value).startswith("demo.toml: ")
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_a_site_are_named(tmp_path: Path) -> None:
    (tmp_path / "Bad_Name.toml").write_text(GOOD, "utf-8")
    (tmp_path / "gbk.toml").write_bytes('hospital = "示范县"'.encode("gbk"))
    (tmp_path / "large.toml").write_text("#" * 300_000)

    with pytest.raises(SiteError, match="a-z, 0-9 and hyphens"):
        load_site(tmp_path / "Bad_Name.toml")
    with pytest.raises(SiteError, match=r"gbk\.toml: not UTF-8 at byte"):
        load_site(tmp_path / "gbk.toml")
    with pytest.raises(SiteError, match=r"large\.toml: larger than"):
        load_site(tmp_path / "large.toml")
    with pytest.raises(SiteError, match="missing: no such site"):
        load_site(tmp_path / "missing.toml")
    with pytest.raises(SiteError, match="no such folder"):
        load_sites(tmp_path / "nowhere")


def test_the_folder_is_named_by_the_environment() -> None:
    assert sites_folder({"YIXUN_SITES": "/srv/sites"}) == Path("/srv/sites")
    assert sites_folder({}).parts[-2:] == ("spiders", "sites")


def test_the_sites_of_this_project_load() -> None:
    assert isinstance(load_sites(sites_folder({})), dict)


def test_the_documented_example_loads_and_names_every_key() -> None:
    text = (sites_folder({}) / "example.toml.txt").read_text("utf-8")

    site = parse_site(text, "example.toml")

    written = tomllib.loads(text).keys() | {"name", "javascript"}  # the one is the file's, the other has no effect yet
    assert {field.name for field in dataclasses.fields(site)} == written


def test_a_site_is_due_by_its_schedule() -> None:
    site = Site(name="demo", hospital="x", start_urls=("http://demo.test/",))

    assert is_due(site, None, NOW)
    assert not is_due(site, NOW - datetime.timedelta(hours=23), NOW)
    assert is_due(site, NOW - datetime.timedelta(hours=23, minutes=45), NOW), "a daily run does not slip a day"
    assert interval("6h") == datetime.timedelta(hours=6)
    assert interval("weekly") == interval("7d")
    for wrong in ("", "0h", "6 h", "h", "6m", "٦h"):
        with pytest.raises(ValueError, match=f"^{wrong}$"):
            interval(wrong)


def test_a_url_is_given_to_the_site_that_names_its_host() -> None:
    one = Site(name="one", hospital="x", start_urls=("http://demo.test:8001/",))
    two = Site(name="two", hospital="x", start_urls=("http://demo.test:8002/", "https://www.two.test/"))
    sites = {"one": one, "two": two}

    assert site_of("http://demo.test:8002/a.html", sites) is two
    assert site_of("http://DEMO.test:8001/a.html", sites) is one
    assert site_of("https://www.two.test:8443/a.html", sites) is two
    assert site_of("http://other.test/", sites) is None
    assert site_of("file:one/page.html", sites) is None
    assert site_of("http://[broken/", sites) is None
