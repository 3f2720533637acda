"""The rules about what ATTRIBUTES, siblings and chains say: what they hit, what they must not hit, and the saving."""

import pytest
from support.captures import newest_headers, op, shape
from support.findings import findings_of, only_finding

DRAM, L1 = "DRAM_INTERLEAVED", "L1_INTERLEAVED"


def hits(analysis, rule):
    return sorted(int(analysis.ops.table.row[row]) for finding in findings_of(analysis, rule) for row in finding.rows)


def moved(code, given, put, duration=1000, cores=64, memory=DRAM, **cells):
    return (
        op(code, duration, cores, **cells)
        | shape("INPUT_0", given, "BFLOAT16", memory)
        | shape("OUTPUT_0", put, "BFLOAT16", memory)
    )


def said(**attributes):
    return {"ATTRIBUTES": "{" + "; ".join(f"'{name}': '{value}'" for name, value in attributes.items()) + "}"}


def tilize(duration, cores, switch, memory=DRAM):
    return moved("TilizeWithValPadding", (1, 256, 2, 32), (1, 256, 32, 32), duration, cores, memory) | said(
        use_multicore=switch
    )


class TestMulticoreOff:
    def test_it_says_how_to_turn_it_on(self, analysis_of):
        finding = only_finding(analysis_of(tilize(6400, 1, "false")), "multicore-off")
        assert finding.saving_ns == pytest.approx(6300)
        assert "ttnn.tilize_with_val_padding with use_multicore=True" in finding.advice
        assert finding.evidence == {"core_count": 1, "worker_cores": 64}

    @pytest.mark.parametrize("row", [tilize(6400, 1, "true"), tilize(6400, 60, "false"), op("Add", 100, 1)])
    def test_what_is_not(self, analysis_of, row):
        assert not hits(analysis_of(row), "multicore-off")


class TestSiblings:
    def test_the_fastest_with_other_settings_is_the_target(self, analysis_of):
        analysis = analysis_of(tilize(64_000, 1, "false"), tilize(900, 64, "true", L1), tilize(1000, 64, "true", L1))
        finding = only_finding(analysis, "faster-sibling")
        assert (hits(analysis, "faster-sibling"), finding.saving_ns) == ([2], 64_000 - 950)
        assert finding.expected_saving_ns == finding.saving_ns
        assert finding.evidence == {"sibling_row": 3, "sibling_ns": 950}
        assert finding.ground.kind.value == "sibling"
        assert "use_multicore false → true, cores 1 → 64, input 0 DRAM_INTERLEAVED → L1_INTERLEAVED" in (
            finding.ground.text
        )

    def test_one_kind_of_matmul_is_that_of_another(self, analysis_of):
        minimal = linear("bias") | {"OP CODE": "MinimalMatmulOp", "DEVICE KERNEL DURATION [ns]": 60_000}
        fewer_rows = linear() | shape("INPUT_0", (1, 1, "32[1]", 128)) | shape("OUTPUT_0", (1, 1, "32[1]", 64))
        finding = only_finding(analysis_of(minimal, fewer_rows), "faster-sibling")
        assert (finding.saving_ns, finding.evidence["sibling_row"]) == (51_000, 3)
        assert finding.advice == "Matmul is faster on as many tiles: try ttnn.linear for it."

    def test_a_sibling_counts_for_the_rules_that_change_what_differs(self, analysis_of):
        low, more = tilize(64_000, 1, "false", L1), tilize(900, 64, "true", L1)
        finding = only_finding(analysis_of(low, more), "low-core-count")
        assert finding.expected_saving_ns == finding.saving_ns
        assert "cores 1 → 64" in finding.ground.text
        finding = only_finding(
            analysis_of(low, tilize(900, 1, "true", L1), tilize(800, 1, "true", L1)), "low-core-count"
        )
        assert finding.ground.kind.value != "sibling"

    @pytest.mark.parametrize(
        "other",
        [
            tilize(60_000, 64, "true"),  # not much faster
            tilize(900, 1, "false"),  # the same settings
            moved("TilizeWithValPadding", (1, 256, 5, 32), (1, 256, 32, 32), 900) | said(use_multicore="true"),
            tilize(900, 64, "true") | said(use_multicore="true", pad_value="1"),  # computes something else
            tilize(900, 64, "true") | {"OP CODE": "Tilize"},
        ],
    )
    def test_what_is_no_sibling(self, analysis_of, other):
        assert not hits(analysis_of(tilize(64_000, 1, "false"), other), "faster-sibling")

    def test_reshards_do_what_the_next_op_asks_for(self, analysis_of):
        rows = [
            moved("ReshardDeviceOperation", (1, 1, 64, 64), (1, 1, 64, 64), t, c) for t, c in ((9000, 1), (900, 64))
        ]
        assert not hits(analysis_of(*rows), "faster-sibling")


