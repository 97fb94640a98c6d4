"""The tools answer each user exactly as Odoo itself answers them: nothing more and nothing less.

Six users of different rights in two companies, every generated model, and everything that can
be done to a record. What Odoo's own RPC lets a user do, see or not do is the measure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from conftest import StartHttp
from support.http_wire import HttpWire
from support.odoo import Odoo, OdooError
from support.people import People, Person
from support.records import Records

SCHEMAS = Path(__file__).resolve().parents[3] / "generated" / "schemas"
MODELS = sorted(path.stem for path in SCHEMAS.glob("*.json"))
READABLE = 40
# Roles with their groups; each works in the first company, those with a star in the second.
ROLES = {
    "administrator": ["base.group_system", "base.group_erp_manager"],
    "seller": ["sales_team.group_sale_salesman"],
    "accountant*": ["account.group_account_manager"],
    "stock worker": ["stock.group_stock_user"],
    "portal": ["base.group_portal"],
    "clerk*": ["base.group_user"],
}

# What the two sides call the same refusal: this user has nothing to do with the record.
DENIED_BY_TOOL = {"access_denied", "missing_record", "unknown_model", "unknown_method"}
DENIED_BY_ODOO = {"AccessError", "MissingError", "AccessDenied", "NotFound"}


@dataclass
class Cells:
    """What was compared, and what was not the same."""

    compared: int = 0
    different: list[str] = field(default_factory=list)

    def compare(self, what: str, tool: Any, odoo: Any) -> None:
        """Counts one comparison."""
        self.compared += 1
        if tool != odoo:
            self.different.append(f"{what}: the tool {_short(tool)}, Odoo {_short(odoo)}")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 200 else f"{text[:200]}…"


def _user(people: People, odoo: Odoo, role: str, companies: list[int]) -> Person:
    company = companies[1] if role.endswith("*") else companies[0]
    person = people.make(role.strip("*").replace(" ", "_"), _groups(odoo, role))
    in_company = {"company_ids": [[6, 0, [company]]], "company_id": company}
    odoo.write("res.users", [person.uid], in_company)
    return person


def _groups(odoo: Odoo, role: str) -> list[int]:
    found = []
    for name in ROLES[role]:
        try:
            found.append(odoo.xml_id(name))
        except ValueError:
            pytest.skip(f"this Odoo lacks the group {name}")
    return found


@pytest.fixture(scope="module")
def companies(odoo: Odoo) -> list[int]:
    """Two companies; the second one stays, for Odoo deletes none that was used."""
    first = odoo.ids("res.company", [], order="id", limit=1)[0]
    others = odoo.ids("res.company", [["name", "=", "E2E second company"]])
    second = others[0] if others else odoo.create("res.company", {"name": "E2E second company"})
    mine = odoo.read("res.users", odoo.uid, "company_ids")["company_ids"]
    if second not in mine:
        odoo.write("res.users", [odoo.uid], {"company_ids": [[4, second]]})
    return [first, second]


@pytest.fixture(scope="module")
def of_both(odoo: Odoo, companies: list[int]) -> Iterator[None]:
    """Records that belong to one company alone, so that there is something not to see."""
    made = Records(odoo)
    for company in companies:
        name = f"E2E of company {company}"
        made.make("res.partner", name=name, company_id=company)
        for model in ("crm.lead", "product.template", "project.project"):
            try:
                made.make(model, name=name, company_id=company)
            except OdooError:
                continue  # The app is not installed.
    yield
    made.clean()


class Sides:
    """One user, through the tools and through Odoo's own RPC."""

    def __init__(self, wire: HttpWire, person: Person, cells: Cells, role: str) -> None:
        self.wire, self.odoo, self.cells, self.role = wire, person.odoo, cells, role

    def tool(self, name: str, /, **arguments: Any) -> tuple[str, dict[str, Any]]:
        """What a tool comes to: `ok`, `denied` or `refused`, with its structured content."""
        result = self.wire.call(name, **arguments).result
        content = result["structuredContent"]
        if not result.get("isError"):
            return "ok", content
        kind = content["error"]["kind"]
        return ("denied" if kind in DENIED_BY_TOOL else f"refused ({kind})"), content

    def rpc(self, model: str, method: str, *args: Any, **kwargs: Any) -> tuple[str, Any]:
        """The same of Odoo."""
        try:
            return "ok", self.odoo.call(model, method, *args, **kwargs)
        except OdooError as error:
            name = error.name.rpartition(".")[2]
            return ("denied" if name in DENIED_BY_ODOO else f"refused ({name})"), None

    def compare(self, model: str, what: str, tool: Any, odoo: Any) -> None:
        """Counts a comparison."""
        self.cells.compare(f"{self.role}, {model}, {what}", tool, odoo)


