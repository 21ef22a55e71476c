# The explanation of a plan (`plan --explain`): sources of numbers, terms of the verdict and of the choice.

## Sources of the ledger's numbers

explain-above = above
explain-table = each tensor's elements × its type's bytes, padded to 32: the file's header, or the registry's dimensions and llama-quantize's recipe
explain-llama = llama.cpp's source, held by llama-fit-params (docs/accuracy.md)
explain-graph = llama.cpp's graph for this model, workload and placement, cut by ggml's scheduler and placed by its allocator; with 64 KiB of margin
explain-all-tensors = all tensors of the model
explain-embedding = token_embd stays on the host
explain-host-layers = the layers left on the CPU
explain-host-experts = the experts of layers that are on cards otherwise
explain-vocabulary = the model's vocabulary
explain-slots = --slots, or the workload
explain-process = llama-server without a model, measured
explain-prompt-cache = --cache-ram: two full contexts, 64 MiB to 1 GiB
explain-arguments = the server's arguments
explain-reserve = kept for the system and the repacking of weights
explain-reserve-source = measured: RSS against buffers (src/plan/ledger.rs)
explain-profile = the profile
explain-reported = the share of it that hosts report at least
explain-logits = logits lie in the host's memory
explain-cuda-context = an upper bound for such a card
explain-card-alone = nothing else uses the card
explain-vram = what the driver reports for such a card
explain-layers = layers { $first } to { $last }
explain-no-layer = no layer
explain-experts-of-layers = those of them that stay on the host
explain-output = output and its norm are on one card
explain-heads = heads of the cache: a card has whole ones
explain-tensor-split = --tensor-split
explain-all-layers = all layers
explain-experts = those that stay on the host
explain-output-norm = output and its norm
explain-mirrored = on every card
explain-whole-cache = the cache of all layers
explain-rag-ledger = the embedding server's ledger
explain-rag-memory = rag.memory of this plan
explain-window = the sliding window and a batch, padded to 256
explain-cells = context of a slot, padded to 256
explain-row = { $width } elements of { $kind }
explain-of-device = of this device
explain-rotation = the matrices beside a quantised cache
explain-state = of the slots, however long they are
explain-streams = one for each slot, or one for all with --kv-unified
explain-parts = the device's parts

## The embedding server

explain-header = the file's header, or the registry's dimensions
explain-rag-graph = llama.cpp's graph of the embedding model for one batch, with 64 KiB of margin; where it is not checked, half as much again and 64 MiB
explain-rag-output = llama.cpp's source (`llama_context::output_reserve`), measured with the first long text
explain-rag-cache = beside its layers; a model that reads a text at once has none
explain-rag-on-host = it lies in the host's memory
explain-rag-tensors = all tensors of the embedding model
explain-rag-layers = what a card takes; the embedding stays on the host
explain-rag-vocabulary = the embedding model's vocabulary
explain-vector = numbers of a vector
explain-server-parts = the server's parts
explain-token-bytes = of UTF-8 that a token stands for, at most
explain-chunk = a vector of 32-bit numbers and its text
explain-index = the index's texts

## Speed

explain-calibration = the shares and the seconds beside: src/plan/speed/rates.rs
explain-peak = 10^9 bytes/s at the peak: profiles/hardware.toml, profiles/cards.csv
explain-flops = 10^12 operations/s: profiles/hardware.toml, src/plan/speed/rates.rs
explain-work = two for each active parameter of the device's layers
explain-reached = the share of the peak that is reached
explain-spread = this end of the interval: docs/measured.md
explain-host-gb-s = 10^9 bytes/s that a token's reading reaches: of memory, or between sockets
explain-host-read = weights that a token reads, and half a slot's context
explain-host-matrices = two for each weight that a token reads
explain-host-attention = two for each element of half a slot, by heads
explain-attention = attention against matrices
explain-quants = matrices of its quantisation against others
explain-host-beside = beside the matrices, by layers and their width
explain-card-experts = launches of the router and experts, by layers
explain-host-waiting = threads that wait for each other, by layers
explain-card-read = weights that a token reads
explain-card-cache = half a slot's context
explain-card-layers = of a token beside reading, by layers
explain-token = the output, sampling, from card to card
explain-waiting = two sums over all cards in each layer
explain-overhead = what a token of a prompt costs beside arithmetic
explain-looked-back = over a quarter of a slot, by heads
explain-copied = the host's weights, which a batch brings to a card
explain-pcie = over PCIe
explain-tops = 10^12 operations/s: a share of the card's, src/plan/speed/rates.rs
explain-card-attention = over a quarter of a slot
explain-attention-tops = 10^12 operations/s of attention
explain-scores = of attention, without flash attention
explain-batch-read = the card's weights, which each batch reads
explain-batch = of a batch beside arithmetic, by layers
explain-split = layers split over cards against one card, and their pipeline
explain-ubatch = --ubatch-size, or half a slot

