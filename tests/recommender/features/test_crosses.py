"""Categories and their crosses as slots."""

import numpy as np

from recommender.features.crosses import SLOTS, encode_crosses, name_columns, plan_crosses


def test_an_unknown_part_makes_the_whole_cross_unknown() -> None:
    plan = plan_crosses(["hour"], ["device"])
    columns = {
        "scene:hour": np.array([7]),
        "video:duration": np.array([2, -1]),
        "video:topic": np.array([-1, 1]),
    }
    nowhere = len(plan) * SLOTS
    slots = {
        cross: row
        for block, names in _by_block(plan, columns)
        for cross, row in zip(names, block, strict=True)
    }
    assert (slots[("viewer:device",)] == nowhere).all()
    assert slots[("scene:hour", "video:duration")][1] == nowhere
    assert slots[("scene:hour", "video:duration")][0] != nowhere


def test_each_cross_keeps_to_its_own_slots() -> None:
    plan = plan_crosses(["hour", "source"], ["device"])
    columns = {name: np.arange(50) % 9 for name in {name for cross in plan for name in cross}}
    owners = [
        set((block[row] // SLOTS).tolist())
        for block in encode_crosses(plan, columns)
        for row in range(len(block))
    ]
    assert sorted(code for owner in owners for code in owner) == list(range(len(plan)))


def test_columns_that_never_vary_are_left_out() -> None:
    assert name_columns(
        {"flat": np.array([3, 3]), "device": np.array([0, 1])}, {"source": np.array([0, 0])}
    ) == ("device",)


def _by_block(plan, columns):
    """Blocks beside the crosses they hold: singles and pairs of each width, in plan order."""
    unknown = np.array([-1])
    groups: dict[tuple[int, int], list] = {}
    for cross in plan:
        width = max(len(columns.get(name, unknown)) for name in cross)
        groups.setdefault((len(cross), width), []).append(cross)
    return list(zip(encode_crosses(plan, columns), groups.values(), strict=True))
