"""What every client has to get done, whoever wrote it and however it reaches the server."""

from __future__ import annotations

from typing import Any, Protocol

from support.mcp_client import Result
from support.people import Person
from support.records import Records

PARTNER = "res.partner"


class Caller(Protocol):
    """What is asked of a client."""

    def tool_names(self) -> list[str]:
        """The names of the tools that it was shown."""

    def call(self, name: str, /, **arguments: Any) -> Result:
        """Calls a tool."""


def work_through(client: Caller, person: Person, records: Records, mark: str) -> None:
    """Lists, looks, makes, changes, deletes and errs as `person`; Odoo confirms each step."""
    odoo = records.odoo
    listed = client.tool_names()
    assert listed[0] == "odoo_capabilities"
    assert len(set(listed)) == len(listed) >= 10

    user = done(client.call("odoo_capabilities"))["user"]
    assert (user["id"], user["login"]) == (person.uid, person.login)

    made = done(client.call("odoo_create", model=PARTNER, values={"name": mark, "color": 3}))
    partner = records.adopt(PARTNER, made["id"])
    stored = odoo.read(PARTNER, partner, "name", "color", "create_uid")
    assert (stored["name"], stored["color"], stored["create_uid"][0]) == (mark, 3, person.uid)
    read = done(client.call("odoo_read", model=PARTNER, id=partner, fields=["name", "color"]))
    assert read["record"] == {"id": partner, "name": mark, "color": 3}
    found = done(client.call("odoo_search", model=PARTNER, domain=[["name", "=", mark]]))
    assert [record["id"] for record in found["records"]] == [partner]
    done(client.call("odoo_update", model=PARTNER, id=partner, values={"name": f"{mark} ä€"}))
    assert odoo.read(PARTNER, partner, "name")["name"] == f"{mark} ä€"

    wrong = client.call("odoo_update", model=PARTNER, id=partner, values={"nmae": "x"})
    assert wrong.is_error
    assert "did you mean name?" in wrong.text
    assert wrong.error["kind"] == "invalid_call"

    done(client.call("odoo_delete", model=PARTNER, id=partner))
    assert not odoo.exists(PARTNER, partner)
    gone = client.call("odoo_read", model=PARTNER, id=partner)
    assert gone.error["kind"] == "missing_record"


def done(result: Result) -> dict[str, Any]:
    """What a call that succeeded answered."""
    assert not result.is_error, result.text
    return result.structured
