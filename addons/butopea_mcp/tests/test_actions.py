"""The buttons that records show now, what they open, and the forms that open."""

from lxml import etree

from odoo.tests.common import new_test_user, tagged

from .. import compat
from ..lib.view_arch import Element
from .common import McpCase, clear_caches

TAG = "res.partner.category"
EXPRESSION = compat.HAS_VIEW_EXPRESSIONS


def hidden_when(expression: str, domain: str) -> str:
    """The attribute of a view that hides, in the form of this series."""
    if EXPRESSION:
        return f'invisible="{expression}"'
    return f"attrs=\"{{'invisible': {domain}}}\""


COLORED = hidden_when("color &gt; 0", "[('color', '&gt;', 0)]")
PLAIN = hidden_when("color == 0", "[('color', '=', 0)]")
CHILDLESS = hidden_when("not child_ids", "[('child_ids', '=', [])]")


def form(window_id: int) -> str:
    return f"""
<form>
  <header>
    <button name="action_archive" type="object" string="Put away" confirm="Really?"
            help="Hides it" context="{{'tag': id, 'same': 1}}" {COLORED}/>
    <button name="action_unarchive" type="object" string="Back" {PLAIN}/>
    <button name="action_unarchive" type="object" string="Back" class="oe_highlight"
            {CHILDLESS}/>
    <button name="copy" type="object" string="Boss" groups="base.group_system"/>
    <button name="toggle_active" type="object" string="Never" invisible="1"/>
    <button name="{window_id}" type="action" {PLAIN}/>
  </header>
  <sheet>
    <group {COLORED}>
      <button name="unlink" type="object" string="Inside"/>
    </group>
    <field name="name"/>
    <field name="color"/>
    <field name="parent_id" {COLORED} required="1"/>
    <field name="active" invisible="1"/>
    <field name="child_ids"/>
  </sheet>
</form>
"""


