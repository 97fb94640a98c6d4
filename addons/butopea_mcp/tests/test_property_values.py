from odoo.tests.common import tagged
from odoo.tools import mute_logger

from .common import McpCase

USER_ERROR = "odoo.exceptions.UserError"

COLOUR, SIZE, FRIEND, TAGS = "colour", "size", "friend", "tags"
DEFINITION = [
    {"name": COLOUR, "string": "Colour", "type": "char"},
    {"name": SIZE, "string": "Size", "type": "integer", "default": 7},
    {"name": FRIEND, "string": "Friend", "type": "many2one", "comodel": "res.partner"},
    {
        "name": TAGS,
        "string": "Tags",
        "type": "tags",
        "tags": [["a", "A", 1], ["b", "B", 2]],
    },
]


@tagged("post_install", "-at_install")
class TestPropertyValues(McpCase):
    """On contacts, which have properties of their own since 19.0."""

    def setUp(self):
        super().setUp()
        partners = self.env["res.partner"]
        if "properties" not in partners._fields:
            self.skipTest("No model of this series' base has properties")
        self.partner.properties_base_definition_id.properties_definition = DEFINITION
        self.env.flush_all()
        self.login(self.boss)

    def write(self, *records, **values):
        ids = [record.id for record in records]
        return self.execute("res.partner", "write", ids=ids, values=values)

    def values_of(self, record):
        """The values that are stored, and not those that Odoo would show."""
        record.flush_recordset()
        self.env.cr.execute(
            "SELECT properties FROM res_partner WHERE id = %s", [record.id]
        )
        (stored,) = self.env.cr.fetchone()
        return {name: value for name, value in (stored or {}).items() if value}

    def test_what_is_not_named_stays(self):
        self.write(self.partner, properties={COLOUR: "red", SIZE: 3})
        self.write(self.partner, properties={FRIEND: self.child.id})
        self.write(self.partner, properties={TAGS: ["a"]}, name="Ada L.")
        self.write(self.partner, properties={SIZE: 4})
        self.assertEqual(
            self.values_of(self.partner),
            {COLOUR: "red", SIZE: 4, FRIEND: self.child.id, TAGS: ["a"]},
        )
        self.assertEqual(self.partner.name, "Ada L.")

    def test_one_value_is_cleared_and_all_are(self):
        self.write(self.partner, properties={COLOUR: "red", SIZE: 3})
        self.write(self.partner, properties={COLOUR: False})
        self.assertEqual(self.values_of(self.partner), {SIZE: 3})
        self.write(self.partner, properties={})
        self.assertEqual(self.values_of(self.partner), {SIZE: 3})
        self.write(self.partner, properties=False)
        self.assertEqual(self.values_of(self.partner), {})

    def test_each_record_keeps_its_own(self):
        self.write(self.partner, properties={COLOUR: "red"})
        self.write(self.child, properties={COLOUR: "blue"})
        self.write(self.partner, self.child, properties={SIZE: 5}, ref="both")
        self.assertEqual(self.values_of(self.partner), {COLOUR: "red", SIZE: 5})
        self.assertEqual(self.values_of(self.child), {COLOUR: "blue", SIZE: 5})
        self.assertEqual(self.child.ref, "both")

    def test_a_line_keeps_its_own(self):
        self.write(self.child, properties={COLOUR: "blue"})
        line = {"properties": {SIZE: 9}}
        self.write(self.partner, child_ids=[[1, self.child.id, line]])
        self.assertEqual(self.values_of(self.child), {COLOUR: "blue", SIZE: 9})

    def test_a_property_that_nobody_defines_is_refused(self):
        self.write(self.partner, properties={COLOUR: "red"})
        with mute_logger("odoo.http"):
            error = self.assertRefused(
                USER_ERROR,
                "/mcp/execute",
                model="res.partner",
                method="write",
                ids=[self.partner.id],
                values={"name": "Other", "properties": {SIZE: 1, "weight": 2}},
            )
        self.assertIn("no property 'weight' in properties", error.message)
        self.assertIn("It has: colour, friend, size, tags", error.message)
        self.assertEqual(self.partner.name, "Ada")
        self.assertEqual(self.values_of(self.partner), {COLOUR: "red"})

    def test_the_form_of_the_web_client_is_left_to_odoo(self):
        self.write(self.partner, properties={COLOUR: "red", SIZE: 3})
        whole = [{"name": SIZE, "type": "integer", "value": 8}]
        self.write(self.partner, properties=whole)
        self.assertEqual(self.values_of(self.partner), {SIZE: 8})

    def test_a_new_record_has_what_is_named_and_the_defaults(self):
        answer = self.execute(
            "res.partner",
            "create",
            values={"name": "New", "properties": {COLOUR: "red"}},
        )
        created = self.env["res.partner"].browse(answer["id"])
        self.assertEqual(self.values_of(created), {COLOUR: "red", SIZE: 7})
