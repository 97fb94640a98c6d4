"""Labels and help: what people and translators write, and what breaks code and text."""

from odoo import fields, models

LABELS = (
    "",
    " ",
    "مرحبا بالعالم",
    "\u202edetrever",
    "left \u2066isolated\u2069 \u202aembedded\u202c \u200fmark",
    "\u200b\u200c\u200d\ufeff",
    "👩‍👩‍👧‍👦 👍🏽 🇧🇪",
    "e\u0301a\u0302\u0323",
    'say "yes"',
    "it's",
    "C:\\new\\table\\u{41}\\",
    "*/ end /* begin",
    '"# r#"raw"#',
    "{} {0} {{x}} {:?}",
    "%s %(name)s %%",
    '#[doc = "x"] #![allow(all)]',
    "two\nlines",
    "back\rto the start\x0b\x0c\x1b[31m\x7f",
    "a\u2028b\u2029c\x85d",
    "# Title",
    "- item",
    "1. first",
    "    indented",
    "```rust\nfn main() {}",
    "`code` *bold* _under_ ~gone~",
    "[link](https://example.com/) [ref] [`F`] <https://x.example>",
    "https://example.com/a_b?c=d&e",
    "<script>alert(1)</script> <b>",
    "&lt;tag&gt; &#x41;",
    "| a | b |\n|---|---|",
    "$x^2$ \\(y\\)",
    "…",
    ".",
    "x" * 400,
    "word " * 300,
    "///",
    "//! inner",
    "<!-- no end",
    "Self::new()",
    "null",
    "=====",
    "> quoted",
    "[^1]: note",
    "name.",
)


class NastyLabel(models.Model):
    _name = "nasty.label"
    _description = 'Nasty */ "# {} `Label` [x] <b> \u202e 👩‍👩‍👧‍👦\n# Title\\'

    name = fields.Char(string="Name\u200b \u202eeman")
    for _index, _label in enumerate(LABELS):
        locals()[f"label_{_index:02}"] = fields.Char(string=_label)
        locals()[f"help_{_index:02}"] = fields.Char(help=_label)
    del _index, _label

    options = fields.Selection(
        [(f"key_{index}", label or " ") for index, label in enumerate(LABELS)],
        string="\u202eOptions` */",
        help="\n\n\n",
    )

    def action_label(self) -> bool:
        """Nothing."""
        return True


class NastyNoLabel(models.Model):
    """Odoo then says the technical name, and warns."""

    _name = "nasty.nolabel"
    _description = " "

    name = fields.Char()
