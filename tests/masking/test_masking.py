"""Credentials in commands, texts and variables, in every spelling that people use, and what is none."""

from __future__ import annotations

import pytest

from perfsheet.masking import masked_command, masked_text, masked_words, recorded_environment

HEX = "9f86d081884c7d659a2feaa0c55ad015"
RANDOM = "kJ8vQ2mZx7Lw4RtB9sYpN3cDfG6hA1eU"
LOWER = "x7k2m9q4z8w1v6t3r5p0n8b2c7d4"
S = "s3cret"

BY_NAME = [
    *(
        f"--{name}={S}"
        for name in ("password", "passwd", "passphrase", "db-password", "Password", "PASSWORD", "userPassword")
    ),
    *(f"--{name}={S}" for name in ("secret", "client-secret", "app_secret", "clientSecret", "aws-secret-access-key")),
    *(f"--{name}={S}" for name in ("token", "hf-token", "hf_token", "hfToken", "access-token", "api.token", "x-token")),
    *(
        f"--{name}={S}"
        for name in ("api-key", "apikey", "api_key", "apiKey", "API_KEY", "openai-api-key", "key", "ssh-key")
    ),
    *(
        f"--{name}={S}"
        for name in ("private-key", "encryption-key", "credential", "credentials", "creds", "auth", "jwt")
    ),
    *(
        f"--{name}={S}"
        for name in ("cookie", "bearer", "session", "sig", "signature", "pat", "webhook", "dsn", "pwd", "pass")
    ),
    *(f"--{name}=1234567" for name in ("token", "key", "auth")),
    *(f"--{name}=12" for name in ("password", "pincode", "otp", "api-key")),
    *(f"{name}={S}" for name in ("model.api_key", "+trainer.token", "logger.wandb.password", "secret")),
    "--password=a=b:c/d",
    *(
        f"--{name}={S}"
        for name in ("registry-password", "smtp_pass", "mysql-pwd", "refresh-token", "idToken", "authToken")
    ),
    *(f"--{name}={S}" for name in ("wandb-key", "hub_token", "auth-key", "master-key", "oauth", "login")),
    "--password='q uo ted'",
    '--password="$x y"',
]
BY_FORM = [
    "hf_" + "a1B2" * 8,
    "ghp_" + "x" * 36,
    "gho_0123456789abcdefghij",
    "github_pat_" + "A1" * 20,
    "glpat-" + "x1" * 10,
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "AIza" + "SyA1" * 9,
    "ya29.a0AfH6SMBx-y",
    "sk-" + "a1" * 20,
    "sk-proj-" + "aB3" * 10,
    "sk-ant-api03-" + "aB3" * 10,
    "sk_live_" + "a1" * 12,
    "xoxb-123456789012-abc",
    "xapp-1-A012-345-abc",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.abc-DEF_123",
    "npm_" + "a1" * 18,
    "pypi-AgEIcHlwaS5vcmcCJDc",
    "dckr_pat_" + "aB3" * 8,
    "dop_v1_" + "a1" * 20,
    "shpat_" + "a1" * 16,
    "SG." + "a1B" * 8 + "." + "c2D" * 8,
    "nvapi-" + "aB3" * 10,
    "gsk_" + "aB3" * 10,
    "r8_" + "aB3" * 10,
    "whsec_" + "aB3" * 8,
    "lin_api_" + "aB3" * 8,
    "key-" + HEX,
    "123456789:AA" + "Fx-y_z" * 6,
    HEX,
    HEX + HEX[:8],
    "12345678-9abc-def0-1234-56789abcdef0",
    RANDOM,
    RANDOM + "==",
    LOWER,
    "kJ8vQ2mZx7Lw4RtB-9sYpN3cDfG6hA1eU_zz",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "https://hooks.slack.com/services/T0/B0/xyz",
    "https://discord.com/api/webhooks/123/abc-DEF",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
]
# The text, and what has to be gone from it.
IN_TEXTS = [
    (f"https://me:{S}@host/x", S),
    (f"postgres://u:{S}@db:5432/x?sslmode=on", S),
    (f"redis://:{S}@cache", S),
    (f"https://{RANDOM}@github.com/a/b.git", RANDOM),
    (f"https://h/x?v=1&token={S}&w=2", S),
    (f"https://h/x?api_key={S}", S),
    (f"https://h/x?X-Amz-Signature={S}&X-Amz-Date=1", S),
    (f"https://acc.blob.core.windows.net/c?sv=1&sig={S}", S),
    (f"s3://b/x?AWSAccessKeyId=x&Signature={S}", S),
    (f"Authorization: Bearer {S}", S),
    (f"authorization: {S}", S),
    (f"Authorization: Basic {S}", S),
    (f"Authorization: token {S}", S),
    (f"Proxy-Authorization: Digest {S}", S),
    (f"X-Api-Key: {S}", S),
    (f"X-Auth-Token:{S}", S),
    (f"Cookie: a=1; session={S}", S),
    (f"Set-Cookie: id={S}; Path=/", S),
    (f"PRIVATE-TOKEN: {S}", S),
    (f"bearer {RANDOM}", RANDOM),
    (f'{{"token": "{S}"}}', S),
    (f'{{"a": {{"password": "{S}", "b": 1}}}}', S),
    (f"{{'api_key': '{S}'}}", S),
    (f'{{"password":"{S}"}}', S),
    (f'[{{"name": "x", "secret": "{S} with blanks"}}]', "with blanks"),
    (f'{{\\"token\\": \\"{S}\\"}}', S),
    (f"user=me,password={S},host=h", S),
    (f"user=me;password={S};host=h", S),
    (f"Server=h;User Id=me;Password={S};", S),
    (f"AccountName=x;AccountKey={S};EndpointSuffix=y", S),
    (f"a=1&access_token={S}&b=2", S),
    (f"password: {S}", S),
    (f"password = {S}", S),
    (f"token={S} user=me", S),
    (f"env=HF_TOKEN={S}", S),
    (f"run --token {S} --x 1", S),
    (f"curl -H 'X-Api-Key: {S}' https://h", S),
    (f"login {RANDOM}", RANDOM),
    (f"{{{{secret: {S}}}}}", S),
]
SHOWN = [
    "--max_generated_tokens 200 --tokenizer x --num-tokens=128",
    "--eos-token 2 --pad_token_id=0 --stop-token '</s>'",
    "--num-key-value-heads 8 --key-cache=on --kv-key=4",
    "--pass 2 --first-pass --num-passes=3 --bypass x",
    "--author me --authors=a,b",
    "--revision 9fceb02d0ae598e95dc970b74767f19372d61af8 --commit=9fceb02d0ae598e95dc970b74767f19372d61af8",
    "--sha256 " + HEX + HEX,
    "--model meta-llama/Llama-3.1-8B-Instruct",
    "--model Qwen/Qwen2.5-Coder-32B-Instruct --dtype bfloat8_b",
    "--weights /mnt/models/llama-3.1-70b/consolidated.00.pth",
    "--shape 1x1x32x4096 --grid 8x8 --dims=1,3,224,224",
    "-k 'token and not key' -m 'not secret'",
    "--junitxml=out/token.xml --durations 10 --tb=short -p no:cacheprovider",
    "--url http://localhost:8000/v1/models?limit=10",
    "--keyboard us --monkey=x --passenger 1",
    "--input prompts/secret_garden.txt",
    "--config models/demos/wormhole/llama31_8b/config.json",
    "--op-support-count 10000 --name-append nightly_2026_11_28",
    "--layers 32 --seq-len 2048 --batch=32 --seed 123456789",
    "--date 2026-11-28T10:00:00 --range 1:100",
    "test_models.py::test_it[LlamaForCausalLM2024Instruct-bfloat16-batch_32]",
    "--class LlamaForCausalLM --loader torch_ttnn.ResNet50ForImageClassification",
    "tests/test_auth.py::test_token[password=s3cret]",
    "tests/a.py::test_url[https://u:p@h]",
    "--x=tests/a.py::test_token[4]",
    "-x -q -s -vv --lf",
]


