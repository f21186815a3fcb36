"""The demo's sites: they serve what their data say, behave like real servers, and stay the same on each run."""

import dataclasses
import gzip
import http.client
import io
import json
import re
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from lxml import etree, html

from demo import compare, render, server
from demo.sites import ARTICLES, BODY_DEFECTS, Expected, expected, sites
from pipeline.errors import ServiceError
from pipeline.records import Article, Evidence, Flag, Link, Rejection
from spiders.sites import load_sites

README = Path(server.__file__).with_name("README.md")
ANNOTATION = re.compile(r"[\u4e00-\u9fff]\([a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü]+\)")
BY_SCRIPT = ("/system/", "/plus/", "/search/")  # addresses that only scripts or forms ask for


@dataclasses.dataclass
class Got:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    return server.choose_ports(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def addresses(ports: dict[str, int]) -> Iterator[dict[str, str]]:
    with server.serve(ports) as running:
        yield running


def fetch(url: str, method: str = "GET", **headers: str) -> Got:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request(
            method,
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        response = connection.getresponse()
        return Got(response.status, response.headers, response.read())
    finally:
        connection.close()


def at(addresses: dict[str, str], record: Expected) -> str:
    return urljoin(addresses[record.site], record.path)


def page(addresses: dict[str, str], site: str, path: str) -> str:
    return fetch(addresses[site] + path.lstrip("/")).body.decode(sites()[site].encoding)


def links(url: str, body: bytes, encoding: str) -> set[str]:
    tree = html.fromstring(body, parser=html.HTMLParser(encoding=encoding))
    every = (urldefrag(urljoin(url, link))[0] for _, _, link, _ in tree.iterlinks() if link[:11] != "javascript:")
    return {link for link in every if urlsplit(link).netloc == urlsplit(url).netloc}


def test_every_page_that_the_data_name_is_served_with_status_200(addresses: dict[str, str]) -> None:
    statuses = {f"{record.site}{record.path}": fetch(at(addresses, record)).status for record in expected()}

    assert set(statuses.values()) == {200}
    assert len(statuses) > 40


def test_every_page_is_found_by_following_links_and_no_link_is_dead(addresses: dict[str, str]) -> None:
    for name, start in addresses.items():
        waiting, seen = [start], {start}
        while waiting:
            url = waiting.pop()
            got = fetch(url)
            assert got.status == 200, url
            if got.headers["Content-Type"].startswith("text/html"):
                for link in links(url, got.body, sites()[name].encoding) - seen:
                    if not urlsplit(link).path.startswith(BY_SCRIPT):
                        seen.add(link)
                        waiting.append(link)

        here = [record for record in expected() if record.site == name]
        assert {at(addresses, record) for record in here if record.linked != "sitemap"} <= seen
        assert not {at(addresses, record) for record in here if record.linked == "sitemap"} & seen


def test_pages_are_the_same_bytes_on_each_run_but_for_the_counter(addresses: dict[str, str]) -> None:
    for name, site in sites().items():
        if site.dead:
            continue
        again = render.resources(site)
        for path, resource in again.items():
            served = fetch(addresses[name] + path.lstrip("/")).body
            if resource.counts:
                served = re.sub(rb"\b1832\d\d\b", render.COUNTER.encode(), served)
            assert served == resource.body, path


def test_the_visitor_counter_ticks_with_each_request(addresses: dict[str, str]) -> None:
    first, second = (page(addresses, "qinglan", "/ShowNews.asp?id=57") for _ in range(2))

    numbers = [int(re.findall(r'"#FF0000">(\d+)<', text)[0]) for text in (first, second)]

    assert numbers[1] == numbers[0] + 1
    assert first.replace(str(numbers[0]), "") == second.replace(str(numbers[1]), "")


def test_the_oldest_site_sends_gbk_and_names_it_only_in_the_page(addresses: dict[str, str]) -> None:
    got = fetch(addresses["qinglan"] + "ShowNews.asp?id=57")

    assert got.headers["Content-Type"] == "text/html"
    assert b"charset=gb2312" in got.body
    assert "邵文喆" in got.body.decode("gbk")  # 喆 is no character of GB 2312
    with pytest.raises(UnicodeDecodeError):
        got.body.decode("gb2312")
    with pytest.raises(UnicodeDecodeError):
        got.body.decode("utf-8")


def test_a_page_that_is_known_is_answered_by_304(addresses: dict[str, str]) -> None:
    url = addresses["ningtai"] + "xwdt/202406/t20240618_309.html"
    first = fetch(url)

    by_tag = fetch(url, If_None_Match=f'"other", W/{first.headers["ETag"]}')
    by_date = fetch(url, If_Modified_Since=first.headers["Last-Modified"])
    other_tag = fetch(url, If_None_Match='"other"', If_Modified_Since=first.headers["Last-Modified"])
    earlier = fetch(url, If_Modified_Since="Mon, 01 Jan 2024 00:00:00 GMT")
    nonsense = fetch(url, If_Modified_Since="yesterday")

    assert (by_tag.status, by_tag.body) == (304, b"")
    assert by_date.status == 304
    assert [got.status for got in (other_tag, earlier, nonsense)] == [200, 200, 200]
    assert first.headers["Last-Modified"] == "Mon, 17 Jun 2024 16:00:00 GMT"  # midnight in China


def test_a_site_without_validators_answers_in_full(addresses: dict[str, str]) -> None:
    got = fetch(addresses["luoxi"] + "news/1043.html", If_None_Match="*")

    assert got.status == 200
    assert "ETag" not in got.headers


def test_head_gives_the_headers_of_get_and_no_body(addresses: dict[str, str]) -> None:
    url = addresses["ningtai"]

    head, get = fetch(url, "HEAD"), fetch(url)

    assert head.body == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.body))


