"""Who may come, how often, what is written down, and where it is set."""

import json
from unittest.mock import patch

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests.common import new_test_user, tagged
from odoo.tools import mute_logger

from .. import compat
from ..lib.settings_view import SETTINGS, add_settings
from ..models.mcp_policy import PARAMETERS
from .common import McpCase, make_key

ACCESS_ERROR = "odoo.exceptions.AccessError"


class GovernanceCase(McpCase):
    def set(self, **parameters):
        for name, value in parameters.items():
            self.env["ir.config_parameter"].set_param(f"{PARAMETERS}{name}", value)


@tagged("post_install", "-at_install")
class TestUsers(GovernanceCase):
    @mute_logger("odoo.http")
    def test_only_members(self):
        member = new_test_user(
            self.env, "mcp_member", "base.group_user,butopea_mcp.group_user"
        )
        key = make_key(self.boss)
        self.set(restrict_users=True)
        self.login(self.boss)
        for path in (
            "/mcp/capabilities",
            "/mcp/model/res.partner/schema",
            "/mcp/schemas",
            "/mcp/search",
            "/mcp/execute",
            "/mcp/cancel",
        ):
            with self.subTest(path=path):
                error = self.assertRefused(
                    ACCESS_ERROR, path, model="res.partner", method="read"
                )
                self.assertIn('members of the group "MCP / User"', error.message)
        self.logout()
        self.assertRefused(ACCESS_ERROR, "/mcp/session", key=key)
        self.login(member)
        answer = self.mcp("/mcp/capabilities")
        self.assertEqual(answer["user"]["login"], "mcp_member")
        self.assertIs(answer["policy"]["restricted_users"], True)
        self.set(restrict_users=False)
        self.login(self.boss)
        self.mcp("/mcp/capabilities")


@tagged("post_install", "-at_install")
class TestRate(GovernanceCase):
    def setUp(self):
        super().setUp()
        self.login(self.clerk)

    def call(self):
        return self.post("/mcp/search", model="res.country", fields=["code"], limit=1)

    @mute_logger("odoo.http")
    def test_limit(self):
        self.set(calls_per_minute=5)
        for _ in range(5):
            self.assertIn("result", self.call().json())
        response = self.call()
        self.assertEqual(response.status_code, 429)
        # One call of five a minute stands for 12 seconds.
        self.assertIn(int(response.headers["Retry-After"]), range(1, 13))
        error = response.json()["error"]["data"]
        self.assertEqual(error["name"], "werkzeug.exceptions.TooManyRequests")
        self.assertIn("5 calls a minute. Call again in", error["message"])
        self.assertNotIn("Traceback", response.text)
        # Another user has a count of their own, and to cancel is free.
        self.assertEqual(
            self.mcp("/mcp/cancel", request_token="a" * 16), {"cancelled": False}
        )
        self.login(self.boss)
        self.assertIn("result", self.call().json())

    @mute_logger("odoo.http")
    def test_time_gives_calls_back(self):
        self.set(calls_per_minute=2)
        rates = self.env["butopea.mcp.rate"].with_user(self.clerk)
        self.assertEqual([rates._seconds_to_wait(2) for _ in range(2)], [0, 0])
        self.assertGreater(rates._seconds_to_wait(2), 25)
        self.env.cr.execute("UPDATE butopea_mcp_rate SET full_at = full_at - 30")
        self.assertEqual(rates._seconds_to_wait(2), 0)
        self.assertGreater(rates._seconds_to_wait(2), 25)

    def test_off(self):
        for _ in range(10):
            self.assertIn("result", self.call().json())
        self.env.cr.execute("SELECT count(*) FROM butopea_mcp_rate")
        self.assertEqual(self.env.cr.fetchone(), (0,))

    def test_old_counts_go(self):
        rates = self.env["butopea.mcp.rate"].with_user(self.clerk)
        rates._seconds_to_wait(2)
        rates._gc_rates()
        self.env.cr.execute("SELECT count(*) FROM butopea_mcp_rate")
        self.assertEqual(self.env.cr.fetchone(), (1,))
        self.env.cr.execute("UPDATE butopea_mcp_rate SET full_at = full_at - 61")
        rates._gc_rates()
        self.env.cr.execute("SELECT count(*) FROM butopea_mcp_rate")
        self.assertEqual(self.env.cr.fetchone(), (0,))


