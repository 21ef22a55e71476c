#!/usr/bin/env python3
"""Asks llama-fit-params where a model lies on cards, with ggml-rpc-server as the cards, and writes JSON.

usage: placements.py LLAMA_FIT_PARAMS REFERENCE_GGUF HOST:PORT,HOST:PORT OUT.json [every] [NAME...]
LLAMA_FIT_PARAMS and its RPC backend are what tests/oracle/rpc-as-cuda built: in ggml's scheduler they
act as CUDA does (alignment of 128 bytes, host weights computed on the card from 32 tokens on). `every`: the least
model of each architecture (every.toml), with fewer questions; what llama.cpp does not answer is left out.
"""
import json, os, re, subprocess, sys, tempfile, tomllib

tool, writer, cards, out = sys.argv[1:5]
MODELS = [("qwen2.5-7b", 28, 0), ("llama-3.2-1b", 16, 0), ("phi-3-mini-4k", 32, 0), ("gemma-2-9b", 42, 0),
          ("qwen3-30b-a3b", 48, 1), ("mixtral-8x7b", 32, 1), ("gpt-oss-20b", 24, 1), ("deepseek-v2-lite", 27, 1),
          ("gemma4-e2b", 35, 0), ("gemma4-e4b", 42, 0), ("gemma-3n-e2b", 30, 0), ("gemma-3n-e4b", 35, 0),
          ("qwen3-next-80b-a3b-short", 8, 1), ("qwen3.5-35b-a3b-short", 12, 1), ("nemotron-3-nano-30b-a3b-short", 14, 1),
          ("granite-4.0-h-small-short", 6, 1), ("falcon-h1-7b-short", 8, 0),
          ("kimi-linear-short", 8, 1), ("minimax-01-small", 8, 1), ("lfm2-small", 8, 0), ("deepseek-v3.2-12L", 12, 1), ("llama-3.1-8b-short", 8, 0),
          ("codeshell-short", 6, 0), ("chameleon-7b-short", 6, 0), ("chameleon-30b-short", 6, 0), ("hrm-text-1b-short", 24, 0),
          ("bitnet-large-short", 6, 0), ("granite-switch-short", 6, 0), ("glm-dsa-shared", 6, 1),
          ("qwen3.8-flash-next-small", 4, 1), ("qwen3.8-flash-next-short", 8, 1),
          ("glm-5.3-flash-short", 8, 1), ("glm-5.3-shared", 6, 1)]
every, asked = sys.argv[5:6] == ["every"], sys.argv[5:]
if every:
    asked = asked[1:]
    table = tomllib.load(open(os.path.join(os.path.dirname(__file__), "every.toml"), "rb"))["model"]
    MODELS = [(model["name"], model["keys"]["block_count"], 0) for model in table]
rows = []


def ask(name, path, cards, offloaded, experts, shares, n_ctx, fa, kv, slots):
    command = [tool, "-m", path, "-fitp", "on", "-c", str(n_ctx), "-fa", fa, "-ctk", kv, "-ctv", kv,
               "-np", str(slots), "-lv", "5", "--rpc", ",".join(cards), "-ngl", str(offloaded + 1)]
    command += ["-ncmoe", str(experts)] if experts else []
    command += ["-ts", ",".join(map(str, shares))] if len(cards) > 1 else []
    # A tool that ends at once may lose its last lines.
    for _ in range(5):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        devices = re.findall(r"^(RPC\d+|Host) (\d+) (\d+) (\d+)", done.stdout, re.M)
        # The cards in order, then the host; each server calls its own device RPC0.
        exact = re.findall(r"sched_reserve: +\S+ compute buffer size = +([\d.]+) MiB", done.stderr)
        if devices and len(exact) == len(devices):
            break
    if every and (not devices or len(exact) != len(devices)):
        print("no answer:", name, offloaded, len(cards))
        return
    if not devices or len(exact) != len(devices):
        sys.exit(f"{' '.join(command)}: {devices} but {exact}\n{done.stderr[-2000:]}")
    rows.append({
        "model": name, "offloaded": offloaded, "host_experts": experts, "shares": shares, "n_ctx": n_ctx,
        "flash_attn": fa, "kv_type": kv, "n_parallel": slots,
        "devices": [{"device": device, "model_mib": int(model), "context_mib": int(context),
                     "compute_mib": float(bytes)}
                    for (device, model, context, _), bytes in zip(devices, exact, strict=True)],
    })


with tempfile.TemporaryDirectory() as folder:
    both = cards.split(",")
    for name, layers, moe in [model for model in MODELS if not asked or model[0] in asked]:
        path = f"{folder}/{name}.gguf"
        subprocess.run([writer, name, "F16", path], check=True)
        places = [(1, layers, 0, [1]), (1, layers // 2, 0, [1]), (2, layers, 0, [1, 1]), (2, layers, 0, [3, 1]),
                  (2, layers * 2 // 3, 0, [1, 1])]
        if every:
            places = places[:3]
        if moe:
            places += [(1, layers, layers, [1]), (1, layers, layers // 3, [1]), (2, layers, layers // 3, [1, 1])]
        for count, offloaded, experts, shares in places:
            for workload in ((8192, "on", "f16", 2), (32768, "on", "q8_0", 4), (4096, "off", "f16", 1)):
                if workload[2] == "q8_0" and (every or name in ("deepseek-v2-lite", "deepseek-v3.2-12L")):
                    continue
                ask(name, path, both[:count], offloaded, experts, shares, *workload)
        os.remove(path)

with open(out, "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
print(len(rows), "rows")
