"""Records by name: which one a text means, and what is said where it does not mean one."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Records, StartServer
from support.gateway import Gateway
from support.mcp_client import McpClient, Result
from support.odoo import Odoo
from support.people import Person

PARTNER = "res.partner"
TAG = "res.partner.category"


def tag_partner(server: McpClient, records: Records, mark: str, tag: object) -> Result:
    """Creates a partner with this tag."""
    made = server.call("odoo_create", model=PARTNER, values={"name": mark, "category_id": [tag]})
    if not made.is_error:
        records.adopt(PARTNER, made.structured["id"])
    return made


def refused(server: McpClient, values: dict[str, Any], *says: str) -> str:
    """What a partner with these values is refused with."""
    result = server.call("odoo_create", model=PARTNER, values=values)
    assert result.is_error, f"it went through: {result.text}"
    assert result.error["kind"] == "invalid_call", result.text
    for part in says:
        assert part in result.text, f"{part!r} is not in {result.text!r}"
    return result.text


# ------------------------------------------------------------------ numbers


def test_a_number_is_an_id_where_no_record_has_it_as_a_name(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """An id written as a text is one, and the answer says whose."""
    tag = records.make(TAG, name=f"{mark} tag")
    made = tag_partner(server, records, mark, str(tag))
    assert not made.is_error, made.text
    assert odoo.read(PARTNER, made.structured["id"], "category_id")["category_id"] == [tag]
    assert f"values.category_id[0] “{tag}” → {tag} (“{mark} tag”)" in made.text
    found = server.ok("odoo_count", model=PARTNER, domain=[["category_id", "=", str(tag)]])
    assert found.structured["count"] == 1
    assert found.structured["resolved"][0]["name"] == f"{mark} tag"


def test_a_number_may_be_a_name(server: McpClient, odoo: Odoo, records: Records, mark: str) -> None:
    """The record that is named so is meant, unless the number is also another one's id."""
    number = str(7_000_000 + secrets.randbelow(1_000_000))
    named = records.make(TAG, name=number)
    made = tag_partner(server, records, mark, number)
    assert odoo.read(PARTNER, made.structured["id"], "category_id")["category_id"] == [named]
    other = records.make(TAG, name=f"{mark} other")
    twin = records.make(TAG, name=str(other))
    text = refused(server, {"name": f"{mark} 2", "category_id": [str(other)]})
    assert f"“{other}” is the name of “{other}” ({twin})" in text
    assert f"the id of “{mark} other” ({other})" in text
    assert f"write {other} without quotes for the id" in text
    assert not odoo.ids(PARTNER, [["name", "=", f"{mark} 2"]])
    made = tag_partner(server, records, f"{mark} 3", other)
    assert odoo.read(PARTNER, made.structured["id"], "category_id")["category_id"] == [other]


def test_a_number_of_nothing(server: McpClient, mark: str) -> None:
    """A number that is neither an id nor a name is refused before Odoo sees the values."""
    refused(
        server,
        {"name": mark, "parent_id": "99999999"},
        "values.parent_id: no record of res.partner has the id 99999999 or the name “99999999”",
        "Nothing was changed",
    )


# ------------------------------------------------------------------ codes


