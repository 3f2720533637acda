"""Dataclasses that cost little to define.

The standard library compiles four to six methods for each class, half a millisecond in all, and a start needs a hundred
classes: a sixth of what a short command takes (docs/decisions.md). Here all classes share the same methods. For a type
checker, and for `dataclasses.fields` and `replace`, these are dataclasses like any other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 exported
else:

    def dataclass(cls=None, /, *, frozen=False, eq=True):
        """Like `dataclasses.dataclass`, with the options that are used here."""

        def define(cls):
            cls.__doc__ = cls.__doc__ or cls.__name__
            cls._declared = declared = _declared(cls)
            cls.__dataclass_fields__, cls.__dataclass_params__, cls.__signature__ = _FIELDS, _PARAMS, _SIGNATURE
            cls.__match_args__ = tuple(name for name, field in declared.items() if field.init)
            cls.__init__ = _initialiser(declared, hasattr(cls, "__post_init__"))
            if "__repr__" not in cls.__dict__:
                cls.__repr__ = _representation([name for name, field in declared.items() if field.repr])
            if frozen:
                cls.__setattr__, cls.__delattr__ = _refuse_change, _refuse_change
            if eq:
                content = _content([name for name, field in declared.items() if field.compare])
                cls.__eq__ = _equality(content)
                cls.__hash__ = (lambda self: hash(content(self))) if frozen else None
            return cls

        return define if cls is None else define(cls)


_MISSING: Any = dataclasses.MISSING


class _Plain:
    """A field that is declared without `dataclasses.field`: what the classes here need of one."""

    __slots__ = ("default", "type")
    init = repr = compare = True
    default_factory = _MISSING

    def __init__(self, default: Any) -> None:
        self.default = default


_Fields = dict[str, Any]
"""A `_Plain` or a `dataclasses.Field` for each name."""


def _declared(cls: type[Any]) -> _Fields:
    """The fields of a class and of those that it extends; their defaults become attributes of the class, as usual."""
    found: _Fields = {}
    for base in reversed(cls.__mro__):
        found.update(base.__dict__.get("_declared", ()))
    for name, annotation in cls.__annotations__.items():
        if "ClassVar" in str(annotation):
            continue
        default = getattr(cls, name, _MISSING)
        field: Any = default if isinstance(default, dataclasses.Field) else _Plain(default)
        field.type = annotation
        found[name] = field
        if field is default:
            if field.default is _MISSING:
                delattr(cls, name)
            else:
                setattr(cls, name, field.default)
    return found


class _DataclassFields:
    """The fields of a class as the standard library has them, made when they are asked for: of few classes they are."""

    def __get__(self, instance: object, owner: type[Any]) -> dict[str, dataclasses.Field[Any]]:
        declared: _Fields = owner._declared
        defaults = {name: field.default if isinstance(field, _Plain) else field for name, field in declared.items()}
        content = {name: default for name, default in defaults.items() if default is not _MISSING}
        content["__annotations__"] = {name: field.type for name, field in declared.items()}
        alike = _usual(owner.__name__, content)
        fields: dict[str, dataclasses.Field[Any]] = alike.__dataclass_fields__
        declaring: Any = next(cls for cls in owner.__mro__ if "_declared" in cls.__dict__)
        declaring.__dataclass_fields__ = fields
        return fields


def _usual(name: str, content: dict[str, Any]) -> Any:
    """The dataclass that the standard library makes of this content, without methods."""
    # Without a docstring it makes one of the signature, which takes a millisecond.
    return dataclasses.dataclass(init=False, repr=False, eq=False)(type(name, (), {"__doc__": name, **content}))


_FIELDS = _DataclassFields()
_PARAMS = _usual("_Empty", {}).__dataclass_params__


class _Signature:
    """The arguments of a class as help and completion show them, made when they are asked for."""

    def __get__(self, instance: object, owner: type[Any]) -> Any:
        if instance is not None:
            raise AttributeError("__signature__")
        from inspect import Parameter, Signature

        kind = Parameter.POSITIONAL_OR_KEYWORD
        return Signature(
            [
                Parameter(field.name, kind, default=_shown_default(field), annotation=field.type)
                for field in dataclasses.fields(owner)
                if field.init
            ]
        )


_SIGNATURE = _Signature()


def _shown_default(field: Any) -> Any:
    from inspect import Parameter

    if field.default_factory is not _MISSING:
        return field.default_factory()
    return Parameter.empty if field.default is _MISSING else field.default


def _initialiser(declared: _Fields, has_post_init: bool) -> Callable[..., None]:
    made = {name: field for name, field in declared.items() if field.init}
    names = tuple(made)
    known, count = frozenset(names), len(names)
    defaults = {name: field.default for name, field in made.items() if field.default is not _MISSING}
    factories = [(name, field) for name, field in made.items() if field.default_factory is not _MISSING]

    def initialise(self: Any, /, *args: Any, **given: Any) -> None:
        values = self.__dict__
        if given or len(args) != count:
            if len(args) > count or not known.issuperset(given) or not given.keys().isdisjoint(names[: len(args)]):
                raise TypeError(f"{type(self).__name__}() does not take these arguments, or one of them twice")
            values.update(defaults)
            values.update(given)
        values.update(zip(names, args))  # noqa: B905 fewer arguments than fields are usual
        if len(values) < count:
            for name, field in factories:
                if name not in values:
                    values[name] = field.default_factory()
            if len(values) < count:
                missing = next(name for name in names if name not in values)
                raise TypeError(f"{type(self).__name__}() lacks the argument {missing!r}")
        if has_post_init:
            self.__post_init__()

    return initialise


def _representation(names: list[str]) -> Callable[[Any], str]:
    def represent(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return represent


def _content(names: list[str]) -> Callable[[Any], Any]:
    """The fields that two equal instances have in common."""
    return attrgetter(*names) if names else lambda _: ()


def _equality(content: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    def equals(self: Any, other: Any) -> Any:
        return content(self) == content(other) if type(other) is type(self) else NotImplemented

    return equals


def _refuse_change(self: Any, name: str, *_: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
