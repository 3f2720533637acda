"""Results tables as other projects publish them: their columns, their order, and their READMEs updated in place."""

from perfsheet.models.published.in_place import updated
from perfsheet.models.published.layouts import LAYOUTS, Layout, layout
from perfsheet.models.published.rendering import as_table, block

__all__ = ["LAYOUTS", "Layout", "as_table", "block", "layout", "updated"]
