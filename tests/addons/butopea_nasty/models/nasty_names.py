"""Names of fields and models: keywords, names of the generated code, and names that
differ in nothing but case, underscores and dots."""

from odoo import fields, models

# Reserved in Rust, some in Python, too; as a field of the model a name needs no syntax.
KEYWORDS = (
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for",
    "gen", "if", "impl", "in", "let", "loop", "macro", "macro_rules", "match", "mod",
    "move", "mut", "override", "priv", "pub", "raw", "ref", "return", "safe", "self",
    "Self", "self_", "Self_", "static", "struct", "super", "super_", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where",
    "while", "yield",
)  # fmt: skip

# What generated modules, the typed API and the tools use as names of their own.
API_NAMES = (
    "Action", "Binary", "Box", "Debug", "Err", "F", "Field", "Fields", "Id", "Ids",
    "Key", "None_", "Ok", "Option", "Record", "Row", "RowWriter", "Some", "String",
    "This", "Unlisted", "Value", "Vec", "action", "aggregates", "all", "any_of", "args",
    "clone", "confirm", "context", "count", "cut", "default", "display", "domain", "eq",
    "error", "fields", "first", "group_by", "i64", "kind", "kwargs", "limit", "lines",
    "model", "names", "none_of", "offset", "order", "query", "r", "raw_uri", "records",
    "result", "str", "text", "truncated", "typed", "url", "usize", "values", "w",
)  # fmt: skip

CLASHING = (
    "a_b", "a__b", "a_b_", "aB", "A_B", "AB", "Ab", "ab", "_a", "a_", "a", "A", "_A",
    "__a", "a__", "x_1", "x_1st", "x_2_3", "x_23", "x_studio_Name", "x_studio_name",
    "x_studio_name_1", "x__", "_1", "__", "id_", "ID", "Id", "größe", "grösse", "名",
)  # fmt: skip


class NastyKeyword(models.Model):
    _name = "nasty.keyword"
    _description = "Nasty Keywords"

    name = fields.Char()
    for _word in KEYWORDS:
        locals()[_word] = fields.Char()
    del _word


class NastyApi(models.Model):
    _name = "nasty.api"
    _description = "Nasty Names of the API"

    name = fields.Char()
    _field = fields.Integer  # one of the names is `fields`
    for _word in API_NAMES:
        locals()[_word] = _field()
    del _field, _word


class NastyClash(models.Model):
    _name = "nasty.clash"
    _description = "Nasty Names that clash"

    name = fields.Char()
    for _word in CLASHING:
        if _word.isascii():
            locals()[_word] = fields.Char()
        else:
            # Only some versions of Odoo make such columns.
            locals()[_word] = fields.Char(compute="_compute_other_alphabets")
    del _word

    def _compute_other_alphabets(self) -> None:
        for record in self:
            for word in CLASHING:
                if not word.isascii():
                    record[word] = f"{word} {record.name}"


class NastyAB(models.Model):
    """`nasty_a_b` to Rust and to the tools, as `nasty.a.b` of the twin module is."""

    _name = "nasty.a_b"
    _description = "Nasty A_B"
    _table = "nasty_clash_a_b"

    name = fields.Char()
    state = fields.Selection([("draft", "Draft"), ("done", "Done")])


class NastyAb(models.Model):
    _name = "nasty.ab"
    _description = "Nasty AB"
    _table = "nasty_clash_ab"

    name = fields.Char()


class NastyASearch(models.Model):
    """Its tool `count` is called as the tool `search_count` of `nasty.a` would be."""

    _name = "nasty.a.search"
    _description = "Nasty A Search"

    name = fields.Char()


class NastyDigit(models.Model):
    _name = "nasty.2nd.2"
    _description = "Nasty 2nd 2"
    _table = "nasty_digit"

    name = fields.Char()