@tagged("post_install", "-at_install")
class TestActions(McpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.window = cls.env["ir.actions.act_window"].create(
            {
                "name": "Open tags",
                "res_model": TAG,
                "view_mode": "form",
                "target": "new",
                "context": "{'default_color': active_id, 'default_name': 'from menu'}",
                "domain": "[('id', 'in', active_ids)]",
            }
        )
        cls.env["ir.model.data"].create(
            {
                "module": "butopea_mcp",
                "name": "test_window",
                "model": "ir.actions.act_window",
                "res_id": cls.window.id,
            }
        )
        cls.server_action = cls.env["ir.actions.server"].create(
            {
                "name": "Paint",
                "model_id": cls.env["ir.model"]._get_id(TAG),
                "binding_model_id": cls.env["ir.model"]._get_id(TAG),
                "state": "code",
                "code": "records.write({'color': 9})",
            }
        )
        cls.env["ir.ui.view"].create(
            {
                "name": "mcp test form",
                "model": TAG,
                "type": "form",
                "arch": form(cls.window.id),
                "priority": -1,
            }
        )
        cls.env["ir.ui.view"].create(
            {
                "name": "mcp test list",
                "model": TAG,
                "type": compat.LIST_VIEW,
                "arch": f"<{compat.LIST_VIEW}><header><button name='action_archive'"
                f" type='object' string='All'/></header><field name='name'/>"
                f"</{compat.LIST_VIEW}>",
                "priority": -1,
            }
        )
        tags = cls.env[TAG]
        cls.plain = tags.create({"name": "Plain", "color": 0})
        cls.colored = tags.create({"name": "Colored", "color": 3})
        cls.parent = tags.create({"name": "Parent", "color": 0})
        tags.create({"name": "Child", "parent_id": cls.parent.id})

    def now(self, *tags, user=None):
        self.login(user or self.boss)
        return self.mcp(f"/mcp/model/{TAG}/actions", ids=[tag.id for tag in tags])

    def shown(self, tag, user=None):
        return [
            action["label"]
            for action in self.now(tag, user=user)["actions"]
            if tag.id in action["shown_for"]
        ]

    # ------------------------------------------------------------------

    def test_states(self):
        self.assertEqual(self.shown(self.plain), ["Put away", "Boss", "Inside"])
        self.assertEqual(self.shown(self.colored), ["Back", "Boss", "Open tags"])
        # The second place of a button counts, too.
        self.assertEqual(
            self.shown(self.parent), ["Put away", "Back", "Boss", "Inside"]
        )

    def test_groups(self):
        self.assertEqual(self.shown(self.plain, self.clerk), ["Put away", "Inside"])

    def test_several_records(self):
        answer = self.now(self.plain, self.colored)
        by_method = {action["method"]: action for action in answer["actions"]}
        self.assertEqual(by_method["action_archive"]["shown_for"], self.plain.ids)
        self.assertEqual(
            by_method["copy"]["shown_for"], (self.plain | self.colored).ids
        )
        self.assertNotIn("toggle_active", by_method)
        self.assertEqual(
            answer["records"],
            [
                {"id": self.plain.id, "name": "Plain"},
                {"id": self.colored.id, "name": "Colored"},
            ],
        )
        self.assertEqual(answer["list_methods"], ["action_archive"])

    def test_what_is_said_of_a_button(self):
        first = self.now(self.plain)["actions"][0]
        self.assertEqual(
            first,
            {
                "method": "action_archive",
                "label": "Put away",
                "type": "object",
                "confirm": "Really?",
                "help": "Hides it",
                "shown_for": self.plain.ids,
                "contexts": {str(self.plain.id): {"tag": self.plain.id, "same": 1}},
            },
        )

    def test_a_button_that_opens(self):
        actions = self.now(self.colored)["actions"]
        (window,) = [action for action in actions if action["type"] == "action"]
        self.assertEqual(window["method"], "butopea_mcp.test_window")
        self.assertEqual(window["label"], "Open tags")
        self.assertEqual(window["opens"], "Open tags")
        self.assertEqual(window["action_type"], "ir.actions.act_window")

    def test_menu(self):
        menu = self.now(self.plain)["menu"]
        labels = [entry["label"] for entry in menu]
        self.assertIn("Paint", labels)

    def test_what_cannot_be_told_is_shown(self):
        form = self.env["butopea.mcp.form"]
        condition = "parent.color == 1" if EXPRESSION else [["absent", "=", 1]]
        node = etree.fromstring("<button name='copy' type='object'/>")
        entry = {"shown_for": [], "undecided_for": [], "contexts": {}}
        form._add_record(entry, Element(node, condition), self.plain, {"color": 1})
        self.assertEqual(entry["shown_for"], self.plain.ids)
        self.assertEqual(entry["undecided_for"], self.plain.ids)

    def test_state_of_a_record(self):
        view = self.env["ir.ui.view"].search([("name", "=", "mcp test form")], limit=1)
        view.arch = """
<form><header><field name="parent_id" widget="statusbar"/></header>
<field name="name"/></form>"""
        child = self.parent.child_ids
        (record,) = self.now(child)["records"]
        self.assertEqual(
            record["state"],
            {"field": "parent_id", "value": self.parent.id, "label": "Parent"},
        )

    def test_records_are_the_users(self):
        """Neither records that are gone nor those that the user may not read."""
        gone = self.env[TAG].create({"name": "Gone"})
        gone_id = gone.id
        gone.unlink()
        self.login(self.boss)
        path = f"/mcp/model/{TAG}/actions"
        self.assertRefused("odoo.exceptions.MissingError", path, ids=[gone_id])
        self.assertRefused("odoo.exceptions.UserError", path, ids=[])
        self.assertRefused("odoo.exceptions.UserError", path, ids=["x"])
        self.assertRefused("odoo.exceptions.UserError", path, ids=list(range(1, 102)))
        portal = new_test_user(self.env, "mcp_portal", "base.group_portal")
        self.login(portal)
        self.assertRefused(
            "odoo.exceptions.AccessError",
            "/mcp/model/ir.cron/actions",
            ids=self.env["ir.cron"].search([], limit=1).ids,
        )

    # ------------------------------------------------------------------
    # What opens
    # ------------------------------------------------------------------

    def opened(self, name, *tags, user=None):
        self.login(user or self.boss)
        ids = [tag.id for tag in tags]
        return self.mcp("/mcp/action", action=name, model=TAG, ids=ids)["action"]

    def test_window(self):
        for name in ("butopea_mcp.test_window", str(self.window.id)):
            action = self.opened(name, self.colored)
            self.assertEqual(action["type"], "ir.actions.act_window")
            self.assertEqual(
                action["context"],
                {"default_color": self.colored.id, "default_name": "from menu"},
            )
            self.assertEqual(action["domain"], [["id", "in", self.colored.ids]])
            self.assertEqual(action["res_model"], TAG)
            self.assertIs(action["transient"], False)

    def test_a_window_that_the_form_hides_is_not_opened(self):
        self.login(self.boss)
        call = {"model": TAG, "action": "butopea_mcp.test_window"}
        for ids in (self.plain.ids, (self.plain | self.colored).ids):
            self.assertRefused(
                "odoo.exceptions.AccessError", "/mcp/action", ids=ids, **call
            )

    def test_server_action(self):
        self.assertEqual(self.opened(str(self.server_action.id), self.plain), {})
        self.assertEqual(self.plain.color, 9)

    def test_actions_from_elsewhere(self):
        self.login(self.boss)
        other = self.env["ir.actions.act_window"].create(
            {"name": "Other", "res_model": "res.users"}
        )
        call = {"model": TAG, "ids": self.plain.ids}
        refused = self.assertRefused
        error = refused(
            "odoo.exceptions.ValidationError",
            "/mcp/action",
            action=str(other.id),
            **call,
        )
        self.assertIn(
            "belongs to res.users, not to res.partner.category", error.message
        )
        bound = self.server_action.copy(
            {"binding_model_id": self.env["ir.model"]._get_id("res.country")}
        )
        error = refused(
            "odoo.exceptions.ValidationError",
            "/mcp/action",
            action=str(bound.id),
            **call,
        )
        self.assertIn("belongs to res.country", error.message)
        own = other.copy({"res_model": TAG})
        refused(
            "odoo.exceptions.AccessError", "/mcp/action", action=str(own.id), **call
        )
        refused("odoo.exceptions.MissingError", "/mcp/action", action="no.such", **call)
        refused(
            "odoo.exceptions.MissingError",
            "/mcp/action",
            action="base.main_company",
            **call,
        )

    def test_groups_of_the_menu(self):
        self.server_action[self.groups_field()] = [
            (6, 0, [self.env.ref("base.group_system").id])
        ]
        clear_caches(self.env)
        self.login(self.clerk)
        self.assertRefused(
            "odoo.exceptions.AccessError",
            "/mcp/action",
            action=str(self.server_action.id),
            model=TAG,
            ids=self.plain.ids,
        )
        self.assertEqual(self.plain.color, 0)

    def groups_field(self):
        fields = self.env["ir.actions.server"]._fields
        return "group_ids" if "group_ids" in fields else "groups_id"

    def test_a_method_that_returns_an_action(self):
        self.login(self.boss)
        answer = self.execute("ir.actions.act_window", "read", ids=self.window.ids)
        self.assertNotIn("action", answer)
        run = self.execute(
            "ir.actions.server",
            "run",
            ids=self.env["ir.actions.server"]
            .create(
                {
                    "name": "Opens",
                    "model_id": self.env["ir.model"]._get_id(TAG),
                    "state": "code",
                    "code": "action = {'type': 'ir.actions.act_window', 'res_model':"
                    " 'res.partner', 'context': \"{'a': uid}\","
                    " 'views': [[7, 'form']]}",
                }
            )
            .ids,
        )
        self.assertEqual(run["result"]["context"], "{'a': uid}")
        self.assertEqual(run["action"]["context"], {"a": self.boss.id})
        self.assertEqual(run["action"]["view_id"], 7)

    # ------------------------------------------------------------------
    # Forms that open
    # ------------------------------------------------------------------

    def form(self, model=TAG, user=None, **params):
        self.login(user or self.boss)
        return self.mcp(f"/mcp/model/{model}/form", **params)

    def test_form_of_a_new_record(self):
        context = {
            "default_name": "N",
            "default_parent_id": self.parent.id,
            "default_color": 0,
        }
        opened = self.form(context=context)
        fields = opened["fields"]
        self.assertEqual(
            list(fields), ["name", "color", "parent_id", "active", "child_ids"]
        )
        self.assertEqual(fields["name"]["value"], "N")
        self.assertIs(fields["name"]["required"], True)
        self.assertEqual(
            fields["parent_id"]["value"], {"id": self.parent.id, "name": "Parent"}
        )
        self.assertIs(fields["active"]["invisible"], True)
        self.assertEqual(fields["child_ids"]["value"], [])
        labels = [action["label"] for action in opened["actions"]]
        self.assertEqual(labels, ["Put away", "Boss", "Inside"])

    def test_conditions_are_those_of_the_values(self):
        fields = self.form(context={"default_color": 5})["fields"]
        self.assertIs(fields["parent_id"].get("invisible"), True)
        self.assertIn("color", fields["parent_id"]["invisible_expr"])
        fields = self.form(context={"default_color": 0})["fields"]
        self.assertNotIn("invisible", fields["parent_id"])

    def test_form_of_a_record(self):
        fields = self.form(record_id=self.colored.id)["fields"]
        self.assertEqual(fields["name"]["value"], "Colored")

    def test_no_right_to_create(self):
        self.login(self.clerk)
        path = f"/mcp/model/{TAG}"
        self.assertRefused("odoo.exceptions.AccessError", f"{path}/form")
        self.assertRefused(
            "odoo.exceptions.AccessError", f"{path}/save", values={"name": "x"}
        )

    def test_save(self):
        self.login(self.boss)
        made = self.mcp(
            f"/mcp/model/{TAG}/save",
            values={"name": "Saved"},
            context={"default_parent_id": self.parent.id, "default_color": 4},
        )
        tag = self.env[TAG].browse(made["id"])
        self.assertEqual(
            (tag.name, tag.parent_id, tag.color), ("Saved", self.parent, 4)
        )

    def test_methods_of_changed_fields_run(self):
        """As in the web client: `res.partner` takes the address of its company."""
        company = self.env["res.partner"].create({"name": "Co", "city": "Namur"})
        self.login(self.boss)
        made = self.mcp(
            "/mcp/model/res.partner/save",
            values={"name": "Emp", "parent_id": company.id},
        )
        self.assertEqual(self.env["res.partner"].browse(made["id"]).city, "Namur")

    def test_a_failed_save_leaves_nothing(self):
        self.login(self.boss)
        before = self.env[TAG].search_count([])
        self.assertRefused(
            "odoo.exceptions.ValidationError",
            f"/mcp/model/{TAG}/save",
            values={"color": 1},
        )
        self.assertEqual(self.env[TAG].search_count([]), before)

    def test_announced(self):
        self.login(self.boss)
        capabilities = self.mcp("/mcp/capabilities")
        self.assertIn("actions", capabilities["features"])
        self.assertLessEqual(
            {"actions", "action", "form", "save"}, set(capabilities["routes"])
        )


@tagged("post_install", "-at_install")
class TestTracking(McpCase):
    def setUp(self):
        super().setUp()
        if "mail.tracking.value" not in self.env:
            self.skipTest("the module mail is not installed")

    def test_tracked_changes(self):
        """As the chatter shows them, for who may read message and field."""
        channel = self.env["res.partner"].with_context(tracking_disable=False)
        partner = channel.with_user(self.boss).create({"name": "Ada", "email": "a@x.y"})
        self.flush_tracking()
        partner.write({"email": "b@x.y"})
        self.flush_tracking()
        messages = partner.message_ids.filtered("tracking_value_ids")
        if not messages:
            self.skipTest("nothing of a partner is tracked in this series")
        self.login(self.clerk)
        answer = self.mcp("/mcp/tracking", message_ids=messages.ids)["changes"]
        (change,) = answer[str(messages[:1].id)]
        self.assertEqual(
            (change["field"], change["old"], change["new"]), ("email", "a@x.y", "b@x.y")
        )

    def flush_tracking(self):
        self.env.flush_all()
        self.env.cr.precommit.run()

    def test_messages_of_others(self):
        """Nothing of messages that the user may not read, or that do not exist."""
        self.login(self.clerk)
        self.assertEqual(
            self.mcp("/mcp/tracking", message_ids=[2147483647])["changes"], {}
        )
        self.assertEqual(self.mcp("/mcp/tracking", message_ids=[])["changes"], {})
        self.assertRefused(
            "odoo.exceptions.UserError", "/mcp/tracking", message_ids=["x"]
        )
