#!/usr/bin/env python3
"""Finds what a file of every architecture must have, by asking llama.cpp until it loads.

usage: every.py LLAMA_FIT_PARAMS LLAMA_CPP_SOURCE OUT.toml [ARCHITECTURE...]
Reads the architectures and their settings in LLAMA_CPP_SOURCE/src, writes a header-only file, and adds each
setting and tensor that llama-fit-params says is missing, in the shape that it expects. OUT.toml has the models in the
form of models.toml; what could not be made to load is listed at its end, with llama.cpp's own words. Models of an
OUT.toml from before that are marked `[[model]] # by hand` stay as they are: their tensors are optional to the loader and
needed by the graph, or by another model of the architecture.
"""
import os, re, struct, subprocess, sys, tempfile

tool, source, out = sys.argv[1:4]
only = sys.argv[4:]
D, H, HK, HD, FF, V, E, USED, EFF = 2048, 16, 4, 128, 5632, 32000, 16, 4, 1024

text = open(f"{source}/src/llama-arch.cpp").read()
names = dict(re.findall(r"\{ (LLM_ARCH_\w+), +\"([^\"]+)\"", text))
keys_of = dict(re.findall(r"\{ (LLM_KV_\w+), +\"%s\.([^\"]+)\"", text))
header = open(f"{source}/src/models/models.h").read()
parents = dict(re.findall(r"struct llama_model_(\w+) : public llama_model_(\w+)", header))
made = dict(re.findall(r"case (LLM_ARCH_\w+):\s+return new llama_model_(\w+)\(", open(f"{source}/src/llama-model.cpp").read()))
hparams = {}
for file in os.listdir(f"{source}/src/models"):
    body = open(f"{source}/src/models/{file}").read()
    for name, code in re.findall(r"void llama_model_(\w+)::load_arch_hparams\(.*?\) \{(.*?)\n\}", body, re.S):
        hparams[name] = code

