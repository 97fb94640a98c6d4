"""Completions on the real Odoo: models, ids, names, fields, values and reports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import Records, StartServer, both_transports
from support.mcp_client import IS_LINE_1, McpClient, ProtocolError
from support.odoo import Odoo
from support.people import Person

RECORD = "odoo://{model}/{id}"
REPORT = "odoo://{model}/{id}/report/{report}"
FILE = "odoo://ir.attachment/{id}/content"
TAG = "res.partner.category"
MOST = 100


pytestmark = both_transports


@pytest.fixture(scope="module", params=[None] if IS_LINE_1 else [None, "legacy"])
def typist(
    request: pytest.FixtureRequest, _start_server: StartServer, admin: Person
) -> Iterator[McpClient]:
    """A server for the environment's user, in each protocol that the client line speaks."""
    with _start_server(admin, mode=request.param) as client:
        yield client


# ------------------------------------------------------------------ models


def test_models(typist: McpClient) -> None:
    """By the beginning first, then by any part, then by the label."""
    found = typist.complete_resource(RECORD, "model", "res.partner")
    assert found.values[0] == "res.partner"
    assert all("res.partner" in value for value in found.values)
    inside = typist.complete_resource(RECORD, "model", "PARTNER").values
    assert "res.partner" in inside
    starts = [value.startswith("partner") for value in inside]
    assert starts == sorted(starts, reverse=True)
    assert "res.partner" in typist.complete_resource(RECORD, "model", "contact").values


def test_all_models(typist: McpClient) -> None:
    """Nothing typed finds everything: a hundred are shown, all are counted."""
    count = typist.ok("odoo_capabilities").structured["model_count"]
    found = typist.complete_resource(RECORD, "model", "")
    assert found.total == count
    assert len(found.values) == min(MOST, count)
    assert found.has_more == (count > MOST)


def test_no_model(typist: McpClient) -> None:
    """What finds nothing is an empty list, and no error."""
    found = typist.complete_resource(RECORD, "model", "no such model")
    assert (found.values, found.total, found.has_more) == ([], 0, False)


# ------------------------------------------------------------------ records


def test_ids_by_name(typist: McpClient, five_tags: list[int], mark: str) -> None:
    """A name completes to the ids of the records that have it."""
    found = typist.complete_resource(RECORD, "id", mark, model=TAG)
    assert sorted(map(int, found.values)) == sorted(five_tags)
    assert (found.total, found.has_more) == (5, False)


def test_id_by_number(typist: McpClient, five_tags: list[int]) -> None:
    """A number is an id first."""
    found = typist.complete_resource(RECORD, "id", str(five_tags[2]), model=TAG)
    assert found.values[0] == str(five_tags[2])


def test_many_records(typist: McpClient, odoo: Odoo) -> None:
    """A hundred are shown; how many there are is told where it is known."""
    count = odoo.count("res.country")
    assert count > MOST
    found = typist.complete_resource(RECORD, "id", "", model="res.country")
    assert (len(found.values), found.total, found.has_more) == (MOST, count, True)
    some = typist.complete_resource(RECORD, "id", "a", model="res.country")
    assert (len(some.values), some.has_more) == (MOST, True)
    assert some.total is None


def test_names(typist: McpClient, five_tags: list[int], mark: str) -> None:
    """For the argument of a prompt the value is the record's name."""
    given = {"model": TAG, "field": "parent_id"}
    found = typist.complete_prompt("find_records", "value", f"{mark} 0", **given)
    assert f"{mark} 0" in found.values
    assert len(five_tags) >= len(found.values)


def test_equal_names_are_one_value(typist: McpClient, records: Records, mark: str) -> None:
    """Two customers of one name are completed once."""
    for _ in range(2):
        records.make("res.partner", name=mark, is_company=True)
    found = typist.complete_prompt("overdue_invoices", "customer", mark)
    assert (found.values, found.total, found.has_more) == ([mark], 1, False)


def test_names_are_shown_without_invisible_characters(
    typist: McpClient, records: Records, mark: str
) -> None:
    """A name is one line of what a person sees."""
    records.make("res.partner", name=f"{mark}\u200b x", is_company=True)
    found = typist.complete_prompt("overdue_invoices", "customer", mark)
    assert found.values == [f"{mark} x"]