HEADS = (1, 64, 8, 32)
SPLIT = (
    moved("UntilizeWithUnpadding", (1, 1, 64, 256), HEADS, 100),
    moved("TilizeWithValPadding", HEADS, HEADS, 5000, 1),
    moved("Transpose", HEADS, (1, 8, 64, 32), 200),
)
SCORES = (
    op("Matmul", 400)
    | shape("INPUT_0", (1, 8, 64, 32))
    | shape("INPUT_1", (1, 8, 32, 64))
    | shape("OUTPUT_0", (1, 8, 64, 64))
)
MERGE = (
    moved("Transpose", (1, 8, 64, 64), (1, 64, 8, 64), 300),
    moved("Reshape", (1, 64, 8, 64), (1, 1, 64, 512), 700),
)


class TestUnfusedHeads:
    def test_a_split_and_a_merge(self, analysis_of):
        analysis = analysis_of(*SPLIT, SCORES, *MERGE)
        split, merge = findings_of(analysis, "unfused-heads")
        assert (split.rows.tolist(), split.saving_ns) == ([0, 1, 2], 5300)
        assert "nlp_create_qkv_heads" in split.advice
        assert (merge.rows.tolist(), merge.saving_ns) == ([4, 5], 1000)
        assert "nlp_concat_heads" in merge.advice
        assert split.cause_id == merge.cause_id
        assert not hits(analysis, "layout-conversion")

    def test_q_k_and_v_may_take_turns(self, analysis_of):
        parts = [
            moved("Reshape", (1, 1, 64, 256), HEADS, 10),
            moved("Reshape", (1, 1, 64, 256), HEADS, 20),
            moved("Transpose", HEADS, (1, 8, 64, 32), 30),
            moved("Transpose", HEADS, (1, 8, 64, 32), 40),
        ]
        assert hits(analysis_of(*parts, SCORES), "unfused-heads") == [2, 3, 4, 5]

    @pytest.mark.parametrize(
        "rows",
        [
            SPLIT,  # no attention
            (*SPLIT, op("Matmul", 400) | shape("INPUT_0", (1, 1, 64, 32)) | shape("INPUT_1", (1, 1, 32, 64))),
            (SPLIT[0], SPLIT[1], SCORES),  # nothing is exchanged
            (SPLIT[2], SCORES),  # a transpose alone
        ],
    )
    def test_what_is_not(self, analysis_of, rows):
        assert not hits(analysis_of(*rows), "unfused-heads")


def matmul(cores=64, duration=20_000, **config):
    made = ";".join(f"{name}={value}" for name, value in config.items())
    row = op("Matmul", duration, cores) | said(program_config=f"SomeProgramConfig({made})")
    return row | shape("INPUT_0", (1, 1, 512, 512)) | shape("OUTPUT_0", (1, 1, 512, 1024))


