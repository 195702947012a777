"""`evaluate niche`: names, avatars, consistency and search on judged sets; no server, no database."""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recommender.niche.avatar import load_picture_reader
from recommender.niche.nickname import load_name_reader
from recommender.training.niche_judged import (
    EMOJI_FONT,
    NICKNAMES,
    draw_pictures,
    measure_consistency,
    measure_names,
    measure_pictures,
    pair_accounts,
    read_names,
    read_pictures,
)
from recommender.training.niche_search import QUERIES, measure_search

needs_folder = False


def add_arguments(parser: ArgumentParser) -> None:
    """Sets of one's own in place of the shipped ones."""
    parser.add_argument("--nicknames", type=Path, help="CSV: nickname,market,niche (for niche)")
    parser.add_argument("--avatars", type=Path, help="a folder with one folder a niche (for niche)")


def run(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Every figure, with its inputs. Raises ValueError for a file or folder that cannot be read."""
    names_reader, picture_reader = load_name_reader(), load_picture_reader()
    taxonomy = names_reader.taxonomy
    path = options["nicknames"] or NICKNAMES
    names = read_names(path, taxonomy)
    say(f"{len(names)} names of {path.name} ...")
    figures: dict[str, Any] = {"nicknames": measure_names(names, names_reader)}
    pictures = read_pictures(options["avatars"], taxonomy) if options["avatars"] else draw_pictures(taxonomy)
    say(f"{len(pictures)} pictures ...")
    if pictures:
        figures["avatars"] = measure_pictures(pictures, picture_reader)
    accounts = pair_accounts(names, pictures, picture_reader, taxonomy)
    say(f"{len(accounts)} accounts ...")
    figures["consistency"], _ = measure_consistency(accounts, names_reader)
    if not options["nicknames"]:
        figures["search"] = measure_search(names, names_reader)
    figures["inputs"] = {
        "nicknames": _describe(path),
        "queries": _describe(QUERIES),
        "avatars": str(options["avatars"] or (EMOJI_FONT if pictures else "none: the emoji font is missing")),
        "pictures": len(pictures),
        "taxonomy": taxonomy.version,
        "words": len(taxonomy.words),
        "niches": len(taxonomy.niches),
        "has_embedding": bool(names_reader.unknown_words and names_reader.unknown_words.embed),
    }
    _print(figures, say)
    return figures


def _describe(path: Path) -> dict[str, str]:
    return {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _print(figures: dict[str, Any], say: Callable[[str], None]) -> None:
    for language, line in figures["nicknames"].items():
        say(
            f"names    {language:8} top-1 {line['top1']:.3f} of {line['n']}  in {line['in_lexicon_top1']}"
            f" ({line['in_lexicon_n']})  out {line['out_of_lexicon_top1']} ({line['out_of_lexicon_n']})"
            f"  none {line['none_top1']}  substring {line['substring_top1']}"
            f"  embedding {line['embedding_top1']}"
        )
    for name, line in figures.get("avatars", {}).items():
        say(f"avatars  {name:15} top-1 {line['top1']:.3f} of {line['n']}")
    say(f"consistency  {figures['consistency']}")
    for method, by in figures.get("search", {}).items():
        say(f"search   {method:10} NDCG@10 {by['all']['ndcg_at_10']:.3f} over {by['all']['n']} queries")
