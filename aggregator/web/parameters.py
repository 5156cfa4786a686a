"""The parameters by which stories are selected, the same for feeds, pages and the API."""

from dataclasses import replace
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from aggregator.config.values import parse_duration
from aggregator.model import StoryQuery

_Model = TypeVar("_Model", bound=BaseModel)

LIMIT = 50  # stories, where nobody says how many
MOST = 500
_MOST_OF_ONE = 20
_LISTS = ("category", "outlet", "language", "origin")
_MOST_FIELDS = len(_LISTS) * _MOST_OF_ONE + 8
_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_LANGUAGE = r"^([A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)?$"
_NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"
# As many digits as cannot come to more than the hundred years that a duration has at most.
_AGE = r"^([0-9]{1,3}w)?([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,6}m)?([0-9]{1,7}s)?$"


def _without_blanks(value: Any) -> Any:
    """A form sends the fields that were left empty, too; they select nothing."""
    if isinstance(value, list) and len(value) <= _MOST_OF_ONE:
        return [item for item in value if not (isinstance(item, str) and not item.strip())]
    return value


_Word = Annotated[str, Field(max_length=200, pattern=_NO_CONTROLS)]
_Words = Annotated[list[_Word], BeforeValidator(_without_blanks), Field(max_length=_MOST_OF_ONE)]
_Tags = Annotated[
    list[Annotated[str, Field(max_length=35, pattern=_LANGUAGE)]],
    BeforeValidator(_without_blanks),
    Field(max_length=_MOST_OF_ONE),
]


_Cursor = Annotated[str, Field(pattern=_UUID)] | None
_Archive = Annotated[int, Field(ge=0, le=10**8)] | None


class Selection(BaseModel):
    """Which stories are wanted. Of one list any may hold; of several parameters all must."""

    model_config = ConfigDict(extra="forbid")

    category: _Words = Field(
        default=[], description="Categories of the feeds that carry the story."
    )
    outlet: _Words = Field(default=[], description="Names or domains of outlets that carry it.")
    language: _Tags = Field(default=[], description="Language tags; `en` wants `en-GB`, too.")
    origin: _Words = Field(
        default=[], description="Names or domains of outlets that the story is attributed to."
    )
    agency: bool | None = Field(default=None, description="Whether it comes from an agency.")
    copies: Annotated[int, Field(ge=0, le=10**6)] = Field(
        default=0, description="How many copies it has at least."
    )
    age: Annotated[str, Field(pattern=_AGE)] = Field(
        default="", description="How long ago it was first seen at the most, like `24h` or `7d`."
    )
    q: Annotated[str, Field(max_length=200, pattern=_NO_CONTROLS)] = Field(
        default="",
        description="Words of its headlines and text; all must be there. "
        '"Words in quotation marks" follow each other, and `ferr*` finds all that begins so.',
    )
    limit: Annotated[int, Field(ge=1), AfterValidator(lambda number: min(number, MOST))] = Field(
        default=LIMIT, description=f"How many stories; more than {MOST} are clipped to {MOST}."
    )
    before: _Cursor = Field(
        default=None, description="The id of the last story of the page before this one."
    )

    def query(self, limit: int | None = None) -> StoryQuery:
        """What the store is asked for."""
        return StoryQuery(
            categories=tuple(self.category),
            languages=tuple(self.language),
            outlets=tuple(self.outlet),
            words=self.q,
            limit=limit or self.limit,
            before=self.before or "",
            origins=tuple(self.origin),
            agency=self.agency,
            copies=self.copies,
            age=parse_duration(self.age) if self.age else None,
        )

    def parameters(self, **changes: Any) -> str:
        """The selection as a query string, with its "?" where it is not empty.

        `changes` take the place of what the selection says; None leaves a parameter out.
        """
        defaults = Selection()
        values = {name: getattr(self, name) for name in Selection.model_fields} | changes
        pairs = [
            (name, value)
            for name, value in values.items()
            if value is not None and value != getattr(defaults, name)
        ]
        return f"?{urlencode(pairs, doseq=True)}" if pairs else ""

    @property
    def narrows(self) -> bool:
        """Whether it wants less than everything."""
        kept = {"limit", "before"}
        told = (getattr(self, name) for name in Selection.model_fields.keys() - kept)
        return any(value is False or value for value in told)


