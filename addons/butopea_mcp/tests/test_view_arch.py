from odoo.tests.common import BaseCase

from .. import compat
from ..lib.view_arch import ViewArch, button_label


def condition(name: str, expression: str, domain: str) -> str:
    """The attribute of a postprocessed view, in the series' own form."""
    if compat.HAS_VIEW_EXPRESSIONS:
        return f'{name}="{expression}"'
    return f"modifiers='{{\"{name}\": {domain}}}'"


DRAFT = ("state == 'draft'", '[["state", "=", "draft"]]')
DONE = ("state == 'done'", '[["state", "=", "done"]]')
ALWAYS = ("1", "true")


class TestViewArch(BaseCase):
    def test_fields_in_order_without_subviews(self):
        view = ViewArch(
            """
            <form>
              <!-- a comment -->
              <header><field name="state"/></header>
              <sheet>
                <field name="line_ids"><list><field name="price"/></list></field>
                <group><field name="name"/><field name="state"/></group>
                <field name="helper" data-used-by="x"/>
              </sheet>
            </form>
            """
        )
        self.assertEqual(list(view.fields()), ["state", "line_ids", "name"])

    def test_conditions(self):
        view = ViewArch(
            f"""
            <form>
              <group {condition("invisible", *DRAFT)}>
                <field name="a"/>
                <field name="b" {condition("invisible", *DONE)}/>
              </group>
              <field name="c" {condition("readonly", *DONE)}/>
              <field name="d" {condition("invisible", *ALWAYS)}/>
              <field name="d" {condition("required", *ALWAYS)}/>
            </form>
            """
        )
        fields = view.fields()
        a = view.field_conditions(fields["a"])
        self.assertIn("draft", compat.condition_text(a["invisible"]))
        b = compat.condition_text(view.field_conditions(fields["b"])["invisible"])
        self.assertIn("draft", b)
        self.assertIn("done", b)
        self.assertTrue(" or " in b or '"|"' in b, b)
        c = view.field_conditions(fields["c"])
        self.assertIsNone(c["invisible"])
        self.assertIn("done", compat.condition_text(c["readonly"]))
        d = view.field_conditions(fields["d"])
        self.assertIsNone(d["invisible"])
        self.assertIs(d["required"], True)

    def test_columns(self):
        view = ViewArch(
            f"""
            <list>
              <header><button name="a" type="object" string="A"/></header>
              <field name="sequence" widget="handle"/>
              <field name="maybe" {condition("column_invisible", *DRAFT)}/>
              <field name="name"/>
              <field name="never" {condition("column_invisible", *ALWAYS)}/>
              <field name="other" optional="hide"/>
              <field name="shown" optional="show"/>
              <button name="in_line" type="object" string="B"/>
              <groupby name="partner_id"><field name="email"/></groupby>
            </list>
            """
        )
        self.assertEqual(view.columns(), ["name", "shown", "maybe"])
        self.assertEqual(
            [e.node.get("name") for e in view.buttons(in_header=True)], ["a"]
        )

    def test_buttons(self):
        view = ViewArch(
            f"""
            <form>
              <header>
                <button name="confirm" type="object" string="Confirm"/>
                <button name="12" type="action" string="Wizard"/>
                <button name="gone" type="object" {condition("invisible", *ALWAYS)}/>
                <button special="cancel" string="Close"/>
              </header>
              <div name="button_box">
                <button name="view_it" type="object">
                  <span>2</span>
                  <span class="o_stat_text">Open <b>Orders</b></span>
                  <span class="o_stat_text">Order</span>
                </button>
              </div>
              <field name="line_ids">
                <list><button name="of_the_line" type="object"/></list>
              </field>
            </form>
            """
        )
        buttons = view.buttons()
        self.assertEqual([b.node.get("name") for b in buttons], ["confirm", "view_it"])
        self.assertEqual(
            [button_label(b.node) for b in buttons], ["Confirm", "Open Orders"]
        )

    def test_joined_conditions(self):
        always, never = True, None
        one = DRAFT[0] if compat.HAS_VIEW_EXPRESSIONS else [["state", "=", "draft"]]
        self.assertIs(compat.any_condition([never, always, one]), True)
        self.assertEqual(compat.any_condition([never, one, one]), one)
        self.assertIsNone(compat.any_condition([never]))
        self.assertIsNone(compat.all_conditions([never, one]))
        self.assertEqual(compat.all_conditions([always, one]), one)
        self.assertIs(compat.all_conditions([always]), True)