@pytest.mark.needs("product.product")
def test_the_last_of_several_names(typist: McpClient, records: Records, mark: str) -> None:
    """Of a list of products the last one is completed, and those before it stay."""
    records.make("product.product", name=f"{mark} lamp")
    found = typist.complete_prompt("prepare_quotation", "products", f"2 desks; {mark}")
    assert found.values == [f"2 desks; {mark} lamp"]


def test_files(typist: McpClient, records: Records, mark: str) -> None:
    """The name of a file completes to the id of its attachment."""
    made = records.make("ir.attachment", name=f"{mark}.txt", datas="eA==")
    assert typist.complete_resource(FILE, "id", mark).values == [str(made)]


# ------------------------------------------------------------------ fields, values, reports


def test_fields(typist: McpClient, odoo: Odoo) -> None:
    """The fields of the model that was given, by name and by label."""
    found = typist.complete_prompt("find_records", "field", "country", model="res.partner")
    assert found.values[0].startswith("country")
    assert set(found.values) <= odoo.fields("res.partner").keys()
    label = odoo.fields("res.partner")["vat"]["string"]
    by_label = typist.complete_prompt("find_records", "field", label, model="res.partner")
    assert "vat" in by_label.values


def test_selection_keys(typist: McpClient, odoo: Odoo) -> None:
    """The options of a selection: keys, also found by their labels."""
    options = odoo.fields("res.partner")["type"]["selection"]
    given = {"model": "res.partner", "field": "type"}
    found = typist.complete_prompt("find_records", "value", "", **given)
    assert found.values == [key for key, _ in options]
    key, label = options[1]
    assert key in typist.complete_prompt("find_records", "value", label, **given).values


def test_other_values(typist: McpClient) -> None:
    """Booleans have two values, relations names, texts none."""

    def values(field: str, typed: str) -> list[str]:
        given = {"model": "res.partner", "field": field}
        return typist.complete_prompt("find_records", "value", typed, **given).values

    assert values("is_company", "") == ["true", "false"]
    assert values("is_company", "y") == ["true"]
    assert "Belgium" in values("country_id", "belg")
    assert values("name", "a") == []
    assert values("no_such_field", "") == []


@pytest.mark.needs("sale.order")
def test_reports(typist: McpClient) -> None:
    """The reports of the model that was given, by name and by what the menu calls them."""
    everything = typist.complete_resource(REPORT, "report", "", model="sale.order")
    assert "sale.report_saleorder" in everything.values
    part = typist.complete_resource(REPORT, "report", "saleorder", model="sale.order", id="1")
    assert part.values[0].startswith("sale.report_saleorder")


# ------------------------------------------------------------------ what is missing


def test_nothing_without_a_model(typist: McpClient) -> None:
    """What depends on a model completes to nothing before there is one, or with a wrong one."""
    for given in ({}, {"model": "no.such.model"}):
        assert typist.complete_resource(RECORD, "id", "a", **given).values == []
        assert typist.complete_resource(REPORT, "report", "", **given).values == []
        assert typist.complete_prompt("find_records", "field", "a", **given).values == []
        assert typist.complete_prompt("find_records", "value", "a", **given).values == []


@pytest.mark.users
def test_rights(clerk_server: McpClient, clerk: Person) -> None:
    """What the user may not see is not completed."""
    assert not clerk.odoo.has_access("ir.cron", "read")
    found = clerk_server.complete_resource(RECORD, "model", "ir.cron")
    assert "ir.cron" not in found.values
    found = clerk_server.complete_resource(RECORD, "id", "", model="ir.cron")
    assert (found.values, found.total, found.has_more) == ([], 0, False)


def test_mistakes(typist: McpClient) -> None:
    """Templates, prompts and arguments that there are not are invalid parameters."""
    for ask in (
        lambda: typist.complete_resource("odoo://{x}", "x", ""),
        lambda: typist.complete_resource(RECORD, "modle", ""),
        lambda: typist.complete_prompt("no_such_prompt", "x", ""),
        lambda: typist.complete_prompt("my_day", "x", ""),
    ):
        with pytest.raises(ProtocolError) as caught:
            ask()
        assert caught.value.code == -32602
