"""`evaluate niche` on files of one's own: the figures that are promised, and errors that name the place."""

import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image


def write_names(path: Path, *rows: str) -> Path:
    path.write_text("nickname,market,niche\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_the_figures_of_own_names_and_pictures(tmp_path: Path) -> None:
    names = write_names(
        tmp_path / "names.csv", "Lipstick Queen,GB,lipstick", "Kasut Murah,MY,shoes", "emma.jones,GB,none"
    )
    for niche in ("lipstick", "none"):
        (tmp_path / "avatars" / niche).mkdir(parents=True)
        values = np.random.default_rng(len(niche)).integers(0, 256, (60, 60, 3)).astype(np.uint8)
        Image.fromarray(values).save(tmp_path / "avatars" / niche / "a.png")
    out = tmp_path / "out.json"
    call_command("evaluate", "niche", json=out, nicknames=names, avatars=tmp_path / "avatars")
    figures = json.loads(out.read_text())
    assert figures["nicknames"]["en"]["top1"] == 1.0
    assert figures["nicknames"]["ms"]["in_lexicon_top1"] == 1.0
    assert figures["nicknames"]["all"]["n"] == 3
    assert {"top1", "n"} <= set(figures["avatars"]["clean"])
    assert {"auc", "ece"} <= set(figures["consistency"])


@pytest.mark.parametrize(
    ("row", "word"), [("Shop,FR,shoes", "line 2.*'FR'"), ("Shop,GB,shoos", "line 2.*'shoos'")]
)
def test_a_wrong_line_is_named(tmp_path: Path, row: str, word: str) -> None:
    with pytest.raises(CommandError, match=word):
        call_command(
            "evaluate", "niche", json=tmp_path / "out.json", nicknames=write_names(tmp_path / "n.csv", row)
        )