@pytest.mark.parametrize("word", BY_NAME)
def test_by_its_name(word):
    masked = masked_command(f"pytest t.py {word} -q")
    assert masked == f"pytest t.py {word.partition('=')[0]}=*** -q"


@pytest.mark.parametrize(
    "word", [word for word in BY_NAME if word.startswith("--") and "'" not in word and '"' not in word]
)
def test_by_the_name_of_the_option_before_it(word):
    option, _, value = word.partition("=")
    assert masked_command(f"pytest t.py {option} {value} -q") == f"pytest t.py {option} *** -q"


@pytest.mark.parametrize("word", BY_FORM)
def test_by_its_form_or_its_randomness(word):
    for command in (f"python run.py '{word}'", f"python run.py --x '{word}'", f"python run.py --x='{word}' -q"):
        masked = masked_command(command)
        assert word not in masked, masked
        assert "***" in masked
        assert masked.startswith("python run.py ")


@pytest.mark.parametrize(("text", "secret"), IN_TEXTS)
def test_in_addresses_headers_json_and_lists(text, secret):
    assert secret not in masked_text(text)
    quoted = text.replace("'", "'\\''")
    for command in (
        f"python run.py '{quoted}'",
        f"python run.py --data '{quoted}'",
        f"python run.py --data='{quoted}'",
    ):
        assert secret not in masked_command(command)


