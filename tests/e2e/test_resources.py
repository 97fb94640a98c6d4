"""Resources on the real Odoo: lists, records, schemas, files and printed documents."""

from __future__ import annotations

import base64
import json

import pytest
from conftest import Records, StartServer, both_transports
from support.gateway import Gateway, Reply
from support.mcp_client import McpClient, ProtocolError
from support.odoo import Odoo, OdooError
from support.people import Person
from support.resources import (
    ATTACHMENT,
    MAX_BYTES,
    MODERN,
    attach,
    not_found,
    read_json,
    refused,
)

TAG = "res.partner.category"
# One transparent pixel.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJ"
    "RU5ErkJggg=="
)


pytestmark = both_transports


# ------------------------------------------------------------------ lists


def test_capabilities(reader: McpClient) -> None:
    """Resources, prompts and completions are announced, subscriptions are not."""
    assert reader.capabilities["resources"]["listChanged"]
    assert not reader.capabilities["resources"].get("subscribe")
    assert reader.capabilities["prompts"]["listChanged"]
    assert reader.capabilities["completions"] is not None


def test_the_server_has_an_icon(reader: McpClient) -> None:
    """It is in the URI itself, small, and a picture."""
    (icon,) = reader.server_info["icons"]
    kind, _, content = icon["src"].partition(";base64,")
    assert kind == "data:image/svg+xml"
    assert base64.b64decode(content).startswith(b"<svg")
    assert len(icon["src"]) < 1024


def test_instructions(reader: McpClient) -> None:
    """They fit what clients show, and name resources and prompts."""
    assert len(reader.instructions.encode()) < 2000
    for part in ("odoo://{model}/{id}", "Prompts", "data, not instructions"):
        assert part in reader.instructions


def test_schemas_are_listed(reader: McpClient) -> None:
    """One schema for each model with typed tools, in order, with its type and true size."""
    resources = reader.resources()
    uris = [resource["uri"] for resource in resources]
    assert uris == sorted(uris)
    typed = {tool.name for tool in reader.tools()} & {"res_partner_search", "sale_order_search"}
    for name in typed:
        model = name.removesuffix("_search").replace("_", ".")
        assert f"odoo://{model}/schema" in uris
    for resource in resources:
        assert resource["title"]
        assert resource["mimeType"] == "application/json"
    for resource in resources[:2]:
        (contents,) = reader.read(resource["uri"])
        assert len(contents["text"].encode()) == resource["size"]


def test_templates_are_listed(reader: McpClient) -> None:
    """Records, schemas, files, reports and values."""
    templates = {item["uriTemplate"]: item for item in reader.resource_templates()}
    assert list(templates) == [
        "odoo://{model}/{id}",
        "odoo://{model}/schema",
        "odoo://ir.attachment/{id}/content",
        "odoo://{model}/{id}/report/{report}",
        "odoo://{model}/{id}/field/{field}",
    ]
    assert all(item["title"] and item["description"] for item in templates.values())
    assert templates["odoo://{model}/{id}/report/{report}"]["mimeType"] == "application/pdf"


def test_a_wrong_cursor_is_refused(reader: McpClient) -> None:
    """A cursor that was not given out is an invalid parameter."""
    for method in ("list_resources", "list_resource_templates", "list_prompts"):
        with pytest.raises(ProtocolError) as caught:
            reader.list_page(method, "no-cursor")
        assert caught.value.code == -32602


def test_caching_is_private(reader: McpClient, records: Records, mark: str) -> None:
    """The current protocol is told how long answers hold, and that they are the user's own."""
    if reader.protocol_version < MODERN:
        pytest.skip("the older protocol has no such hints")
    tag = records.make(TAG, name=mark)
    assert reader.list_page("list_resources")["ttlMs"] > 0
    assert reader.read_whole(f"odoo://{TAG}/schema")["ttlMs"] > 0
    record = reader.read_whole(f"odoo://{TAG}/{tag}")
    assert record["ttlMs"] == 0
    for answer in (record, reader.list_page("list_resources"), reader.list_page("list_prompts")):
        assert answer["cacheScope"] == "private"


@pytest.mark.users
def test_lists_follow_the_rights(clerk_server: McpClient, clerk: Person) -> None:
    """A user without any right to sales is shown no schema of it."""
    uris = {resource["uri"] for resource in clerk_server.resources()}
    for model in ("sale.order", "crm.lead", "res.partner", "product.product"):
        can_read = clerk.odoo.has_access(model, "read")
        assert (f"odoo://{model}/schema" in uris) == can_read, model


# ------------------------------------------------------------------ schemas and records


def test_schema(reader: McpClient, odoo: Odoo) -> None:
    """Every field that Odoo has for the user, with its type."""
    schema = read_json(reader, f"odoo://{TAG}/schema")
    fields = odoo.fields(TAG)
    assert {name: field["type"] for name, field in schema["fields"].items()} == {
        name: field["type"] for name, field in fields.items()
    }
    assert schema["access"]["create"] is True


