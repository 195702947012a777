"""The engine as a Django app."""

from django.apps import AppConfig


class RecommenderConfig(AppConfig):
    """Tables, commands, tasks and the admin of the For You engine."""

    name = "recommender"
    verbose_name = "For You engine"