# Sizes for settings; a setting is given only to architectures that read it.
SIZES = {
    "expert_feed_forward_length": EFF, "expert_shared_feed_forward_length": EFF, "expert_shared_count": 1,
    "expert_count": E, "expert_used_count": USED, "expert_weights_scale": 1.5, "expert_weights_norm": True,
    "expert_gating_func": 2, "expert_group_scale": 1.0, "experts_per_group": 1, "expert_latent_length": EFF,
    "expert_chunk_feed_forward_length": EFF, "interleave_moe_layer_step": 2, "moe_every_n_layers": 2,
    "leading_dense_block_count": 1, "attention.sliding_window": 1024, "attention.layer_norm_epsilon": 1e-5,
    "attention.layer_norm_rms_epsilon": 1e-5, "attention.group_norm_epsilon": 1e-5, "attention.group_norm_groups": 8,
    "attention.q_lora_rank": 768, "attention.kv_lora_rank": 512, "attention.decay_lora_rank": 64,
    "attention.iclr_lora_rank": 64, "attention.value_residual_mix_lora_rank": 32, "attention.gate_lora_rank": 128,
    "attention.relative_buckets_count": 32, "attention.max_alibi_bias": 8.0, "attention.clamp_kqv": 8.0,
    "attention.key_length_mla": 192, "attention.value_length_mla": 128, "attention.key_length_mla_swa": 192,
    "attention.value_length_mla_swa": 128, "attention.kv_lora_rank_swa": 512, "attention.scale": 0.088,
    "attention.indexer.head_count": 16, "attention.indexer.key_length": 128, "attention.indexer.top_k": 2048,
    "attention.indexer.block_size": 4, "attention.indexer.local_blocks": 1, "attention.indexer.kpool": 4,
    "attention.indexer.kpool_select_tail": True, "attention.output_group_count": 8, "attention.output_lora_rank": 256,
    "attention.compress_rope_freq_base": 160000.0, "attention.temperature_length": 8192, "attention.temperature_scale": 0.1,
    "attention.output_scale": 1.0, "hyper_connection.count": 4, "hyper_connection.sinkhorn_iterations": 2,
    "hyper_connection.epsilon": 1e-6, "hyper_connection.magnitude": 2.0, "hyper_connection.low_rank": 8,
    "hash_layer_count": 0, "swiglu_clamp_exp": 10.0, "logit_scale": 0.5, "residual_scale": 1.5, "embedding_scale": 12.0,
    "use_parallel_residual": True, "time_mix_extra_dim": 64, "time_decay_extra_dim": 128, "rescale_every_n_layers": 6,
    "token_shift_count": 1, "full_attention_interval": 4, "wkv.head_size": 64, "shortconv.l_cache": 3,
    "ssm.conv_kernel": 4, "ssm.inner_size": 2 * D, "ssm.state_size": 128, "ssm.time_step_rank": 32, "ssm.group_count": 2,
    "kda.head_dim": 128, "kda.safe_gate": True, "kda.gate_lower_bound": -5.0, "attn_res.block_size": 12,
    "activation.situ_beta": 4.0, "activation.situ_linear_beta": 25.0, "hrm.layers_per_stack": 1, "hrm.h_cycles": 2,
    "hrm.l_cycles": 2, "embedding_length_per_layer_input": 256, "attention.shared_kv_layers": 0,
    "attention.key_length_swa": HD, "attention.value_length_swa": HD, "rope.freq_base_swa": 10000.0,
    "attn_logit_softcapping": 50.0, "router_logit_softcapping": 30.0, "final_logit_softcapping": 30.0,
    "rope.dimension_sections": [16, 24, 24, 0], "features_length": D, "decision.block_count": 1,
    "decision.routing_block_count": 1, "decision.head_count": 4, "num_loops": 2, "attention.causal": False,
    "dense_2_feat_out": D, "dense_3_feat_in": D, "posnet.embedding_length": 512, "posnet.block_count": 4,
    "convnext.embedding_length": 512, "convnext.block_count": 4, "moe_latent_size": 512, "decoder_start_token_id": 0,
    "xielu.alpha_n": 0.8, "xielu.alpha_p": 0.8, "xielu.beta": 0.5, "xielu.eps": -1e-6,
    "feed_forward_length": FF, "attention.head_count": H, "attention.head_count_kv": HK,
}
# Encoders, diffusion and speech: llama-server gives no answers with them, and no plan is made.
NO_ANSWERS = {"modern-bert", "neo-bert", "eurobert", "gemma-embedding", "llama-embed", "dream", "llada", "llada-moe", "rnd1",
              "wavtokenizer-dec", "qwen3tts", "bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3", "t5",
              "t5encoder", "clip"}
OPTIONAL_NOT_WANTED = {
    "nextn_predict_layers", "attention.causal", "rope.scaling.yarn_log_multiplier", "n_deepstack_layers", "num_loops",
    "attention.recurrent_layers", "attention.temperature_length", "attention.temperature_scale", "expert_group_scale",
    "attention.output_scale", "dense_2_feat_out", "dense_3_feat_in", "decision.block_count", "deepstack_mapping",
}


def layers_of(arch):
    return {"gemma3n": 24, "hrm_text": 6, "llama4": 8, "qwen3next": 8, "qwen35": 8, "qwen35moe": 8, "qwen4exp": 8}.get(arch, 6)


