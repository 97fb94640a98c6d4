from unittest.mock import patch

from odoo.tests.common import new_test_user, tagged
from odoo.tools import mute_logger

from .. import compat
from .common import McpCase, clear_caches

EXPRESSION = compat.HAS_VIEW_EXPRESSIONS


def hidden_unless_active() -> str:
    return (
        'invisible="not active"'
        if EXPRESSION
        else "attrs=\"{'invisible': [('active', '=', False)]}\""
    )


def required_when_colored() -> str:
    return (
        'required="color &gt; 0"'
        if EXPRESSION
        else "attrs=\"{'required': [('color', '&gt;', 0)]}\""
    )


FORM = f"""
<form>
  <header>
    <button name="action_archive" type="object" string="Put away"
            confirm="Really?" help="Hides it" {hidden_unless_active()}/>
    <button name="action_unarchive" type="object" string="Back"
            groups="base.group_system"/>
  </header>
  <sheet>
    <field name="name"/>
    <field name="color"/>
    <field name="parent_id" {required_when_colored()}/>
    <field name="active" invisible="1"/>
    <field name="partner_ids" groups="base.group_system"/>
  </sheet>
</form>
"""
LIST = f"""
<{compat.LIST_VIEW}>
  <field name="color"/>
  <field name="name"/>
</{compat.LIST_VIEW}>
"""
SEARCH = "<search><field name='parent_id'/></search>"


