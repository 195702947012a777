"""What merchants see, as a Django app."""

from django.apps import AppConfig


class MerchantsConfig(AppConfig):
    """Pages on which a merchant tries things on before publishing."""

    name = "merchants"
    verbose_name = "Merchant analytics"