def first_settings(arch, code):
    L = layers_of(arch)
    mla = "KEY_LENGTH_MLA" in code
    s = {"context_length": 32768, "embedding_length": D, "block_count": L, "feed_forward_length": FF,
         "attention.head_count": H, "attention.head_count_kv": HK}
    if mla:
        s.update({"attention.head_count_kv": 1, "attention.key_length": 576, "attention.value_length": 512, "rope.dimension_count": 64})
    for constant in re.findall(r"LLM_KV_\w+", code):
        key = keys_of.get(constant)
        if key in SIZES and key not in OPTIONAL_NOT_WANTED:
            s.setdefault(key, SIZES[key])
    if any(k.startswith("expert_") for k in s if k != "expert_count") or arch in ("dbrx", "grok", "arctic", "phimoe"):
        s.setdefault("expert_count", E)
        s.setdefault("expert_used_count", USED)
    if "SLIDING_WINDOW_PATTERN" in code:
        s["attention.sliding_window_pattern"] = [bool((i + 1) % (5 if arch == "gemma4" else 2)) for i in range(L)]
    if "INDEXER_TYPES" in code:
        s["attention.indexer.types"] = [(i + 1) % 2 for i in range(L)]
    recurrent = {"jamba", "granitehybrid", "lfm2", "lfm2moe", "kimi-linear", "kimi-k3", "bailingmoe3", "plamo2", "glm5-next",
                 "nemotron_h", "nemotron_h_moe", "minimax-01"}
    if arch in recurrent:
        kv = 1 if mla else HK
        s["attention.head_count_kv"] = [0 if i % 3 == 0 else kv for i in range(L)]
        if arch not in ("glm5-next", "kimi-linear", "kimi-k3", "bailingmoe3"):
            s["attention.head_count"] = H
    if arch in ("nemotron_h", "nemotron_h_moe"):
        s["attention.head_count_kv"] = [HK if i == 1 else 0 for i in range(L)]
        s["feed_forward_length"] = [FF if i % 3 == 2 else 0 for i in range(L)]
        s["ssm.group_count"] = 8
    if arch in ("qwen3next", "qwen35", "qwen35moe", "qwen4exp"):
        s.update({"ssm.inner_size": D, "ssm.time_step_rank": 16, "ssm.group_count": 8, "attention.key_length": 256, "attention.value_length": 256,
                  "rope.dimension_count": 64})
    if arch == "deepseek4":
        s.update({"attention.head_count_kv": 1, "attention.key_length": HD, "attention.value_length": HD, "rope.dimension_count": 64,
                  "attention.compress_ratios": [0, 0, 4, 128, 4, 128][:L], "expert_gating_func": 4})
    if arch == "qwen4exp":
        s.update({"attention.compress_ratios": [4] * L})
    if arch == "minimax-m3":
        s["attention.indexer.head_count"] = HK
    if arch == "plamo2":
        s["ssm.group_count"] = 0
    if arch in ("mamba", "mamba2", "rwkv6", "rwkv7"):
        s.update({"attention.head_count": 0})
        s.pop("attention.head_count_kv")
    if arch == "gemma4":
        s.update({"attention.key_length": 256, "attention.value_length": 256, "rope.dimension_count": 256, "rope.dimension_count_swa": 128})
    if arch == "glm5-next":
        s.update({"attention.key_length": 512, "rope.dimension_count": 0, "attention.indexer.types": [1] * L})
    if arch == "glm-dsa":
        s["attention.indexer.types"] = [1] * L
    if arch == "dots3note":
        s.update({"attention.key_length_swa": 576, "attention.value_length_swa": 512,
                  "attention.sliding_window_pattern": [i % 2 for i in range(L)]})
    if arch in ("minicpm3", "plm"):
        s["attention.head_count_kv"] = H
    if arch == "minicpm3":
        s.update({"attention.key_length": 96, "attention.value_length": 64, "rope.dimension_count": 32})
    if arch == "plm":
        s.update({"attention.key_length": 192, "attention.value_length": 128, "rope.dimension_count": 64})
    if arch in ("dots1", "deepseek2-ocr"):
        s["attention.head_count_kv"] = H
    if arch == "rwkv7":
        s["token_shift_count"] = 2
    if arch in ("minimax-01", "nemotron_h_moe", "olmoe"):
        s.update({"expert_count": E, "expert_used_count": USED, "expert_feed_forward_length": EFF})
    if arch == "minimax-01":
        s.update({"attention.head_count_kv": HK, "full_attention_interval": 2})
    if arch == "qwen35moe":
        s.update({"expert_shared_feed_forward_length": EFF, "rope.dimension_sections": [11, 11, 10, 0]})
    if arch in ("gpt2", "mpt", "bloom", "gptneox", "starcoder", "jais", "openelm", "plamo", "codeshell", "qwen", "chameleon"):
        if arch in ("gpt2", "mpt", "bloom", "gptneox", "jais", "qwen"):
            s["attention.head_count_kv"] = H
    return s