def test_what_is_around_a_credential_stays():
    assert masked_text(f"https://me:{S}@host/x?v=1") == "https://***@host/x?v=1"
    assert masked_text(f"https://h/x?v=1&token={S}&w=2") == "https://h/x?v=1&token=***&w=2"
    assert masked_text(f"Authorization: Bearer {S}") == "Authorization: Bearer ***"
    assert masked_text(f'{{"a": 1, "password": "{S}", "b": 2}}') == '{"a": 1, "password": "***", "b": 2}'
    assert masked_text(f"user=me,password={S},host=h") == "user=me,password=***,host=h"
    assert masked_command(f"python x.py -u me:{S}") == "python x.py -u me:***"


@pytest.mark.parametrize("arguments", SHOWN)
def test_what_only_looks_like_one_is_shown(arguments):
    command = f"pytest {arguments}"
    assert masked_command(command) == command


def test_there_are_enough_spellings():
    assert len({*BY_NAME, *BY_FORM, *(text for text, _ in IN_TEXTS)}) >= 140


@pytest.mark.parametrize(
    ("command", "recorded"),
    [
        ("pytest 'a b.py' -k \"x or y\"", "pytest 'a b.py' -k \"x or y\""),
        ("HF_TOKEN=abc ARCH_NAME=x pytest t.py", "HF_TOKEN=*** ARCH_NAME=x pytest t.py"),
        ("env HF_TOKEN=abc MESH_DEVICE=T3K pytest t.py", "env HF_TOKEN=*** MESH_DEVICE=T3K pytest t.py"),
        ("MY_SETTING=hunter2 DEPTH=12 DEBUG=on pytest t.py", "MY_SETTING=*** DEPTH=12 DEBUG=on pytest t.py"),
        ("TT_METAL_HOME=/opt/metal pytest t.py", "TT_METAL_HOME=/opt/metal pytest t.py"),
        ("pytest t.py --password 'a b' -q", "pytest t.py --password *** -q"),
        ("pytest t.py --password -x9! -q", "pytest t.py --password *** -q"),
        ("pytest t.py --env=HF_TOKEN=x", "pytest t.py --env=HF_TOKEN=***"),
        ("pytest t.py --env HF_TOKEN=x", "pytest t.py --env HF_TOKEN=***"),
        ("pytest t.py::test_token[4]", "pytest t.py::test_token[4]"),
        ("pytest 't.py --token=x", "pytest 't.py --token=***"),
    ],
)
def test_command_keeps_all_but_its_credentials(command, recorded):
    assert masked_command(command) == recorded


