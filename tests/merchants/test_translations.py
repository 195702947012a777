"""The Chinese of every page: whole, sure of itself, and compiled from exactly what is written."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.template.loader import get_template
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

from ttok_site.places import BASE_DIR

CATALOGUE = BASE_DIR / "merchants" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
_FUNCTIONS = {"_", "gettext", "gettext_lazy", "pgettext", "ngettext"}


def list_said_by_templates() -> Iterator[str]:
    """Each text that a template of ours marks for translation."""
    for path in sorted((BASE_DIR / "templates").rglob("*.html")):
        template = get_template(str(path.relative_to(BASE_DIR / "templates"))).template  # type: ignore[attr-defined]
        for node in template.nodelist.get_nodes_by_type(TranslateNode):
            yield str(node.filter_expression.var.literal)
        for node in template.nodelist.get_nodes_by_type(BlockTranslateNode):
            yield node.render_token_list(node.singular)[0]


def list_said_by_code() -> Iterator[str]:
    """Each text that our Python marks for translation."""
    for app in ("merchants", "recommender", "ttok_site"):
        for path in sorted((BASE_DIR / app).rglob("*.py")):
            yield from list_marked(path)


def list_marked(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        is_call = (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
        )
        if is_call and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)


@pytest.fixture(scope="module")
def written() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


def test_everything_that_is_said_has_its_chinese_and_nothing_else_is_kept(written: polib.POFile) -> None:
    said = set(list_said_by_templates()) | set(list_said_by_code())
    assert len(said) > 50
    assert said == {entry.msgid for entry in written}


def test_no_translation_is_missing_unsure_or_left_in_english(written: polib.POFile) -> None:
    assert [entry.msgid for entry in written if not entry.translated()] == []
    assert [entry.msgid for entry in written.fuzzy_entries()] == []
    assert not written.metadata_is_fuzzy
    assert [entry.msgid for entry in written if entry.msgstr.isascii() and entry.msgstr != ""] == []


def test_the_compiled_catalogue_is_the_written_one(written: polib.POFile) -> None:
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    assert {entry.msgid: entry.msgstr for entry in compiled} == {
        entry.msgid: entry.msgstr for entry in written
    }


def test_placeholders_are_the_same_in_both_languages(written: polib.POFile) -> None:
    def find(text: str) -> list[str]:
        return sorted(re.findall(r"%\(\w+\)s|\{\w*\}", text))

    assert [entry.msgid for entry in written if find(entry.msgid) != find(entry.msgstr)] == []
