"""`benchmark niche`: how long scoring an account takes, and a search over a million names; one thread."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from django.core.management.base import CommandParser

from recommender.management.benchmarks.percentiles import describe_times
from recommender.markets import LANGUAGES, MARKET_CODES, MARKETS
from recommender.niche.avatar import load_picture_reader
from recommender.niche.consistency import Account, judge
from recommender.niche.lettering import find_letter_reader
from recommender.niche.nickname import load_name_reader
from recommender.search.index import NameIndex, build_index, list_terms
from recommender.search.rank import search_names
from recommender.training.niche_judged import NICKNAMES, read_names
from recommender.training.niche_search import QUERIES

_SEED = 20_261_125
_AVATAR_SIDE = 300


def add_arguments(parser: CommandParser) -> None:
    """How many."""
    parser.add_argument("--accounts", type=int, default=1_000_000, help="names that are searched")
    parser.add_argument("--searches", type=int, default=1000)
    parser.add_argument("--scores", type=int, default=300, help="accounts that are scored")


def run(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure; the JSON document."""
    result: dict[str, Any] = {
        "benchmark": "niche",
        "cores": os.cpu_count(),
        "options": {name: options[name] for name in ("accounts", "searches", "scores")},
        "score_ms": measure_scoring(options["scores"], with_text=False),
    }
    say(f"score an account, OCR off: {result['score_ms']}")
    if find_letter_reader() is not None:
        result["score_with_ocr_ms"] = measure_scoring(min(options["scores"], 60), with_text=True)
        say(f"score an account, OCR on: {result['score_with_ocr_ms']}")
    else:
        say("OCR is not installed (package rapidocr): not measured")
    say(f"indexing {options['accounts']} names ...")
    started = time.perf_counter()
    index = make_index(options["accounts"])
    result["index_seconds"] = round(time.perf_counter() - started, 1)
    result["search_ms"] = measure_search(index, options["searches"])
    say(f"search: {result['search_ms']}")
    return result


def measure_scoring(count: int, with_text: bool) -> dict[str, float]:
    """Milliseconds from a decoded avatar and texts to the judgement."""
    names, pictures = load_name_reader(), load_picture_reader()
    letters = find_letter_reader() if with_text else None
    rng = np.random.default_rng(_SEED)
    judged = read_names(NICKNAMES, names.taxonomy)
    avatars = [rng.integers(0, 256, (_AVATAR_SIDE, _AVATAR_SIDE, 3)).astype(np.uint8) for _ in range(8)]
    times = []
    for number in range(count + 10):
        name = judged[int(rng.integers(len(judged)))]
        niche = names.taxonomy.niches[int(rng.integers(len(names.taxonomy.niches)))]
        avatar = avatars[number % len(avatars)]
        started = time.perf_counter()
        shown = pictures.read([avatar])[0]
        text = letters(avatar) if letters else ""
        judge(
            Account(name.nickname, f"{name.nickname[:12]}.{number}", name.market, niche, "daily deals",
                    ("new in #shop", "unboxing"), shown, text),
            names,
        )  # fmt: skip
        times.append(time.perf_counter() - started)
    return describe_times(times[10:])


def make_index(count: int) -> NameIndex:
    """A synthetic platform: names of words of every language with shop words, places and typing errors."""
    taxonomy = load_name_reader().taxonomy
    rng = np.random.default_rng(_SEED)
    words = [word for word in taxonomy.words if word.language and not word.is_weak]
    generic = [list_terms(text) for text, _ in taxonomy.generic]
    terms = [list_terms(word.text) for word in words]
    codes = {niche: code for code, niche in enumerate(taxonomy.niches)}
    homes = {tag: [m for m in MARKET_CODES if tag in dict(MARKETS[m].language_shares)] for tag in LANGUAGES}
    chosen = rng.integers(0, len(words), count)
    extra = rng.integers(0, len(generic), (count, 2))
    picks = rng.random(count)
    names, market, language = [], np.zeros(count, dtype=np.int8), np.zeros(count, dtype=np.int16)
    for row in range(count):
        word = words[chosen[row]]
        names.append(
            (*terms[chosen[row]], *generic[extra[row, 0]], *generic[extra[row, 1]], f"{row % 40_000}shop")
        )
        home = homes[word.language] or list(MARKET_CODES)
        market[row] = MARKET_CODES.index(home[int(picks[row] * len(home))])
        language[row] = LANGUAGES.index(word.language)
    niche = np.array([codes[words[place].niche] for place in chosen])
    scores = rng.random((2, count))
    return build_index(names, niche, market, language, scores[0], scores[1] * 0.2, len(codes))


def measure_search(index: NameIndex, count: int) -> dict[str, float]:
    """Milliseconds of the judged queries in turn, every fifth with a typing error."""
    reader = load_name_reader()
    with QUERIES.open(encoding="utf-8", newline="") as file:
        queries = list(csv.DictReader(file))
    rng = np.random.default_rng(_SEED)
    times = []
    for number in range(count + 20):
        row = queries[int(rng.integers(len(queries)))]
        query = row["query"]
        if number % 5 == 0 and len(query) > 5:
            place = int(rng.integers(1, len(query) - 1))
            query = query[:place] + query[place + 1 :]
        started = time.perf_counter()
        search_names(index, reader, query, row["market"], 10)
        times.append(time.perf_counter() - started)
    return describe_times(times[20:])
