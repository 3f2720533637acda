from __future__ import annotations

import pytest

from perfsheet.run.secrets import is_secret_name, masked_command, masked_words, recorded_environment

HF = "hf_" + "a1B2" * 8


@pytest.mark.parametrize(
    "name",
    [
        *("HF_TOKEN", "TT_METAL_API_KEY", "TTNN_PASSWORD", "db_passwd", "AWS_SECRET_ACCESS_KEY", "MY_KEY", "COOKIE"),
        *("TT_AUTH", "TT_CREDENTIALS", "--api-key", "GITHUB_PAT", "TT_METAL_PASSPHRASE"),
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("TT_METAL_HOME", "TT_METAL_SIMULATOR", "TTNN_CONFIG_OVERRIDES", "TT_METAL_KEYBOARD", "TT_AUTHOR", "MONKEY"),
        *("--op-support-count", "TT_METAL_DEVICE_PROFILER", "TT_METAL_PROFILER_PASSES"),
    ],
)
def test_names_of_other_things(name: str) -> None:
    assert not is_secret_name(name)


def test_environment_that_matters_without_its_secrets() -> None:
    environment = {
        "TT_METAL_HOME": "/metal",
        "TTNN_CONFIG_OVERRIDES": '{"enable_logging": true}',
        "TT_METAL_UPLOAD_TOKEN": "s3cret",
        "TTNN_CACHE": "https://me:s3cret@host/cache",
        "HOME": "/home/me",
        "HF_TOKEN": HF,
        "ARCH_NAME": "blackhole",
    }
    recorded = recorded_environment(environment)
    assert recorded == {
        "TT_METAL_HOME": "/metal",
        "TTNN_CONFIG_OVERRIDES": '{"enable_logging": true}',
        "TTNN_CACHE": "https://***@host/cache",
        "ARCH_NAME": "blackhole",
    }


@pytest.mark.parametrize(
    ("command", "recorded"),
    [
        ("pytest 'a b.py' -k \"x or y\"", "pytest 'a b.py' -k \"x or y\""),
        ("HF_TOKEN=abc ARCH_NAME=x pytest t.py", "HF_TOKEN=*** ARCH_NAME=x pytest t.py"),
        ("pytest t.py --api-token=abc -q", "pytest t.py --api-token=*** -q"),
        ("pytest t.py --password 'a b' -q", "pytest t.py --password *** -q"),
        (f"python run.py {HF}", "python run.py ***"),
        ("pytest 't[a b]' --url https://u:pw@h/x", "pytest 't[a b]' --url https://***@h/x"),
        ("pytest t.py --password='s3cret$!x'", "pytest t.py --password=***"),
        ("pytest t.py -H 'Authorization: Bearer abc'", "pytest t.py -H 'Authorization: Bearer ***'"),
        ("pytest t.py --data 's3://b/x?sig=abc&v=1'", "pytest t.py --data 's3://b/x?sig=***&v=1'"),
        ("pytest t.py 'https://h/x?v=1&X-Amz-Signature=abc'", "pytest t.py 'https://h/x?v=1&X-Amz-Signature=***'"),
        ("pytest t.py --env=HF_TOKEN=x", "pytest t.py --env=HF_TOKEN=***"),
        (
            "pytest t.py --max_generated_tokens 200 --tokenizer x",
            "pytest t.py --max_generated_tokens 200 --tokenizer x",
        ),
        ("pytest t.py::test_token[4]", "pytest t.py::test_token[4]"),
    ],
)
def test_command_keeps_all_but_its_secrets(command: str, recorded: str) -> None:
    assert masked_command(command) == recorded


def test_words_that_are_quoted_once_more() -> None:
    words = ["-m", "pytest", "t.py", "'--password=s3cret$!x'", "'a b'", "--token", "'x y'"]
    assert masked_words(words) == ["-m", "pytest", "t.py", "--password=***", "'a b'", "--token", "***"]


def test_options_of_pytest_in_the_environment() -> None:
    recorded = recorded_environment({"PYTEST_ADDOPTS": "-q --api-key=abc --token 'a b'", "TT_METAL_TOKEN_FILE": "x"})
    assert recorded == {"PYTEST_ADDOPTS": "-q --api-key=*** --token ***"}