def test_countries_currencies_and_languages_by_code(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """A code is a name; the case of its letters does not matter."""
    belgium, france = (odoo.ids("res.country", [["code", "=", code]])[0] for code in ("BE", "FR"))
    for code, country in (("BE", belgium), ("fr", france)):
        made = server.ok("odoo_create", model=PARTNER, values={"name": mark, "country_id": code})
        partner = records.adopt(PARTNER, made.structured["id"])
        assert odoo.read(PARTNER, partner, "country_id")["country_id"][0] == country
        assert made.structured["resolved"][0]["value"] == country
    company = odoo.read("res.users", odoo.uid, "company_id")["company_id"][0]
    currency = odoo.read("res.company", company, "currency_id")["currency_id"][0]
    names = odoo.read("res.currency", currency, "name", "full_name")
    for name in (names["name"], names["full_name"]):
        told = server.ok("odoo_count", model="res.country", domain=[["currency_id", "=", name]])
        assert told.structured["resolved"][0]["value"] == currency, name


def test_a_name_goes_before_a_code_and_a_part_is_none(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """One record's name wins over another one's code, and nothing is met by a part of it."""
    coded = records.make(PARTNER, name=f"{mark} coded", ref=f"{mark}-7")
    values = {"name": mark, "parent_id": f"{mark}-7"}
    made = server.ok("odoo_create", model=PARTNER, values=values)
    child = records.adopt(PARTNER, made.structured["id"])
    assert odoo.read(PARTNER, child, "parent_id")["parent_id"][0] == coded
    named = records.make(PARTNER, name=f"{mark}-7")
    made = server.ok("odoo_create", model=PARTNER, values={**values, "name": f"{mark} 2"})
    child = records.adopt(PARTNER, made.structured["id"])
    assert odoo.read(PARTNER, child, "parent_id")["parent_id"][0] == named
    refused(server, {**values, "parent_id": f"{mark}-"}, f"is named “{mark}-”", f"({named})")


@pytest.mark.needs("sale.order")
def test_products_by_code(server: McpClient, odoo: Odoo, records: Records, mark: str) -> None:
    """A product is found by its reference, by what Odoo shows, and by its barcode."""
    code = f"{mark}-P"
    values = {"name": f"{mark} lamp", "default_code": code, "barcode": f"{mark}-B"}
    product = records.make("product.product", **values)
    partner = records.make(PARTNER, name=mark)
    names = [code, f"[{code}] {mark} lamp", f"{mark} lamp", f"{mark}-B", code.upper()]
    lines = [{"product_id": name} for name in names]
    made = server.ok(
        "odoo_create", model="sale.order", values={"partner_id": partner, "order_line": lines}
    )
    order = records.adopt("sale.order", made.structured["id"])
    sold = odoo.call("sale.order.line", "search_read", [["order_id", "=", order]], ["product_id"])
    assert [line["product_id"][0] for line in sold] == [product] * len(names)


@pytest.mark.needs("account.account")
def test_journals_and_accounts_by_code(server: McpClient, odoo: Odoo) -> None:
    """A journal is found by its short code, an account by its number."""
    journal = odoo.call("account.journal", "search_read", [], ["code", "name"])[0]
    account = odoo.call("account.account", "search_read", [], ["code", "name"])[0]
    for field, record in (("journal_id", journal), ("account_id", account)):
        domain = [[field, "=", record["code"]]]
        found = server.ok("odoo_count", model="account.move.line", domain=domain)
        ids = found.structured["resolved"][0]["value"]
        assert record["id"] in (ids if isinstance(ids, list) else [ids]), record
    named = f"{account['code']} {account['name']}"
    found = server.ok("odoo_count", model="account.move.line", domain=[["account_id", "=", named]])
    assert found.structured["resolved"][0]["value"] == account["id"]


# ------------------------------------------------------------------ name and id


def test_a_record_as_answers_show_it(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """`Name (id)` is the record with the id, as long as it has the name."""
    twins = [records.make(PARTNER, name=f"{mark} twin") for _ in range(2)]
    made = server.ok(
        "odoo_create",
        model=PARTNER,
        values={"name": mark, "parent_id": f"{mark} twin ({twins[1]})"},
    )
    child = records.adopt(PARTNER, made.structured["id"])
    assert odoo.read(PARTNER, child, "parent_id")["parent_id"][0] == twins[1]
    shown = server.ok("odoo_read", model=PARTNER, id=child, fields=["parent_id"])
    assert f"{mark} twin ({twins[1]})" in shown.text
    refused(
        server,
        {"name": f"{mark} 2", "parent_id": f"{mark} triplet ({twins[0]})"},
        f"“{mark} triplet ({twins[0]})”: {twins[0]} of res.partner is “{mark} twin”",
        "give the id alone",
    )
    refused(
        server,
        {"name": f"{mark} 2", "parent_id": f"{mark} twin (99999999)"},
        "is named",
        f"“{mark} twin” ({twins[0]})",
    )


# ------------------------------------------------------------------ archived records


@pytest.fixture
def old(odoo: Odoo, mark: str) -> Iterator[int]:
    """An archived tag."""
    tag = odoo.create(TAG, {"name": f"{mark} old", "active": False})
    yield tag
    odoo.unlink(TAG, [tag])


def test_an_archived_record_is_told(
    server: McpClient, odoo: Odoo, records: Records, mark: str, old: int
) -> None:
    """A name that only archived records have is refused with their ids; an active one wins."""
    values: dict[str, Any] = {"name": mark, "category_id": [f"{mark} old"]}
    says = f"“{mark} old” of {TAG} is archived: “{mark} old” ({old})"
    refused(server, values, f"values.category_id[0]: {says}", "give its id")
    searched = server.call(
        "odoo_count", model=PARTNER, domain=[["category_id", "=", f"{mark} OLD"]]
    )
    assert searched.is_error
    assert f"“{mark} old” ({old})" in searched.text
    made = tag_partner(server, records, mark, old)
    assert odoo.read(PARTNER, made.structured["id"], "category_id")["category_id"] in ([old], [])
    new = records.make(TAG, name=f"{mark} Old")
    made = tag_partner(server, records, mark, f"{mark} old")
    assert odoo.read(PARTNER, made.structured["id"], "category_id")["category_id"] == [new]


# ------------------------------------------------------------------ several of one name


def test_records_of_one_name_are_told_apart(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """By what differs, and the one of the user's company first."""
    company = odoo.read("res.users", odoo.uid, "company_id")["company_id"]
    far = records.make(PARTNER, name=f"{mark} twin", email=f"{mark}@far.example", city="Gent")
    near = records.make(PARTNER, name=f"{mark} twin", company_id=company[0], city="Gent")
    text = refused(server, {"name": mark, "parent_id": f"{mark} twin"}, "2 records of res.partner")
    told = f"“{mark} twin” ({near}) with company_id “{company[1]}”, “{mark} twin” ({far})"
    assert told in text
    assert "Gent" not in text


@pytest.mark.needs("product.template", "account.tax")
def test_a_fields_domain_narrows_a_name(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """Of a sale and a purchase tax of one name, each field means the one that it offers."""
    group = odoo.ids("account.tax.group", [])[0]
    sale, purchase = (
        records.make(
            "account.tax", name=f"{mark} 15%", amount=15, type_tax_use=use, tax_group_id=group
        )
        for use in ("sale", "purchase")
    )
    values = {
        "name": mark,
        "taxes_id": [f"{mark} 15%"],
        "supplier_taxes_id": [f"{mark} 15%"],
    }
    made = server.ok("odoo_create", model="product.template", values=values)
    template = records.adopt("product.template", made.structured["id"])
    truth = odoo.read("product.template", template, "taxes_id", "supplier_taxes_id")
    assert truth == {"id": template, "taxes_id": [sale], "supplier_taxes_id": [purchase]}


# ------------------------------------------------------------------ conditions


def test_names_in_hierarchies(server: McpClient, records: Records, mark: str) -> None:
    """`child_of` and `parent_of` take exact names, also next to ids."""
    root = records.make(TAG, name=f"{mark} root")
    branch = records.make(TAG, name=f"{mark} branch", parent_id=root)
    leaf = records.make(TAG, name=f"{mark} leaf", parent_id=branch)

    def found(*condition: Any) -> list[int]:
        result = server.ok("odoo_search", model=TAG, domain=[list(condition)], fields=["id"])
        return sorted(record["id"] for record in result.structured["records"])

    assert found("id", "child_of", f"{mark} branch") == [branch, leaf]
    assert found("id", "parent_of", [f"{mark} branch"]) == [root, branch]
    assert found("parent_id", "child_of", f"{mark} root") == [root, branch, leaf]
    assert found("parent_id", "in", [f"{mark} root", branch]) == [branch, leaf]
    for operator in ("child_of", "="):
        part = server.call(
            "odoo_search", model=TAG, domain=[["parent_id", operator, f"{mark} roo"]]
        )
        assert part.is_error, part.text
        assert f"the nearest are “{mark} root” ({root})" in part.text
        assert '"ilike" finds parts of names' in part.text


# ------------------------------------------------------------------ all mistakes at once


def test_names_and_other_mistakes_are_told_together(
    start_server: StartServer, admin: Person, gateway: Gateway, records: Records, mark: str
) -> None:
    """The names of a call with other mistakes are looked up, and nothing else is."""
    parent = records.make(PARTNER, name=f"{mark} parent")
    client = start_server(admin, env={"ODOO_URL": gateway.open().url})
    values = {"name": mark, "parent_id": f"{mark} paren", "colour": 3}
    says = ["2 mistakes", 'has no field "colour"', f"“{mark} parent” ({parent})"]
    text = refused(client, values, *says, "Nothing was changed; only names were looked up")
    assert "Nothing was sent" not in text
    refused(client, {**values, "parent_id": f"{mark} parent"}, 'has no field "colour"')
    refused(client, {"name": mark, "colour": 3}, "Nothing was sent to Odoo")
    for seen in gateway.requests("/mcp/search"):
        asked = json.loads(seen.body)["params"]
        assert asked["model"] == PARTNER
        assert {"display_name", "name"} <= set(asked["fields"])
    assert not gateway.requests("/mcp/execute")


def test_a_long_list_of_names_is_not_looked_up_for_nothing(
    start_server: StartServer, admin: Person, gateway: Gateway, mark: str
) -> None:
    """Where the call is refused anyway, only so many names are looked up."""
    client = start_server(admin, env={"ODOO_URL": gateway.open().url})
    names = [f"{mark} {number}" for number in range(60)]
    refused(client, {"category_id": names, "name": mark, "colour": 3}, "Nothing was sent to Odoo")
    assert not gateway.requests("/mcp/search")
