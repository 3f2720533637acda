"""The environment variables whose values are recorded, by the form that their values have."""

from __future__ import annotations

import re
from collections.abc import Mapping

from perfsheet.masking.texts import MASK, masked_text

_SWITCH = re.compile(r"(?:0|1|true|false|yes|no|on|off|enabled?|disabled?)?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d{1,12}(?:\.\d{1,9})?|0x[0-9a-f]{1,8})?", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}|")
_PATH = re.compile(r"(?:[~.]{0,2}/|[A-Za-z]:[\\/])[^\n\r\t:=?&'\"]{0,400}|[\w.-]{1,40}(?:/[\w.-]{1,80}){0,8}|")
_PATHS = re.compile(rf"(?:{_PATH.pattern})(?:[:;](?:{_PATH.pattern}))*")
_CORES = re.compile(r"(?:all|worker|dispatch|[\d\s,()x.:-]{1,200})?", re.IGNORECASE)

SWITCHES = (
    *("CI", "TT_METAL_CLEAR_L1", "TT_METAL_DEVICE_PROFILER", "TT_METAL_DEVICE_PROFILER_DISPATCH"),
    *("TT_METAL_DEVICE_PROFILER_NOC_EVENTS", "TT_METAL_PROFILER_SYNC", "TT_METAL_PROFILER_MID_RUN_DUMP"),
    *("TT_METAL_PROFILER_CPP_POST_PROCESS", "TT_METAL_PROFILER_TRACE_TRACKING", "TT_METAL_PROFILER_RT_QUICK"),
    *("TT_METAL_TRACE_PROFILER", "TT_METAL_SLOW_DISPATCH_MODE", "TT_METAL_FORCE_JIT_COMPILE"),
    *("TT_METAL_DISABLE_L1_DATA_CACHE_RISCVS", "TT_METAL_SKIP_ETH_CORES_WITH_RETRAIN", "TTNN_OP_PROFILER"),
    *("TTNN_ENABLE_LOGGING", "TT_METAL_KERNELS_EARLY_RETURN", "TT_METAL_VALIDATE_PROGRAM_BINARIES"),
    *("TRACY_NO_WEB_SERVER", "TRACY_NO_INVARIANT_CHECK", "TT_METAL_WATCHER_DUMP_ALL", "TT_METAL_WATCHER_APPEND"),
)
NUMBERS = (
    *("TT_METAL_WATCHER", "TT_METAL_PROFILER_PROGRAM_SUPPORT_COUNT", "TT_METAL_PROFILE_PERF_COUNTERS"),
    *("TT_METAL_OPERATION_TIMEOUT_SECONDS", "TT_METAL_DEVICE_PROFILER_BUFFER_SIZE", "TT_MM_THROTTLE_PERF"),
    *("TRACY_PORT", "OMP_NUM_THREADS", "PERFSHEET_LARGEST_CAPTURE"),
)
WORDS = (
    *("ARCH_NAME", "MESH_DEVICE", "FAKE_DEVICE", "LOGURU_LEVEL", "TT_METAL_LOGGER_LEVEL", "TT_LOGGER_LEVEL"),
    *("TT_METAL_LOGGER_TYPES", "TT_METAL_ENV", "WH_ARCH_YAML", "TT_VISIBLE_DEVICES"),
)
PATHS = (
    *("TT_METAL_HOME", "TT_METAL_RUNTIME_ROOT", "TT_METAL_PROFILER_DIR", "TT_METAL_SIMULATOR", "TT_METAL_CACHE"),
    *("TT_METAL_KERNEL_PATH", "TT_METAL_LOGS_PATH", "TT_METAL_INSPECTOR_LOG_PATH", "TT_MESH_GRAPH_DESC_PATH"),
    *("TT_CACHE_PATH", "TT_CACHE_HOME", "TTNN_CONFIG_PATH", "TTNN_CACHE", "HF_MODEL", "HF_HOME", "LLAMA_DIR"),
    *("TT_METAL_DPRINT_FILE", "PERFSHEET_E2E_DIR", "TT_METAL_MESH_GRAPH_DESC_PATH"),
)
PATH_LISTS = ("PYTHONPATH",)
CORES = ("TT_METAL_DPRINT_CORES", "TT_METAL_DPRINT_ETH_CORES", "TT_METAL_DPRINT_CHIPS", "TT_METAL_DPRINT_RISCVS")
COMMAND_LINES = ("PYTEST_ADDOPTS",)

_FORMS: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(SWITCHES, _SWITCH),
    **dict.fromkeys(NUMBERS, _NUMBER),
    **dict.fromkeys(WORDS, _WORD),
    **dict.fromkeys(PATHS, _PATH),
    **dict.fromkeys(PATH_LISTS, _PATHS),
    **dict.fromkeys(CORES, _CORES),
}
_RECORDED = (*SWITCHES, *NUMBERS, *WORDS, *PATHS, *CORES, *COMMAND_LINES)
_FAMILIES = ("TT_", "TTNN_", "TRACY_")
"""Of these the names matter: one switches something on, whatever its value."""


def recorded_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that affect a run: documented ones with their values, the names of others that may affect it."""
    return {
        name: masked_value(name, value)
        for name, value in sorted(environment.items())
        if name in _RECORDED or name.startswith(_FAMILIES)
    }


def masked_value(name: str, value: str) -> str:
    """The value of a variable, if it is a documented one and the value has its form, else the mask."""
    if name in COMMAND_LINES:
        from perfsheet.masking.commands import masked_command

        return masked_command(value, of_pytest=True)
    form = _FORMS.get(name)
    if form is None:
        form = _NUMBER if _NUMBER.fullmatch(value) and len(value) <= _SHORT else _SWITCH
    return value if form.fullmatch(value) and masked_text(value, name) == value else MASK


_SHORT = 6
"""Digits of a number that no credential is."""
