"""Dataclasses with shared methods behave like those of the standard library."""

import copy
import dataclasses
import pickle
import pprint

import pytest

from perfsheet.light_dataclass import dataclass


@dataclass(frozen=True)
class Point:
    """A point."""

    x: int
    y: int = 2
    seen: list[int] = dataclasses.field(default_factory=list, compare=False)
    name: str = dataclasses.field(default="", repr=False)


@dataclass(frozen=True)
class Deep(Point):
    """A point with a field of its own."""

    z: int = 3

    def __post_init__(self):
        object.__setattr__(self, "sum", self.x + self.y + self.z)


@dataclass
class Counter:
    """One that changes."""

    count: int = 0
    cached: int = dataclasses.field(init=False, default=7)


@dataclass(frozen=True, eq=False)
class Single:
    """Equal to itself only."""

    value: int


def test_fields_defaults_and_keywords():
    assert (Point(1).y, Point(1, name="a").name, Point(x=3, y=4).x) == (2, "a", 3)
    assert Point(1).seen is not Point(1).seen
    assert [field.name for field in dataclasses.fields(Point)] == ["x", "y", "seen", "name"]
    assert dataclasses.replace(Point(1), y=9) == Point(1, 9)
    assert dataclasses.asdict(Point(1)) == {"x": 1, "y": 2, "seen": [], "name": ""}


@pytest.mark.parametrize(
    ("args", "given"), [((), {}), ((1, 2, [], "", 5), {}), ((1,), {"x": 2}), ((1,), {"w": 2}), ((), {"y": 1})]
)
def test_wrong_arguments(args, given):
    with pytest.raises(TypeError):
        Point(*args, **given)


def test_equality_and_hashes():
    assert Point(1, 2, [1]) == Point(1, 2, [2])
    assert Point(1) != Deep(1)
    assert Point(1) != (1, 2)
    assert len({Point(1), Point(1), Point(2)}) == 2
    assert Single(1) != Single(1)
    assert len({Single(1), Single(1)}) == 2
    with pytest.raises(TypeError):
        hash(Counter())


def test_frozen_ones_refuse_changes():
    point = Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    counter = Counter()
    counter.count += 1
    assert (counter.count, counter.cached) == (1, 7)


def test_inheritance_and_what_follows_the_initialiser():
    assert (Deep(1).sum, Deep(1, 2, [], "", 10).sum) == (6, 13)
    assert repr(Deep(1)) == "Deep(x=1, y=2, seen=[], z=3)"


def test_what_others_ask_of_a_dataclass():
    point = Deep(1, z=4)
    assert dataclasses.is_dataclass(Deep)
    assert [field.name for field in dataclasses.fields(Deep)] == ["x", "y", "seen", "name", "z"]
    assert [field.name for field in dataclasses.fields(Point)] == ["x", "y", "seen", "name"]
    assert {field.name: field.type for field in dataclasses.fields(Single)} == {"value": int}
    assert (Deep.y, Counter.count, Counter.cached) == (2, 0, 7)
    assert not hasattr(Point, "seen")
    assert pprint.pformat(point) == repr(point)
    assert copy.deepcopy(point) == point == pickle.loads(pickle.dumps(point))
    match Single(3):
        case Single(value):
            assert value == 3


def test_a_usual_dataclass_may_extend_one():
    @dataclasses.dataclass
    class Usual(Counter):
        further: str = "a"

    assert [field.name for field in dataclasses.fields(Usual)] == ["count", "cached", "further"]
    assert Usual(2).further == "a"


def test_a_class_without_the_decorator_has_the_fields_of_the_one_it_extends():
    class Named(Point):
        name_shown: str = "a"

    assert [field.name for field in dataclasses.fields(Named)] == ["x", "y", "seen", "name"]
    assert dataclasses.replace(Named(1), y=5).y == 5
