# Объяснение плана (`plan --explain`). Ключи и значения те же, что в locales/en/explain.ftl.

## Источники чисел памяти

explain-above = выше
explain-table = элементы каждого тензора × байты его типа, с выравниванием до 32: заголовок файла или размерности из реестра и рецепт llama-quantize
explain-llama = исходный код llama.cpp, сверено с llama-fit-params (docs/accuracy.md)
explain-graph = граф llama.cpp для этой модели, нагрузки и размещения: его делит планировщик ggml и размещает аллокатор ggml; с запасом 64 КиБ
explain-all-tensors = все тензоры модели
explain-embedding = token_embd остаётся в ОЗУ
explain-host-layers = слои, которые остаются на процессоре
explain-host-experts = эксперты слоёв, которые в остальном лежат на видеокартах
explain-vocabulary = словарь модели
explain-slots = --slots или нагрузка
explain-process = llama-server без модели, измерено
explain-prompt-cache = --cache-ram: два полных контекста, от 64 МиБ до 1 ГиБ
explain-arguments = аргументы сервера
explain-reserve = для системы и для перепаковки весов
explain-reserve-source = измерено: RSS против буферов (src/plan/ledger.rs)
explain-profile = профиль
explain-reported = доля, которую серверы сообщают по меньшей мере
explain-logits = логиты лежат в ОЗУ
explain-cuda-context = оценка сверху для такой видеокарты
explain-card-alone = видеокарту больше ничто не занимает
explain-vram = столько драйвер сообщает для такой видеокарты
explain-layers = слои с { $first } по { $last }
explain-no-layer = ни одного слоя
explain-experts-of-layers = эксперты этих слоёв, которые остаются в ОЗУ
explain-output = выходной слой и его нормировка лежат на одной видеокарте
explain-heads = головы кэша: каждая лежит на видеокарте целиком
explain-tensor-split = доля по --tensor-split
explain-all-layers = все слои
explain-experts = эксперты, которые остаются в ОЗУ
explain-output-norm = выходной слой и его нормировка
explain-mirrored = целиком на каждой видеокарте
explain-whole-cache = кэш всех слоёв
explain-rag-ledger = расчёт памяти сервера эмбеддингов
explain-rag-memory = rag.memory этого плана
explain-window = скользящее окно и пакет, с выравниванием до 256
explain-cells = контекст слота, с выравниванием до 256
explain-row = { $width } { $width ->
    [one] элемент
    [few] элемента
   *[other] элементов
  } типа { $kind }
explain-of-device = слои этого устройства
explain-rotation = матрицы рядом с квантованным кэшем
explain-state = состояние слотов, при любой их длине
explain-streams = по одному на слот, с --kv-unified один на всех
explain-parts = части этого устройства

## Сервер эмбеддингов

explain-header = заголовок файла или размерности из реестра
explain-rag-graph = граф llama.cpp для модели эмбеддингов и одного пакета, с запасом 64 КиБ; где он не сверен, ещё половина и 64 МиБ
explain-rag-output = исходный код llama.cpp (`llama_context::output_reserve`), измерено на первом длинном тексте
explain-rag-cache = рядом со слоями; у модели, которая читает текст целиком, кэша нет
explain-rag-on-host = лежит в ОЗУ
explain-rag-tensors = все тензоры модели эмбеддингов
explain-rag-layers = столько берёт видеокарта; эмбеддинг остаётся в ОЗУ
explain-rag-vocabulary = словарь модели эмбеддингов
explain-vector = чисел в векторе
explain-server-parts = части этого сервера
explain-token-bytes = столько UTF-8 самое большее приходится на токен
explain-chunk = вектор из 32-битных чисел и его текст
explain-index = тексты индекса

## Скорость

explain-calibration = доли и постоянные времена: src/plan/speed/rates.rs
explain-peak = пик, 10^9 байт/с: profiles/hardware.toml, profiles/cards.csv
explain-flops = 10^12 операций/с: profiles/hardware.toml, src/plan/speed/rates.rs
explain-work = по две на каждый активный параметр слоёв устройства
explain-reached = достигаемая доля пика
explain-spread = этот край интервала: docs/measured.md
explain-host-gb-s = 10^9 байт/с при чтении токена: из памяти или между сокетами
explain-host-read = веса, которые читает токен, и половина контекста слота
explain-host-matrices = по две на каждый вес, который читает токен
explain-host-attention = по две на каждый элемент половины слота, по головам
explain-attention = внимание относительно матриц
explain-quants = матрицы этого квантования относительно других
explain-host-beside = помимо матриц, по слоям и их ширине
explain-card-experts = запуски маршрутизатора и экспертов, по слоям
explain-host-waiting = потоки ждут друг друга, по слоям
explain-card-read = веса, которые читает токен
explain-card-cache = половина контекста слота
explain-card-layers = на токен помимо чтения, по слоям
explain-token = выходной слой, выбор токена, передача между видеокартами
explain-waiting = две суммы по всем видеокартам в каждом слое
explain-overhead = время на токен запроса помимо арифметики
explain-looked-back = по четверти слота, по головам
explain-copied = веса из ОЗУ, которые пакет переносит на видеокарту
explain-pcie = по PCIe
explain-tops = 10^12 операций/с: доля скорости видеокарты, src/plan/speed/rates.rs
explain-card-attention = по четверти слота
explain-attention-tops = 10^12 операций внимания в секунду
explain-scores = для внимания без flash attention
explain-batch-read = веса видеокарты, которые читает каждый пакет
explain-batch = на пакет помимо арифметики, по слоям
explain-split = слои на нескольких видеокартах относительно одной, с конвейером
explain-ubatch = --ubatch-size или половина слота

