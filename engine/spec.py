"""Declare a hyperparameter once; its widget, validation, search space, CLI flag and reference page all follow."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal, Self, get_args, get_origin

from annotated_types import Ge, GroupedMetadata, Le
from pydantic import BaseModel, ConfigDict, ValidationError

from engine.errors import TrainyardError, readable


@dataclass(frozen=True)
class Range(GroupedMetadata):
    """Inclusive bounds of a number. With `log`, equal ratios count as equal distances."""

    low: float
    high: float
    step: float | None = None
    log: bool = False

    def __iter__(self) -> Iterator[object]:  # pydantic unpacks these into its own validators
        yield Ge(self.low)
        yield Le(self.high)


@dataclass(frozen=True)
class Choices:
    """The values a categorical hyperparameter may take."""

    options: tuple[Any, ...]


@dataclass(frozen=True)
class Options:
    """A setting whose values only the machine knows; the form asks `source` for them: "devices", or a kind of imported sets."""

    source: str


@dataclass(frozen=True)
class Advanced:
    """Marks a field that a beginner can leave alone; forms fold it away."""


ADVANCED = Advanced()


@dataclass(frozen=True)
class Essential:
    """Marks a field that a beginner sets first; forms show it before anything is unfolded."""


ESSENTIAL = Essential()


@dataclass(frozen=True)
class Hidden:
    """Marks a field that a program sets; links and flags may, forms do not show it."""


HIDDEN = Hidden()


@dataclass(frozen=True)
class Fixed:
    """Marks a field that no search varies although it declares its values: it says what is predicted, which examples
    evaluate a network, or how exactly is computed, and trials must have these in common."""


FIXED = Fixed()


@dataclass(frozen=True)
class Forkable:
    """Marks a field of a task or a model that may change when a run is forked: the weights fit and mean the same."""


FORKABLE = Forkable()


@dataclass(frozen=True)
class Field:
    """One field of a `Spec`, as every consumer sees it. `domain` is None for a setting that nobody tunes."""

    name: str
    type: type
    default: Any
    domain: Range | Choices | Options | None
    help: str
    label: str
    advanced: bool
    hidden: bool = False
    fixed: bool = False
    forkable: bool = False
    essential: bool = False

    @property
    def tunable(self) -> bool:
        """Whether a search may vary it: it declares a range or choices, is not set by a program and is not `FIXED`."""
        return isinstance(self.domain, Range | Choices) and not (self.hidden or self.fixed)


class Spec(BaseModel):
    """A frozen, JSON-serialisable record of settings. Numbers carry a `Range`, words a `Literal`.

    Docstrings: the first line says what it is; the rest is shown where there is room. Field docstrings are the
    help of the widget, of the CLI flag and of the reference page; they may hold `$LaTeX$`.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        protected_namespaces=(),
    )

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    earlier: ClassVar[dict[str, Any]] = {}
    """Values of fields in records that were written before these existed, where the default would change what they mean."""

    @classmethod
    def fields(cls) -> list[Field]:
        """Return every field in declaration order, tunable or not."""
        return [*_fields_of(cls)]

    @classmethod
    def hyperparameters(cls) -> list[Field]:
        """Return the tunable fields. A number without a `Range` (a seed) is a setting, never searched."""
        return [field for field in cls.fields() if field.tunable]

    @classmethod
    def summary(cls) -> str:
        """Return the first line of the class docstring."""
        return (cls.__doc__ or "").strip().split("\n")[0]

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Self:
        """Validate `values` (unknown keys are errors) and raise a `TrainyardError` that names each wrong field.

        Texts are accepted for numbers and choices, as they come from a URL or a command line.
        """
        choices = {field.name: field.domain.options for field in cls.fields() if isinstance(field.domain, Choices)}
        meant = {name: _choice(value, choices.get(name, ())) for name, value in values.items()}
        try:
            return cls.model_validate(meant)
        except ValidationError as error:
            raise TrainyardError(readable(error)) from error

    @classmethod
    def restore(cls, record: dict[str, Any]) -> Self:
        """Return the spec that `to_dict` has written, perhaps by an earlier version."""
        return cls.parse(cls.earlier | {name: value for name, value in record.items() if name != "name"})

    def to_dict(self) -> dict[str, Any]:
        """Return plain values with the registered name first, as stored and as in the URL."""
        named = {"name": self.name} if self.name else {}
        return named | self.model_dump(mode="json")


@lru_cache(maxsize=1024)
def _fields_of(spec: type[Spec]) -> tuple[Field, ...]:
    """Read the declarations of a class, which never change; pages and searches ask for them again and again."""
    return tuple(
        Field(
            name=name,
            type=_type(info.annotation),
            default=info.default,
            domain=_domain(info.annotation, info.metadata),
            help=info.description or "",
            label=info.title or name.replace("_", " ").capitalize(),
            advanced=any(isinstance(item, Advanced) for item in info.metadata),
            hidden=any(isinstance(item, Hidden) for item in info.metadata),
            fixed=any(isinstance(item, Fixed) for item in info.metadata),
            forkable=any(isinstance(item, Forkable) for item in info.metadata),
            essential=any(isinstance(item, Essential) for item in info.metadata),
        )
        for name, info in spec.model_fields.items()
    )


def _domain(annotation: Any, metadata: list[Any]) -> Range | Choices | Options | None:
    if annotation is bool:
        return Choices((False, True))
    if get_origin(annotation) is Literal:
        return Choices(get_args(annotation))
    return next((item for item in metadata if isinstance(item, Range | Options)), None)


def _choice(value: Any, options: tuple[Any, ...]) -> Any:
    """Return the option that a text names; pydantic reads "128" as a number, but not as one of the numbers of a `Literal`."""
    return next((option for option in options if value == str(option)), value) if isinstance(value, str) else value


def _type(annotation: Any) -> type:
    """Return the plain type of a value: the type that a text from a URL or a command line is converted to."""
    if get_origin(annotation) is Literal:
        return type(get_args(annotation)[0])
    return annotation if isinstance(annotation, type) else str
