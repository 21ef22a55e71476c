#!/usr/bin/env python3
"""What other calculators say of the models that llama-fit-params was asked about, and how far off it is.

usage: peers.py REFERENCE_GGUF [GGUF_PARSER]
REFERENCE_GGUF is the built example. llmfit 1.1.18 is its formula (`estimate_memory_gb_with_kv` and
`kv_cache_gb` of the crate llmfit-core), with each model's true parameters, layers, heads and head size;
its GB are taken as 1024-based, as its cache is. Hybrids are left out: it has their layers from its
catalogue. gguf-parser-go is its formula as well (gguf_parser.py, which names the commit); GGUF_PARSER, where
it is given, is its program, run on the file: no package registry that we reach carries it.
Rows: F16 weights, flash attention, one sequence, f16 and q8_0 caches of tests/oracle/*b11434.json, and of
placements-b11434.json those with all layers on one card.
"""
import json, os, statistics, subprocess, sys, tempfile

import gguf_parser

here = os.path.dirname(os.path.abspath(__file__))
writer, parser = sys.argv[1], (sys.argv[2:] or [None])[0]


def header(path):
    """Metadata and tensors (name, dimensions, bytes) of a file that we wrote ourselves, F16 and F32."""
    import struct
    data = open(path, "rb")
    u = lambda form: struct.unpack("<" + form, data.read(struct.calcsize("<" + form)))[0]
    text = lambda: data.read(u("Q"))
    widths = {0: "B", 1: "b", 4: "I", 5: "i", 6: "f", 7: "?", 8: None}

    def value(kind):
        if kind == 8:
            return text()
        if kind == 9:
            inner, count = u("I"), u("Q")
            return [value(inner) for _ in range(count)]
        return u(widths[kind])

    data.read(8)
    tensors, pairs = u("Q"), u("Q")
    meta = {}
    for _ in range(pairs):
        key = text().decode()
        meta[key.split(".", 1)[1]] = value(u("I"))
    rows = []
    for _ in range(tensors):
        name = text().decode()
        dims = [u("Q") for _ in range(u("I"))]
        count, kind = 1, u("I")
        for n in dims:
            count *= n
        rows.append((name, dims, count * {0: 4, 1: 2}[kind]))
        u("Q")
    return meta, rows


def elements(tensors):
    total = 0
    for _, dims, _ in tensors:
        count = 1
        for n in dims:
            count *= n
        total += count
    return total


def llmfit(meta, tensors, n_ctx, kv):
    first = lambda v: max(v) if isinstance(v, list) else v
    width = {"f16": 2.0, "q8_0": 1.0}[kv]
    layers, heads = meta["block_count"], first(meta["attention.head_count"])
    head = meta.get("attention.key_length", meta["embedding_length"] // heads if heads else 0)
    if "attention.kv_lora_rank" in meta:
        cache = 576 * n_ctx * width * layers
    else:
        cache = 2 * first(meta.get("attention.head_count_kv", heads)) * head * n_ctx * width * layers
    return (elements(tensors) / 1e9 * 2.0 + cache / 2**30 + 0.5) * 1024


def gguf_parser_program(path, n_ctx, kv):
    command = [parser, "--path", path, "--ctx-size", str(n_ctx), "--flash-attention", "--json",
               "--cache-type-k", kv, "--cache-type-v", kv, "--gpu-layers", "0", "--no-mmap"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode:
        return None
    ram = json.loads(done.stdout)["estimate"]["items"][0]["ram"]
    return ram["nonuma"] / 2**20


def kind_of(meta):
    if any(key.startswith(("ssm.", "wkv.", "shortconv.")) for key in meta):
        return "recurrent"
    return "experts" if meta.get("expert_count") else "dense"


def cpu_rows(name):
    for row in json.load(open(os.path.join(here, name + ".json"))):
        k = row.get("kv_type", row.get("type_k"))
        if row["flash_attn"] == "on" and row["n_parallel"] == 1 and not row["error"] \
                and k in ("f16", "q8_0") and row.get("type_v", k) == k:
            yield row["model"], row["n_ctx"], k, 1, row["model_mib"] + row["context_mib"] + row["compute_mib"]


def card_rows():
    rows = json.load(open(os.path.join(here, "placements-b11434.json")))
    # The most layers that a model was asked for are all of them.
    layers = {row["model"]: max(r["offloaded"] for r in rows if r["model"] == row["model"]) for row in rows}
    for row in rows:
        if row["flash_attn"] == "on" and row["shares"] == [1] and not row["host_experts"] \
                and row["offloaded"] == layers[row["model"]] and row["kv_type"] in ("f16", "q8_0"):
            card = row["devices"][0]
            real = card["model_mib"] + card["context_mib"] + card["compute_mib"]
            yield row["model"], row["n_ctx"], row["kv_type"], row["n_parallel"], real


cpu = [row for name in ("b11434", "architectures-b11434", "models-b11434") for row in cpu_rows(name)]
card = list(card_rows())
errors = {}


def note(peer, where, said, row):
    model, n_ctx, *_, real = row
    if said is not None:
        errors.setdefault((peer, where), []).append((100 * (said / real - 1), model, n_ctx, said - real))


with tempfile.TemporaryDirectory() as folder:
    for model in dict.fromkeys(row[0] for row in cpu + card):
        path = f"{folder}/{model}.gguf"
        subprocess.run([writer, model, "F16", path], check=True)
        meta, tensors = header(path)
        kind = kind_of(meta)
        for row in cpu if kind != "recurrent" else []:
            if row[0] == model:
                _, n_ctx, k, *_ = row
                note("llmfit 1.1.18", f"{kind}, CPU", llmfit(meta, tensors, n_ctx, k), row)
                note("gguf-parser-go", f"{kind}, CPU", gguf_parser.estimate(meta, tensors, n_ctx, k), row)
                if parser:
                    note("gguf-parser's program", f"{kind}, CPU", gguf_parser_program(path, n_ctx, k), row)
        for row in card:
            if row[0] == model:
                _, n_ctx, k, slots, _ = row
                note("gguf-parser-go", f"{kind}, one card",
                     gguf_parser.estimate(meta, tensors, n_ctx, k, slots, card=True), row)
        os.remove(path)

print("| calculator | models | rows | too low | lowest | median | highest | MiB |")
print("| --- | --- | --- | --- | --- | --- | --- | --- |")
for (peer, where), all in sorted(errors.items(), key=lambda item: item[0][0] != "llmfit 1.1.18"):
    low, high = min(all), max(all)
    middle = statistics.median(error for error, *_ in all)
    # Whole MiB of the oracle's three numbers are rounded down.
    below, mib = sum(1 for *_, off in all if off < 0), [off for *_, off in all]
    print(f"| {peer} | {where} | {len(all)} | {below} | {low[0]:+.1f} % ({low[1]}, {low[2]}) | {middle:+.1f} % "
          f"| {high[0]:+.1f} % ({high[1]}, {high[2]}) | {min(mib):+.0f} to {max(mib):+.0f} |")
