"""What `--brief` shows of JSON documents: of each object and table the keys that say what matters."""

from __future__ import annotations

_CAPTURE = (
    "paths schema arch board worker_cores batch batch_hint window pass passes devices per_device ops timed_ops "
    "host_rows invalid_rows kernel_duration_ns kernel_duration_sum_ns elapsed_ns first_run_ns time_split fps peaks_of "
    "sol_pct sol_known_pct replayed verdict warnings planned"
)
_FINDING = "id rule op_code count share_pct saving_ns expected_saving_ns advice source rows"
_GROUP = (
    "rank op_code shape count cores worker_cores kernel_duration_ns share_pct math_fidelity compute_pct "
    "compute_used_cores_pct dram_pct sol_pct flags says row"
)
_OP = (
    "rank op_code shape data_types math_fidelity core_count worker_cores kernel_duration_ns share_pct utilization_pct "
    "sol_pct bound compute_pct compute_used_cores_pct dram_pct gap_ns flags not_physical_reason row source"
)

BRIEF: dict[str, tuple[str, ...]] = {
    key: tuple(names.split())
    for key, names in {
        "capture": _CAPTURE,
        "base": _CAPTURE,
        "new": f"{_CAPTURE} {_FINDING}",
        "fixed": _FINDING,
        "remaining": _FINDING,
        "findings": f"{_FINDING} fixed new remaining",
        "planned": "board mesh ttnn tests tests_failed refused stopped",
        "time_split": "part ns share_pct",
        "fps": "all",
        "causes": "id title subject count shapes cores_of_grid share_pct kernel_duration_ns expected_saving_ns "
        "bound_ns saving_of left_ns ground cure source rows",
        "cure": "rule advice finding expected_saving_ns",
        "groups": _GROUP,
        "ops": _OP,
        "changes": "status op_code count base_kernel_duration_ns new_kernel_duration_ns delta_ns delta_pct base new "
        "changes",
        "figures": "id label unit base new delta delta_pct",
        "source": "file line function call ops",
        "row": "row device_id",
        "rows": "row device_id",
        "breaches": "limit unit allowed measured message row_count",
        "checks": "limit ok unit allowed measured",
    }.items()
}
"""What is shown of the object, or of each entry of the list, that has the key; what is not named is shown whole."""

# fmt: off
LEFT_OUT = frozenset((
    "totals", "reshard_pairs", "what_if", "compared_ops", "host_ops", "op_types", "categories", "reshards", "pass_ops",
    "outside", "unmatched", "modules", "memory", "repeats", "lines",
))
# fmt: on
"""Keys at the top of a document that a brief leaves out."""

SUMS = frozenset({"time_split"})
"""Lists whose entries add up: they are never cut; a brief leaves out those of 0."""