class Writer:
    def __init__(self, arch, settings, tensors, vocab):
        self.arch, self.settings, self.tensors, self.vocab = arch, settings, tensors, vocab

    def bytes(self):
        def s(x):
            b = x.encode()
            return struct.pack("<Q", len(b)) + b

        def kind(v):
            if isinstance(v, bool): return 7
            if isinstance(v, int): return 4
            if isinstance(v, float): return 6
            if isinstance(v, str): return 8
            return 9

        def raw(v):
            k = kind(v)
            if k == 7: return struct.pack("<?", v)
            if k == 4: return struct.pack("<I", v)
            if k == 6: return struct.pack("<f", v)
            if k == 8: return s(v)
            inner = kind(v[0])
            if inner == 4: return struct.pack("<IQ", 5, len(v)) + b"".join(struct.pack("<i", x) for x in v)
            return struct.pack("<IQ", inner, len(v)) + b"".join(raw(x) for x in v)

        pairs = [("general.architecture", self.arch), ("general.file_type", 1), ("tokenizer.ggml.model", "no_vocab"),
                 (f"{self.arch}.vocab_size", self.vocab)]
        pairs += [(f"{self.arch}.{k}" if not k.startswith("!") else k[1:], v) for k, v in self.settings.items()]
        head = b"GGUF" + struct.pack("<IQQ", 3, len(self.tensors), len(pairs))
        for k, v in pairs:
            head += s(k) + struct.pack("<I", kind(v)) + raw(v)
        at = 0
        for name, dims in self.tensors.items():
            wide = floats(name, dims)
            n = 1
            for d in dims: n *= d
            head += s(name) + struct.pack("<I", len(dims)) + b"".join(struct.pack("<Q", d) for d in dims)
            head += struct.pack("<IQ", 0 if wide else 1, at)
            at += (n * (4 if wide else 2) + 31) // 32 * 32
        return head, (len(head) + 31) // 32 * 32 + at


FLOATS = ["gate_inp", "ssm_conv1d", "ssm_norm", "shortconv.conv", "time_mix_lerp", "time_mix_first", "time_mix_decay.",
          "channel_mix_lerp", "time_mix_w"]


def floats(name, dims):
    return len(dims) == 1 or any(part in name for part in FLOATS) or not name.endswith((".weight", ".bias"))


def ask(path, arch, settings, tensors):
    head, size = Writer(arch, settings, tensors, V).bytes()
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(size)
    command = [tool, "-m", path, "-fitp", "on", "-c", "4096", "-fa", "on", "-np", "1", "-ub", "512", "--no-repack"]
    telling = "missing tensor|wrong shape|not found|wrong number|GGML_ASSERT"
    # An aborting tool may lose its last lines; drawing a backtrace gives it the time to write them.
    for quick in ("1", "1", "1", None):
        environment = {k: v for k, v in (os.environ | {"GGML_NO_BACKTRACE": quick}).items() if v}
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
        except subprocess.TimeoutExpired:
            return "no answer within 60 s"
        if re.search(r"^Host (\d+) (\d+) (\d+)", done.stdout, re.M):
            return None
        said = [line for line in done.stderr.splitlines() if re.search(telling, line)]
        if said:
            return said[0]
    said = [line for line in done.stderr.splitlines() if "error loading model" in line]
    return said[0] if said else f"exit {done.returncode}: " + done.stderr.strip().splitlines()[-1][-200:]


