"""Rules of the administrator: on every route, and for what calls do on the way."""

from unittest.mock import patch

from lxml import etree

from odoo.exceptions import ValidationError
from odoo.tests.common import new_test_user, tagged
from odoo.tools import mute_logger

from .. import compat
from ..lib.operations import models_of_paths, models_of_values
from .common import McpCase, clear_caches

ACCESS_ERROR = "odoo.exceptions.AccessError"
CATEGORY = "res.partner.category"


class RulesCase(McpCase):
    def setUp(self):
        super().setUp()
        self.login(self.boss)

    def rule(self, models, effect="deny", operations=None, methods=False):
        values = {"name": "test", "models": models, "effect": effect}
        values["methods"] = methods
        if operations is not None:
            for name in ("read", "create", "write", "unlink", "execute"):
                values[f"on_{name}"] = name in operations
        return self.env["butopea.mcp.rule"].create(values)

    def closed(self, path, **params):
        """The call is refused by a rule, and says so in words and in data."""
        error = self.assertRefused(ACCESS_ERROR, path, **params)
        self.assertIn("has closed", error.message)
        return error.data["context"]["butopea_mcp_policy"]

    def closed_call(self, model, method, **params):
        return self.closed("/mcp/execute", model=model, method=method, **params)


@tagged("post_install", "-at_install")
class TestRules(RulesCase):
    # ------------------------------------------------------------------
    # Routes
    # ------------------------------------------------------------------

    @mute_logger("odoo.http")
    def test_every_route(self):
        self.assertIn(CATEGORY, self.names())
        self.rule(CATEGORY)
        about = {"model": CATEGORY, "operation": "read", "method": None}
        self.assertEqual(self.closed(f"/mcp/model/{CATEGORY}/schema"), about)
        self.closed("/mcp/search", model=CATEGORY)
        for method in ("read", "search", "create", "write", "unlink", "fields_get"):
            with self.subTest(method=method):
                self.closed_call(CATEGORY, method, ids=[1], values={"name": "x"})
        self.closed(f"/mcp/model/{CATEGORY}/actions", ids=[1])
        self.closed(
            "/mcp/action", model=CATEGORY, ids=[1], action="base.action_partner_merge"
        )
        self.closed(f"/mcp/model/{CATEGORY}/form")
        self.closed(f"/mcp/model/{CATEGORY}/save", values={"name": "x"})
        answer = self.mcp("/mcp/schemas", models=[CATEGORY, "res.country"])
        self.assertEqual(list(answer["schemas"]), ["res.country"])
        self.assertIn("has closed", answer["errors"][CATEGORY]["message"])
        self.assertNotIn(CATEGORY, self.names())
        self.assertNotIn(CATEGORY, self.mcp("/mcp/schemas")["schemas"])

    def names(self):
        """The models in the capabilities; one menu leads to categories."""
        action = self.env["ir.actions.act_window"].create(
            {"name": "Test", "res_model": CATEGORY}
        )
        self.env["ir.ui.menu"].create(
            {"name": "Test", "action": f"ir.actions.act_window,{action.id}"}
        )
        return [entry["model"] for entry in self.mcp("/mcp/capabilities")["models"]]

    @mute_logger("odoo.http")
    def test_operations(self):
        category = self.env[CATEGORY].create({"name": "x"})
        self.rule(CATEGORY, operations=["write", "unlink"])
        self.assertEqual(
            self.mcp(f"/mcp/model/{CATEGORY}/schema")["access"],
            {"read": True, "create": True, "write": False, "unlink": False},
        )
        self.execute(CATEGORY, "read", ids=category.ids)
        self.execute(CATEGORY, "create", values={"name": "y"})
        self.closed_call(CATEGORY, "write", ids=category.ids, values={"name": "z"})
        self.closed_call(CATEGORY, "action_archive", ids=category.ids)
        self.closed_call(CATEGORY, "unlink", ids=category.ids)
        self.assertEqual(self.env[CATEGORY].browse(category.id).name, "x")

    @mute_logger("odoo.http")
    def test_methods(self):
        self.rule("res.*", operations=["execute"], methods="action_x*, other")
        calls = []
        partners = type(self.env["res.partner"])
        for name in ("action_xyz", "other", "action_y"):
            new = patch.object(
                partners, name, lambda _self, name=name: calls.append(name), create=True
            )
            self.startPatcher(new)
        for method in ("action_xyz", "other"):
            about = self.closed_call("res.partner", method, ids=[self.partner.id])
            self.assertEqual(about["method"], method)
        self.execute("res.partner", "action_y", ids=[self.partner.id])
        self.assertEqual(calls, ["action_y"])

    @mute_logger("odoo.http")
    def test_buttons_that_are_closed_are_not_described(self):
        user_form = self.mcp("/mcp/model/res.partner/schema")["actions"]
        methods = {action["method"] for action in user_form}
        if not methods:
            self.skipTest("The form of partners has no button here.")
        first = sorted(methods)[0]
        self.rule("res.partner", operations=["execute", "read"], methods=first)
        found = self.mcp("/mcp/model/res.partner/schema")["actions"]
        self.assertEqual({action["method"] for action in found}, methods - {first})

    # ------------------------------------------------------------------
    # Ways around
    # ------------------------------------------------------------------

    @mute_logger("odoo.http")
    def test_lines_and_tags(self):
        """Commands of x2many fields change the closed model."""
        category = self.env[CATEGORY].create({"name": "x"})
        self.rule(CATEGORY, operations=["create", "write", "unlink"])
        for command in (
            [0, 0, {"name": "y"}],
            [1, category.id, {"name": "y"}],
            [2, category.id],
        ):
            for method, ids in (("write", self.partner.ids), ("create", [])):
                values = {"name": "z", "category_id": [command]}
                with self.subTest(command=command, method=method):
                    about = self.closed_call(
                        "res.partner", method, ids=ids, values=values
                    )
                    self.assertEqual(about["model"], CATEGORY)
        nested = {"child_ids": [[0, 0, {"name": "c", "category_id": [command]}]]}
        self.closed_call("res.partner", "write", ids=self.partner.ids, values=nested)
        if hasattr(self.env["res.partner"], "web_save"):
            self.closed_call(
                "res.partner",
                "web_save",
                ids=self.partner.ids,
                args=[values],
                kwargs={"specification": {}},
            )
        self.assertEqual(self.env[CATEGORY].browse(category.id).name, "x")
        # To tag with one that is there changes no tag.
        tag = {"category_id": [[4, category.id]]}
        self.execute("res.partner", "write", ids=self.partner.ids, values=tag)

    @mute_logger("odoo.http")
    def test_paths(self):
        """Domains and paths read values of the closed model."""
        self.rule("res.country")
        for domain in (
            [["country_id.code", "=", "FR"]],
            [["child_ids.country_id.code", "=", "FR"]],
            ["!", ["country_id.code", "=", "FR"]],
            [["country_id", "ilike", "fra"]],
        ):
            with self.subTest(domain=domain):
                about = self.closed("/mcp/search", model="res.partner", domain=domain)
                self.assertEqual(about["model"], "res.country")
                self.closed_call("res.partner", "search_count", args=[domain])
                self.closed_call(
                    "res.partner", "search_read", kwargs={"domain": domain}
                )
        self.closed_call(
            "res.partner", "export_data", ids=[1], args=[["country_id/code"]]
        )
        self.closed_call(
            "res.partner", "search", args=[[]], kwargs={"order": "country_id.code"}
        )
        if hasattr(self.env["res.partner"], "web_read"):
            self.closed_call(
                "res.partner",
                "web_read",
                ids=[self.partner.id],
                args=[{"country_id": {"fields": {"code": {}}}}],
            )
        self.mcp("/mcp/search", model="res.partner", domain=[["country_id", "=", 1]])

    @mute_logger("odoo.http")
    def test_what_a_method_does_on_the_way(self):
        """A "deny" holds for it, except where Odoo works with all rights."""
        category = self.env[CATEGORY].create({"name": "x"})
        self.rule(CATEGORY, operations=["write"])

        def rename(records):
            records.env[CATEGORY].browse(category.id).name = "renamed"

        partners = type(self.env["res.partner"])
        self.patch(partners, "action_archive", rename)
        self.closed_call("res.partner", "action_archive", ids=self.partner.ids)
        self.assertEqual(self.env[CATEGORY].browse(category.id).name, "x")
        self.patch(partners, "action_archive", lambda records: rename(records.sudo()))
        self.execute("res.partner", "action_archive", ids=self.partner.ids)
        self.assertEqual(self.env[CATEGORY].browse(category.id).name, "renamed")

    def test_the_web_client_is_not_concerned(self):
        """Neither while calls of MCP are refused, nor by what they leave in caches."""
        self.rule(CATEGORY)
        clear_caches(self.env)
        with mute_logger("odoo.http"):
            self.closed_call(CATEGORY, "get_views", args=[[[False, "form"]]])
        self.mcp("/mcp/capabilities")
        self.execute("res.partner", "get_view")
        categories = self.env[CATEGORY].with_user(self.boss)
        self.assertTrue(categories.create({"name": "by hand"}))
        arch = etree.fromstring(categories.get_view(view_type="form")["arch"])
        self.assertEqual(set(arch.attrib) & {"create", "edit", "delete"}, set())

    # ------------------------------------------------------------------
    # Lists of what is allowed
    # ------------------------------------------------------------------

    @mute_logger("odoo.http")
    def test_allowed(self):
        self.rule("res.partner", "allow", ["read", "create", "write"])
        self.rule("res.partner.cat*", "allow", ["read"])
        answer = self.execute("res.partner", "create", values={"name": "x"})
        self.assertTrue(answer["success"])
        self.mcp("/mcp/search", model=CATEGORY)
        self.closed("/mcp/search", model="res.country")
        self.closed_call("res.partner", "unlink", ids=[answer["id"]])
        self.closed_call(CATEGORY, "create", values={"name": "x"})
        self.closed_call(
            "res.partner",
            "create",
            values={"name": "x", "category_id": [[0, 0, {"name": "x"}]]},
        )
        self.closed(
            "/mcp/search",
            model="res.partner",
            domain=[["country_id.code", "=", "FR"]],
        )
        names = [entry["model"] for entry in self.mcp("/mcp/capabilities")["models"]]
        self.assertLessEqual(set(names), {"res.partner", CATEGORY})

    @mute_logger("odoo.http")
    def test_deny_goes_first(self):
        self.rule("*", "allow")
        self.mcp("/mcp/search", model="res.country")
        self.rule("res.country")
        self.closed("/mcp/search", model="res.country")

    def test_archived_rule(self):
        rule = self.rule("res.country")
        rule.active = False
        self.mcp("/mcp/search", model="res.country")
        rule.active = True
        with mute_logger("odoo.http"):
            self.closed("/mcp/search", model="res.country")
        rule.unlink()
        self.mcp("/mcp/search", model="res.country")

    def test_fingerprint(self):
        before = self.mcp("/mcp/capabilities")["schema_fingerprint"]
        rule = self.rule("res.country")
        self.assertNotEqual(self.mcp("/mcp/capabilities")["schema_fingerprint"], before)
        rule.unlink()
        self.assertEqual(self.mcp("/mcp/capabilities")["schema_fingerprint"], before)

    # ------------------------------------------------------------------
    # What is closed from the beginning
    # ------------------------------------------------------------------

    @mute_logger("odoo.http")
    def test_defaults(self):
        for model, method in (
            ("ir.config_parameter", "search_read"),
            ("ir.config_parameter", "set_param"),
            ("ir.config_parameter", "get_param"),
            ("ir.mail_server", "search_read"),
            ("res.config.settings", "default_get"),
            ("res.config.settings", "create"),
            ("res.users.apikeys", "remove"),
            ("res.users.apikeys.description", "make_key"),
            ("ir.model.access", "create"),
            ("ir.rule", "create"),
            ("ir.rule", "write"),
            ("res.groups", "write"),
            ("ir.actions.server", "create"),
            ("ir.actions.server", "write"),
            ("ir.ui.view", "create"),
            ("ir.model.fields", "create"),
            ("ir.cron", "create"),
            ("ir.cron", "method_direct_trigger"),
            ("ir.module.module", "button_immediate_install"),
            ("base.module.upgrade", "upgrade_module"),
        ):
            with self.subTest(model=model, method=method):
                params = {"ids": [1], "args": [{}]}
                self.assertEqual(
                    self.closed_call(model, method, **params)["model"], model
                )
        for model in ("ir.cron", "ir.rule", "ir.actions.server", "ir.module.module"):
            self.mcp("/mcp/search", model=model, limit=1)

    def test_only_an_administrator_opens(self):
        self.mcp_refuses_config()
        self.env.ref("butopea_mcp.rule_secrets").active = False
        self.mcp("/mcp/search", model="ir.config_parameter", limit=1)

    @mute_logger("odoo.http")
    def mcp_refuses_config(self):
        self.closed("/mcp/search", model="ir.config_parameter")

    @mute_logger("odoo.http")
    def test_who_has_no_right_hears_it_from_odoo(self):
        self.login(self.clerk)
        error = self.assertRefused(
            ACCESS_ERROR, "/mcp/search", model="ir.config_parameter"
        )
        self.assertNotIn("has closed", error.message)

    @mute_logger("odoo.http")
    def test_the_module_itself_is_closed(self):
        """With all rules gone: a call cannot change what holds for calls."""
        self.env["butopea.mcp.rule"].search([]).unlink()
        for model in ("butopea.mcp.rule", "butopea.mcp.audit"):
            for method in ("search_read", "create", "write", "unlink"):
                with self.subTest(model=model, method=method):
                    self.closed_call(model, method, ids=[1], args=[{}])
        self.assertFalse(
            any(
                entry["model"].startswith("butopea.mcp.")
                for entry in self.mcp("/mcp/capabilities")["models"]
            )
        )
        values = {"butopea_mcp_restrict_users": True}
        made = self.execute("res.config.settings", "create", values=values)
        error = self.assertRefused(
            ACCESS_ERROR,
            "/mcp/execute",
            model="res.config.settings",
            method="execute",
            ids=[made["id"]],
        )
        self.assertIn("cannot be changed by MCP", error.message)
        error = self.assertRefused(
            ACCESS_ERROR,
            "/mcp/execute",
            model="ir.config_parameter",
            method="set_param",
            args=["butopea_mcp.audit", "all"],
        )
        self.assertIn("cannot be changed by MCP", error.message)

    # ------------------------------------------------------------------
    # The rules themselves
    # ------------------------------------------------------------------

    def test_patterns(self):
        for models, methods in (
            ("", False),
            (" ,", False),
            ("res partner!", False),
            ("[a-z]", False),
            ("res.partner", "a.b"),
        ):
            with self.subTest(models=models), self.assertRaises(ValidationError):
                self.rule(models, methods=methods)

    def test_only_administrators_see_them(self):
        rules = self.env["butopea.mcp.rule"]
        manager = new_test_user(self.env, "mcp_manager", "base.group_erp_manager")
        for user in (self.clerk, manager):
            self.assertFalse(compat.has_access(rules.with_user(user), "read"))
        self.assertTrue(compat.has_access(rules.with_user(self.boss), "write"))

    def test_commands(self):
        partners = self.env["res.partner"]
        found = set(
            models_of_values(
                partners,
                {
                    "child_ids": [[6, 0, [1]], [0, 0, {"category_id": [[5]]}]],
                    "category_id": [[4, 1], [2, 1], {"name": "x"}],
                    "name": [[0, 0, {}]],
                    "no_such_field": [[0, 0, {}]],
                },
            )
        )
        self.assertEqual(
            found,
            {
                ("res.partner", "write"),
                ("res.partner", "create"),
                (CATEGORY, "unlink"),
                (CATEGORY, "create"),
            },
        )

    def test_what_is_a_path(self):
        partners = self.env["res.partner"]
        for given, found in (
            ("name", set()),
            ("country_id", set()),
            ("country_id.code", {"res.country"}),
            ("country_id/currency_id/name", {"res.country", "res.currency"}),
            ("name, country_id.code desc", {"res.country"}),
            ("no.such.path", set()),
            (["name", "country_id/code", "id"], {"res.country"}),
            ([["country_id", "=", 5]], set()),
            ([["country_id", "in", [5, 6]]], set()),
            ([["country_id", "in", ["France"]]], {"res.country"}),
            ([["country_id", "any", [["code", "=", "FR"]]]], {"res.country"}),
            (
                [["country_id", "any", [["currency_id.name", "=", "EUR"]]]],
                {"res.country", "res.currency"},
            ),
            ({"country_id": {}}, set()),
            ({"country_id": {"fields": {"code": {}}}}, {"res.country"}),
        ):
            with self.subTest(given=given):
                self.assertEqual(set(models_of_paths(partners, given)), found)