## Цена

explain-offer = { $instance } у { $provider }: { $source }, { $day }
explain-of-offer = из предложения
explain-hours = в месяце: 365,25 × 24 / 12
explain-cap = больше за месяц не берут
explain-rate = { $source }, { $day }
explain-expected = ожидаемая, один запрос за раз
explain-all-the-time = машина арендована на месяц и генерирует без перерыва

## До первого токена

explain-promise = обещано профилем: profiles/hardware.toml
explain-files = все файлы модели
explain-files-source = список репозитория с --resolve, иначе реестр
explain-rag-files = все файлы модели эмбеддингов
explain-release = список самого выпуска
explain-pinned = то, что закреплено или было бы закреплено
explain-beside = распакованный архив llama.cpp, агент, журнал
explain-disk = требование `disk`
explain-frame = кадр Ethernet в линии
explain-payload = доля данных в нём
explain-ethernet = IEEE 802.3, TCP с метками времени
explain-one-batch = один физический пакет
explain-question = принято, что первый вопрос такой длины
explain-cached = из страничного кэша, где файл остался после скачивания
explain-from-disk = с диска, как после перезагрузки
explain-start = измерено с крошечной моделью (docs/benchmarks.md)
explain-cuda-start = с запасом, здесь не измерялось
explain-other-way = интервал плана в обратном порядке
explain-one-answer = один вопрос, один токен ответа
explain-one-by-one = одно за другим
explain-cost = цена
explain-until = до первого токена
explain-paid = машина оплачивается и пока скачивает

## Условия вердикта

explain-rule = не выполнено условие работы: невозможно; не выполнено условие комфорта: компромисс; иначе комфорт. Что задал пользователь, заменяет своё условие.
term-memory = занятая память { $device ->
    [host] ОЗУ
   *[other] { $device }
  }
term-disk = диск для модели и llama.cpp
term-price-month = цена за месяц
term-price-hour = цена за час
term-price-day = цена за день
term-bits = биты { $quant }
term-asked-speed = самая медленная генерация, по заданному
term-slot = контекст слота
term-trained = контекст слота против того, на каком обучена модель
term-slots = слоты
term-cache = байты 32 чисел в кэше KV, { $cache }
term-experts = слои, эксперты которых остаются на процессоре
term-layers = слои, которые при видеокарте остаются на процессоре
term-speed = самая медленная генерация
term-free = свободная доля { $device ->
    [host] ОЗУ
   *[other] { $device }
  }

## Порядок выбора

choice-verdict = вердикт
choice-runs = работает ли вообще
choice-memory = нехватка памяти
choice-four-bits = 4 бита и больше
choice-pace = скорость, до комфортной
choice-given-up = число уступок
choice-price = цена
choice-quality = качество до Q8_0
choice-speed = скорость
choice-data = порядок в данных
choice-no-price = цена неизвестна
choice-no = нет
choice-yes = да
choice-at-least = не меньше { $speed } токенов/с
choice-tokens = { $speed } токенов/с
choice-money = { $price } { $currency } в { $period ->
    [hour] час
    [day] день
   *[other] месяц
  }

## Страница объяснения

explain-title = Откуда взялось каждое число
explain-memory = память { $index }
explain-speed = скорость
explain-price = цена
explain-arrival = запуск
explain-rag-memory-of = память RAG { $index }
explain-rag-index = индекс RAG
explain-from = источник: { $source }
explain-verdict = вердикт: { $verdict }
explain-choice = выбор: { $profile } и { $quant }; сравнивали { $compared } { $compared ->
    [one] вариант
    [few] варианта
   *[other] вариантов
  }
explain-order = сравнение по порядку: { $order }; решает первое различие
explain-decides-runs = работа
explain-decides-comfort = комфорт
explain-replaced = задано флагом
explain-held = выполнено
explain-not-held = не выполнено
explain-not-known = неизвестно
explain-at-least = не меньше { $bound }
explain-at-most = не больше { $bound }
explain-column-decides = решает
explain-column-term = условие
explain-column-value = значение
explain-column-bound = граница
explain-column-held = выполнено
explain-column-runner-up = другой вариант
explain-column-quant = квант.
explain-column-lost-by = уступил в
explain-column-chosen = у выбранного
explain-column-this = у этого

## Единицы

unit-bytes = { $number } байт
unit-bytes-size = { $number } байт, { $size }
unit-tokens = { $number } { $number ->
    [one] токен
    [few] токена
    [many] токенов
   *[other] токена
  }
unit-texts = { $number } { $number ->
    [one] текст
    [few] текста
   *[other] текстов
  }
unit-seconds = { $number } с
unit-hours = { $number } ч
unit-bits = { $number } { $number ->
    [few] бита
   *[other] бит
  }
unit-layers = { $number } { $number ->
    [one] слой
    [few] слоя
   *[other] слоёв
  }
unit-rate = { $number } { $to } за 1 { $from }
