"""Telling a server something: a form, posted to it."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

import httpx

from aggregator.fetch import failures
from aggregator.fetch.guard import Guard, Network
from aggregator.fetch.transport import Transports


class Poster:
    """Posts forms to servers that the operator named. An async context manager.

    `timeout` is for the whole exchange. Addresses that are not public are refused, but for
    `allow_networks`; redirects are not followed.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        timeout: timedelta,
        allow_networks: Sequence[Network] = (),
        trust_env: bool = True,
    ) -> None:
        self._user_agent = user_agent
        self._timeout = timeout
        self._transports = Transports(
            Guard(allow_networks), concurrency=8, keep_alive=timeout, trust_env=trust_env
        )

    async def __aenter__(self) -> Self:
        self._transports.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._transports.close()

    async def post(self, url: str, form: dict[str, str]) -> None:
        """Post the form. Raises `FetchError` unless the server says that it took it (2xx)."""
        where = httpx.URL(url)
        request = httpx.Request(
            "POST",
            where,
            data=form,
            headers={"User-Agent": self._user_agent},
            extensions={"timeout": {"connect": self._timeout.total_seconds() / 2}},
        )
        try:
            async with asyncio.timeout(self._timeout.total_seconds()):
                transport = self._transports.for_url(where)
                response = await transport.handle_async_request(request)
                await response.aclose()  # what it has to say does not matter
        except failures.EXCHANGE_ERRORS as error:
            raise failures.of_exception(where, error, self._timeout) from error
        if not response.is_success:
            raise failures.of_status(where, response.status_code, None)