class TestProgramConfigGrid:
    def test_its_own_grid(self, analysis_of):
        row = matmul(32, compute_with_storage_grid_size="(x=8;y=4)")
        finding = only_finding(analysis_of(row), "program-config-grid")
        assert finding.saving_ns == 10_000
        assert finding.evidence == {"limited_by": "grid", "allowed_cores": 32, "worker_cores": 64}
        assert "a grid of 32 cores, the device 64" in finding.advice

    def test_its_blocks(self, analysis_of):
        row = matmul(32, compute_with_storage_grid_size="(x=8;y=8)", per_core_M=4, per_core_N=4)
        finding = only_finding(analysis_of(row), "program-config-grid")
        assert finding.evidence == {"limited_by": "blocks", "allowed_cores": 32, "worker_cores": 64}
        assert "into 32 blocks for 64 cores" in finding.advice

    @pytest.mark.parametrize(
        "row",
        [
            matmul(64, compute_with_storage_grid_size="(x=8;y=8)"),
            matmul(20, compute_with_storage_grid_size="(x=8;y=4)"),  # something else limits it
            matmul(16, compute_with_storage_grid_size="(x=8;y=2)"),  # a low core count says it already
            matmul(32, 1000, compute_with_storage_grid_size="(x=8;y=4)"),
            op("Matmul", 20_000, 32),
        ],
    )
    def test_what_is_not(self, analysis_of, row):
        assert not hits(analysis_of(row), "program-config-grid")


def silu(duration):
    chain = "{UnaryWithParam(op_type=UnaryOpType::SILU;param={})}"
    return moved("UnaryDeviceOperation", (1, 1, 32, 64), (1, 1, 32, 64), duration) | said(op_chain=chain)


def product(duration, width=64, kind="MUL"):
    row = moved("BinaryNgDeviceOperation", (1, 1, 32, width), (1, 1, 32, width), duration)
    return row | said(binary_op_type=f"BinaryOpType::{kind}")


class TestFusablePairs:
    def test_an_activation_and_its_product(self, analysis_of):
        finding = only_finding(analysis_of(silu(300), op("Matmul", 9000), product(200)), "fusable-pair")
        assert (finding.saving_ns, finding.evidence) == (200, {"pairs": 1})
        assert "ttnn.multiply with input_tensor_a_activations" in finding.advice

    def test_a_pair_between_the_ops_of_another(self, analysis_of):
        cache = moved("PagedUpdateCache", (1, 1, 32, 64), (1, 1, 32, 64), 500, memory="L1_HEIGHT_SHARDED")
        assert hits(analysis_of(cache, silu(300), product(200), cache), "fusable-pair") == [2, 3, 4, 5]

    def test_caches_and_rotations(self, analysis_of):
        rows = [
            moved(code, (1, 1, 32, 64), (1, 1, 32, 64), duration, memory="L1_HEIGHT_SHARDED")
            for code, duration in (("PagedUpdateCache", 50), ("PagedUpdateCache", 60), ("RotaryEmbeddingLlama", 9))
        ]
        analysis = analysis_of(*rows, rows[-1])
        caches, rotations = findings_of(analysis, "fusable-pair")
        assert (caches.saving_ns, rotations.saving_ns) == (50, 9)
        assert "paged_fused_update_cache" in caches.advice
        assert "rotary_embedding_llama_fused_qk" in rotations.advice
        assert caches.expected_saving_ns == pytest.approx(0.92 * 50)
        assert rotations.expected_saving_ns is None

    @pytest.mark.parametrize(
        "rows",
        [
            (silu(300), product(200, 96)),
            (silu(300), product(200, kind="ADD")),
            (silu(300), *[op("Add")] * 3, product(200)),
            (op("PagedUpdateCache"),),
            [moved("RotaryEmbeddingLlama", (1, 1, 32, 64), (1, 1, 32, 64))] * 2,  # of a prefill
        ],
    )
    def test_what_is_no_pair(self, analysis_of, rows):
        assert not hits(analysis_of(*rows), "fusable-pair")


HALF, WHOLE = (1, 8, 32, 64), (1, 8, 32, 128)
NEGATE = "{UnaryWithParam(op_type=UnaryOpType::NEG;param={})}"


