# Текстовая страница плана. Ключи и значения те же, что в locales/en/page.ftl.

range = { $low }–{ $high }
verdict-comfort = комфорт
verdict-compromise = компромисс
verdict-impossible = невозможно

plan-head = { $model } { $quant } на { $profile }: { $verdict }
plan-model = { $parameters } млрд параметров, скачать { $size }; { $slots } { $slots ->
    [one] слот
    [few] слота
   *[other] слотов
  } по { $tokens } { $tokens ->
    [one] токен
    [few] токена
   *[other] токенов
  }, кэш KV { $cache }{ $flash }
plan-flash-attention = , flash attention
plan-slots-own = { $slots } { $slots ->
    [one] запрос
    [few] запроса
   *[other] запросов
  } одновременно, у каждого свои { $tokens } { $tokens ->
    [one] токен
    [few] токена
   *[other] токенов
  }; остальные ждут очереди
plan-slots-shared = { $slots } { $slots ->
    [one] запрос
    [few] запроса
   *[other] запросов
  } одновременно делят { $tokens } { $tokens ->
    [one] токен
    [few] токена
   *[other] токенов
  }; остальные ждут очереди
plan-template = шаблон чата: { $from }
plan-page = страница для чата на порту сервера, через `agi-provision tunnel`; она спросит ключ
plan-advisory-fixed = уязвимость { $id } в { $engine } { $build }: { $what }; исправлена в { $fixed } ({ $source })
plan-advisory-open = уязвимость { $id } в { $engine } { $build }: { $what }; пока не исправлена ({ $source })
plan-runtime = сборка: { $archives }: { $why }
plan-no-archive = нет
plan-image = сборка: образ контейнера { $image }, юнит podman
plan-no-image = сборка: образ контейнера { $engine }, его закрепляет --runtime-image
plan-image-advice = или образ контейнера { $name }: { $why }. Команда apply с
plan-packages = движок: пакеты { $packages } из системы сервера: { $why }
plan-packages-advice = или собственные пакеты этой системы { $packages }, сборка { $build }: команда apply с --runtime-packages
plan-archives = { $first } и { $second }
plan-not-runtime = не { $kind }: { $why }
plan-source = или из исходного кода: { $why }, командой `apply { $flag }`

## Слова в начале строк

plan-label-slots = слоты
plan-label-rag = RAG
plan-label-index = индекс
plan-label-decode = скорость
plan-label-cost = цена
plan-label-near = доплата
plan-label-beside = контейнер
plan-label-arrive = запуск

## Память устройств

plan-host = ОЗУ
plan-column-memory = память
plan-column-weights = веса
plan-column-context = контекст
plan-column-compute = вычисления
plan-column-runtime = процесс
plan-column-reserve = резерв
plan-column-rag = RAG
plan-column-total = всего
plan-column-of = из
bar-rest = прочее
plan-column-free = свободно

## Серверы эмбеддингов

plan-rag = { $model } { $quant } на { $device }: векторы из { $numbers } чисел, скачать { $size }; { $slots } { $slots ->
    [one] слот
    [few] слота
   *[other] слотов
  }, тексты до { $tokens } { $tokens ->
    [one] токена
   *[other] токенов
  }
plan-index = { $size } диска на { $texts } { $texts ->
    [one] текст
    [few] текста
   *[other] текстов
  } ({ $assumption })

## Скорость и цена

plan-speed = генерация { $decode } токенов/с ({ $decode_range }), чтение запроса { $prefill } ({ $prefill_range }); прогноз для одного запроса
plan-cost = { $hourly } { $currency } в час, { $monthly } в месяц{ $most }, { $million } за миллион токенов: { $instance } у { $provider }{ $container } ({ $source }, { $day })
plan-at-most = { " (не больше)" }
plan-container = , контейнер
plan-converted = { $price } { $currency } в месяц по курсу на { $day } ({ $source })
plan-rented = аренда: { $url }
plan-rented-in = аренда в { $region }: { $url }
day-or-later = { $day } или позже
plan-price-old = этой цене { $days } { $days ->
    [one] день
    [few] дня
   *[other] дней
  }: проверьте её перед арендой
plan-price-may-be-old = этой цене до { $days } { $days ->
    [one] дня
   *[other] дней
  }: проверьте её перед арендой
plan-no-price = цена { $profile } неизвестна
plan-beside = { $instance } у { $provider }, { $hourly } { $currency } в час, { $decode } токенов/с: это контейнер, `apply` не может его использовать (--containers)

## До первого токена

plan-arrive = скачать { $size } на { $speed } Мбит/с: { $download }; первый токен через { $first } ({ $first_range })
plan-arrive-parts = { $size } диска, загрузка { $load }, старт { $start }{ $paid }
plan-paid = ; до этого будет оплачено { $price } { $currency }
plan-archive-not-counted = архив { $engine } не учтён: его размер узнаёт --resolve

## Другие варианты и что дальше

plan-column-alternative = вариант
plan-column-quant = квант.
plan-column-verdict = вердикт
plan-column-month = в месяц
plan-column-speed = токенов/с
plan-embedding-server = сервер эмбеддингов: { $arguments }
plan-image-not-counted = образ { $engine } не учтён: его размер знает реестр
plan-packages-not-counted = пакеты не посчитаны: их размер знает apt
plan-units = Размеры двоичные (1 ГиБ = 1024 МиБ). В --format json все числа в байтах.

## План по нескольким серверам

hosts-head = { $model } { $quant }, серверов: { $hosts }; { $verdict }
hosts-context = контекст { $tokens } на { $slots } { $slots ->
    [one] слот
    [few] слота
   *[other] слотов
  }, KV-кэш { $cache }
hosts-column-host = сервер
hosts-column-layers = слои
hosts-column-device = устройство
hosts-column-cache = кэш
hosts-column-other = прочее
hosts-column-has = есть
hosts-role-head = головной
hosts-role-worker = рабочий
hosts-output = { $layers } + выходной
hosts-units = ГиБ и МиБ двоичные, по 1024. rpc0, … — устройства рабочих узлов, как их нумерует головной.
hosts-network = Сеть     { $latency } мс туда и обратно, { $rate }
hosts-token = токен
hosts-prompt = запрос, { $tokens } ток.
hosts-start = каждый старт
hosts-start-takes = { $size } весов, { $seconds } с при такой скорости
hosts-passing = { $size } КиБ, ожиданий ответа: { $answers }, { $milliseconds } мс
hosts-passing-much = { $size } МиБ, ожиданий ответа: { $answers }, { $milliseconds } мс
hosts-speed = Скорость { $range } токенов/с на один запрос, ожидается { $expected }; без сети { $without }
hosts-arguments = Аргументы головного узла сверх аргументов одной машины: { $arguments }
hosts-apply = Все серверы настроит `apply --hosts` с теми же флагами; как именно — в docs/rpc.md.
hosts-alone = { $name } справится не хуже и в одиночку ({ $how }): остальные серверы не нужны.
hosts-how = { $quant }, { $verdict }, { $speed } токенов/с
hosts-price = , { $price } { $currency } в месяц
hosts-one = Одна машина справится не хуже: { $name } ({ $how }{ $price }). Ей не нужно ждать сеть, и нет рабочих узлов, которые можно потерять.
hosts-none-either = Ни одна машина из предложений её тоже не потянет.
hosts-none = Ни одна машина из предложений в одиночку не справится так же.
