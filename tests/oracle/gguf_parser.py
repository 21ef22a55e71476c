"""gguf-parser-go's estimate, told again: `EstimateLLaMACppRun` of github.com/gpustack/gguf-parser-go,
commit 8dc7a622149dd1e477c86778fc1123fc1c0a316a (13 July 2026), file_estimate__llamacpp.go, with
file_architecture.go and ggml.go. In our words and only for what peers.py asks: a causal model without
recurrent layers, flash attention, F16 and F32 tensors, its defaults otherwise (batches of 2048 and 512),
all on the CPU or all on one card.

Of a device it counts weights, cache and computation, which llama.cpp calls model, context and compute.
Left out is what it calls footprint: the file's metadata, tokens and output buffer, and 150 or 250 MiB for
the platform, none of which is in llama.cpp's three numbers.
"""
import re

# Bytes of a block and its elements.
TYPES = {"f32": (4, 1), "f16": (2, 1), "q8_0": (34, 32)}
# Every so many layers one looks at the whole context; 0 and 1 would be none and all.
WINDOW_PATTERN = {"llama4": 4, "gemma2": 2, "gemma3": 6, "cohere2": 4}
WINDOW_DEFAULT = {"llama4": 8192, "gemma2": 4096}
BATCH, UBATCH = 2048, 512
INPUT = ("position_", "token_")
OUTPUT = ("cls.", "output.", "output_", "rope_factors_")
TENSOR = 368 + 32


def row(kind, first, *others):
    size, block = TYPES[kind]
    bytes_ = size * first // block
    for n in others:
        bytes_ *= n
    return bytes_


def padded(n, to):
    return -(-n // to) * to


class Model:
    """What it reads of a file. `tensors` are (name, dimensions, bytes), in the file's order."""

    def __init__(self, meta, tensors):
        number = lambda key, other=None: first(meta.get(key, other))
        first = lambda v: v[0] if isinstance(v, list) else v
        self.architecture = meta["architecture"].decode()
        self.layers = number("block_count")
        self.embedding = number("embedding_length")
        heads = number("attention.head_count")
        self.heads_kv = number("attention.head_count_kv", heads)
        self.key = number("attention.key_length", self.embedding // heads)
        self.value = number("attention.value_length", self.embedding // heads)
        self.key_mla, self.value_mla = number("attention.key_length_mla", 0), number("attention.value_length_mla", 0)
        self.pattern = WINDOW_PATTERN.get(self.architecture, 1)
        self.window = number("attention.sliding_window", 0) or WINDOW_DEFAULT.get(self.architecture, 0)
        self.experts, self.used = number("expert_count", 0), number("expert_used_count", 0)
        self.count = len(tensors)
        self.input = [t for t in tensors if t[0].startswith(INPUT)]
        self.output = [t for t in tensors if t[0].startswith(OUTPUT)]
        # A layer's tensors together, any other by itself, as they come in the file.
        blocks = {}
        for tensor in tensors:
            if not tensor[0].startswith(INPUT + OUTPUT):
                layer = re.match(r"blk\.\d+\.", tensor[0])
                blocks.setdefault(layer.group() if layer else tensor[0], []).append(tensor)
        self.blocks = list(blocks.values())

    def weights(self):
        """Input, layers, output; a tied output is counted as a second input."""
        total = lambda tensors: sum(bytes_ for _, _, bytes_ in tensors)
        inputs, outputs = total(self.input), total(self.output)
        if not any(name == "output.weight" for name, *_ in self.output):
            outputs += inputs
        return inputs, sum(map(total, self.blocks)), outputs

    def cache(self, cells, kind, slots):
        key, value = self.key, self.value
        if self.key_mla and self.value_mla:
            key, value = self.key_mla, self.value_mla
        layer = lambda n: row(kind, key * self.heads_kv * n) + row(kind, value * self.heads_kv * n)
        if self.pattern == 1:
            return layer(cells) * self.layers
        within = min(cells, padded(self.window * slots + BATCH, 256))
        windows = sum(1 for i in range(self.layers) if i % self.pattern)
        return layer(within) * windows + layer(cells) * (self.layers - windows)

    def last_layer(self, names):
        """Dimensions and bytes of the last layer's tensors of these names."""
        wanted = re.compile(rf".*\.\d+\.({names})\.weight")
        return [(name, dims[-1], bytes_) for name, dims, bytes_ in self.blocks[-1] if wanted.search(name)]

    def cache_read(self, cells, kind):
        return row(kind, self.key, cells, self.heads_kv) + row(kind, self.value, cells, self.heads_kv)

    def logits(self, tokens):
        """The last norm and the logits of every token."""
        named = {name: dims for name, dims, _ in self.input + self.output}
        head = named.get("output.weight") or named.get("token_embd.weight")
        norm = named.get("output_norm.weight")
        return sum(row("f32", dims[-1], tokens) for dims in (norm, head) if dims)

    def inputs(self, cells, tokens):
        """Embeddings, positions and the mask."""
        return row("f32", self.embedding, tokens) + 4 * tokens + row("f32", cells, tokens)

    def on_cpu(self, cells, tokens, kind):
        nodes = max(1024, 8 * self.count)
        slots = 2 * nodes | 1
        graph = 32 + padded(80 + 3 * 8 * nodes + 8 * slots + 4 * ((slots + 31) // 32), 16)
        about = TENSOR * nodes + graph + 4 * 2**20 + 2 * TENSOR * (self.count + 1 + 3 * self.layers)
        inputs = self.inputs(cells, tokens) + 4 * tokens + 4 * tokens
        return about + inputs + max(self.cache_read(cells, kind), self.logits(tokens))

    def on_card(self, cells, tokens, kind):
        attention = row("f16", cells, tokens) + self.cache_read(cells, kind)
        for name, width, bytes_ in self.last_layer("attn_norm|attn_q|attn_qkv|attn_q_b"):
            attention += row("f32", width, tokens) if name.endswith("attn_norm.weight") else bytes_
        forward = sum(row("f32", width, tokens)
                      for _, width, _ in self.last_layer("attn_norm|ffn_norm|ffn_gate|ffn_up"))
        if self.experts or self.used:
            forward += row("f32", self.experts, self.embedding) + row("f32", self.experts, tokens)
            forward += row("f32", self.embedding, self.used, tokens)
        return self.inputs(cells, tokens) + max(attention, forward, self.logits(tokens))


def estimate(meta, tensors, n_ctx, kind, slots=1, card=False):
    """MiB of weights, cache and computation: of the host with all on its CPU, or of the one card."""
    model = Model(meta, tensors)
    cells = padded(n_ctx, 256)
    tokens = min(cells, UBATCH)
    inputs, layers, outputs = model.weights()
    cache = model.cache(cells, kind, slots)
    if card:
        return (layers + outputs + cache + model.on_card(cells, tokens, kind)) / 2**20
    return (inputs + layers + outputs + cache + model.on_cpu(cells, tokens, kind)) / 2**20
