"""Printed documents as resources, on the real Odoo and on one that misbehaves."""

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest
from conftest import Records, StartServer, both_transports
from support.gateway import Gateway, Reply, Seen
from support.mcp_client import McpClient
from support.odoo import Odoo
from support.people import Person
from support.resources import ATTACHMENT, MAX_BYTES, not_found, read_json, refused

TAG = "res.partner.category"

pytestmark = both_transports


# ------------------------------------------------------------------ reports


@pytest.fixture
def order(records: Records) -> int:
    """A quotation of the test's own."""
    partner = records.make("res.partner", name="E2E customer")
    return records.make("sale.order", partner_id=partner)


def engine(odoo: Odoo) -> str:
    """How Odoo's PDF engine is."""
    return odoo.call("ir.actions.report", "get_wkhtmltopdf_state")


@pytest.mark.needs("sale.order")
def test_reports_are_named(reader: McpClient, odoo: Odoo, order: int) -> None:
    """A record names the reports of the user's Print menu, with their URIs."""
    bound = odoo.call("ir.actions.actions", "get_bindings", "sale.order")["report"]
    names = {
        report["id"]: report["report_name"]
        for report in odoo.call(
            "ir.actions.report",
            "search_read",
            [["id", "in", [item["id"] for item in bound]], ["report_type", "=", "qweb-pdf"]],
            ["report_name"],
        )
    }
    reports = read_json(reader, f"odoo://sale.order/{order}")["reports"]
    assert [(report["uri"], report["name"]) for report in reports] == [
        (f"odoo://sale.order/{order}/report/{names[item['id']]}", item["name"])
        for item in bound
        if item["id"] in names
    ]
    assert all(report["mimeType"] == "application/pdf" for report in reports)


@pytest.mark.needs("sale.order")
def test_report(reader: McpClient, odoo: Odoo, order: int) -> None:
    """A PDF document where Odoo can make one, else what is missing there."""
    uri = f"odoo://sale.order/{order}/report/sale.report_saleorder"
    state = engine(odoo)
    if state == "ok":
        (contents,) = reader.read(uri)
        assert (contents["uri"], contents["mimeType"]) == (uri, "application/pdf")
        assert base64.b64decode(contents["blob"]).startswith(b"%PDF-")
    else:
        error = refused(reader, uri)
        assert error.code == -32603
        assert "wkhtmltopdf" in error.message


def test_printing_changes_nothing(
    reader: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """A report that keeps its documents as attachments is printed without keeping it."""
    name = f"e2e.{mark.replace('-', '_')}"
    arch = f"""
        <t t-name="{name}"><t t-call="web.html_container"><t t-foreach="docs" t-as="doc">
            <div class="article" t-att-data-oe-model="doc._name" t-att-data-oe-id="doc.id">
                <div class="page"><t t-out="doc.display_name"/></div>
            </div>
        </t></t></t>"""
    records.make("ir.ui.view", name=name, key=name, type="qweb", arch=arch)
    (model,) = odoo.ids("ir.model", [["model", "=", TAG]])
    records.make(
        "ir.actions.report",
        name="E2E",
        model=TAG,
        report_name=name,
        report_type="qweb-pdf",
        attachment="'kept.pdf'",
        binding_model_id=model,
    )
    tag = records.make(TAG, name=mark)
    (report,) = read_json(reader, f"odoo://{TAG}/{tag}")["reports"]
    if not odoo.makes_pdf():
        pytest.skip("this Odoo makes no PDF documents")
    (contents,) = reader.read(report["uri"])
    assert base64.b64decode(contents["blob"]).startswith(b"%PDF-")
    assert odoo.ids(ATTACHMENT, [["res_model", "=", TAG], ["res_id", "=", tag]]) == []


@pytest.mark.needs("sale.order")
def test_wrong_report(reader: McpClient, order: int) -> None:
    """A report of another model, or of none, is not found; those that there are, are named."""
    for report in ("sale.report_saleordr", "stock.report_picking", "a%2Fb"):
        error = not_found(reader, f"odoo://sale.order/{order}/report/{report}")
        assert "sale.report_saleorder" in error.message


@pytest.mark.needs("sale.order")
@pytest.mark.users
def test_report_of_another(clerk_server: McpClient, order: int) -> None:
    """Who may not read the order may not print it."""
    not_found(clerk_server, f"odoo://sale.order/{order}/report/sale.report_saleorder")


@pytest.mark.demo
def test_reports_that_may_not_be_seen(
    start_server: StartServer, demo_users: dict[str, Person]
) -> None:
    """A user who may not read reports reads records all the same."""
    portal = demo_users["portal"]
    client = start_server(portal)
    partner = portal.odoo.read("res.users", portal.uid, "partner_id")["partner_id"][0]
    shown = read_json(client, f"odoo://res.partner/{partner}")
    assert shown["id"] == partner
    assert shown.get("reports", []) == []


# ------------------------------------------------------------------ an Odoo that misbehaves


def print_url(seen: Seen) -> bool:
    """Whether a request is one for a printed document."""
    return urllib.parse.urlsplit(seen.path).path == "/report/download"


def answer(gateway: Gateway, document: Reply, engine: str = "ok") -> None:
    """Answers requests for a printed document, and how the PDF engine is, in Odoo's place."""
    state = {"jsonrpc": "2.0", "id": 1, "result": {"success": True, "result": engine}}

    def rule(seen: Seen) -> Reply | None:
        if print_url(seen):
            return document
        if b"get_wkhtmltopdf_state" in seen.body:
            return Reply(200, json.dumps(state).encode(), "application/json")
        return None

    gateway.rule = rule


@pytest.fixture
def printing(
    start_server: StartServer, admin: Person, gateway: Gateway, order: int
) -> tuple[McpClient, str]:
    """A client whose way to Odoo is the gateway, and the URI of a printed order."""
    client = start_server(admin, env={"ODOO_URL": gateway.open().url})
    return client, f"odoo://sale.order/{order}/report/sale.report_saleorder"


def odoo_error(name: str, message: str) -> bytes:
    """An error as Odoo answers it instead of a document."""
    error = {"code": 0, "message": "Odoo Server Error", "data": {"name": name, "message": message}}
    text = json.dumps(error)
    for character, escaped in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "#34"), ("'", "#39")):
        text = text.replace(character, f"&{escaped};")
    return text.encode()