@tagged("post_install", "-at_install")
class TestAudit(GovernanceCase):
    def setUp(self):
        super().setUp()
        self.login(self.boss)

    def entries(self):
        self.env.invalidate_all()
        return self.env["butopea.mcp.audit"].search([], order="id")

    def entry(self):
        entries = self.entries()
        self.assertEqual(len(entries), 1)
        return entries

    def test_off(self):
        self.execute("res.partner", "create", values={"name": "x"})
        self.mcp("/mcp/search", model="res.partner", limit=1)
        self.assertFalse(self.entries())

    def test_change(self):
        self.set(audit="changes")
        self.execute(
            "res.partner",
            "write",
            ids=[self.partner.id, self.child.id],
            values={"city": "Very private", "zip": "99999"},
        )
        entry = self.entry()
        self.assertEqual(
            (entry.user_id, entry.login, entry.route, entry.operation),
            (self.boss, "mcp_boss", "/mcp/execute", "write"),
        )
        self.assertEqual((entry.model, entry.method), ("res.partner", "write"))
        self.assertEqual(entry.record_ids, f"{self.partner.id}, {self.child.id}")
        self.assertEqual((entry.record_count, entry.field_names), (2, "city, zip"))
        self.assertEqual((entry.is_done, entry.error_kind), (True, False))
        self.assertEqual(entry.address, "127.0.0.1")
        self.assertGreaterEqual(entry.duration, 0)
        values = json.dumps(entry.read(), default=str)
        for value in ("Very private", "99999"):
            self.assertNotIn(value, values)

    def test_created_records(self):
        self.set(audit="changes")
        answer = self.execute(
            "res.partner", "create", values=[{"name": "x"}, {"city": "y", "name": "z"}]
        )
        entry = self.entry()
        self.assertEqual(entry.record_ids, ", ".join(map(str, answer["ids"])))
        self.assertEqual((entry.operation, entry.field_names), ("create", "city, name"))

    def test_reading(self):
        self.set(audit="changes")
        domain = [["id", "in", [self.partner.id, self.child.id]]]
        self.mcp("/mcp/search", model="res.partner", domain=domain)
        self.mcp("/mcp/capabilities")
        self.assertFalse(self.entries())
        self.set(audit="all")
        found = self.mcp("/mcp/search", model="res.partner", domain=domain)["records"]
        self.mcp("/mcp/capabilities")
        read, described = self.entries()
        self.assertEqual((read.operation, read.record_count), ("read", 2))
        self.assertEqual(read.record_ids, ", ".join(str(row["id"]) for row in found))
        self.assertEqual(described.operation, "describe")

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_failure_is_kept(self):
        """Though all that the call did is rolled back."""
        self.set(audit="changes")
        self.assertRefused(
            "odoo.exceptions.ValidationError",
            "/mcp/execute",
            model="res.partner",
            method="create",
            values=[{"name": "Gone"}, {"type": "contact"}],
        )
        entry = self.entry()
        self.assertEqual((entry.is_done, entry.error_kind), (False, "validation"))
        self.assertEqual((entry.operation, entry.field_names), ("create", "name, type"))
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Gone")]))

    @mute_logger("odoo.http")
    def test_failure_at_the_very_end(self):
        """What fails after the call is written as done is not kept as done."""
        self.set(audit="changes")
        audit = type(self.env["butopea.mcp.audit"])
        record = audit._record

        def fail_after(self, call, error=None):
            record(self, call, error)
            if error is None:
                raise UserError("too late")

        with patch.object(audit, "_record", fail_after):
            self.assertRefused(
                "odoo.exceptions.UserError",
                "/mcp/execute",
                model="res.partner",
                method="create",
                values={"name": "Gone"},
            )
        self.assertIs(self.entry().is_done, False)
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Gone")]))

    @mute_logger("odoo.http")
    def test_log_that_cannot_be_written(self):
        """The caller hears what failed first; Odoo's log has the rest."""
        self.set(audit="changes")

        def fail(self, call, error=None):
            self.env.cr.execute("SELECT no_such_column FROM butopea_mcp_audit")

        audit = type(self.env["butopea.mcp.audit"])
        with patch.object(audit, "_record", fail), mute_logger(
            "odoo.sql_db"
        ), self.assertLogs("odoo.addons.butopea_mcp.models.ir_http") as logs:
            self.assertRefused(
                "odoo.exceptions.UserError",
                "/mcp/execute",
                model="res.partner",
                method="create",
            )
        self.assertIn("is not in the audit log", logs.output[0])

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_model", "odoo.models")
    def test_refusals(self):
        """Of reading, too: by Odoo, by a rule, by the group."""
        self.set(audit="changes")
        self.assertRefused(ACCESS_ERROR, "/mcp/search", model="ir.config_parameter")
        self.login(self.clerk)
        self.assertRefused(ACCESS_ERROR, "/mcp/search", model="ir.mail_server")
        self.set(restrict_users=True)
        self.assertRefused(ACCESS_ERROR, "/mcp/capabilities")
        self.assertEqual(
            [(entry.login, entry.model, entry.error_kind) for entry in self.entries()],
            [
                ("mcp_boss", "ir.config_parameter", "access_denied"),
                ("mcp_clerk", "ir.mail_server", "access_denied"),
                ("mcp_clerk", False, "access_denied"),
            ],
        )

    @mute_logger("odoo.http")
    def test_a_flood_does_not_fill_it(self):
        self.set(audit="all", calls_per_minute=1)
        for _ in range(3):
            self.post("/mcp/search", model="res.country", limit=1)
        self.assertEqual(len(self.entries()), 1)

    def test_session(self):
        self.set(audit="changes")
        self.logout()
        self.mcp("/mcp/session", make_key(self.boss))
        self.assertEqual(self.entry().operation, "session")

    def test_users_who_are_gone(self):
        self.set(audit="changes")
        user = new_test_user(
            self.env, "mcp_gone", "base.group_user,base.group_partner_manager"
        )
        self.login(user)
        self.execute("res.partner", "write", ids=self.partner.ids, values={"city": "x"})
        self.login(self.boss)
        user.unlink()
        entry = self.entry()
        self.assertEqual((entry.user_id.id, entry.login), (False, "mcp_gone"))

    def test_rights(self):
        self.set(audit="changes")
        self.execute("res.partner", "write", ids=self.partner.ids, values={"city": "x"})
        entry = self.entry()
        for user in (
            self.clerk,
            new_test_user(self.env, "mcp_e", "base.group_erp_manager"),
        ):
            with self.assertRaises(AccessError):
                entry.with_user(user).read(["login"])
        self.assertTrue(entry.with_user(self.boss).read(["login"]))
        # Nobody changes it, not even the superuser.
        for change in (
            lambda: entry.write({"login": "somebody"}),
            entry.unlink,
            lambda: entry.create({"login": "somebody"}),
        ):
            with self.assertRaises(UserError):
                change()
        for right in ("write", "create", "unlink"):
            self.assertFalse(compat.has_access(entry.with_user(self.boss), right))

    def test_retention(self):
        self.set(audit="changes", audit_days="7")
        self.execute("res.partner", "write", ids=self.partner.ids, values={"city": "x"})
        for age, is_left in (("6 days", True), ("8 days", False)):
            self.env.cr.execute(
                "UPDATE butopea_mcp_audit"
                "   SET date = now() AT TIME ZONE 'UTC' - %s::interval",
                [age],
            )
            self.env["butopea.mcp.audit"]._gc_audit()
            self.assertEqual(bool(self.entries()), is_left)

    def test_views(self):
        for model in ("butopea.mcp.audit", "butopea.mcp.rule"):
            views = self.env[model].get_views(
                [(False, compat.LIST_VIEW), (False, "form"), (False, "search")]
            )["views"]
            arch = etree.fromstring(views[compat.LIST_VIEW]["arch"])
            self.assertEqual(arch.tag, compat.LIST_VIEW)
            self.assertGreater(len(arch.findall("field")), 5)
        for name in ("audit", "rule"):
            action = self.env.ref(f"butopea_mcp.action_{name}")
            self.assertEqual(action.view_mode, f"{compat.LIST_VIEW},form")