ALL = lambda i: True
EVEN = lambda i: i % 2 == 0
FULL = lambda i: (i + 1) % 4 == 0
LINEAR = lambda i: (i + 1) % 4 != 0
SEEDS = {
    "phi3": {"attn_qkv": ALL},
    "qwen35moe": {"attn_q": FULL, "attn_k": FULL, "attn_v": FULL, "attn_qkv": LINEAR, "attn_gate": LINEAR},
    "qwen35": {"attn_q": FULL, "attn_k": FULL, "attn_v": FULL, "attn_qkv": LINEAR, "attn_gate": LINEAR},
    "qwen3next": {"attn_q": FULL, "attn_k": FULL, "attn_v": FULL, "attn_qkv": LINEAR, "attn_gate": LINEAR},
    "nemotron_h": {"ffn_up": lambda i: i % 3 == 2, "ffn_down": lambda i: i % 3 == 2},
    "nemotron_h_moe": {"attn_q": lambda i: i == 1, "attn_k": lambda i: i == 1, "attn_v": lambda i: i == 1, "attn_output": lambda i: i == 1, "ffn_gate_inp": lambda i: i % 3 == 2, "ffn_up_exps": lambda i: i % 3 == 2, "ffn_down_exps": lambda i: i % 3 == 2},
    "glm-dsa": {"indexer.k_norm": ALL, "indexer.k_norm.bias": ALL, "indexer.proj": ALL, "indexer.attn_k": ALL, "indexer.attn_q_b": ALL},
    "dots3note": {"indexer.k_norm": EVEN, "indexer.k_norm.bias": EVEN, "indexer.proj": EVEN, "indexer.attn_k": EVEN,
                  "indexer.attn_q_b": EVEN},
}

GUESSES = {
    "token_embd.weight": [D, V], "output_norm.weight": [D], "output.weight": [D, V], "attn_norm.weight": [D], "ffn_norm.weight": [D],
    "attn_q.weight": [D, H * HD], "attn_k.weight": [D, HK * HD], "attn_v.weight": [D, HK * HD], "attn_output.weight": [H * HD, D],
    "attn_qkv.weight": [D, (H + 2 * HK) * HD], "ffn_gate.weight": [D, FF], "ffn_up.weight": [D, FF], "ffn_down.weight": [FF, D],
    "ffn_gate_inp.weight": [D, E], "ffn_gate_exps.weight": [D, EFF, E], "ffn_up_exps.weight": [D, EFF, E],
    "ffn_down_exps.weight": [EFF, D, E], "attn_q_norm.weight": [HD], "attn_k_norm.weight": [HD], "post_attention_norm.weight": [D],
    "post_ffw_norm.weight": [D], "output_norm.bias": [D], "attn_norm.bias": [D], "ffn_norm.bias": [D], "ffn_down.bias": [D],
    "ffn_up.bias": [FF], "attn_output.bias": [D], "ffn_gate_shexp.weight": [D, EFF], "ffn_up_shexp.weight": [D, EFF],
    "ffn_down_shexp.weight": [EFF, D],
}


def discover(arch, code, folder, copies):
    """Settings and tensors that load, or llama.cpp's words. With `copies` every layer is taken to be like the first."""
    L, path = layers_of(arch), f"{folder}/{arch}.gguf"
    settings = first_settings(arch, code)
    # Optional to the loader, but not to the graph.
    tensors = {f"blk.{i}.{name}{'' if name.endswith('.bias') else '.weight'}": [1] for i in range(L) for name, at in SEEDS.get(arch, {}).items() if at(i)}
    copied, tries = not copies or arch in SEEDS, {}
    for _ in range(400):
        error = ask(path, arch, settings, tensors)
        if error is None:
            return settings, tensors, None
        missing = re.search(r"missing tensor '([^']+)'|tensor '([^']+)' not found", error)
        wrong = re.search(r"tensor '([^']+)' has wrong shape; expected +([\d, ]+), got +([\d, ]+)", error)
        if missing:
            name = missing[1] or missing[2]
            layer = re.match(r"blk\.(\d+)\.(.*)", name)
            if layer and layer[1] == "1" and not copied:
                copied = True
                first = {n[6:]: d for n, d in tensors.items() if n.startswith("blk.0.")}
                for i in range(1, L):
                    tensors.update({f"blk.{i}.{n}": d for n, d in first.items()})
                if name in tensors: continue
            dims = GUESSES.get(layer[2] if layer else name, [1])
            for i in range(int(layer[1]) - 1 if layer else -1, -1, -1):
                if f"blk.{i}.{layer[2]}" in tensors:
                    dims = tensors[f"blk.{i}.{layer[2]}"]
                    break
            tensors[name] = dims
        elif wrong:
            dims = [int(n) for n in wrong[2].split(",")]
            tries[wrong[1]] = tries.get(wrong[1], 0) + 1
            if tries[wrong[1]] == 1:
                while len(dims) > 1 and dims[-1] == 1: dims.pop()
            elif tries[wrong[1]] > 3:
                return settings, tensors, error
            tensors[wrong[1]] = dims
        elif "key not found in model: " in error:
            key = error.split("key not found in model: ")[1].split("'")[0].strip().removeprefix(arch + ".")
            if key in settings or key not in SIZES: return settings, tensors, error
            settings[key] = SIZES[key]
        elif "wrong number of tensors" in error and copies:
            return discover(arch, code, folder, False)
        else:
            return settings, tensors, error
    return settings, tensors, "no end"


