# A plan's page (`plan --format html`), where it says more than the text page.

html-title = { $model } { $quant } on { $profile }

## Figures at the top

html-model = model
html-parameters = { $parameters } B parameters
html-files = { $quant }, { $size } of files
html-context = context
html-requests = for each of { $slots } { $slots ->
    [one] request
   *[other] requests
  } at once, KV cache { $cache }
html-speed = speed
html-price = price
html-month = { $price } { $currency } a month
html-hour = { $price } an hour; { $source }, { $day }
html-first-answer = first answer
html-after = after { $time }
html-download = { $size } to download at { $speed } Mbit/s

## Memory and speed

html-memory = Memory
html-of = { $total } of { $capacity }
html-free = { $size } free
html-missing = { $size } missing
html-speeds = Speed, predicted for one request
html-writes = writes { $speed } tokens/s
html-reads = reads { $speed } tokens/s

## Price and other machines

html-offer = { $provider } { $instance }{ $region }{ $container }; { $source }, { $day }.
html-in = { " in " }{ $region }
html-price-title = Price
html-rent = Rent it at
html-near = Near: { $text }.
html-chart = Price against speed of every machine on offer; the table below has the same numbers
html-caption = Each point is a machine on offer with the best quantisation that it runs. The line joins those that no cheaper machine outruns. The large point with its interval is this plan.
html-axis-price = USD a month
html-axis-speed = tokens/s
html-machines = All { $count } machines
html-all-machines = All machines
html-column-machine = machine
html-column-region = region
html-column-month = a month
html-column-quant = quantisation
html-column-mark = mark
html-chosen = chosen
html-front = front
html-unknown = unknown
html-others = What else was weighed
html-alternatives = Alternatives

## The servers and the explanation

html-embedding = Embedding server
html-server-embedding = embedding
html-numbers = Numbers and their formulas
html-column-number = number
html-column-formula = formula
html-column-inputs = inputs
html-column-source = source
html-verdict = The verdict
html-terms = Terms of the verdict
html-choice = The choice
html-runners-up = Runners-up
html-units = Sizes are 1024-based: 1 GiB is 1024 MiB.
