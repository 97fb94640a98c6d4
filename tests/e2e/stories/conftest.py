"""Fixtures of the stories: somebody at work, and what they work with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import Records, StartServer
from support.desk import Desk
from support.people import Person

PROFILES = "sales,accounting,inventory,projects,people"


@pytest.fixture(scope="session")
def desk(_start_server: StartServer, admin: Person) -> Iterator[Desk]:
    """The environment's user at work, with the typed tools of every department."""
    with _start_server(admin, "--profile", PROFILES) as session:
        yield Desk(session, admin.uid)


@pytest.fixture
def goods(desk: Desk, records: Records, mark: str) -> int:
    """A product of the test's own that is kept in stock, at 100 and without taxes."""
    # Until 17.0, what is kept in stock is a type of its own.
    stored = (
        {"type": "consu", "is_storable": True}
        if desk.has_field("product.product", "is_storable")
        else {"detailed_type": "product"}
    )
    values = {"name": f"{mark} desk", "list_price": 100.0, "standard_price": 60.0, **stored}
    taxes = {"taxes_id": [], "supplier_taxes_id": []}
    return records.adopt("product.product", desk.create("product.product", **values, **taxes))