class Slice(BaseModel):
    """What a named output can be asked for: its selection stands in the configuration."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1), AfterValidator(lambda number: min(number, MOST))] = LIMIT
    before: _Cursor = None
    after: _Cursor = None
    archive: _Archive = None

    def query(self) -> StoryQuery:
        """What the store is asked for, beside what the configuration says."""
        return StoryQuery(
            limit=self.limit,
            before=self.before or "",
            after=self.after or "",
            archive=self.archive,
        )


class FeedSelection(Selection):
    """What the merged feed can be asked for: any selection, and its archive."""

    after: _Cursor = None  # the id of the first story of the page that follows
    archive: _Archive = None

    def query(self, limit: int | None = None) -> StoryQuery:
        """What the store is asked for."""
        return replace(super().query(limit), after=self.after or "", archive=self.archive)


class Part(BaseModel):
    """A part of a list that has no other parameters."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1), AfterValidator(lambda number: min(number, MOST))] = Field(
        default=MOST, description=f"How many; more than {MOST} are clipped to {MOST}."
    )
    after: Annotated[str, Field(max_length=300, pattern=_NO_CONTROLS)] | None = Field(
        default=None, description="What the page before this one ended with."
    )


def read_part(query_string: bytes) -> Part:
    """The part that is asked for. Raises RequestValidationError (422) with the reasons."""
    return _read(Part, query_string)


class Addresses(BaseModel):
    """Which two copies of a story are to be compared, by their addresses."""

    model_config = ConfigDict(extra="forbid")

    a: Annotated[str, Field(max_length=4000, pattern=_NO_CONTROLS)] | None = Field(
        default=None, description="The address of a copy; else of the one whose text is shown."
    )
    b: Annotated[str, Field(max_length=4000, pattern=_NO_CONTROLS)] | None = Field(
        default=None, description="The address of another copy; else of the first other one."
    )


def read_addresses(query_string: bytes) -> Addresses:
    """The two copies of a query string. Raises RequestValidationError (422) with the reasons."""
    return _read(Addresses, query_string)


_Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Pair(BaseModel):
    """Which two copies of a story are to be compared, by their numbers."""

    model_config = ConfigDict(extra="forbid")

    a: _Number | None = Field(default=None, description="The number of a copy: the text before.")
    b: _Number | None = Field(default=None, description="The number of another: the text after.")


def read_pair(query_string: bytes) -> Pair:
    """The two copies of a query string. Raises RequestValidationError (422) with the reasons."""
    return _read(Pair, query_string)


def read_selection(query_string: bytes) -> Selection:
    """The selection of a query string. Raises RequestValidationError (422) with the reasons."""
    return _read(Selection, query_string, lists=_LISTS)


def read_form(query_string: bytes) -> Selection:
    """The selection of a form, which sends fields that were left empty, too."""
    filled = [part for part in query_string.split(b"&") if not part.endswith(b"=")]
    return read_selection(b"&".join(filled))


def read_feed_selection(query_string: bytes) -> FeedSelection:
    """The same for a feed."""
    return _read(FeedSelection, query_string, lists=_LISTS)


def read_slice(query_string: bytes) -> Slice:
    """The part of a named output. Raises RequestValidationError (422) with the reasons."""
    return _read(Slice, query_string)


def _read(model: type[_Model], query_string: bytes, lists: tuple[str, ...] = ()) -> _Model:
    try:
        pairs = parse_qsl(
            query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise _wrong("query", f"more than {_MOST_FIELDS} parameters", None) from None
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists:
            values.setdefault(name, []).append(value)
        elif name in values:
            raise _wrong(name, "This parameter can be given once only", value)
        else:
            values[name] = value
    ways = [name for name in ("before", "after", "archive") if name in values]
    if len(ways) > 1:
        raise _wrong(ways[1], f"This parameter cannot be given beside {ways[0]}", values[ways[1]])
    try:
        return model.model_validate(values)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        raise RequestValidationError(
            [{**detail, "loc": ("query", *detail["loc"])} for detail in details]
        ) from None


def _wrong(name: str, reason: str, value: Any) -> RequestValidationError:
    detail = {"type": "value_error", "loc": ("query", name), "msg": reason, "input": value}
    return RequestValidationError([detail])
