"""What everyday calls are answered with: no success that reads as a failure, and no dead end."""

from __future__ import annotations

import pytest
from conftest import Records
from support.mcp_client import McpClient
from support.odoo import Odoo

PARTNER = "res.partner"


@pytest.mark.needs("account.move")
def test_a_button_that_answers_false_has_worked(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """Odoo's `action_post` answers `false` when all went well; the text says that it is done."""
    partner = records.make(PARTNER, name=mark)
    line = [0, 0, {"name": mark, "quantity": 1, "price_unit": 5.0}]
    invoice = records.make(
        "account.move", move_type="out_invoice", partner_id=partner, invoice_line_ids=[line]
    )
    posted = server.ok("odoo_execute", model="account.move", method="action_post", ids=[invoice])
    assert posted.structured["result"] is False
    assert ": done (false)\nopen: " in posted.text
    assert odoo.read("account.move", invoice, "state")["state"] == "posted"


@pytest.mark.needs("crm.lead")
def test_a_method_that_fails_inside_is_not_called_unknown(
    server: McpClient, records: Records, mark: str
) -> None:
    """A method that wants a record and gets a number exists: the error says what went wrong."""
    lead = records.make("crm.lead", name=mark, type="lead")
    result = server.call(
        "odoo_execute",
        model="crm.lead",
        method="convert_opportunity",
        ids=[lead],
        kwargs={"partner": 1},
    )
    assert result.error["kind"] == "server"
    assert "failed inside convert_opportunity of crm.lead" in result.text
    assert "no public method" not in result.text
    unknown = server.call("odoo_execute", model="crm.lead", method="convert_it", ids=[lead])
    assert unknown.error["kind"] == "unknown_method"


def test_a_field_that_follows_another_names_it(
    server: McpClient, odoo: Odoo, records: Records, mark: str
) -> None:
    """An activity's model is set by the model's record, which its technical name finds."""
    partner = records.make(PARTNER, name=mark)
    values = {"res_id": partner, "summary": mark}
    refused = server.call(
        "odoo_create", model="mail.activity", values=values | {"res_model": PARTNER}
    )
    assert refused.error["kind"] == "invalid_call"
    assert "values.res_model: follows res_model_id" in refused.text
    made = server.ok(
        "odoo_create", model="mail.activity", values=values | {"res_model_id": PARTNER}
    )
    assert odoo.read("mail.activity", made.structured["id"], "res_model", "res_id") == {
        "id": made.structured["id"],
        "res_model": PARTNER,
        "res_id": partner,
    }