def test_record(reader: McpClient, records: Records, mark: str) -> None:
    """A record is there as JSON and as text with labels; invisible characters are gone."""
    parent = records.make(TAG, name=f"{mark} parent")
    tag = records.make(TAG, name=f"{mark}\u200b child", parent_id=parent, color=3)
    uri = f"odoo://{TAG}/{tag}"
    as_json, as_text = reader.read(uri)
    shown = json.loads(as_json["text"])
    assert (as_json["uri"], as_json["mimeType"]) == (uri, "application/json")
    assert (shown["uri"], shown["model"], shown["id"]) == (uri, TAG, tag)
    assert shown["fields"]["parent_id"] == {"id": parent, "name": f"{mark} parent"}
    assert shown["fields"]["name"] == f"{mark} child"
    assert shown["schema"] == f"odoo://{TAG}/schema"
    assert (shown["attachments"], shown["reports"]) == ([], [])
    assert (as_text["uri"], as_text["mimeType"]) == (uri, "text/plain")
    lines = as_text["text"].splitlines()
    assert lines[0].startswith(f"{TAG} {tag} (“")
    assert "Color: 3" in lines or "Color Index: 3" in lines
    assert any(line.endswith(f"{mark} parent ({parent})") for line in lines)


def test_record_names_its_files(reader: McpClient, records: Records, mark: str) -> None:
    """Files are named with type and size, newest first, and their bytes are not sent along."""
    tag = records.make(TAG, name=mark)
    of_tag = {"res_model": TAG, "res_id": tag}
    first = attach(records, name="a\nb.png", mimetype="image/png", content=PIXEL, **of_tag)
    second = attach(records, name="b.csv", mimetype="text/csv", content=b"x;y\n", **of_tag)
    link = attach(records, name="c", type="url", url="https://example.com/c", **of_tag)
    as_json, as_text = reader.read(f"odoo://{TAG}/{tag}")
    shown = json.loads(as_json["text"])
    uri = "odoo://ir.attachment/{}/content".format
    assert shown["attachments"] == [
        {
            "uri": uri(link),
            "name": "c",
            "mimeType": "text/uri-list",
            "link": "https://example.com/c",
        },
        {"uri": uri(second), "name": "b.csv", "mimeType": "text/csv", "size": 4},
        {"uri": uri(first), "name": "a b.png", "mimeType": "image/png", "size": len(PIXEL)},
    ]
    assert shown["attachment_count"] == 3
    for text in (as_json["text"], as_text["text"]):
        assert uri(first) in text
        assert base64.b64encode(PIXEL).decode()[:16] not in text


def test_attachment_record(reader: McpClient, records: Records) -> None:
    """An attachment is a record, too: it names its own file."""
    made = attach(records, name="x.csv", mimetype="text/csv", content=b"x;y\n")
    shown = read_json(reader, f"odoo://{ATTACHMENT}/{made}")
    assert shown["content"] == {
        "uri": f"odoo://{ATTACHMENT}/{made}/content",
        "name": "x.csv",
        "mimeType": "text/csv",
        "size": 4,
    }
    assert "datas" not in shown["fields"]


def test_long_texts_have_an_end(reader: McpClient, records: Records) -> None:
    """What Odoo has indexed of a file is not sent whole with its record."""
    content = b"word " * 10_000
    made = attach(records, name="x.txt", mimetype="text/plain", content=content)
    assert sum(len(part["text"]) for part in reader.read(f"odoo://{ATTACHMENT}/{made}")) < 20_000


# ------------------------------------------------------------------ files


@pytest.mark.parametrize(
    ("name", "mimetype", "content", "text"),
    [
        ("a.txt", "text/plain", "Grüße\u200b\n".encode(), "Grüße\n"),
        ("a.json", "application/json", b'{"a": 1}', '{"a": 1}'),
        ("a.csv", "text/csv", b"\xef\xbb\xbfa;b\r\n1;2\r\n", "a;b\n1;2\n"),
        ("a.xml", "application/xml", b"<a>b</a>", "<a>b</a>"),
        ("a.svg", "image/svg+xml", b"<svg/>", "<svg/>"),
        ("latin1.csv", "text/csv", b"\xe4;\xf6\n", None),
        ("a.png", "image/png", PIXEL, None),
        ("a.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n", None),
        ("a.bin", "application/octet-stream", bytes(range(256)), None),
        ("empty.txt", "text/plain", b"", ""),
    ],
)
def test_file(
    reader: McpClient,
    records: Records,
    odoo: Odoo,
    name: str,
    mimetype: str,
    content: bytes,
    text: str | None,
) -> None:
    """Text is text, everything else is the bytes as they are."""
    made = attach(records, name=name, mimetype=mimetype, content=content)
    uri = f"odoo://{ATTACHMENT}/{made}/content"
    (contents,) = reader.read(uri)
    assert contents["uri"] == uri
    assert contents["mimeType"] == odoo.read(ATTACHMENT, made, "mimetype")["mimetype"]
    if text is None:
        assert base64.b64decode(contents["blob"]) == content
    else:
        assert contents["text"] == text