## Price

explain-offer = { $instance } of { $provider }: { $source }, { $day }
explain-of-offer = the offer's
explain-hours = of a month: 365.25 × 24 / 12
explain-cap = the most that a month is billed
explain-rate = { $source }, { $day }
explain-expected = expected, one request at a time
explain-all-the-time = a machine that is rented by the month and decodes all the time

## Until the first token

explain-promise = promised by the profile: profiles/hardware.toml
explain-files = the model's files together
explain-files-source = the repository's list with --resolve, else the registry
explain-rag-files = the embedding model's files together
explain-release = the release's own list
explain-pinned = what is pinned, or would be
explain-beside = the unpacked runtime, the agent, the journal
explain-disk = the requirement `disk`
explain-frame = an Ethernet frame on the line
explain-payload = what of it is the download's
explain-ethernet = IEEE 802.3, TCP with timestamps
explain-one-batch = one physical batch
explain-question = a first question of this length is assumed
explain-cached = from the page cache, where the download left it
explain-from-disk = from the disk, as after a reboot
explain-start = measured with a tiny model (docs/benchmarks.md)
explain-cuda-start = an allowance, not measured here
explain-other-way = the plan's interval, the other way round
explain-one-answer = one question, one token of answer
explain-one-by-one = one after the other
explain-cost = the cost
explain-until = until the first token
explain-paid = a machine is paid for while it downloads

## Terms of the verdict

explain-rule = a term of `runs` that is not held: impossible; a term of `comfort` that is not held: a compromise; else comfort. What the user fixed replaces its term.
term-memory = memory that { $device } takes
term-disk = disk that the model and the runtime take
term-price-month = price of a month
term-price-hour = price of an hour
term-price-day = price of a day
term-bits = bits of { $quant }
term-asked-speed = slowest decode, as asked
term-slot = context of a slot
term-trained = context of a slot, against what the model was trained for
term-slots = slots
term-cache = bytes of 32 numbers in the KV cache, { $cache }
term-experts = layers whose experts are left on the CPU
term-layers = layers left on the CPU of a machine with a GPU
term-speed = slowest decode
term-free = share of { $device } that is free

## Terms of the choice

choice-verdict = verdict
choice-runs = runs at all
choice-memory = missing memory
choice-four-bits = 4 bits or more
choice-pace = speed, up to a comfortable one
choice-given-up = things given up
choice-price = price
choice-quality = quality up to Q8_0
choice-speed = speed
choice-data = the order of the data
choice-no-price = no known price
choice-no = no
choice-yes = yes
choice-at-least = { $speed } tokens/s at least
choice-tokens = { $speed } tokens/s
choice-money = { $price } { $currency }/{ $period }

## The page of an explanation

explain-title = How each number came about
explain-memory = memory { $index }
explain-speed = speed
explain-price = cost
explain-arrival = arrival
explain-rag-memory-of = rag memory { $index }
explain-rag-index = rag index
explain-from = from { $source }
explain-verdict = verdict: { $verdict }
explain-choice = choice: { $profile } with { $quant }, the best of { $compared }
explain-order = compared by { $order }; the first that differs decides
explain-decides-runs = runs
explain-decides-comfort = comfort
explain-replaced = replaced by a flag
explain-held = held
explain-not-held = not held
explain-not-known = not known
explain-at-least = at least { $bound }
explain-at-most = at most { $bound }
explain-column-decides = decides
explain-column-term = term
explain-column-value = value
explain-column-bound = bound
explain-column-held = held
explain-column-runner-up = runner-up
explain-column-quant = quant
explain-column-lost-by = lost by
explain-column-chosen = chosen
explain-column-this = this one

## Units of values

unit-bytes = { $number } bytes
unit-bytes-size = { $number } bytes, { $size }
unit-tokens = { $number } { $number ->
    [one] token
   *[other] tokens
  }
unit-texts = { $number } { $number ->
    [one] text
   *[other] texts
  }
unit-seconds = { $number } seconds
unit-hours = { $number } hours
unit-bits = { $number } { $number ->
    [one] bit
   *[other] bits
  }
unit-layers = { $number } { $number ->
    [one] layer
   *[other] layers
  }
unit-rate = { $number } { $to } for 1 { $from }
