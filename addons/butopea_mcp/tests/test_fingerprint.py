from odoo.tests.common import TransactionCase, new_test_user, tagged

from .. import compat
from ..models.mcp_fingerprint import canonical
from .common import clear_caches


@tagged("post_install", "-at_install")
class TestFingerprint(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "mcp_finger", "base.group_user")
        cls.view = cls.env["ir.ui.view"].create(
            {
                "name": "mcp fingerprint",
                "model": "res.partner.category",
                "type": "form",
                "arch": "<form><field name='name'/></form>",
            }
        )

    def setUp(self):
        # First of all, so that it comes after the rollback: some tests make
        # fields, and Odoo has to forget them.
        self.addCleanup(self.registry.reset_changes)
        super().setUp()

    def fingerprint(self, user=None, **context):
        env = self.env(user=user or self.user, context=context)
        return env["butopea.mcp.fingerprint"]._get()

    def assertMoves(self, change, **context):
        before = self.fingerprint(**context)
        change()
        after = self.fingerprint(**context)
        self.assertNotEqual(after, before)
        clear_caches(self.env)
        self.assertEqual(self.fingerprint(**context), after)

    def assertStays(self, change, **context):
        before = self.fingerprint(**context)
        change()
        self.assertEqual(self.fingerprint(**context), before)
        clear_caches(self.env)
        self.assertEqual(self.fingerprint(**context), before)

    def groups_of(self, record):
        return "group_ids" if "group_ids" in record._fields else "groups_id"

    def add_group(self, user, xmlid):
        user.write({self.groups_of(user): [(4, self.env.ref(xmlid).id)]})

    # ------------------------------------------------------------------

    def test_form(self):
        self.assertRegex(self.fingerprint(), r"^[0-9a-f]{32}$")

    def test_nothing_happened(self):
        self.assertStays(lambda: None)

    def test_upgrade_without_changes(self):
        """What an upgrade of a module writes again."""

        def upgrade():
            self.view.write({"arch": self.view.arch})
            names = ["res.partner", "res.partner.category"]
            self.env["ir.model"]._reflect_models(names)
            self.env["ir.model.fields"]._reflect_fields(names)
            self.env["ir.model.fields.selection"]._reflect_selections(names)
            self.env.flush_all()

        self.assertStays(upgrade)

    def test_data(self):
        self.assertStays(lambda: self.env["res.partner"].create({"name": "x"}))

    def test_other_users(self):
        other = new_test_user(self.env, "mcp_other", "base.group_user")
        self.assertEqual(self.fingerprint(other), self.fingerprint())
        self.assertStays(lambda: self.add_group(other, "base.group_system"))
        self.assertNotEqual(self.fingerprint(other), self.fingerprint())

    # ------------------------------------------------------------------

    def test_view(self):
        self.assertMoves(
            lambda: self.view.write(
                {"arch": "<form><field name='name'/><field name='color'/></form>"}
            )
        )

    def test_new_view(self):
        self.assertMoves(lambda: self.view.copy({"priority": 1}))

    def test_archived_view(self):
        self.assertMoves(lambda: self.view.write({"active": False}))

    def test_view_of_another_kind(self):
        self.assertStays(
            lambda: self.env["ir.ui.view"].create(
                {"name": "mcp page", "type": "qweb", "arch": "<p>x</p>"}
            )
        )

    def test_custom_field(self):
        self.assertMoves(
            lambda: self.env["ir.model.fields"].create(
                {
                    "name": "x_mcp_finger",
                    "model_id": self.env["ir.model"]._get_id("res.partner.category"),
                    "ttype": "selection",
                    "selection_ids": [(0, 0, {"value": "a", "name": "A"})],
                }
            )
        )

    def test_custom_selection(self):
        field = self.env["ir.model.fields"].create(
            {
                "name": "x_mcp_finger",
                "model_id": self.env["ir.model"]._get_id("res.partner.category"),
                "ttype": "selection",
                "selection_ids": [(0, 0, {"value": "a", "name": "A"})],
            }
        )
        self.assertMoves(
            lambda: field.write(
                {"selection_ids": [(0, 0, {"value": "b", "name": "B", "sequence": 9})]}
            )
        )

    def test_label(self):
        def rename():
            field = self.env["ir.model.fields"]._get("res.partner.category", "color")
            field.field_description = "Tint"
            clear_caches(self.env)

        self.assertMoves(rename)

    # ------------------------------------------------------------------

    def test_group(self):
        self.assertMoves(lambda: self.add_group(self.user, "base.group_system"))

    def test_access_rule(self):
        self.assertMoves(
            lambda: self.env["ir.model.access"].create(
                {
                    "name": "mcp",
                    "model_id": self.env["ir.model"]._get_id("ir.mail_server"),
                    "group_id": self.env.ref("base.group_user").id,
                    "perm_read": True,
                }
            )
        )

    def test_access_rule_of_other_groups(self):
        self.assertStays(
            lambda: self.env["ir.model.access"].create(
                {
                    "name": "mcp",
                    "model_id": self.env["ir.model"]._get_id("ir.mail_server"),
                    "group_id": self.env.ref("base.group_portal").id,
                    "perm_read": True,
                }
            )
        )

    def record_rule(self, group=None):
        return self.env["ir.rule"].create(
            {
                "name": "mcp",
                "model_id": self.env["ir.model"]._get_id("res.partner.category"),
                "domain_force": "[('color', '=', 0)]",
                "groups": [(6, 0, self.env.ref(group).ids if group else [])],
            }
        )

    def test_record_rule(self):
        self.assertMoves(self.record_rule)

    def test_record_rule_of_own_group(self):
        self.assertMoves(lambda: self.record_rule("base.group_user"))

    def test_record_rule_of_other_groups(self):
        self.assertStays(lambda: self.record_rule("base.group_portal"))

    def test_changed_record_rule(self):
        rule = self.record_rule()
        self.assertMoves(lambda: rule.write({"domain_force": "[('color', '=', 1)]"}))

    # ------------------------------------------------------------------

    def test_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.assertNotEqual(self.fingerprint(lang="fr_FR"), self.fingerprint())
        self.assertEqual(self.fingerprint(lang="en_US"), self.fingerprint())

    def test_translation_moves_only_its_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        field = self.env["ir.model.fields"]._get("res.partner.category", "color")

        def translate():
            field.with_context(lang="fr_FR").field_description = "Teinte"
            clear_caches(self.env)

        before = self.fingerprint(lang="fr_FR")
        self.assertStays(translate)
        self.assertNotEqual(self.fingerprint(lang="fr_FR"), before)

    # ------------------------------------------------------------------

    def test_canonical(self):
        self.assertEqual(
            canonical({"b": 1, "a": {2, 1}}), canonical({"a": {1, 2}, "b": 1})
        )
        self.assertEqual(canonical(object()), canonical(object()))
        self.assertNotEqual(canonical([1, 2]), canonical([2, 1]))
        self.assertNotEqual(canonical("1"), canonical(1))

    def test_groups_include_implied_ones(self):
        env = self.env(user=new_test_user(self.env, "mcp_sys", "base.group_system"))
        ids = compat.user_group_ids(env)
        self.assertIn(self.env.ref("base.group_erp_manager").id, ids)
        self.assertEqual(ids, sorted(ids))
