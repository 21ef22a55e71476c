#!/usr/bin/env python3
"""Writes src/model/architectures.txt: which tensors a build of llama.cpp reads of each architecture.

usage: architectures.py LLAMA_CPP_SOURCE EVERY.toml OUT.txt
A line is an architecture and the names its loader asks for, read in LLAMA_CPP_SOURCE/src, those of no layer with `^`; a bias is a
name of its own. Of those in EVERY.toml,
which every.py found by asking, `!` marks what every layer must have, whatever the model's settings are; `+qkv` and
`+ffn` say that every layer attends and has a feed-forward, in one of the ways of build_qkv and build_ffn, `+gate` that a
dense feed-forward has a gate, `+experts'-gates` that experts have, `.KEY` that the loader asks for that setting, `+rope` that a head is turned whole or not loaded.
"""
import os, re, sys, tomllib

source, every, out = sys.argv[1:4]
read = lambda name: open(f"{source}/src/{name}").read()
arch = read("llama-arch.cpp")
names = dict(re.findall(r"\{ (LLM_ARCH_\w+), +\"([^\"]+)\"", arch))
tensors = {k: v.removeprefix("blk.%d.") for k, v in re.findall(r"\{ (LLM_TENSOR_\w+), +\"([^\"]+)\"", arch)}
parents = dict(re.findall(r"struct llama_model_(\w+) : public llama_model_(\w+)", read("models/models.h")))
model = read("llama-model.cpp")
structs = re.findall(r"struct llama_model_(\w+) (.*?)\n\};", read("models/models.h"), re.S)
others = {name: m[1] for name, text in structs if (m := re.search(r"using graph = llama_model_(\w+)::graph", text))}
made = dict(re.findall(r"case (LLM_ARCH_\w+):\s+return new llama_model_(\w+)\(", model))
settings = {k: v.removeprefix("%s.") for k, v in re.findall(r"\{ (LLM_KV_\w+), +\"(%s\.[^\"]+)\"", arch)}
loaders, whole, needed = {}, {}, {}
for file in os.listdir(f"{source}/src/models"):
    for name, code in re.findall(r"void llama_model_(\w+)::load_arch_tensors\(.*?\) \{(.*?)\n\}", read(f"models/{file}"), re.S):
        loaders[name] = code
    for name, code in re.findall(r"void llama_model_(\w+)::load_arch_hparams\(.*?\) \{(.*?)\n\}", read(f"models/{file}"), re.S):
        # Not what stands in a condition.
        asks = re.findall(r"^ {4}ml\.get_(?:key|key_or_arr|arr)\((LLM_KV_\w+), *([^;]*)\);", code, re.M)
        needed[name] = {settings[key] for key, rest in asks if key in settings and not rest.rstrip().endswith("false")}
    # The graph ends the program where a head is turned in part.
    for name in set(re.findall(r"llama_model_(\w+)::graph\S*\(", read(f"models/{file}"))):
        whole[name] = bool(re.search(r"^ +GGML_ASSERT\(n_embd_head == n_rot\)", read(f"models/{file}"), re.M))


def asked_in(code):
    """Names that code asks for; those that it asks for as a bias only have no other."""
    asked = {tensors[t] for t in re.findall(r"LLM_TENSOR_\w+", code) if t in tensors and not tensors[t].startswith("%s")}
    # Scales are of matrices that are asked for elsewhere.
    suffixes = [(tensors.get(t), s) for t, s in re.findall(r"tn\((LLM_TENSOR_\w+) *,? *(?:\"(\w+)\")?", code)]
    biases = {name for name, suffix in suffixes if name and suffix == "bias"}
    scales = {name for name, suffix in suffixes if name and suffix in ("scale", "input_scale")}
    matrices = {name for name, suffix in suffixes if name and suffix not in ("bias", "scale", "input_scale")}
    return (asked - ((biases | scales) - matrices)) | {f"{name}.bias" for name in biases}


# Its other mentions are of where a tensor is computed.
common = asked_in("\n".join(line for line in model.split("\n") if "tn(" in line))
in_layers = {name.removeprefix("blk.%d.") for name in re.findall(r"\{ LLM_TENSOR_\w+, +\"([^\"]+)\"", arch) if name.startswith("blk.")}
loaded = {m["architecture"]: m for m in tomllib.load(open(every, "rb"))["model"]}
# Published shapes may lack what the least file happens to have.
published = []
for name in ("models.toml", "newest.toml", "hybrids.toml"):
    published += tomllib.load(open(os.path.join(os.path.dirname(every), name), "rb"))["model"]
own = lambda group: {t.split(" ")[0] for t in group}


def layers_of(m):
    """Names of each layer; none where some layers have no tensors of their own."""
    at = [n for group in m["layers"] for part in group["at"].split(" ") for n in range(int(part.split("-")[0]), int(part.split("-")[-1]) + 1)]
    return [own(group["tensors"]) for group in m["layers"]] if len(at) == m["keys"]["block_count"] else []


lines = []
for constant, architecture in names.items():
    cls = made.get(constant)
    while cls and cls not in loaders:
        cls = parents.get(cls)
    if cls is None:
        continue
    known = sorted(asked_in(loaders[cls]) | common)
    must, flags, graph = set(), "", made.get(constant)
    while graph and graph not in whole:
        graph = others.get(graph, parents.get(graph))
    rope = " +rope" if whole.get(graph) or architecture in ("llama", "deci", "falcon", "llama-embed") else ""
    must_set = set()
    if m := loaded.get(architecture):
        cls = made.get(constant)
        while cls and cls not in needed:
            cls = parents.get(cls)
        must_set = needed.get(cls, set()) & m["keys"].keys()
        layers = layers_of(m)
        in_all = set.intersection(*layers) if layers else set()
        must = {t for t in in_all | own(m["tensors"]) if not re.match(r"ffn_(?!norm|gate_inp|\w+\.bias)|attn_(q|k|v|qkv|kv)\b|attn_(q|kv)_|attn_[kv]_b|.*!", t)}
        for other in published:
            if other["architecture"] == architecture:
                in_other = set.intersection(*layers_of(other)) if layers_of(other) else set()
                must &= in_other | own(other["tensors"])
                must_set &= other["keys"].keys()
        flags = " +qkv" if {"attn_q", "attn_k", "attn_v"} <= in_all or "attn_qkv" in in_all else ""
        feeds = [layer & {"ffn_down", "ffn_down_exps"} for layer in layers]
        flags += " +ffn" if feeds and all(feeds) else ""
        dense = [layer for layer in layers if "ffn_down" in layer]
        experts = [layer for layer in layers if "ffn_down_exps" in layer]
        flags += " +experts'-gates" if experts and all("ffn_gate_exps" in layer for layer in experts) else ""
        flags += " +gate" if dense and all("ffn_gate" in layer for layer in dense) else ""
    lines.append(f"{architecture}{flags}{rope}: " + " ".join(("" if n.removesuffix(".bias") in in_layers else "^") + n + ("!" if n in must else "") for n in known)
                 + "".join(f" .{key}" for key in sorted(must_set)))
with open(out, "w") as file:
    file.write("\n".join(sorted(lines, key=lambda line: line.split(" ")[0].rstrip(":"))) + "\n")
print(len(lines), "architectures")