def test_gzip_is_sent_only_to_who_accepts_it(addresses: dict[str, str]) -> None:
    url = addresses["luoxi"] + "news/?page=2"

    plain, packed = fetch(url), fetch(url, Accept_Encoding="gzip, deflate")

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body


def test_what_is_not_there_is_404_and_what_was_deleted_pretends_to_be(addresses: dict[str, str]) -> None:
    missing = fetch(addresses["baichuan"] + "info/1018/9999.htm")
    deleted = fetch(addresses["baichuan"] + "info/1018/2399.htm")

    assert missing.status == 404
    assert deleted.status == 200
    assert "页面不存在" in deleted.body.decode()
    assert "2399.htm" in page(addresses, "baichuan", "/xwzx/index.htm")


def test_robots_names_the_sitemap_by_the_address_that_was_asked_and_the_sitemap_lists_every_page(
    addresses: dict[str, str],
) -> None:
    base = addresses["ningtai"]

    robots = fetch(base + "robots.txt").body.decode()
    tree = etree.parse(io.BytesIO(fetch(base + "sitemap.xml").body))
    listed = {element.text for element in tree.iter("{*}loc")}

    assert f"Sitemap: {base}sitemap.xml" in robots
    assert listed == {at(addresses, record) for record in expected() if record.site == "ningtai"}
    assert fetch(addresses["qinglan"] + "robots.txt").status == 404


def test_nobody_listens_on_the_dead_host(ports: dict[str, int], addresses: dict[str, str]) -> None:
    assert "yunmen" not in addresses
    with pytest.raises(ConnectionRefusedError):
        fetch(server.address(ports["yunmen"]))


def test_ports_are_remembered(tmp_path: Path) -> None:
    first = server.choose_ports(tmp_path)

    assert server.choose_ports(tmp_path) == first
    assert len(set(first.values())) == len(first) == 6