def rotary(negate=NEGATE, last="ADD", joined=WHOLE):
    """The ops of x · cos + rotated x · sin, 1 µs each."""

    def elementwise(name):
        return moved("BinaryNgDeviceOperation", WHOLE, WHOLE, 1000) | said(binary_op_type=f"BinaryOpType::{name}")

    half = moved("SliceDeviceOperation", WHOLE, HALF, 1000)
    both = moved("ConcatDeviceOperation", HALF, joined, 1000) | shape("INPUT_1", HALF, "BFLOAT16", DRAM)
    negated = moved("UnaryDeviceOperation", HALF, HALF, 1000) | said(op_chain=negate)
    return [elementwise("MUL"), half, half, negated, both, elementwise("MUL"), elementwise(last)]


class TestRotaryEmbeddings:
    def test_one_in_seven_ops(self, analysis_of):
        analysis = analysis_of(op("Matmul", 900), *rotary(), op("Matmul", 900))
        finding = only_finding(analysis, "unfused-rotary-embedding")
        assert hits(analysis, "unfused-rotary-embedding") == [*range(3, 10)]
        left = float(analysis.facts.speed_of_light.min_kernel_ns[7])
        assert 0 < left < 1000
        assert finding.saving_ns == pytest.approx(7000 - left)
        assert finding.evidence == {"embeddings": 1}
        assert "ttnn.experimental.rotary_embedding" in finding.advice

    def test_those_of_q_and_k_in_turns(self, analysis_of):
        turns = [op for both in zip(rotary(), rotary(), strict=True) for op in both]
        finding = only_finding(analysis_of(*turns), "unfused-rotary-embedding")
        assert (finding.count, finding.evidence) == (14, {"embeddings": 2})

    @pytest.mark.parametrize(
        "rows",
        [
            rotary(negate=NEGATE.replace("NEG", "ABS")),
            rotary(last="SUB"),
            rotary(joined=(1, 8, 64, 64)),
            rotary()[:-1],
            rotary()[1:],
            rotary()[4:],
        ],
    )
    def test_what_is_none(self, analysis_of, rows):
        assert not hits(analysis_of(*rows), "unfused-rotary-embedding")


ACTS = "{UnaryWithParam(op_type=UnaryOpType::%s;param={})}"


def unary(name, extents=(1, 1, 32, 64), duration=1000):
    return moved("UnaryDeviceOperation", extents, extents, duration) | said(op_chain=ACTS % name)


def binary(name, extents=(1, 1, 32, 64), second=None, duration=1000):
    row = moved("BinaryNgDeviceOperation", extents, extents, duration) | said(binary_op_type=f"BinaryOpType::{name}")
    return row | shape("INPUT_1", second, "BFLOAT16", DRAM) if second else row


def linear(*more, activation="std::nullopt"):
    row = moved("Matmul", (1, 1, 32, 128), (1, 1, 32, 64), 9000) | shape("INPUT_1", (1, 1, 128, 64), "BFLOAT16", DRAM)
    row |= said(fused_activation=activation)
    return row | (shape("INPUT_2", (1, 1, 1, 64), "BFLOAT16", DRAM) if more else {})


BASIC = "BasicUnaryWithParam<float; int; unsigned int>(base=BasicUnaryWithParam<float>(op_type="
BIAS = binary("ADD", second=(1, 1, 1, 64), duration=500)


