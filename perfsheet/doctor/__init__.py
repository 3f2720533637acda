"""Whether a profiling run can work here, asked before it fails.

    findings = diagnose(RunRequest("pytest"))
    [finding for finding in findings if finding.ok is False]

A check is one small function in `checks/`; it yields findings and changes nothing.
"""

from perfsheet.doctor.diagnose import diagnose
from perfsheet.doctor.model import Diagnosis

__all__ = ["Diagnosis", "diagnose"]
