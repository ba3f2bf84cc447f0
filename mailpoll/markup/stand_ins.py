"""What stands for the marks of links that are ours until mentions were made harmless: no stranger can write these."""

from __future__ import annotations

# For `<`, `|` and `>`.
OPENS, PARTS, CLOSES = "\ue010", "\ue011", "\ue012"
MEANT = str.maketrans({OPENS: "<", PARTS: "|", CLOSES: ">"})
NONE = str.maketrans(dict.fromkeys((OPENS, PARTS, CLOSES), ""))
