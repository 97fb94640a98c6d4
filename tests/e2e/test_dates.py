"""Days and moments are those of the user's clock, in conditions, values, answers and questions."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from conftest import Records, StartServer
from support.human import ASK, Human
from support.mcp_client import McpClient
from support.odoo import Odoo
from support.people import Person

EVENT = "calendar.event"
ZONE = "Asia/Kolkata"

pytestmark = pytest.mark.needs(EVENT)


@pytest.fixture
def far_east(odoo: Odoo, boss: Person) -> Iterator[Person]:
    """Our own user, for a while five and a half hours before UTC."""
    odoo.write("res.users", [boss.uid], {"tz": ZONE})
    yield boss
    odoo.write("res.users", [boss.uid], {"tz": False})


@pytest.fixture
def client(start_server: StartServer, far_east: Person) -> McpClient:
    """A server of that user."""
    return start_server(far_east)


@pytest.fixture
def events(records: Records, mark: str) -> dict[str, int]:
    """Meetings around a day in Kolkata, which lasts from 18:30 to 18:30 in UTC."""
    return {
        name: records.make(
            EVENT, name=f"{mark} {name}", start=start, stop="2026-12-24 00:00:00", user_id=False
        )
        for name, start in {
            "before": "2026-11-21 18:29:59",
            "first": "2026-11-21 18:30:00",
            "last": "2026-11-22 18:29:59",
            "after": "2026-11-22 18:30:00",
        }.items()
    }


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("=", "2026-11-22", {"first", "last"}),
        ("!=", "2026-11-22", {"before", "after"}),
        ("<", "2026-11-22", {"before"}),
        ("<=", "2026-11-22", {"before", "first", "last"}),
        (">", "2026-11-22", {"after"}),
        (">=", "2026-11-22", {"first", "last", "after"}),
        ("in", ["2026-11-21", "2026-11-23"], {"before", "after"}),
        ("not in", ["2026-11-21", "2026-11-22"], {"after"}),
        ("in", ["2026-11-22", "2026-11-23 00:00"], {"first", "last", "after"}),
        (">=", "2026-11-22 23:59:59", {"last", "after"}),
        (">", "2026-11-22 23:59:59", {"after"}),
        (">=", "2026-11-22T18:29:59Z", {"last", "after"}),
    ],
)
def test_days_in_conditions(
    client: McpClient,
    events: dict[str, int],
    mark: str,
    operator: str,
    value: str | list[str],
    expected: set[str],
) -> None:
    """A day is the whole day where the user is, and a moment is what their clock shows."""
    domain = [["name", "=like", f"{mark}%"], ["start", operator, value]]
    found = client.ok("odoo_search", model=EVENT, domain=domain, fields=["start"])
    ids = {record["id"] for record in found.structured["records"]}
    assert ids == {events[name] for name in expected}


def test_today(client: McpClient, odoo: Odoo, records: Records, mark: str) -> None:
    """What began a minute ago is of today, of no other day, and not after today."""
    zone = ZoneInfo(ZONE)
    now = datetime.datetime.now(zone)
    if (now - datetime.timedelta(minutes=2)).date() != (now + datetime.timedelta(minutes=2)).date():
        pytest.skip("it is midnight in Kolkata")
    start = now.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")
    event = records.make(EVENT, name=mark, start=start, stop=start, user_id=False)

    def holds(operator: str, value: str) -> bool:
        domain = [["id", "=", event], ["start", operator, value]]
        answer = client.ok("odoo_count", model=EVENT, domain=domain)
        return bool(answer.structured["count"])

    right = [("=", "today"), ("<=", "today"), (">=", "today"), ("<", "tomorrow")]
    right += [(">", "yesterday"), ("<=", "end_of_day"), (">=", "start_of_day")]
    wrong = [(">", "today"), ("<", "today"), ("!=", "today"), ("=", "yesterday")]
    assert [said for said in right if not holds(*said)] == []
    assert [said for said in wrong if holds(*said)] == []
    assert odoo.exists(EVENT, event)


def test_what_was_understood_is_told(client: McpClient, events: dict[str, int], mark: str) -> None:
    """A day is told as the moments that it was taken for."""
    assert events
    domain = [["name", "=like", f"{mark}%"], ["start", "=", "2026-11-22"]]
    found = client.ok("odoo_search", model=EVENT, domain=domain, fields=["start"])
    words = "2026-11-21 18:30:00 until before 2026-11-22 18:30:00"
    assert f"domain[1] “2026-11-22” → {words} UTC" in found.text
    assert found.structured["resolved"][0]["value"] == words


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2026-03-04 05:06:07", "2026-03-03 23:36:07"),
        ("2026-03-04T05:06", "2026-03-03 23:36:00"),
        ("2026-03-04", "2026-03-03 18:30:00"),
        ("2026-03-04T05:06:07Z", "2026-03-04 05:06:07"),
        ("2026-03-04 05:06+02", "2026-03-04 03:06:00"),
    ],
)
def test_moments_in_values(
    client: McpClient, odoo: Odoo, records: Records, mark: str, given: str, stored: str
) -> None:
    """What is written without an offset is the user's clock, and shown as such again."""
    values = {"name": mark, "start": given, "stop": "2026-12-24T00:00:00Z"}
    made = client.ok("odoo_create", model=EVENT, values=values)
    event = records.adopt(EVENT, made.structured["id"])
    assert odoo.read(EVENT, event, "start")["start"] == stored
    shown = client.ok("odoo_read", model=EVENT, id=event, fields=["start"]).structured
    start = shown["record"]["start"]
    assert start.endswith("+05:30")
    client.ok("odoo_update", model=EVENT, id=event, values={"start": start})
    assert odoo.read(EVENT, event, "start")["start"] == stored


def test_groups_name_domains_that_find_their_records(
    client: McpClient, events: dict[str, int], mark: str
) -> None:
    """The domain behind a group has moments with their offset, and finds the group again."""
    domain = [["name", "=like", f"{mark}%"], ["start", ">=", "2026-11-01"]]
    groups = client.ok("odoo_search", model=EVENT, domain=domain, group_by=["start:day"])
    found = {}
    for group in groups.structured["groups"]:
        rows = client.ok("odoo_search", model=EVENT, domain=group["domain"], fields=["start"])
        ids = {record["id"] for record in rows.structured["records"]}
        assert len(ids) == group["count"]
        found[group["start:day"]["value"]] = ids
    assert found == {
        "2026-11-21": {events["before"]},
        "2026-11-22": {events["first"], events["last"]},
        "2026-11-23": {events["after"]},
    }


def test_the_user_is_asked_in_their_own_time(
    start_server: StartServer, far_east: Person, events: dict[str, int]
) -> None:
    """Before a change, old and new moments are shown as the user's clock has them."""
    human = Human("decline")
    client = start_server(far_east, env=ASK, user=human)
    values = {"start": "2026-11-25 09:00"}
    client.call("odoo_update", model=EVENT, id=events["first"], values=values)
    (question,) = human.questions
    assert "2026-11-22 00:00+05:30 → 2026-11-25 09:00+05:30" in question
