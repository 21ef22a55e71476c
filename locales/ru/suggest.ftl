# Модели, которые предлагает `plan` без --model. Ключи и значения те же, что в locales/en/suggest.ftl.

suggest-model = модель
suggest-quant = квант.
suggest-verdict = вердикт
suggest-month = в месяц
suggest-machine = машина
suggest-why = почему
suggest-none = ни одна модель из реестра не работает там с такими условиями
suggest-none-hint = `agi-provision offers --vm` покажет машины по цене, `agi-provision models` известные модели
suggest-ranked = Порядок: { $what }.
suggest-by-size = по размеру и возрасту: голосов за модели эмбеддингов нет
suggest-by-votes = по голосам людей (текстовая арена LMArena, оценки { $day }, категория { $category ->
    [full] «всё»
    [coding] «код»
    [russian] «русский»
   *[other] «{ $category }»
  }), сначала модели в комфорте; модель без голосов — по размеру и возрасту: рейтинг таких моделей за вычетом его погрешности
suggest-votes = голоса людей: { $points }; { $aged }
suggest-no-votes = { $aged }; голосов нет
suggest-beside = { $aged }, размерность { $dimensions }, рядом с { $model }
suggest-aged = { $parameters } млрд параметров, { $month }
suggest-size = { $parameters } млрд параметров
