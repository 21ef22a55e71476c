# The text page of a plan. Short words stand at the left of a line or in a table's head.

range = { $low } to { $high }
verdict-comfort = comfort
verdict-compromise = compromise
verdict-impossible = impossible

plan-head = { $model } { $quant } on { $profile }: { $verdict }
plan-model = { $parameters } B parameters, { $size } to download; { $slots } { $slots ->
    [one] slot
   *[other] slots
  } of { $tokens } tokens, KV { $cache }{ $flash }
plan-flash-attention = , flash attention
plan-slots-own = { $slots } requests at once, each with { $tokens } tokens of its own; more wait their turn
plan-slots-shared = { $slots } requests at once share the { $tokens } tokens; more wait their turn
plan-template = chat template from { $from }
plan-page = page for chats on the server's port, through `agi-provision tunnel`; it asks for the key
plan-advisory-fixed = advisory { $id } on { $engine } { $build }: { $what }; fixed in { $fixed } ({ $source })
plan-advisory-open = advisory { $id } on { $engine } { $build }: { $what }; not fixed yet ({ $source })
plan-runtime = runtime: { $archives }: { $why }
plan-no-archive = none
plan-image = runtime: the container image { $image }, a unit of podman's
plan-no-image = runtime: a container image of { $engine }, which --runtime-image pins
plan-image-advice = or the container image { $name }, as { $why }: apply with
plan-packages = runtime: the packages { $packages } of the host's system: { $why }
plan-packages-advice = or this system's own packages { $packages }, build { $build }: apply with --runtime-packages
plan-archives = { $first } with { $second }
plan-not-runtime = not { $kind }: { $why }
plan-source = or from source: { $why }, with `apply { $flag }`

## Words at the left of a line

plan-label-slots = slots
plan-label-rag = rag
plan-label-index = index
plan-label-decode = decode
plan-label-cost = cost
plan-label-near = near
plan-label-beside = beside
plan-label-arrive = arrive

## Memory of each device

plan-host = host
plan-column-memory = memory
plan-column-weights = weights
plan-column-context = context
plan-column-compute = compute
plan-column-runtime = runtime
plan-column-reserve = reserve
plan-column-rag = rag
plan-column-total = total
plan-column-of = of
bar-rest = other
plan-column-free = free

## Embedding servers

plan-rag = { $model } { $quant } on { $device }: vectors of { $numbers } numbers, { $size } to download; { $slots } slots, texts of up to { $tokens } tokens
plan-index = { $size } of disk for { $texts } texts ({ $assumption })

## Speed and price

plan-speed = { $decode } tokens/s ({ $decode_range }), prefill { $prefill } ({ $prefill_range }); predicted, one request
plan-cost = { $hourly } { $currency }/hour, { $monthly }/month{ $most }, { $million } per million tokens: { $instance } at { $provider }{ $container } ({ $source }, { $day })
plan-at-most = { " at most" }
plan-container = , a container
plan-converted = { $price } { $currency }/month by the rate of { $day } ({ $source })
plan-rented = rented at { $url }
plan-rented-in = rented in { $region } at { $url }
day-or-later = { $day } or later
plan-price-old = this price is { $days } days old: look it up before renting
plan-price-may-be-old = this price is up to { $days } days old: look it up before renting
plan-no-price = no price is known for { $profile }
plan-beside = { $instance } at { $provider }, { $hourly } { $currency }/hour, { $decode } tokens/s: a container, which `apply` cannot use (--containers)

## Until the first token

plan-arrive = { $size } to download at { $speed } Mbit/s: { $download }; first token after { $first } ({ $first_range })
plan-arrive-parts = { $size } of disk, load { $load }, start { $start }{ $paid }
plan-paid = ; paid until then: { $price } { $currency }
plan-archive-not-counted = { $engine }'s archive is not counted: --resolve looks it up

## Other plans, and what follows

plan-column-alternative = alternative
plan-column-quant = quant
plan-column-verdict = verdict
plan-column-month = per month
plan-column-speed = tokens/s
plan-embedding-server = embedding server: { $arguments }
plan-image-not-counted = { $engine }'s image is not counted: a registry tells its size
plan-packages-not-counted = the packages are not counted: apt knows their size
plan-units = Sizes are 1024-based (1 GiB = 1024 MiB). --format json has every number in bytes.

## A plan over several hosts

hosts-head = { $model } { $quant } over { $hosts } hosts: { $verdict }
hosts-context = { $tokens } tokens of context in { $slots } { $slots ->
    [one] slot
   *[other] slots
  }, KV cache { $cache }
hosts-column-host = host
hosts-column-layers = layers
hosts-column-device = device
hosts-column-cache = cache
hosts-column-other = other
hosts-column-has = has
hosts-role-head = head
hosts-role-worker = worker
hosts-output = { $layers } + output
hosts-units = GiB and MiB are 1024-based. rpc0, … are the workers' devices, as the head numbers them.
hosts-network = Network  { $latency } ms there and back, { $rate }
hosts-token = a token
hosts-prompt = { $tokens } of a prompt
hosts-start = every start
hosts-start-takes = { $size } of weights, { $seconds } s at that rate
hosts-passing = { $size } KiB, { $answers } answers to wait for, { $milliseconds } ms
hosts-passing-much = { $size } MiB, { $answers } answers to wait for, { $milliseconds } ms
hosts-speed = Speed    { $range } tokens/s for one request, { $expected } expected; { $without } without the network
hosts-arguments = Head's arguments beside those of one machine: { $arguments }
hosts-apply = `apply --hosts` with the same flags brings all of them to it; docs/rpc.md says how.
hosts-alone = { $name } alone does as well ({ $how }): leave the others out.
hosts-how = { $quant } { $verdict }, { $speed } tokens/s
hosts-price = , { $price } { $currency } a month
hosts-one = One machine does as well: { $name } ({ $how }{ $price }). It has no network to wait for and no worker to lose.
hosts-none-either = No machine on offer runs it either.
hosts-none = No machine on offer does as well alone.
