#!/usr/bin/env python3
"""What other calculators say of the models that llama-fit-params was asked about, and how far off it is.

usage: peers.py REFERENCE_GGUF [GGUF_PARSER]
REFERENCE_GGUF is the built example. llmfit 1.1.18 is its formula (`estimate_memory_gb_with_kv` and
`kv_cache_gb` of the crate llmfit-core), with each model's true parameters, layers, heads and head size;
its GB are taken as 1024-based, as its cache is. Hybrids are left out: it has their layers from its
catalogue. GGUF_PARSER, where it is given, is run on the file; no package registry carries it.
Rows: F16 weights, flash attention, one sequence, f16 and q8_0 caches of tests/oracle/*b11434.json.
"""
import json, os, re, statistics, subprocess, sys, tempfile

here = os.path.dirname(os.path.abspath(__file__))
writer, parser = sys.argv[1], (sys.argv[2:] or [None])[0]


def header(path):
    """Metadata numbers and the elements of all tensors, of a file that we wrote ourselves."""
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
    elements = 0
    for _ in range(tensors):
        text()
        count = 1
        for _ in range(u("I")):
            count *= u("Q")
        elements += count
        u("I"), u("Q")
    return meta, elements


def llmfit(meta, elements, n_ctx, kv):
    first = lambda v: max(v) if isinstance(v, list) else v
    width = {"f16": 2.0, "q8_0": 1.0}[kv]
    layers, heads = meta["block_count"], first(meta["attention.head_count"])
    head = meta.get("attention.key_length", meta["embedding_length"] // heads if heads else 0)
    if "attention.kv_lora_rank" in meta:
        cache = 576 * n_ctx * width * layers
    else:
        cache = 2 * first(meta.get("attention.head_count_kv", heads)) * head * n_ctx * width * layers
    return (elements / 1e9 * 2.0 + cache / 2**30 + 0.5) * 1024


def gguf_parser(path, n_ctx, kv):
    command = [parser, "--path", path, "--ctx-size", str(n_ctx), "--flash-attention", "--json",
               "--cache-type-k", kv, "--cache-type-v", kv, "--gpu-layers", "0", "--no-mmap"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode:
        return None
    ram = json.loads(done.stdout)["estimate"]["items"][0]["ram"]
    return ram["nonuma"] / 2**20


rows = []
for name in ("b11434", "architectures-b11434", "models-b11434"):
    rows += json.load(open(os.path.join(here, name + ".json")))
errors = {"llmfit": {}, "gguf-parser": {}}
with tempfile.TemporaryDirectory() as folder:
    for model in dict.fromkeys(row["model"] for row in rows):
        path = f"{folder}/{model}.gguf"
        subprocess.run([writer, model, "F16", path], check=True)
        meta, elements = header(path)
        for row in rows:
            k = row.get("kv_type", row.get("type_k"))
            if row["model"] != model or row["flash_attn"] != "on" or row["n_parallel"] != 1 or row["error"]:
                continue
            if k not in ("f16", "q8_0") or row.get("type_v", k) != k:
                continue
            real = row["model_mib"] + row["context_mib"] + row["compute_mib"]
            kind = "recurrent" if any(x.startswith(("ssm.", "wkv.", "shortconv.")) for x in meta) else \
                "experts" if meta.get("expert_count") else "dense"
            if kind == "recurrent":
                continue
            said = {"llmfit": llmfit(meta, elements, row["n_ctx"], k)}
            if parser:
                said["gguf-parser"] = gguf_parser(path, row["n_ctx"], k)
            for peer, mib in said.items():
                if mib is not None:
                    errors[peer].setdefault(kind, []).append((100 * (mib / real - 1), model, row["n_ctx"]))
        os.remove(path)

print("| calculator | models | rows | lowest | median | highest |")
print("| --- | --- | --- | --- | --- | --- |")
for peer, kinds in errors.items():
    for kind, all in kinds.items():
        low, high = min(all), max(all)
        middle = statistics.median(error for error, *_ in all)
        print(f"| {peer} | {kind} | {len(all)} | {low[0]:+.1f} % ({low[1]}, {low[2]}) | {middle:+.1f} % "
              f"| {high[0]:+.1f} % ({high[1]}, {high[2]}) |")