class NastyLong(models.Model):
    _name = "nasty.model.with.a.name.that.goes.on.and.on.until.no.tool.can.have.it.one"
    _description = "Nasty Long Name One"
    _table = "nasty_table_with_a_name_that_is_as_long_as_postgresql_allows_63"

    name = fields.Char()
    a_field_with_a_name_that_is_as_long_as_postgresql_allows_it_one = fields.Char()
    a_field_with_a_name_that_is_as_long_as_postgresql_allows_it_two = fields.Char()
    other_ids = fields.Many2many(
        "nasty.model.with.a.name.that.goes.on.and.on.until.no.tool.can.have.it.two",
        "nasty_long_rel",
        "one",
        "two",
    )

    def action_with_a_name_that_is_longer_than_that_of_any_tool_one(self) -> None:
        """Nothing."""

    def action_with_a_name_that_is_longer_than_that_of_any_tool_two(self) -> None:
        """Nothing."""


class NastyLongTwo(models.Model):
    _name = "nasty.model.with.a.name.that.goes.on.and.on.until.no.tool.can.have.it.two"
    _description = "Nasty Long Name Two"
    _table = "nasty_table_with_a_name_that_is_as_long_as_postgresql_allows_64"

    name = fields.Char()


class NastyOption(models.Model):
    _name = "nasty.option"
    _description = "Option"

    name = fields.Char()
    vec_ids = fields.One2many("nasty.vec", "option_id")


class NastyVec(models.Model):
    _name = "nasty.vec"
    _description = "Vec<T>"

    name = fields.Char()
    option_id = fields.Many2one("nasty.option")
    string_id = fields.Many2one("string")


class NastyResult(models.Model):
    _name = "nasty.result"
    _description = "Result<(), Box<dyn Error>>"

    name = fields.Char()
    box_id = fields.Many2one("box")
    field_id = fields.Many2one("field")
    some = fields.Selection([("none", "None"), ("some", "Some"), ("ok", "Ok")])


class NastyBox(models.Model):
    _name = "nasty.box"
    _description = "Box"

    name = fields.Char()
    option_id = fields.Many2one("option")
    vec_ids = fields.Many2many("vec")


class BareOption(models.Model):
    _name = "option"
    _description = "Bare Option"
    _table = "nasty_bare_option"

    name = fields.Char()
    option = fields.Selection([("some", "Some"), ("none", "None")])
    option_id = fields.Many2one("option")


class BareVec(models.Model):
    _name = "vec"
    _description = "Bare Vec"
    _table = "nasty_bare_vec"

    name = fields.Char()


class BareString(models.Model):
    _name = "string"
    _description = "Bare String"
    _table = "nasty_bare_string"

    name = fields.Char()
    vec_id = fields.Many2one("vec")


class BareBox(models.Model):
    _name = "box"
    _description = "Bare Box"
    _table = "nasty_bare_box"

    name = fields.Char()
    box = fields.Selection([("box", "Box"), ("self", "Self")])
    crate_id = fields.Many2one("crate")
    self_id = fields.Many2one("self")


class BareField(models.Model):
    _name = "field"
    _description = "Bare Field"
    _table = "nasty_bare_field"

    name = fields.Char()
    id_id = fields.Many2one("id")


class BareId(models.Model):
    _name = "id"
    _description = "Bare Id"
    _table = "nasty_bare_id"

    name = fields.Char()


class BareSelf(models.Model):
    _name = "self"
    _description = "Bare Self"
    _table = "nasty_bare_self"

    name = fields.Char()
    self = fields.Many2one("self")


class BareCrate(models.Model):
    _name = "crate"
    _description = "Bare Crate"
    _table = "nasty_bare_crate"

    name = fields.Char()


class BareSome(models.Model):
    _name = "some"
    _description = "Bare Some"
    _table = "nasty_bare_some"

    name = fields.Char()
    when = fields.Date()
    stamp = fields.Datetime()
    send_id = fields.Many2one("send")


class BareSend(models.Model):
    _name = "send"
    _description = "Bare Send"
    _table = "nasty_bare_send"

    name = fields.Char()
    debug_id = fields.Many2one("debug")


class BareDebug(models.Model):
    _name = "debug"
    _description = "Bare Debug"
    _table = "nasty_bare_debug"

    name = fields.Char()
    json_value = fields.Json()
