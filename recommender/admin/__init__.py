"""The operators' pages of the engine; Django finds them through this module."""

from recommender.admin import access, activity, catalog, experiments, learning, newcomers, niche, serving

__all__ = ["access", "activity", "catalog", "experiments", "learning", "newcomers", "niche", "serving"]