@pytest.mark.needs("sale.order")
def test_report_without_an_engine(printing: tuple[McpClient, str], gateway: Gateway) -> None:
    """The error says that wkhtmltopdf is missing on the Odoo server, and who can help."""
    client, uri = printing
    body = odoo_error("odoo.exceptions.UserError", "Wkhtmltopdf fehlt <hier> & dort")
    answer(gateway, Reply(200, body), engine="install")
    error = refused(client, uri)
    assert "wkhtmltopdf is not installed on the Odoo server" in error.message
    assert "administrator" in error.message


@pytest.mark.needs("sale.order")
def test_report_that_odoo_refuses(printing: tuple[McpClient, str], gateway: Gateway) -> None:
    """Odoo's own words come through; a lack of rights is told as not found."""
    client, uri = printing
    body = odoo_error("odoo.exceptions.UserError", "Nothing to print in <this> & that")
    answer(gateway, Reply(200, body))
    assert "Nothing to print in <this> & that" in refused(client, uri).message
    denied = odoo_error("odoo.exceptions.AccessError", "top-secret")
    answer(gateway, Reply(200, denied))
    not_found(client, uri)


@pytest.mark.needs("sale.order")
@pytest.mark.parametrize("kind", ["text/html", "application/pdf"])
def test_report_that_is_no_pdf(
    printing: tuple[McpClient, str], gateway: Gateway, kind: str
) -> None:
    """HTML is no document, also under the name of one."""
    client, uri = printing
    answer(gateway, Reply(200, b"<html>not a document</html>", kind))
    error = refused(client, uri)
    assert "instead of a PDF document" in error.message
    assert "not a document" not in error.message


@pytest.mark.needs("sale.order")
def test_report_with_an_expired_session(printing: tuple[McpClient, str], gateway: Gateway) -> None:
    """The way to the login page means a new login, once, and the document comes."""
    client, uri = printing
    client.read(uri.partition("/report")[0])
    logins = len(gateway.requests("/web/session/authenticate"))
    document = b"%PDF-1.4\n%%EOF\n"
    asked: list[str] = []

    def rule(seen: Seen) -> Reply | None:
        if not print_url(seen):
            return None
        asked.append(seen.headers["Cookie"])
        if len(asked) == 1:
            return Reply(303, location="/web/login?redirect=%2Freport%2Fdownload")
        return Reply(200, document, "application/pdf")

    gateway.rule = rule
    (contents,) = client.read(uri)
    assert base64.b64decode(contents["blob"]) == document
    assert len(gateway.requests("/web/session/authenticate")) == logins + 1
    assert asked[0] != asked[1]


@pytest.mark.needs("sale.order")
def test_report_that_is_too_large(printing: tuple[McpClient, str], gateway: Gateway) -> None:
    """No more is taken than fits."""
    client, uri = printing
    answer(gateway, Reply(200, b"%PDF-" + b"\0" * MAX_BYTES, "application/pdf"))
    error = refused(client, uri)
    assert error.data["kind"] == "too_large"
    assert "10.0 MiB" in error.message
