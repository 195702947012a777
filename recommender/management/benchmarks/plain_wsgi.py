"""The door of the baseline server; a module of its own because the server imports an application by name."""

from recommender.management.benchmarks.plain import make_application

application = make_application()
