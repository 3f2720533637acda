"""Results tables in Markdown, of this tool or another: read, sorted and written again with nothing lost.

document = read_document(Path("README.md"))
document.tables[0].sorted("Batch", descending=True)
"""

from perfsheet.results.document import Document, read_document
from perfsheet.results.table import ResultsTable

__all__ = ["Document", "ResultsTable", "read_document"]