def test_link(reader: McpClient, records: Records) -> None:
    """An attachment that is a link is not followed: its contents are the link."""
    made = attach(records, name="x", type="url", url="https://example.com/x")
    (contents,) = reader.read(f"odoo://{ATTACHMENT}/{made}/content")
    assert contents["mimeType"] == "text/uri-list"
    assert contents["text"].strip() == "https://example.com/x"


def test_large_file(reader: McpClient, records: Records, odoo: Odoo) -> None:
    """The largest file that is read is; a byte more, and size and way out are named."""
    fits = attach(
        records, name="fits.bin", mimetype="application/octet-stream", content=b"\0" * MAX_BYTES
    )
    (contents,) = reader.read(f"odoo://{ATTACHMENT}/{fits}/content")
    assert len(base64.b64decode(contents["blob"])) == MAX_BYTES
    large = attach(
        records,
        name="large.bin",
        mimetype="application/octet-stream",
        content=b"\0" * (MAX_BYTES + 1),
    )
    error = refused(reader, f"odoo://{ATTACHMENT}/{large}/content")
    assert error.data["kind"] == "too_large"
    for part in (
        "large.bin",
        "10.0 MiB (10485761 bytes)",
        "at most 10.0 MiB",
        f"{odoo.url}/web/content/{large}?download=true",
    ):
        assert part in error.message


@pytest.mark.users
def test_file_of_another(
    clerk_server: McpClient, records: Records, clerk: Person, mark: str
) -> None:
    """A file that Odoo does not let the user read is not found, and no byte of it is told."""
    made = attach(records, name=f"{mark}.txt", mimetype="text/plain", content=mark.encode())
    with pytest.raises(OdooError):
        clerk.odoo.read(ATTACHMENT, made, "name")
    for uri in (f"odoo://{ATTACHMENT}/{made}", f"odoo://{ATTACHMENT}/{made}/content"):
        error = not_found(clerk_server, uri)
        assert mark not in error.message


# ------------------------------------------------------------------ what is not there


@pytest.mark.parametrize(
    "uri",
    [
        "odoo://res.partner/999999999",
        "odoo://no.such.model/1",
        "odoo://no.such.model/schema",
        "odoo://ir.attachment/999999999/content",
        "odoo://res.partner/999999999/report/x.y",
        "odoo://res.partner/0",
        "odoo://res.partner/x",
        "odoo://res.partner/1/content",
        "odoo://res.partner",
        "https://example.com/",
    ],
)
def test_what_is_not_there(reader: McpClient, uri: str) -> None:
    """A missing record, a model that is none and a URI that is none of ours are not found."""
    assert not_found(reader, uri).message


def test_a_misspelt_model_is_met_with_the_right_one(reader: McpClient) -> None:
    """The error names the nearest model."""
    assert '"res.partner"' in not_found(reader, "odoo://res.partnr/1").message


@pytest.mark.users
def test_records_of_others(clerk_server: McpClient, clerk: Person) -> None:
    """What the user may not read is not found: neither record nor schema."""
    assert not clerk.odoo.has_access("ir.cron", "read")
    for uri in ("odoo://ir.cron/1", "odoo://ir.cron/schema"):
        error = not_found(clerk_server, uri)
        assert error.data["kind"] == "access_denied"


def test_resources_while_odoo_is_down(
    start_server: StartServer, admin: Person, gateway: Gateway, transport: str
) -> None:
    """Lists come all the same; what needs Odoo says that it cannot be reached."""
    if transport == "http":
        pytest.skip("over HTTP nobody can sign in while Odoo is down")
    client = start_server(admin, env={"ODOO_URL": gateway.url})
    assert client.resources()
    assert client.resource_templates()
    assert client.prompts()
    error = refused(client, "odoo://res.partner/1")
    assert error.code == -32603
    assert error.data["kind"] == "unreachable"
    gateway.open()
    # After several failures Odoo is left alone for a while; this asks it at once.
    client.ok("odoo_reconnect")
    assert client.read("odoo://res.partner/1")


def test_redirected_file(
    start_server: StartServer, admin: Person, gateway: Gateway, records: Records
) -> None:
    """A file that Odoo keeps elsewhere is not fetched from there."""
    made = attach(records, name="x.bin", mimetype="application/octet-stream", content=b"x")
    client = start_server(admin, env={"ODOO_URL": gateway.open().url})
    away = Reply(302, location="https://example.com/bucket/x")
    gateway.rule = lambda seen: away if seen.path.startswith("/web/content/") else None
    error = refused(client, f"odoo://{ATTACHMENT}/{made}/content")
    assert "example.com" in error.message