class TestUnfusedLinear:
    @pytest.mark.parametrize(
        ("rows", "found", "words"),
        [
            ((linear(), BIAS, unary("RELU")), [3, 4], 'with bias and activation="relu"'),
            ((linear(), BIAS, unary("EXP")), [3], "with bias."),
            ((linear(), unary("SILU")), [3], 'with activation="silu"'),
            ((linear("bias"), BIAS), [], ""),
            ((linear(), binary("ADD", second=(1, 1, 32, 64))), [], ""),
            ((linear(), op("Add"), BIAS), [], ""),
            ((linear(activation="UnaryOpType::RELU"), unary("RELU")), [], ""),
            ((linear(activation=f"{BASIC}UnaryOpType::RELU;param={{}})"), unary("RELU")), [], ""),
            ((linear(),), [], ""),
        ],
    )
    def test_what_a_matmul_could_do_itself(self, analysis_of, rows, found, words):
        third = [name.replace("INPUT_1", "INPUT_2") for name in newest_headers(10) if name.startswith("INPUT_1_")]
        analysis = analysis_of(*rows, extra=third)
        assert hits(analysis, "unfused-linear") == found
        if found:
            finding = only_finding(analysis, "unfused-linear")
            assert words in finding.advice
            assert finding.saving_ns == sum(float(rows[row - 2]["DEVICE KERNEL DURATION [ns]"]) for row in found)


GELU = (binary("MUL"), unary("ERF"), binary("ADD"), binary("MUL"), binary("MUL"))


class TestUnfusedActivation:
    def test_gelu(self, analysis_of):
        finding = only_finding(analysis_of(op("Matmul"), *GELU, op("Matmul")), "unfused-activation")
        assert (finding.count, finding.evidence) == (5, {"times": 1})
        assert 4000 < finding.saving_ns < 5000
        assert "ttnn.gelu" in finding.advice

    def test_an_op_is_in_one_of_them(self, analysis_of):
        assert hits(analysis_of(op("Matmul"), *GELU[:4], *GELU[:4]), "unfused-activation") == [*range(3, 11)]

    @pytest.mark.parametrize("rows", [GELU[1:], GELU[:3], (*GELU[:2], op("Add"), *GELU[2:]), (unary("ERF"),)])
    def test_what_is_none(self, analysis_of, rows):
        assert not hits(analysis_of(*rows), "unfused-activation")


ROWS = (1, 8, 64, 64)


def reduction(name="ReduceDeviceOperation"):
    return moved(name, ROWS, (1, 8, 64, 1), 1000)


SOFTMAX = (
    reduction(), binary("SUB", ROWS), unary("EXP", ROWS), reduction(), unary("RECIP", (1, 8, 64, 1)),
    binary("MUL", ROWS),
)  # fmt: skip


class TestUnfusedSoftmax:
    @pytest.mark.parametrize(
        ("rows", "found"),
        [
            (SOFTMAX, 6),
            (SOFTMAX[2:], 4),
            ((*SOFTMAX[2:4], binary("DIV", ROWS)), 3),
            ((*SOFTMAX[2:4], binary("MUL", ROWS)), 0),
            (SOFTMAX[2:4], 0),
            ((SOFTMAX[2], op("Add"), binary("DIV", ROWS)), 0),
        ],
    )
    def test_softmax(self, analysis_of, rows, found):
        assert len(hits(analysis_of(op("Matmul"), *rows), "unfused-softmax")) == found

    def test_two_in_turns_share_no_op(self, analysis_of):
        turns = [one for step in (SOFTMAX[2], SOFTMAX[3], binary("DIV", ROWS)) for one in (step, step)]
        assert hits(analysis_of(*turns), "unfused-softmax") == [*range(2, 8)]

    def test_it_names_the_op(self, analysis_of):
        finding = only_finding(analysis_of(*SOFTMAX), "unfused-softmax")
        assert "ttnn.softmax" in finding.advice
        assert finding.evidence == {"times": 1}


def step(duration, memory=DRAM, extents=(1, 1, 512, 512)):
    return moved("BinaryNgDeviceOperation", extents, extents, duration, memory=memory)