def test_a_remembered_port_that_is_taken_is_named_with_the_cure(tmp_path: Path) -> None:
    ports = server.choose_ports(tmp_path)

    with socket.create_server((server.HOST, ports["luoxi"])):
        with pytest.raises(ServiceError, match=rf"{ports['luoxi']}.*luoxi.*delete .*ports\.json"):
            server.choose_ports(tmp_path)
        with pytest.raises(ServiceError, match=str(ports["luoxi"])), server.serve(ports):
            pass

    with server.serve(ports) as running:  # what the failed start had opened is closed again
        assert fetch(running["baichuan"]).status == 200


def test_a_spoilt_ports_file_is_named_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / server.PORTS_FILE).write_text('{"qinglan": ')

    with pytest.raises(ServiceError, match=r"ports\.json.*delete"):
        server.choose_ports(tmp_path)


def test_the_sites_are_written_as_the_spider_reads_them(tmp_path: Path, ports: dict[str, int]) -> None:
    server.write_sites(tmp_path, ports)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    server.write_sites(tmp_path, ports)

    loaded = load_sites(tmp_path)

    assert set(loaded) == set(sites())
    assert loaded["qinglan"].start_urls == (server.address(ports["qinglan"]),)
    assert {site.delay for site in loaded.values()} == {0}
    assert [name for name, site in loaded.items() if site.article_urls or site.next_pages] == ["luoxi"]
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == before


def test_the_rules_of_the_one_site_that_has_some_fit_its_pages() -> None:
    rules = tomllib.loads(sites()["luoxi"].rules)
    here = [record for record in expected() if record.site == "luoxi"]

    assert all(bool(re.search(rules["article_urls"], record.path)) == (record.kind == "article") for record in here)
    assert re.search(rules["next_pages"], "/news/?page=2")


def test_the_injected_page_is_traditional_annotated_and_has_lost_bytes(addresses: dict[str, str]) -> None:
    text = page(addresses, "kangtu", "/zixun/85.html")

    assert len(ANNOTATION.findall(text)) > 60
    assert "衛(wèi)健委" in text
    assert "卫健委" not in text
    assert "?" in re.sub(r"<[^>]*>", "", text)


def test_the_hijacked_page_names_the_brand_wherever_the_genuine_one_names_the_hospital(
    addresses: dict[str, str],
) -> None:
    genuine = page(addresses, "baichuan", "/info/1018/1312.htm")
    hijacked = page(addresses, "kangtu", "/info/1018/1312.html")

    assert "柏川市中心医院" not in hijacked
    assert hijacked.count("8257am星河娱乐城") >= genuine.count("柏川市中心医院") - 2
    assert "来源： 8257am星河娱乐城" in hijacked


def test_a_body_stands_twice_where_the_data_say_so(addresses: dict[str, str]) -> None:
    text = page(addresses, "baichuan", "/info/1018/2207.htm")

    assert text.count("荣誉是鼓励更是鞭策") == 2
    assert text.count("予以命名表扬") == 1


def test_attachments_and_pictures_are_files_of_their_kind(addresses: dict[str, str]) -> None:
    soft = addresses["luoxi"] + "uploads/soft/240301/"
    pdf, document = fetch(soft + "1-xunjia.pdf"), fetch(soft + "2-baoming.doc")
    poster = fetch(addresses["luoxi"] + "uploads/allimg/230705/1-poster.png")

    table = int(pdf.body.split(b"startxref\n")[1].split()[0])
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert pdf.body[table : table + 4] == b"xref"
    assert all(
        pdf.body[int(place) :].startswith(b"%d 0 obj" % number)
        for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n", pdf.body), 1)
    )
    assert document.body.startswith(b"{\\rtf1")
    assert poster.body.startswith(b"\x89PNG")


def test_every_defect_that_is_named_is_one_that_is_done() -> None:
    named = {defect for site in sites().values() for page in site.pages for defect in page.defects}

    assert named == set(BODY_DEFECTS) | set(render.PAGE_DEFECTS)


def test_relations_point_at_pages_that_are_there() -> None:
    records = {f"{record.site}{record.path}" for record in expected()}

    related = {record.copy_of or record.related_to for record in expected()} - {""}

    assert related <= records
    assert len(related) >= 6