def _fields(sides: Sides, model: str) -> list[str]:
    """Some fields that the user may read and whose values both sides say alike."""
    outcome, described = sides.rpc(model, "fields_get", [], ["type", "store"])
    if outcome != "ok" or sides.rpc(model, "search_count", [["id", "=", 0]])[0] != "ok":
        return []
    plain = [
        name
        for name, entry in sorted(described.items())
        if entry["type"] in ("char", "integer", "selection", "many2one", "boolean")
        and entry.get("store")
        and name not in ("write_uid", "create_uid")
    ]
    return plain[:READABLE]


def _compare_hidden_fields(sides: Sides, model: str, record: int, known: set[str]) -> None:
    """Fields that are for other groups alone. Odoo lets some be searched all the same, those with
    a search of their own; the tools let none."""
    _, described = sides.rpc(model, "fields_get", [], ["type"])
    for name in sorted(known - set(described or {}))[:3]:
        tool, _ = sides.tool("odoo_read", model=model, id=record, fields=[name])
        odoo, _ = sides.rpc(model, "read", [record], [name])
        sides.compare(model, f"read the hidden field {name}", tool == "ok", odoo == "ok")
        tool, _ = sides.tool("odoo_count", model=model, domain=[[name, "!=", False]])
        sides.compare(model, f"search by the hidden field {name}", tool == "ok", False)


def _compare_search(sides: Sides, model: str) -> list[int]:
    everything = {"domain": [], "order": "id", "limit": 100}
    tool, content = sides.tool("odoo_search", model=model, fields=["id"], **everything)
    odoo, rows = sides.rpc(model, "search_read", [], ["id"], 0, 100, "id")
    sides.compare(model, "search", tool, odoo)
    if tool != "ok" or odoo != "ok":
        return []
    found = [row["id"] for row in content["records"]]
    sides.compare(model, "what is found", found, [row["id"] for row in rows])
    total = sides.rpc(model, "search_count", [])[1]
    sides.compare(model, "how many", content["total"], total)
    return found


def _plain(value: Any) -> Any:
    """A value in the form that both sides can be brought to."""
    match value:
        case {"id": record, **_rest}:
            return record
        case [int(record), str()]:
            return record
        case None | False | "":
            return None
    return value


def _compare_read(sides: Sides, model: str, record: int, fields: list[str]) -> None:
    asked = fields or ["display_name"]
    tool, content = sides.tool("odoo_read", model=model, id=record, fields=asked)
    odoo, rows = sides.rpc(model, "read", [record], asked)
    if odoo == "ok" and not rows:
        odoo = "denied"
    sides.compare(model, f"read {record}", tool, odoo)
    if tool == odoo == "ok" and fields:
        seen = {name: _plain(content["record"].get(name)) for name in fields}
        truth = {name: _plain(rows[0][name]) for name in fields}
        sides.compare(model, f"values of {record}", seen, truth)


def _writable(odoo: Odoo, model: str, record: int) -> dict[str, Any]:
    """A value that changes nothing, of a field that a person may edit."""
    described = odoo.call(model, "fields_get", [], ["type", "store", "readonly", "related"])
    for name in ("name", "active", "color", "sequence", "note", "comment"):
        entry = described.get(name)
        if entry and entry.get("store") and not entry.get("readonly") and not entry.get("related"):
            value = odoo.read(model, record, name)[name]
            if value not in (False, "") and len(str(value)) < 1000:
                return {name: value}
    return {}


