"""How a synthetic viewer reacts to a video: the ground truth that a demo's engine can learn.

Watch time and every action follow from one latent appeal (taste for the topic, quality, understanding, hour,
length), as logistic models with noise; numbers are chosen so that overall rates look like real short video
(finish about 30 %, like 3 %, comment 0.4 %, share 0.6 %, follow 0.5 %).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.contracts import ACTIONS, BoolArray, FloatArray, IntArray
from recommender.simulation.population import Population

#: Intercept and slope on the appeal of each action that is not derived from the watch time.
_RESPONSES: dict[str, tuple[float, float]] = {
    "like": (-4.9, 1.3),
    "comment": (-6.9, 1.1),
    "share": (-6.6, 1.2),
    "follow": (-7.2, 1.4),
    "cart_click": (-5.3, 1.2),
    "not_interested": (-5.0, -1.0),
}
#: Chance that a cart click becomes an order.
_ORDER_RATE = 0.12


@dataclass(frozen=True, slots=True)
class Responses:
    """What n shown videos led to."""

    watch_seconds: FloatArray  # (n,) float64, loops included
    taken: BoolArray  # (n, n_actions) in the order of contracts.ACTIONS; finish and long_watch stay False
    is_swiped: BoolArray  # (n,), left within three seconds

    def take(self, rows: BoolArray) -> Responses:
        """Those of the rows where the mask is True."""
        return Responses(self.watch_seconds[rows], self.taken[rows], self.is_swiped[rows])


def rate_appeal(world: Population, viewer: IntArray, video: IntArray, hour_local: IntArray) -> FloatArray:
    """(n,) latent appeal, about -3 to 4, of shown videos to viewers at an hour of their day."""
    videos = world.videos
    taste = world.taste[viewer, videos.topic[video]]
    understood = world.understands[viewer, videos.language[video]]
    same_market = world.creators.market[videos.creator[video]] == world.viewer_market[viewer]
    evening = np.cos((hour_local - 21) / 24 * 2 * np.pi)
    return np.asarray(
        3.0 * np.sqrt(taste)
        + 0.8 * videos.quality[video]
        + 1.2 * (understood - 1)
        + 0.3 * same_market
        + 0.15 * evening
        - 0.25 * np.log(videos.duration_seconds[video] / 20)
        - 0.6
    )


def respond(
    world: Population, viewer: IntArray, video: IntArray, hour_local: IntArray, rng: np.random.Generator
) -> Responses:
    """Draw what the viewers do with the videos shown to them; row i is viewer[i] and video[i]."""
    appeal = rate_appeal(world, viewer, video, hour_local) + rng.normal(0, 0.7, size=len(viewer))
    duration = world.videos.duration_seconds[video]
    share = 1 / (1 + np.exp(-(0.9 * appeal + rng.logistic(0, 0.8, size=len(viewer)))))
    is_swiped = rng.random(len(viewer)) < 1 / (1 + np.exp(1.2 + 1.1 * appeal))
    loops = np.where(share > 0.8, rng.geometric(0.75, size=len(viewer)), 1)
    watched = np.where(share > 0.65, duration * loops, duration * share / 0.65)
    watch_seconds = np.where(
        is_swiped, np.minimum(rng.exponential(1.2, len(viewer)), duration * 0.5), watched
    )
    taken = np.zeros((len(viewer), len(ACTIONS)), dtype=np.bool_)
    for action, (intercept, slope) in _RESPONSES.items():
        chance = 1 / (1 + np.exp(-(intercept + slope * appeal)))
        taken[:, ACTIONS.index(action)] = rng.random(len(viewer)) < chance
    cart = taken[:, ACTIONS.index("cart_click")] & world.videos.has_cart[video]
    taken[:, ACTIONS.index("cart_click")] = cart
    taken[:, ACTIONS.index("order")] = cart & (rng.random(len(viewer)) < _ORDER_RATE)
    return Responses(watch_seconds=np.round(watch_seconds, 2), taken=taken, is_swiped=is_swiped)
