"""Windows by signpost, row, device and pass; the tree of signpost regions."""

import pytest
from support.captures import fallback, host_op, op, signpost

from perfsheet import PerfsheetError, Selection
from perfsheet.analysis.windows.signposts import label


def codes(analysis):
    return analysis.ops.codes


ROWS = (
    op("Before", 5),
    signpost("encoder started"),
    op("In", 10),
    host_op(),
    signpost("encoder finished"),
    op("Between", 20, device=1),
    signpost("encoder started"),
    op("Again", 40),
    signpost("encoder finished"),
    op("After", 80),
)


def windowed(analysis_of, **wanted):
    """The ops of one device are too few to align: all are looked at."""
    return analysis_of(*ROWS, options={"selection": Selection(**wanted), "per_device": True})


def test_the_default_is_all_of_it(analysis_of):
    analysis = windowed(analysis_of)
    assert analysis.summary.window == "whole capture"
    assert codes(analysis) == ["Before", "In", "Between", "Again", "After"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"start_signpost": "encoder started"}, ["In", "Between", "Again", "After"]),
        ({"end_signpost": "encoder finished"}, ["Before", "In"]),
        ({"start_signpost": "encoder started", "end_signpost": "encoder finished"}, ["In"]),
        ({"start_signpost": "encoder started#2"}, ["Again", "After"]),
        ({"start_signpost": "encoder started#2", "end_signpost": "encoder finished"}, ["Again"]),
        ({"start_signpost": "encoder started", "end_signpost": "encoder started"}, ["In", "Between"]),
        ({"start_signpost": "encoder started", "end_signpost": "encoder finished#2"}, ["In", "Between", "Again"]),
        ({"id_range": "4-7"}, ["In", "Between"]),
        ({"id_range": "7-"}, ["Between", "Again", "After"]),
        ({"id_range": "-4"}, ["Before", "In"]),
        ({"id_range": "9"}, ["Again"]),
        ({"devices": (1,)}, ["Between"]),
        ({"devices": (0, 1), "id_range": "-8"}, ["Before", "In", "Between"]),
    ],
)
def test_parts(analysis_of, wanted, expected):
    analysis = windowed(analysis_of, **wanted)
    assert codes(analysis) == expected
    assert analysis.summary.window != "whole capture"


def test_host_ops_can_be_left_out(analysis_of):
    assert windowed(analysis_of).summary.host_rows == 1
    analysis = windowed(analysis_of, host_ops=False)
    assert (analysis.summary.host_rows, analysis.summary.signpost_rows) == (0, 4)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"start_signpost": "decoder"}, "known: encoder started, encoder finished"),
        ({"end_signpost": "encoder finished#3"}, "no such signpost"),
        ({"start_signpost": "encoder started#2", "end_signpost": "encoder finished#1"}, "comes before"),
        ({"devices": (7,)}, "known: 0, 1"),
        ({"which_pass": "2"}, "the window has 1"),
    ],
)
def test_parts_that_are_not_there_are_refused(analysis_of, wanted, words):
    with pytest.raises(PerfsheetError, match=words) as caught:
        windowed(analysis_of, **wanted)
    assert caught.value.status == 2


@pytest.mark.parametrize(
    "wanted",
    [
        {"id_range": "9-5"},
        {"id_range": "x"},
        {"id_range": "-"},
        {"which_pass": "0"},
        {"which_pass": "²"},
        {"id_range": "5 10"},
    ],
)
def test_what_makes_no_sense_is_refused(wanted):
    with pytest.raises(PerfsheetError) as caught:
        Selection(**wanted)
    assert caught.value.status == 2


def test_a_window_without_device_ops_ends_in_one_line(analysis_of):
    with pytest.raises(PerfsheetError, match=r"no device op in this window \(rows 3-3\); widen it") as caught:
        windowed(analysis_of, id_range="3-3")
    assert caught.value.status == 2


def test_a_pass_of_an_empty_window_is_refused_too(analysis_of):
    with pytest.raises(PerfsheetError, match="no device op in this window"):
        windowed(analysis_of, id_range="3-3", which_pass="last")


def test_a_pass_can_be_given_as_a_number():
    assert Selection(which_pass=2) == Selection(which_pass="2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("OFT block started", ("OFT block", "opens")),
        ("OFT block ended", ("OFT block", "closes")),
        ("integral_image_start", ("integral_image", "opens")),
        ("start_encoder", ("encoder", "opens")),
        ("Begin: attention", ("attention", "opens")),
        ("stop", ("", "closes")),
        ("Oft module", ("Oft module", "")),
        ("restarted twice", ("restarted twice", "")),
        ("", ("", "")),
    ],
)
def test_what_signposts_say(text, expected):
    assert label(text) == expected


def regions(analysis_of, *rows):
    found = analysis_of(*rows).signposts
    return found, [(one.name, one.number, one.depth, one.kernel_ns, one.self_ns, one.closed) for one in found.regions]


def test_regions_nest_and_repeat(analysis_of):
    found, tree = regions(
        analysis_of,
        op("Out", 1),
        signpost("model started"),
        op("A", 2),
        signpost("block started"),
        op("B", 4),
        signpost("block finished"),
        signpost("block started"),
        op("C", 8),
        signpost("block finished"),
        signpost("model finished"),
        op("Out", 16),
    )
    assert tree == [("model", 1, 0, 14, 2, True), ("block", 1, 1, 4, 4, True), ("block", 2, 1, 8, 8, True)]
    assert (found.outside_ops, found.outside_ns, found.unmatched) == (2, 17, ())
    assert [(one.row, one.ops, one.kernel_ns) for one in found.signposts][:2] == [(3, 1, 2), (5, 1, 4)]


def test_what_is_left_open_and_what_closes_nothing_is_said(analysis_of):
    rows = (signpost("a started"), op("X", 1), signpost("b started"), op("Y", 2), signpost("c finished"), op("Z", 4))
    found, tree = regions(analysis_of, *rows)
    assert tree == [("a", 1, 0, 7, 1, False), ("b", 1, 1, 6, 6, False)]
    assert [one.name for one in found.unmatched] == ["c finished"]


def test_an_outer_end_closes_what_is_inside(analysis_of):
    rows = (signpost("a started"), signpost("b started"), op("X", 1), signpost("a finished"), op("Y", 2))
    _, tree = regions(analysis_of, *rows)
    assert tree == [("a", 1, 0, 1, 0, True), ("b", 1, 1, 1, 1, False)]


def test_a_plain_mark_opens_what_its_name_closes(analysis_of):
    rows = (signpost("Oft module"), op("X", 1), signpost("Oft module finished"), signpost("note"), op("Y", 2))
    found, tree = regions(analysis_of, *rows)
    assert tree == [("Oft module", 1, 0, 1, 1, True)]
    assert found.outside_ns == 2


def test_a_shortened_name_closes_too(analysis_of):
    rows = (signpost("OftNet module started"), op("X", 1), signpost("OftNet finished"), op("Y", 2))
    assert regions(analysis_of, *rows)[1] == [("OftNet module", 1, 0, 1, 1, True)]


def test_regions_follow_the_window(analysis_of):
    analysis = windowed(analysis_of, id_range="6-")
    assert [(one.name, one.kernel_ns) for one in analysis.signposts.regions] == [("encoder", 40)]
    assert [one.name for one in analysis.signposts.unmatched] == ["encoder finished"]


def test_fallbacks_are_host_ops_too(analysis_of):
    analysis = analysis_of(op("A"), fallback(), op("B"), options={"selection": Selection(host_ops=False)})
    assert analysis.summary.host_rows == 0
