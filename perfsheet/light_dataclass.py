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
            cls.__doc__ = cls.__doc__ or cls.__name__  # else it is made of the signature, which takes 5 ms
            defined = dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
            fields = dataclasses.fields(defined)
            defined.__init__ = _initialiser([field for field in fields if field.init], hasattr(cls, "__post_init__"))
            defined.__signature__ = _SIGNATURE
            if "__repr__" not in cls.__dict__:
                defined.__repr__ = _representation([field.name for field in fields if field.repr])
            if frozen:
                defined.__setattr__, defined.__delattr__ = _refuse_change, _refuse_change
            if eq:
                content = _content([field.name for field in fields if field.compare])
                defined.__eq__ = _equality(content)
                defined.__hash__ = (lambda self: hash(content(self))) if frozen else None
            return defined

        return define if cls is None else define(cls)


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


def _shown_default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    from inspect import Parameter

    return Parameter.empty if field.default is dataclasses.MISSING else field.default


def _initialiser(fields: list[dataclasses.Field[Any]], has_post_init: bool) -> Callable[..., None]:
    names = tuple(field.name for field in fields)
    known, count = frozenset(names), len(names)
    made = {field.name: field for field in fields}

    def initialise(self: Any, /, *args: Any, **given: Any) -> None:
        values = self.__dict__
        values.update(zip(names, args))  # noqa: B905 fewer arguments than fields are usual
        if given:
            values.update(given)
        elif len(args) == count and not has_post_init:
            return
        if len(args) + len(given) != len(values) or not known.issuperset(given) or len(args) > count:
            raise TypeError(f"{type(self).__name__}() does not take these arguments, or one of them twice")
        if len(values) < count:
            for name in names:
                if name not in values:
                    values[name] = _default(made[name], type(self).__name__)
        if has_post_init:
            self.__post_init__()

    return initialise


def _default(field: dataclasses.Field[Any], of: str) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    raise TypeError(f"{of}() lacks the argument {field.name!r}")


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