class TestDramRoundTrip:
    def test_the_results_in_between_are_what_it_saves(self, analysis_of):
        analysis = analysis_of(step(100), step(200), step(300))
        finding = only_finding(analysis, "dram-round-trip")
        assert (hits(analysis, "dram-round-trip"), finding.saving_ns) == ([2, 3, 4], 50 + 200 + 150)

    @pytest.mark.parametrize(
        "rows",
        [
            (step(100), step(200)),
            (step(100, L1), step(200, L1), step(300, L1)),
            (step(100), step(200, extents=(1, 1, 32, 32)), step(300)),
            tuple(step(900, extents=(1, 1, 8192, 8192)) for _ in range(3)),  # does not fit in L1
            (step(100), step(200), step(300) | {"OP TO OP LATENCY [ns]": 2_000_000}),  # other data may have come
        ],
    )
    def test_what_is_not(self, analysis_of, rows):
        assert not hits(analysis_of(*rows), "dram-round-trip")


def convolution(groups, rows):
    window = "SlidingWindowConfig(batch_size=1; input_hw=(16;16); window_hw=(3;3); stride_hw=(1;1))"
    attributes = said(groups=groups, input_tensor_shape="{1; 16; 16; 64}", sliding_window_config=window)
    row = op("Conv2d", 6400) | attributes | shape("INPUT_0", (1, 1, 256, 64))
    return row | shape("INPUT_1", (1, 1, rows, 64)) | shape("OUTPUT_0", (1, 1, 256, 64))


class TestDenseDepthwise:
    def test_zeros_are_no_work(self, analysis_of):
        finding = only_finding(analysis_of(convolution(64, 9 * 64)), "dense-depthwise")
        assert (finding.saving_ns, finding.evidence) == (pytest.approx(6300), {"groups": 64})

    @pytest.mark.parametrize("row", [convolution(1, 9 * 64), convolution(64, 9), op("Conv2d", 6400)])
    def test_what_is_not(self, analysis_of, row):
        assert not hits(analysis_of(row), "dense-depthwise")


def unstated(channels=64):
    window = "SlidingWindowConfig(batch_size=1; input_hw=(16;16); window_hw=(3;3); stride_hw=(1;1))"
    attributes = said(
        input_tensor_shape=f"{{1; 16; 16; {channels}}}", sliding_window_config=window, output_channels=channels
    )
    row = op("Conv2d", 6400) | attributes | shape("INPUT_0", (1, 1, 256, channels))
    return row | shape("INPUT_1", (1, 1, 9 * channels, channels)) | shape("OUTPUT_0", (1, 1, 256, channels))


def projection(given, put):
    return op("Matmul", 900) | shape("INPUT_0", (1, 1, 256, given)) | shape("OUTPUT_0", (1, 1, 256, put))


class TestLooksDepthwise:
    def test_between_an_expansion_and_a_reduction(self, analysis_of):
        rows = projection(16, 64), op("Halo"), unstated(), op("Gelu"), projection(64, 16)
        finding = only_finding(analysis_of(*rows), "dense-depthwise")
        assert (finding.saving_ns, finding.evidence) == (pytest.approx(6300), {"groups": 64})
        assert "Looks like a depthwise one of 64 channels" in finding.advice

    @pytest.mark.parametrize(
        "rows",
        [
            (projection(256, 64), unstated(), projection(64, 256)),  # the bottleneck of a ResNet
            (projection(16, 64), unstated()),
            (projection(16, 64), unstated(128), projection(64, 16)),
            (projection(16, 64), convolution(1, 9 * 64), projection(64, 16)),
        ],
    )
    def test_what_does_not(self, analysis_of, rows):
        assert not hits(analysis_of(*rows), "dense-depthwise")


def test_attention_of_one_head(analysis_of):
    rows = (
        op("Matmul", 400) | shape("INPUT_0", (1, 1, 64, 32)) | shape("INPUT_1", (1, 1, 32, 96)),
        moved("Softmax", (1, 1, 64, 96), (1, 1, 64, 96), 500),
        op("Matmul", 600) | shape("INPUT_0", (1, 1, 64, 96)) | shape("INPUT_1", (1, 1, 96, 32)),
    )
    assert hits(analysis_of(*rows), "unfused-attention") == [2, 3, 4]
    router = (*rows[:2], rows[2] | shape("INPUT_1", (1, 1, 96, 512)))
    assert not hits(analysis_of(*router), "unfused-attention")
