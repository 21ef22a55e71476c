# Models that `plan` without --model suggests.

suggest-model = model
suggest-quant = quant
suggest-verdict = verdict
suggest-month = a month
suggest-machine = machine
suggest-why = why
suggest-none = no model of the registry runs there as asked
suggest-none-hint = `agi-provision offers --vm` lists machines by price, `agi-provision models` what is known
suggest-ranked = Ranked by { $what }.
suggest-by-size = size and age: no votes on embedding models are known
suggest-by-votes = people's votes (LMArena's text arena, scores of { $day }, category { $category }), those in comfort first; a model without votes by its size and age: the rating that such models have, less what that misses by
suggest-votes = people's votes: { $points }; { $aged }
suggest-no-votes = { $aged }; no votes
suggest-beside = { $aged }, { $dimensions } dimensions, beside { $model }
suggest-aged = { $parameters } B parameters of { $month }
suggest-size = { $parameters } B parameters
