"""JSON of op statistics (docs/json.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perfsheet.models.op_stats import OpStatistics, SizeDistribution
from perfsheet.outputs.json_output.head import SCHEMA_VERSION
from perfsheet.outputs.json_output.parts import Json


def stats(found: OpStatistics, files: Sequence[str]) -> Json:
    """`perfsheet stats --json`."""
    return {"schema_version": SCHEMA_VERSION, **statistics(found), "files": list(files)}


def statistics(found: OpStatistics) -> Json:
    """The counts over all sources; a size of null is unknown."""
    return {
        "sources": list(found.sources),
        "ops": [
            {"op_type": one.op, "count": one.count, "by_source": dict(zip(found.sources, one.by_source, strict=True))}
            for one in found.counts
        ],
        "input_sizes": _sizes(found.inputs),
        "output_sizes": _sizes(found.outputs),
        "formats": [
            {
                "side": one.side,
                "layout": one.layout or None,
                "data_type": one.datatype or None,
                "memory": one.memory or None,
                "count": one.count,
                "total_bytes": one.total_bytes,
            }
            for one in found.formats
        ],
        "transfers": {
            name: {
                "to_device": one.to_device,
                "from_device": one.from_device,
                "fallback_ops": one.fallbacks,
                "host_ops": one.host_ops,
                "reshards": one.reshards,
            }
            for name, one in found.transfers.items()
        },
    }


def _sizes(found: Mapping[str, SizeDistribution]) -> Json:
    return {op: [{"bytes": one.size, "count": one.count} for one in sizes.sizes] for op, sizes in found.items()}