@pytest.mark.parametrize("text", ["a=" * 4000, "a='" * 3000, '{"a":' * 1900, "--a " * 2400, "x" * 100_000])
def test_texts_without_end_take_no_time(text):
    masked_command(text)
    masked_text(text + "=s3cret --password s3cret")


@pytest.mark.parametrize(
    "command",
    [
        "sh -c 'HF_TOKEN=LEAK true'",
        "bash -c 'echo --password LEAK; exit 3'",
        "python t.py -c 'export HF_TOKEN=LEAK'",
        "python t.py --url 'https://bob:p@LEAK@h/x'",
        'python t.py --cfg \'{"password": ["LEAK"]}\'',
        'python t.py --cfg \'{"token": {"value": "LEAK"}}\'',
        "python t.py --dbpassword LEAK --password1 LEAK --passWord LEAK",
        "python t.py --token2=LEAK --mypassword=LEAK --githubtoken=LEAK",
        "python t.py --args \"['--token', 'LEAK']\"",
        "python t.py --env HF_TOKEN LEAK --header Authorization LEAK",
        "nice env HF_TOKEN=a FOO=LEAK true",
        "python t.py --token= LEAK",
        "curl -uadmin:LEAK h",
        "pytest https://u:LEAK@h/x.py",
        "pytest t.py --token 'LEAK' 'unbalanced",
        "python t.py '--token\nLEAK'",
        "PYTEST_ADDOPTS='--token=\"LEAK LEAK2\"' pytest t.py",
        "python t.py '<password>LEAK</password>'",
        "python t.py 'password = \"LEAK'",
        "python t.py 'Server=h;Pwd={LEAK};'",
        "python t.py 'X-Auth-Token: LEAK more LEAK'",
        "python t.py 'a[token]=LEAK'",
    ],
)
def test_wherever_it_stands(command):
    assert "LEAK" not in masked_command(command)


def test_words_that_are_quoted_once_more():
    words = ["-m", "pytest", "t.py", "'--password=s3cret$!x'", "'a b'", "--token", "'x y'"]
    assert masked_words(words) == ["-m", "pytest", "t.py", "--password=***", "'a b'", "--token", "***"]


def test_of_the_environment_only_documented_variables_have_values():
    environment = {
        "TT_METAL_HOME": "/metal",
        "TTNN_CACHE": "/cache",
        "ARCH_NAME": "blackhole",
        "TT_METAL_WATCHER": "10",
        "TT_METAL_DPRINT_CORES": "(0,0)-(1,1)",
        "TT_METAL_SLOW_DISPATCH_MODE": "1",
        "HF_MODEL": "meta-llama/Llama-3.1-8B",
        "PYTEST_ADDOPTS": "-q --api-key=abc --token 'a b'",
    }
    recorded = recorded_environment(environment)
    assert recorded == {**environment, "PYTEST_ADDOPTS": "-q --api-key=*** --token ***"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TT_METAL_UPLOAD_TOKEN", "s3cret"),
        ("TT_METAL_SOMETHING_NEW", "hunter2"),
        ("TTNN_CONFIG_OVERRIDES", '{"enable_logging": true}'),
        ("TTNN_CACHE", "https://me:s3cret@host/cache"),
        ("TT_METAL_HOME", "password=hunter2"),
        ("TT_METAL_SIMULATOR", RANDOM),
        ("ARCH_NAME", "hf_" + "a1B2" * 8),
        ("TT_METAL_WATCHER", "hunter2"),
        ("TRACY_PORT", "1" * 40),
    ],
)
def test_other_values_are_not_recorded(name, value):
    assert recorded_environment({name: value}) == {name: "***"}


def test_other_variables_are_not_recorded():
    assert recorded_environment({"HOME": "/home/me", "HF_TOKEN": "x", "AWS_PROFILE": "me", "PATH": "/bin"}) == {}
