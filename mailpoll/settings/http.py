"""[http]: how requests leave."""

from typing import Annotated

from msgspec import Meta

from mailpoll.settings.values import SecretRef, Section


class HttpSettings(Section, frozen=True):
    """[http]: how every HTTP request leaves, whichever kind of destination it is for."""

    proxy: Annotated[
        str | SecretRef | None,
        Meta(
            description='URL of the proxy; with a password in it, as { file = … }; "none": no proxy, whatever the '
            "environment says; unset: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY of the environment",
            examples=["http://proxy.example.com:3128"],
        ),
    ] = None
    no_proxy: Annotated[
        tuple[str, ...],
        Meta(
            description="hosts and domains reached without the proxy, beside those of NO_PROXY",
            examples=[["intranet.example.com"]],
        ),
    ] = ()
    deny_networks: Annotated[
        tuple[str, ...],
        Meta(
            description='addresses that are never connected to, whatever name leads there; "private" stands for all '
            "that are not of the public internet, this host among them",
            examples=[["private"]],
        ),
    ] = ()
    allow_networks: Annotated[
        tuple[str, ...],
        Meta(description="exceptions from deny_networks", examples=[["127.0.0.1/32", "10.1.2.0/24"]]),
    ] = ()
