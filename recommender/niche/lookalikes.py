"""Letters of other scripts that look like Latin ones, after Unicode's confusables (UTS 39), lower case only.

They are read as the Latin letter so that the niche is still recognised, and are counted as a disguise: no
search of a viewer finds them, so they never raise a score.
"""

from __future__ import annotations

_CYRILLIC = dict(zip("авеёкмнорстухіїјѕһԁԛԝьгпчзл", "abeekmhopctyxiijshdqwbrnu3n", strict=False))
_GREEK = dict(zip("αβεηικνορτυχωγλ", "abenikvoptuxwyl", strict=False))
_ARMENIAN = dict(zip("ոսեհօզցգյ", "nuehoqgqj", strict=False))
_OTHER = {"ı": "i", "ɩ": "i", "ɡ": "g", "ɑ": "a", "ℓ": "l", "ǀ": "l", "ո": "n"}

#: letter -> the Latin letter it looks like.
LOOKALIKES: dict[str, str] = {**_CYRILLIC, **_GREEK, **_ARMENIAN, **_OTHER}
#: Small capitals, which people use as a font: they are Latin letters, only drawn small.
SMALL_CAPITALS = str.maketrans("ᴀʙᴄᴅᴇғɢʜɪᴊᴋʟᴍɴᴏᴘǫʀsᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz")
