"""What accounts say they sell, the words it is read with, and words that appear in names of a niche."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from recommender.models.catalog import Creator, Stamped


class TaxonomyVersion(Stamped):
    """One version of the niche words; without an active one the shipped words count."""

    content = models.JSONField(help_text="{language: {words|romanised|weak: {niche: 'word, word'}}}")
    note = models.CharField(max_length=200, blank=True, help_text="why it was changed")
    is_active = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"], condition=models.Q(is_active=True), name="one_active_taxonomy"
            )
        ]

    def __str__(self) -> str:
        return f"niche words v{self.pk}"


class NicheProfile(models.Model):
    """What a creator's name says, as search ranks it; read again when the creator or the words change."""

    creator = models.OneToOneField(
        Creator, on_delete=models.CASCADE, primary_key=True, related_name="profile"
    )
    niche = models.CharField(max_length=40, db_index=True, help_text="slug, or none")
    probability = models.FloatField(help_text="0-1, of the niche")
    language = models.CharField(max_length=8, help_text="of the nickname")
    terms = ArrayField(models.CharField(max_length=80), help_text="what search finds it by")
    evidence = models.JSONField(default=list, help_text="words and how strongly they speak")
    taxonomy = models.CharField(max_length=12, help_text="version of the words it was read with")
    read_at = models.DateTimeField(db_default=Now(), db_index=True)

    def __str__(self) -> str:
        return f"{self.creator_id}: {self.niche}"


class CreatorPicture(models.Model):
    """A creator's avatar, made safe, and what it shows: search and the norms of a niche read it."""

    creator = models.OneToOneField(
        Creator, on_delete=models.CASCADE, primary_key=True, related_name="picture"
    )
    image = models.BinaryField(help_text="PNG, at most 128 x 128, written by us")
    sha256 = models.CharField(max_length=64, help_text="of the PNG")
    niche = models.CharField(max_length=40, db_index=True, help_text="slug of what it shows, or none")
    embedding = models.BinaryField(help_text="1280 float16: features of the picture, length 4")
    changed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.creator_id}: {self.niche}"


class NicheNorm(models.Model):
    """What the accounts that search shows first in a niche and market have in common."""

    niche = models.CharField(max_length=40)
    market = models.CharField(max_length=2, help_text="ISO country")
    account_count = models.PositiveIntegerField(help_text="accounts it was read from")
    name_share = models.FloatField(help_text="0-1, whose name says the niche")
    picture_count = models.PositiveIntegerField(help_text="of them with a picture")
    picture_share = models.FloatField(help_text="0-1, of those pictures that show the niche")
    words = models.JSONField(help_text="[[word, share of names 0-1]], the most used first")
    name_letters = models.FloatField(help_text="median length of a nickname, letters")
    centre = models.BinaryField(help_text="1280 float32: mean of the pictures' features; empty without one")
    computed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["niche", "market"], name="one_norm_per_niche_market")]

    def __str__(self) -> str:
        return f"{self.niche} {self.market}"


class SearchShown(models.Model):
    """One account that a search showed, and whether it was opened; clicks are weighed by position."""

    shown_at = models.DateTimeField(db_default=Now())
    search_id = models.UUIDField(help_text="one search of one viewer")
    query = models.CharField(max_length=80)
    market = models.CharField(max_length=2)
    creator = models.ForeignKey(Creator, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(help_text="0 = first")
    is_clicked = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["search_id", "creator"], name="search_shown_once")]
        indexes = [models.Index(fields=["shown_at"], name="search_shown_at")]

    def __str__(self) -> str:
        return f"{self.query} #{self.position + 1}"


class NewNicheWord(models.Model):
    """A word that many names of one niche hold and the taxonomy lacks; an operator takes it in or not."""

    word = models.CharField(max_length=40)
    niche = models.CharField(max_length=40)
    name_count = models.PositiveIntegerField(help_text="names of the niche that hold it")
    share = models.FloatField(help_text="0-1, of all names that hold it, those of the niche")
    first_seen_at = models.DateTimeField(db_default=Now())
    is_dismissed = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["word", "niche"], name="new_niche_word_once")]

    def __str__(self) -> str:
        return f"{self.word} ({self.niche})"
