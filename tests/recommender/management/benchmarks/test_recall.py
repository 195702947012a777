"""The recall benchmark in small: figures of both ways, and a document that says what was measured."""

import json
from pathlib import Path

from django.core.management import call_command


def test_both_ways_are_measured_over_the_same_vectors(tmp_path: Path) -> None:
    out = tmp_path / "recall.json"
    call_command("benchmark", "recall", f"--json={out}", "--videos", "11000", "--width=16", "--searches=20")
    result = json.loads(out.read_text())
    assert result["benchmark"] == "recall"
    (line,) = result["sizes"]
    assert line["videos"] == 11_000
    assert 0.9 < line["recall"] <= 1
    assert line["exact_ms"]["n"] == line["graph_ms"]["n"] == 20
    assert line["build_seconds"] >= 0
    assert line["graph_mb"] > 0
