#!/usr/bin/env python
"""Run one management command; starts the embedded servers for its duration where the command needs them."""

import os
import sys


def main() -> None:
    """Hand the command line to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ttok_site.settings")
    from django.core.management import execute_from_command_line

    from ttok_site.services import running_for

    with running_for(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
