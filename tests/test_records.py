"""The records' own small reckonings."""

from __future__ import annotations

from pipeline.records import Repair, Site, Spot, site_of
from pipeline.repair import repair

DAMAGED = "市衛(wèi)健委召開會(huì)議，醫(yī)院發(fā)言。衛(wèi)健委聽取醫(yī)療隊(duì)匯報，發(fā)展規(guī)劃已定。"


def test_the_pieces_of_a_repair_give_the_original_and_the_repaired_text_again():
    made = repair(DAMAGED)

    pieces = list(made.pieces())

    assert made.annotations >= 5
    assert "".join(before for _, before, _ in pieces) == DAMAGED
    assert "".join(after for _, _, after in pieces) == made.text


def test_an_annotation_inside_a_spot_is_shown_by_the_spot():
    spot = Spot(start=1, end=8, before="?fù)痉e極", after="同志積極", status="guess")
    made = Repair(original="崗?fù)痉e極參與", text="崗?痉e極參與", removed=((3, 6),), spots=(spot,))

    assert [kind for kind, _, _ in made.pieces()] == ["", "guess", ""]


def test_a_site_is_found_by_host_and_port_before_host_alone():
    one = Site(name="one", hospital="甲医院", start_urls=("http://a.example/",))
    two = Site(name="two", hospital="乙医院", start_urls=("http://a.example:8080/",))

    assert site_of("http://A.example:8080/x", [one, two]) is two
    assert site_of("http://a.example/x", {"one": one, "two": two}) is one
    assert site_of("file:one/x.html", [one, two]) is None