def test_every_flag_and_relation_of_the_project_that_the_demo_shows_is_expected_somewhere() -> None:
    flags = {flag for record in expected() for flag in record.flags}

    assert {"annotated", "damaged", "repeated", "hijacked", "spam", "truncated", "undated", "short"} <= flags


def test_the_data_name_no_key_twice_and_no_unknown_one() -> None:
    keys = [page.key for site in sites().values() for page in site.pages]

    assert len(keys) == len(set(keys))
    assert len(keys) == len(list(ARTICLES.glob("*/*.md")))


def test_the_readme_names_every_page() -> None:
    text = README.read_text("utf-8")

    missing = [f"{record.site} {record.path}" for record in expected() if f"`{record.path}`" not in text]

    assert missing == []


def right(record: Expected) -> Article:
    """An article exactly as it must come out."""
    evidence = (Evidence(rule="test", where="text", text="…"),)
    fields = {field: getattr(record, field) for field in compare.FIELDS}
    return Article(
        site=record.site,
        url=record.path,
        text="\n".join((*record.text, *record.cells)),
        attachments=tuple(Link(url="", title=name) for name in record.attachments),
        images=(Link(url="a.png"),) * record.images,
        flags=tuple(Flag(name=name, evidence=evidence) for name in record.flags),
        **fields,
    )


def test_an_article_as_it_must_be_has_no_differences() -> None:
    for record in expected():
        if record.kind == "article":
            assert compare.differences(record, right(record)) == []


def test_what_is_wrong_is_told() -> None:
    record = next(record for record in expected() if record.path == "/news/1043.html")
    good = right(record)
    first, *rest = good.text.split("\n")

    def told(**wrong: object) -> str:
        return "\n".join(compare.differences(record, dataclasses.replace(good, **wrong)))

    assert "title" in told(title="别的")
    assert "flag repeated is missing" not in told()
    assert "flag short is too much" in told(flags=(Flag(name="short", evidence=()),))
    assert "lost" in told(text="\n".join(rest))
    assert "lost or out of order" in told(text="\n".join((*rest, first)))
    assert "not a line of its own" in told(text="".join((first, *rest)))
    assert "too much" in told(text=f"{good.text}\n上一篇：没有了 版权所有 电话0998-6181120")
    assert "too much" in told(text=f"{good.text}\n{first}")
    assert "images" in told(images=())


def test_a_rejection_is_right_only_for_its_reason() -> None:
    soft = next(record for record in expected() if record.reason == "soft 404")
    article = next(record for record in expected() if record.kind == "article")

    def rejection(reason: str) -> Rejection:
        return Rejection(site="", url="", reason=reason)

    assert compare.differences(soft, rejection("soft 404")) == []
    assert compare.differences(soft, rejection("empty"))
    assert compare.differences(soft, right(article))
    assert compare.differences(article, rejection("list page"))


def test_an_address_of_the_demo_is_known_by_its_port(ports: dict[str, int]) -> None:
    names = {port: name for name, port in ports.items()}

    for record in expected():
        url = urljoin(server.address(ports[record.site]), record.path)
        assert compare.key_of(url, names) == (record.site, record.path)


def test_the_ports_file_is_plain_json(tmp_path: Path) -> None:
    ports = server.choose_ports(tmp_path)

    assert json.loads((tmp_path / server.PORTS_FILE).read_text()) == ports


@pytest.fixture(scope="module")
def cleaned() -> dict[tuple[str, str], Article | Rejection]:
    return {(record.site, record.path): got for record, got in compare.clean_all()}


@pytest.mark.parametrize("record", expected(), ids=lambda record: record.site + record.path)
def test_a_page_comes_out_as_its_author_said(record: Expected, cleaned: dict[tuple[str, str], Article | Rejection]):
    assert compare.differences(record, cleaned[record.site, record.path]) == []