def spelled(value):
    if isinstance(value, bool): return "true" if value else "false"
    if isinstance(value, str): return f'"{value}"'
    if isinstance(value, list): return "[" + ", ".join(spelled(v) for v in value) + "]"
    return repr(value)


def written(arch, settings, tensors):
    def line(name, dims):
        name = name.removesuffix(".weight") if name.endswith(".weight") else name if name.endswith(".bias") else name + "!"
        return f'"{name} {" ".join(map(str, dims))}"'
    keys = ", ".join(f'"{k}" = {spelled(v)}' for k, v in settings.items())
    top = [line(n, d) for n, d in tensors.items() if not re.match(r"blk\.\d+\.", n)]
    groups = {}
    for i in range(layers_of(arch)):
        own = tuple(line(n[len(f"blk.{i}."):], d) for n, d in tensors.items() if n.startswith(f"blk.{i}."))
        if own: groups.setdefault(own, []).append(i)
    lines = ["[[model]]", f'name = "{arch}"', f'architecture = "{arch}"', f"vocab = {V}", f"keys = {{ {keys} }}",
             f"tensors = [{', '.join(top)}]", "layers = ["]
    lines += [f'  {{ at = "{" ".join(map(str, at))}", tensors = [{", ".join(own)}] }},' for own, at in groups.items()]
    return "\n".join(lines + ["]", ""])


def by_hand(path):
    """Models of a file that are marked as written by hand, each by its name."""
    text = open(path).read() if os.path.exists(path) else ""
    blocks = [block.split("\n\n")[0].split("\n#")[0] for block in re.split(r"^(?=\[\[model\]\])", text, flags=re.M)]
    marked = [block for block in blocks if block.startswith("[[model]] # by hand\n")]
    return {re.search(r'^name = "([^"]+)"', block, re.M)[1]: block.rstrip("\n") + "\n" for block in marked}


models, failed, kept = [], [], by_hand(out)
with tempfile.TemporaryDirectory() as folder:
    for constant, arch in names.items():
        if constant == "LLM_ARCH_UNKNOWN" or arch in NO_ANSWERS or (only and arch not in only):
            continue
        if arch in kept:
            models.append(kept[arch])
            continue
        cls, code = made.get(constant), ""
        if cls is None:
            failed.append((arch, "llama.cpp has no such model"))
            continue
        while cls and cls != "base":
            if cls in hparams:
                code = hparams[cls]
                break
            cls = parents.get(cls)
        settings, tensors, error = discover(arch, code, folder, True)
        print(arch, "loads" if error is None else error[-200:], len(tensors), flush=True)
        if error is None:
            models.append(written(arch, settings, tensors))
        else:
            failed.append((arch, error.split(": ")[-1][:160]))

with open(out, "w") as file:
    file.write("# Made by tests/oracle/every.py: the least that llama.cpp loads of each architecture; models marked as written by hand stay.\n\n")
    file.write("\n".join(models))
    file.write("".join(f"\n# {arch}: {why}" for arch, why in failed) + "\n")
print(len(models), "load,", len(failed), "do not")