def _compare_write(sides: Sides, model: str, record: int, values: dict[str, Any]) -> None:
    tool, _ = sides.tool("odoo_update", model=model, id=record, values=values)
    odoo, _ = sides.rpc(model, "write", [record], values)
    sides.compare(model, f"write {record} {list(values)}", tool.split()[0], odoo.split()[0])


def _compare_rights(sides: Sides, model: str) -> None:
    """What is offered: the rights that the tools are listed by."""
    said, content = sides.tool("odoo_capabilities", search=model)
    listed = [entry for entry in content.get("models", []) if entry.get("model") == model]
    if said != "ok" or not listed or "access" not in listed[0]:
        return
    for operation in ("read", "write", "create", "unlink"):
        offered = bool(listed[0]["access"].get(operation))
        has_right = sides.odoo.has_access(model, operation)
        sides.compare(model, f"right to {operation}", offered, has_right)


def _compare_execute(sides: Sides, model: str, visible: list[int], hidden: list[int]) -> None:
    for method in ("_compute_display_name", "_write", "sudo", "no_such_method"):
        tool, _ = sides.tool("odoo_execute", model=model, method=method, ids=visible[:1])
        odoo, _ = sides.rpc(model, method, visible[:1])
        if odoo == "refused (AttributeError)":
            odoo = "denied"  # A method that does not exist, up to 17.0.
        sides.compare(model, f"call {method}", tool == "ok", odoo == "ok")
    for record in visible[:1] + hidden[:1]:
        tool, _ = sides.tool("odoo_execute", model=model, method="get_metadata", ids=[record])
        odoo, _ = sides.rpc(model, "get_metadata", [record])
        sides.compare(model, f"call get_metadata on {record}", tool, odoo)


def _compare_delete(sides: Sides, model: str, hidden: list[int]) -> None:
    """Only what the user does not see is tried: nothing of the demo data may go."""
    for record in hidden[:1]:
        tool, _ = sides.tool("odoo_delete", model=model, id=record)
        sides.compare(model, f"delete {record}, which is not seen", tool, "denied")


@pytest.mark.users
@pytest.mark.usefixtures("of_both")
@pytest.mark.needs("sale.order", "account.move", "stock.picking")
def test_every_user_sees_and_does_what_odoo_lets_them(
    people: People,
    odoo: Odoo,
    start_http: StartHttp,
    companies: list[int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Six users, every generated model: search, read, write, delete, rights and methods."""
    cells = Cells()
    server = start_http("--rate-limit", "100000")
    known = {model: set(odoo.fields(model)) for model in MODELS}
    all_ids = {model: odoo.ids(model, [], order="id", limit=200) for model in MODELS}
    for role in ROLES:
        person = _user(people, odoo, role, companies)
        sides = Sides(HttpWire(server.url, person.authorization), person, cells, role)
        for model in MODELS:
            fields = _fields(sides, model)
            visible = _compare_search(sides, model)
            seen = set(sides.rpc(model, "search", [["id", "in", all_ids[model]]])[1] or [])
            hidden = [record for record in all_ids[model] if record not in seen][-2:]
            for record in visible[:2]:
                _compare_read(sides, model, record, fields)
            for record in hidden:
                # Archived records are read by their id, so Odoo is asked for each.
                _compare_read(sides, model, record, ["display_name"])
            for record in visible[:1]:
                _compare_hidden_fields(sides, model, record, known[model])
            for record in visible[:1] + hidden[:1]:
                if values := _writable(odoo, model, record):
                    _compare_write(sides, model, record, values)
            _compare_rights(sides, model)
            _compare_execute(sides, model, visible, hidden)
            unreadable = [
                record
                for record in hidden
                if sides.rpc(model, "read", [record], ["display_name"])[0] != "ok"
            ]
            _compare_delete(sides, model, unreadable)
    with capsys.disabled():
        print(f"\n  {cells.compared} cells, {len(cells.different)} different")
    assert cells.compared > 2000
    assert not cells.different, "\n".join(cells.different[:60])
