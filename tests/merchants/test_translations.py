"""Every language of every page: whole, sure of itself, and compiled from exactly what is written."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.template.loader import get_template
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils.translation import to_locale

from ttok_site.places import BASE_DIR

_FUNCTIONS = {"_", "gettext", "gettext_lazy", "pgettext", "ngettext"}
TRANSLATED = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
#: Words that a language writes as English does.
SAME_AS_ENGLISH = re.compile(r"[A-Z0-9%()\[\]{}\w\s:,./·@-]{1,40}")


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


def list_texts(entry: polib.POEntry | polib.MOEntry) -> list[str]:
    """What an entry is translated to, each plural form by itself."""
    return [text for _, text in sorted(entry.msgstr_plural.items())] or [entry.msgstr]


@pytest.fixture(scope="module", params=TRANSLATED)
def catalogue(request: pytest.FixtureRequest) -> Path:
    return BASE_DIR / "merchants" / "locale" / to_locale(request.param) / "LC_MESSAGES" / "django.po"


@pytest.fixture(scope="module")
def written(catalogue: Path) -> polib.POFile:
    return polib.pofile(str(catalogue))


@pytest.fixture(scope="module")
def said() -> set[str]:
    return set(list_said_by_templates()) | set(list_said_by_code())


def test_everything_that_is_said_is_translated_and_nothing_else_is_kept(
    written: polib.POFile, said: set[str]
) -> None:
    assert len(said) > 50
    assert said - {entry.msgid for entry in written} == set()
    assert {entry.msgid for entry in written} - said == set()


def test_no_translation_is_missing_or_unsure(written: polib.POFile) -> None:
    assert [entry.msgid for entry in written if not all(list_texts(entry))] == []
    assert [entry.msgid for entry in written.fuzzy_entries()] == []
    assert not written.metadata_is_fuzzy


def test_no_sentence_is_left_in_english(written: polib.POFile, catalogue: Path) -> None:
    """Chinese has no sentence of Latin letters alone; elsewhere a short name may be the same."""
    if "zh_Hans" in str(catalogue):
        left = [entry.msgid for entry in written if any(text.isascii() for text in list_texts(entry))]
    else:
        left = [
            entry.msgid
            for entry in written
            if entry.msgid in list_texts(entry) and not SAME_AS_ENGLISH.fullmatch(entry.msgid)
        ]
    assert left == []


def test_the_compiled_catalogue_is_the_written_one(written: polib.POFile, catalogue: Path) -> None:
    compiled = polib.mofile(str(catalogue.with_suffix(".mo")))
    assert {entry.msgid: list_texts(entry) for entry in compiled} == {
        entry.msgid: list_texts(entry) for entry in written
    }


def test_placeholders_are_the_same_in_both_languages(written: polib.POFile) -> None:
    def find(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)[sd]|\{\w*\}", text))

    def are_kept(entry: polib.POEntry, text: str) -> bool:
        return find(text) in (find(entry.msgid), find(entry.msgid_plural))

    assert [entry.msgid for entry in written for text in list_texts(entry) if not are_kept(entry, text)] == []