@tagged("post_install", "-at_install")
class TestSchema(McpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for view_type, arch in (
            ("form", FORM),
            (compat.LIST_VIEW, LIST),
            ("search", SEARCH),
        ):
            cls.env["ir.ui.view"].create(
                {
                    "name": f"mcp test {view_type}",
                    "model": "res.partner.category",
                    "type": view_type,
                    "arch": arch,
                    "priority": -1,
                }
            )

    def setUp(self):
        # First of all, so that it comes after the rollback: some tests make
        # fields, and Odoo has to forget them.
        self.addCleanup(self.registry.reset_changes)
        super().setUp()

    def schema(self, model="res.partner.category", user=None, **params):
        self.login(user or self.boss)
        return self.mcp(f"/mcp/model/{model}/schema", **params)

    def test_bytes_cannot_be_written(self):
        """JSON has none: of a text that is sent for them, Odoo stores the letters."""
        fields = self.schema("ir.attachment")["fields"]
        self.assertTrue(fields["raw"]["readonly"])
        self.assertTrue(fields["raw"]["computed"])
        self.assertNotIn("has_default", fields["raw"])
        self.assertFalse(fields["datas"]["readonly"])

    def test_writable_in_a_state(self):
        """16.0: what `states` makes writable is not read-only, and not computed."""
        before = self.schema("res.partner")["fields"]["tz_offset"]
        self.assertTrue(before["readonly"])
        self.assertTrue(before["computed"])
        states = {"draft": [("readonly", False)], "done": [("required", True)]}
        field = self.env["res.partner"]._fields["tz_offset"]
        with patch.object(field, "states", states, create=True):
            clear_caches(self.env)
            after = self.schema("res.partner")["fields"]["tz_offset"]
        self.assertFalse(after["readonly"])
        self.assertNotIn("computed", after)

    def test_old_keys(self):
        answer = self.schema("res.partner")
        self.assertEqual(
            (answer["model"], answer["view_type"]), ("res.partner", "form")
        )
        name = answer["fields"]["name"]
        self.assertLessEqual(
            {"type", "string", "required", "readonly", "selection", "relation", "help"},
            set(name),
        )
        self.assertEqual((name["type"], name["relation"]), ("char", None))
        country = answer["fields"]["country_id"]
        self.assertEqual(
            (country["type"], country["relation"]), ("many2one", "res.country")
        )

    def test_all_fields_of_the_user(self):
        """Also those in no view, and none that the user may not see."""
        for user in (self.boss, self.clerk):
            answer = self.schema("res.users", user)
            expected = self.env(user=user)["res.users"].fields_get()
            self.assertEqual(set(answer["fields"]), set(expected))
            self.assertGreater(len(answer["fields"]), 20)

    def test_model(self):
        answer = self.schema()
        model = self.env["res.partner.category"]
        self.assertEqual(answer["description"], model._description)
        self.assertEqual(answer["rec_name"], "name")
        self.assertEqual(answer["order"], model._order)
        self.assertEqual((answer["transient"], answer["abstract"]), (False, False))
        self.assertEqual(
            answer["access"], dict.fromkeys(("read", "write", "create", "unlink"), True)
        )
        access = self.schema(user=self.clerk)["access"]
        self.assertEqual(
            access, {"read": True, "write": False, "create": False, "unlink": False}
        )

    def test_view_order_and_source(self):
        answer = self.schema()
        names = list(answer["fields"])
        self.assertEqual(
            names[:5], ["name", "color", "parent_id", "active", "partner_ids"]
        )
        self.assertEqual(names[5:], sorted(names[5:]))
        fields = answer["fields"]
        self.assertEqual(fields["name"]["views"], ["form", "list"])
        self.assertEqual(fields["parent_id"]["views"], ["form", "search"])
        self.assertEqual(fields["id"]["views"], [])
        self.assertEqual(fields["name"]["source"], "view")
        self.assertEqual(fields["id"]["source"], "model")
        self.assertEqual(answer["list_fields"], ["color", "name"])

    def test_either_name_of_the_list(self):
        for view_type in ("list", "tree"):
            answer = self.schema(view_type=view_type)
            self.assertEqual(answer["view_type"], compat.LIST_VIEW)
            self.assertEqual(list(answer["fields"])[:2], ["color", "name"])
            self.assertEqual(answer["fields"]["parent_id"]["source"], "model")
            self.assertTrue(answer["fields"]["parent_id"]["required_expr"])

    def test_search_view(self):
        answer = self.schema(view_type="search")
        self.assertEqual(next(iter(answer["fields"])), "parent_id")

    @mute_logger("odoo.http")
    def test_other_views(self):
        self.login(self.boss)
        self.assertRefused(
            "odoo.exceptions.UserError",
            "/mcp/model/res.partner/schema",
            view_type="kanban",
        )

    def test_expressions(self):
        fields = self.schema()["fields"]
        self.assertEqual(
            fields["parent_id"]["required_expr"],
            "color > 0" if EXPRESSION else '[["color", ">", 0]]',
        )
        self.assertEqual(fields["active"]["invisible_expr"], "True")
        self.assertNotIn("invisible_expr", fields["name"])
        # The field is required anyway.
        self.assertNotIn("required_expr", fields["name"])
        self.assertTrue(fields["name"]["required"])

    def test_actions_of_the_users_groups(self):
        self.assertEqual(
            self.schema()["actions"],
            [
                {
                    "method": "action_archive",
                    "label": "Put away",
                    "type": "object",
                    "confirm": "Really?",
                    "help": "Hides it",
                    "needs_records": True,
                    "invisible_expr": (
                        "not active" if EXPRESSION else '[["active", "=", false]]'
                    ),
                },
                {
                    "method": "action_unarchive",
                    "label": "Back",
                    "type": "object",
                    "needs_records": True,
                },
            ],
        )
        actions = self.schema(user=self.clerk)["actions"]
        self.assertEqual([action["method"] for action in actions], ["action_archive"])

    def test_fields_of_the_users_groups(self):
        self.assertEqual(self.schema()["fields"]["partner_ids"]["source"], "view")
        fields = self.schema(user=self.clerk)["fields"]
        self.assertEqual(fields["partner_ids"]["source"], "model")

    def test_facts_for_types(self):
        partner = self.schema("res.partner")["fields"]
        name = partner["name"]
        self.assertEqual(
            (name["store"], name["searchable"], name["sortable"]), (True,) * 3
        )
        self.assertTrue(name["groupable"])
        self.assertTrue(partner["tz_offset"]["computed"])
        self.assertNotIn("store", partner["tz_offset"])
        self.assertEqual(partner["child_ids"]["relation_field"], "parent_id")
        self.assertIs(partner["active"]["default"], True)
        self.assertTrue(partner["active"]["has_default"])
        # A default that depends on the environment is none for everybody.
        self.assertNotIn("default", partner["lang"])
        keys = [key for key, _label in partner["lang"]["selection"]]
        self.assertIn("en_US", keys)
        self.assertTrue(self.schema("res.country")["fields"]["name"]["translate"])
        rate = self.schema("res.currency")["fields"]["rounding"]
        self.assertEqual(rate["digits"], [12, 6])
        users = self.schema("res.users")["fields"]
        self.assertEqual(users["name"]["related"], "partner_id.name")
        # Inherited from the partner, who has no default name.
        self.assertNotIn("has_default", users["name"])

    def test_default_of_a_function(self):
        """There is one, but it is not the same for everybody."""
        color = self.schema()["fields"]["color"]
        self.assertTrue(color["has_default"])
        self.assertNotIn("default", color)

    def test_money(self):
        model_id = self.env["ir.model"]._get_id("res.partner.category")
        # Odoo takes the currency of an amount from the field of this name.
        for name, kind, relation in (
            ("x_currency_id", "many2one", "res.currency"),
            ("x_amount", "monetary", False),
        ):
            self.env["ir.model.fields"].create(
                {
                    "name": name,
                    "model_id": model_id,
                    "ttype": kind,
                    "relation": relation,
                    "field_description": name,
                }
            )
        field = self.schema()["fields"]["x_amount"]
        self.assertEqual(
            (field["type"], field["currency_field"]), ("monetary", "x_currency_id")
        )

    def test_default_of_the_database(self):
        """What is set in the database goes before the field's own default."""
        self.env["ir.default"].set("res.partner", "active", False)
        active = self.schema("res.partner")["fields"]["active"]
        self.assertTrue(active["has_default"])
        self.assertNotIn("default", active)

    def test_selection_keeps_its_keys(self):
        fields = self.schema("ir.cron")["fields"]["interval_type"]
        self.assertIn("days", [key for key, _label in fields["selection"]])

    def test_custom_field(self):
        self.env["ir.model.fields"].create(
            {
                "name": "x_mcp",
                "model_id": self.env["ir.model"]._get_id("res.partner.category"),
                "ttype": "integer",
                "field_description": "Custom",
            }
        )
        field = self.schema()["fields"]["x_mcp"]
        self.assertEqual((field["manual"], field["string"]), (True, "Custom"))
        self.assertEqual(field["aggregator"], "sum")

    def test_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        label = self.env["ir.model.fields"]._get("res.partner.category", "color")
        label.with_context(lang="fr_FR").field_description = "Teinte"
        clear_caches(self.env)
        french = self.schema(context={"lang": "fr_FR"})
        self.assertEqual(french["fields"]["color"]["string"], "Teinte")
        self.assertNotEqual(self.schema()["fields"]["color"]["string"], "Teinte")

    @mute_logger("odoo.http", "odoo.models", "odoo.addons.base.models.ir_model")
    def test_no_right(self):
        self.login(self.clerk)
        self.assertRefused(
            "odoo.exceptions.AccessError", "/mcp/model/ir.mail_server/schema"
        )

    @mute_logger("odoo.http")
    def test_wrong_model(self):
        self.login(self.clerk)
        error = self.assertRefused(
            "werkzeug.exceptions.NotFound", "/mcp/model/no.such.model/schema"
        )
        self.assertEqual(error.code, 404)

    # ------------------------------------------------------------------
    # /mcp/schemas
    # ------------------------------------------------------------------

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model")
    def test_many(self):
        self.login(self.clerk)
        answer = self.mcp(
            "/mcp/schemas",
            models=["res.partner", "no.such.model", "ir.mail_server", "res.country", 7],
        )
        self.assertEqual(set(answer["schemas"]), {"res.partner", "res.country"})
        self.assertEqual(
            {model: error["kind"] for model, error in answer["errors"].items()},
            {
                "no.such.model": "werkzeug.exceptions.NotFound",
                "ir.mail_server": "odoo.exceptions.AccessError",
                "7": "werkzeug.exceptions.NotFound",
            },
        )
        self.assertIn("no.such.model", answer["errors"]["no.such.model"]["message"])
        self.assertEqual(
            answer["schemas"]["res.partner"], self.mcp("/mcp/model/res.partner/schema")
        )
        self.assertEqual(
            answer["schema_fingerprint"],
            self.mcp("/mcp/capabilities")["schema_fingerprint"],
        )

    @mute_logger("odoo.sql_db")
    def test_many_after_a_failed_query(self):
        """A failure in the database spoils no other model."""

        def fail(model, *args, **kwargs):
            model.env.cr.execute("SELECT no_such_column FROM res_partner")

        self.patch(type(self.env["res.country"]), "fields_get", fail)
        self.login(self.clerk)
        answer = self.mcp("/mcp/schemas", models=["res.country", "res.partner"])
        self.assertEqual(list(answer["schemas"]), ["res.partner"])
        self.assertEqual(list(answer["errors"]), ["res.country"])

    def test_all(self):
        user = new_test_user(self.env, "mcp_erp_manager", "base.group_erp_manager")
        self.login(user)
        answer = self.mcp("/mcp/schemas")
        reached = [m["model"] for m in self.mcp("/mcp/capabilities")["models"]]
        self.assertIn("res.users", reached)
        self.assertEqual(answer["errors"], {})
        self.assertEqual(sorted(answer["schemas"]), reached)
