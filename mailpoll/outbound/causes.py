"""The table of causes as a whole, in the order in which it is searched."""

from __future__ import annotations

from mailpoll.outbound import causes_providers, causes_replies, causes_way

CAUSES = (*causes_way.CAUSES, *causes_providers.CAUSES, *causes_replies.CAUSES)
