from odoo import release
from odoo.tests.common import tagged
from odoo.tools import mute_logger

from .. import compat
from .common import McpCase


@tagged("post_install", "-at_install")
class TestCapabilities(McpCase):
    def action(self):
        """An action that a menu may have."""
        return f"ir.actions.act_window,{self.env.ref('base.action_res_users').id}"

    def test_old_keys(self):
        self.login(self.boss)
        answer = self.mcp("/mcp/capabilities")
        user = answer["user"]
        self.assertEqual(
            (user["id"], user["name"], user["login"]),
            (self.boss.id, self.boss.name, "mcp_boss"),
        )
        menu = next(m for m in answer["menus"] if m["model"] == "res.users")
        self.assertEqual(
            set(menu) - {"id", "name", "parent_id", "action", "model"}, set()
        )
        self.assertTrue(menu["action"].startswith("ir.actions.act_window,"))
        self.assertIn(menu["parent_id"], [m["id"] for m in answer["menus"]])
        entry = next(m for m in answer["models"] if m["model"] == "res.users")
        self.assertTrue(entry["name"])
        self.assertEqual(entry["description"], "User")

    def test_new_keys(self):
        self.login(self.boss)
        answer = self.mcp("/mcp/capabilities")
        self.assertEqual(answer["odoo_version"], release.version)
        self.assertEqual(answer["odoo_series"], release.series)
        self.assertEqual(answer["module_version"], "1.5.0")
        self.assertEqual(answer["database"], self.env.cr.dbname)
        self.assertIn("butopea_mcp", answer["modules"])
        self.assertEqual(
            answer["routes"],
            [
                "capabilities",
                "schema",
                "schemas",
                "search",
                "execute",
                "actions",
                "action",
                "form",
                "save",
                "tracking",
                "session",
                "cancel",
            ],
        )
        features = ["idempotency", "cancel", "policy", "actions", "properties"]
        self.assertEqual(answer["features"], features)
        user = answer["user"]
        company = {"id": self.boss.company_id.id, "name": self.boss.company_id.name}
        self.assertEqual(user["company_id"], company)
        self.assertEqual(user["company_ids"], [company])
        self.assertTrue(user["is_system"])
        entry = next(m for m in answer["models"] if m["model"] == "res.users")
        self.assertEqual(
            entry["access"], dict.fromkeys(("read", "write", "create", "unlink"), True)
        )
        self.assertFalse(entry["transient"])
        self.assertTrue(entry["apps"])

    def test_apps_are_root_menus(self):
        self.login(self.boss)
        answer = self.mcp("/mcp/capabilities")
        roots = {menu["name"] for menu in answer["menus"] if not menu["parent_id"]}
        for entry in answer["models"]:
            self.assertLessEqual(set(entry["apps"]), roots)

    def test_only_what_the_user_may(self):
        self.login(self.clerk)
        answer = self.mcp("/mcp/capabilities")
        self.assertFalse(answer["user"]["is_admin"])
        self.assertFalse(answer["user"]["is_system"])
        env = self.env(user=self.clerk)
        # Some modules let every employee read modules.
        may_read_modules = compat.has_access(env["ir.module.module"], "read")
        self.assertEqual(answer["modules"] is not None, may_read_modules)
        visible = env["ir.ui.menu"]._visible_menu_ids(True)
        self.assertLessEqual({menu["id"] for menu in answer["menus"]}, visible)
        names = [entry["model"] for entry in answer["models"]]
        self.assertNotIn("ir.model.access", names)
        self.assertEqual(names, sorted(names))
        self.assertTrue(all(entry["access"]["read"] for entry in answer["models"]))

    def test_language_of_the_request(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        model = self.env["ir.model"]._get("res.users")
        model.with_context(lang="fr_FR").name = "Utilisatrice"
        menu = self.env["ir.ui.menu"].create({"name": "Test", "action": self.action()})
        menu.with_context(lang="fr_FR").name = "Essai"
        self.login(self.boss)
        answer = self.mcp("/mcp/capabilities", context={"lang": "fr_FR"})
        self.assertEqual(answer["lang"], "fr_FR")
        entry = next(m for m in answer["models"] if m["model"] == "res.users")
        self.assertEqual(entry["name"], "Utilisatrice")
        self.assertIn("Essai", [m["name"] for m in answer["menus"]])
        self.assertEqual(self.mcp("/mcp/capabilities")["lang"], "en_US")

    def test_menu_below_a_hidden_menu(self):
        menu = self.env["ir.ui.menu"]
        groups = "group_ids" if "group_ids" in menu._fields else "groups_id"
        hidden = menu.create(
            {"name": "H", groups: [(4, self.env.ref("base.group_portal").id)]}
        )
        below = menu.create(
            {"name": "B", "parent_id": hidden.id, "action": self.action()}
        )
        self.login(self.boss)
        ids = [m["id"] for m in self.mcp("/mcp/capabilities")["menus"]]
        self.assertNotIn(hidden.id, ids)
        self.assertNotIn(below.id, ids)

    @mute_logger("odoo.http")
    def test_company_of_others(self):
        foreign = self.env["res.company"].create({"name": "Foreign"})
        self.login(self.clerk)
        self.assertRefused(
            "odoo.exceptions.AccessError",
            "/mcp/capabilities",
            context={"allowed_company_ids": [foreign.id]},
        )