@tagged("post_install", "-at_install")
class TestSettings(GovernanceCase):
    def test_form(self):
        """The section stands in the settings once, with all of its fields."""
        settings = self.env["res.config.settings"].with_user(self.boss)
        view = self.env.ref("base.res_config_settings_view_form")
        arch = etree.fromstring(settings.get_view(view.id, "form")["arch"])
        sections = arch.xpath("//*[@data-string='MCP']")
        self.assertEqual(len(sections), 1)
        names = [node.get("name") for node in sections[0].iter("field")]
        self.assertEqual(names, [name for name, _text in SETTINGS])

    def test_form_of_each_series(self):
        for has_setting_tags, section, box in (
            (True, "app", "setting"),
            (False, "div", "div"),
        ):
            arch = etree.fromstring("<form><div class='settings'/></form>")
            add_settings(arch, has_setting_tags)
            (found,) = arch.xpath("//*[@data-string='MCP']")
            self.assertEqual(found.tag, section)
            self.assertEqual(len(list(found.iter("field"))), len(SETTINGS))
            self.assertTrue(list(found.iter(box)))
        self.assertEqual(
            found.getparent().get("class"), "settings", "16.0 has all apps in one div"
        )

    def test_saved(self):
        self.env["res.config.settings"].create(
            {
                "butopea_mcp_restrict_users": True,
                "butopea_mcp_audit": "all",
                "butopea_mcp_audit_days": 7,
                "butopea_mcp_calls_per_minute": 60,
                "butopea_mcp_max_body": 2,
            }
        ).execute()
        found = self.env["butopea.mcp.policy"].with_user(self.clerk)._settings()
        self.assertEqual(tuple(found), (True, "all", 7, 60, 2 * 2**20))

    def test_untouched(self):
        """To save the settings as they are switches nothing on."""
        self.env["res.config.settings"].create({}).execute()
        found = self.env["butopea.mcp.policy"]._settings()
        self.assertEqual(tuple(found), (False, None, 90, 0, 32 * 2**20))

    def test_written_by_hand(self):
        self.set(
            audit="nonsense", audit_days="many", calls_per_minute="-5", max_body="x"
        )
        found = self.env["butopea.mcp.policy"]._settings()
        self.assertEqual(tuple(found), (False, None, 90, 0, 32 * 2**20))

    def test_capabilities(self):
        self.login(self.clerk)
        answer = self.mcp("/mcp/capabilities")
        self.assertIn("policy", answer["features"])
        self.assertEqual(
            answer["policy"],
            {
                "rules": True,
                "restricted_users": False,
                "audit": None,
                "calls_per_minute": None,
                "max_body": 32 * 2**20,
            },
        )
