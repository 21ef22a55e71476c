# Тексты команды `levels` и файла hardware_agi_levels.ru.md. Ключи и значения те же, что в locales/en/levels.ftl.

levels-title = Уровни оборудования
levels-intro = Что на самом деле работает на каждом уровне оборудования, от ноутбука до кластера. С комфортом: два запроса одновременно, до 4096 токенов каждый, на каждом устройстве свободно 16 % памяти, 4 бита на вес или больше, на машине с видеокартой ни один слой не остаётся на процессоре, и не меньше 7 токенов/с даже по нижней оценке. С компромиссом: модель работает, но чем-то пришлось поступиться. Всё это считает планировщик, по тому же правилу и с тем же расчётом памяти, что и `agi-provision plan`; скорости — предсказанные интервалы.
levels-memory-title = Сколько памяти занимает каждая модель
levels-memory-intro = Веса, контекст и вычислительный буфер llama.cpp (сборка { $build }) на одном устройстве: от одного слота на 2048 токенов до комфортной нагрузки. ГБ — это 10^9 байт. Контекст CUDA и система занимают память сверх этого.
levels-together-title = Несколько машин для { $model }
levels-together-intro = { $quant }, машины одного класса. У каждой реплики модель целиком: ответов одновременно становится больше, но ни один не становится быстрее. По RPC модель делят все машины, по сети с задержкой { $latency } мс туда и обратно и скоростью { $rate } Мбит/с: это место для модели, которая не помещается ни на одну, и по одному ответу за раз. Цены — самой дешёвой известной машины, которая держит обещания профиля, за все машины вместе; токены считаются по ожидаемой скорости всех одновременных ответов.
levels-claims-title = Что и где работает по документу
levels-claims-intro = Список из документа, проверенный тем же правилом: его модель и квантование на его оборудовании.
levels-comfort = С комфортом
levels-compromise = С компромиссом
levels-impossible = Не работает
levels-nothing = нет таких

## Заголовки таблиц

levels-column-model = модель
levels-column-verdict = вердикт
levels-column-quant = квантование
levels-column-context = слоты × токены
levels-column-speed = токенов/с
levels-column-reason = чем пришлось поступиться или почему нет
levels-column-profile = оборудование
levels-column-note = документ
levels-column-claimed = у нас
levels-column-ours = у нас, ГБ
levels-column-mission = в документе, ГБ
levels-column-why = почему расходится
levels-column-machines = машины
levels-column-one-answer = токенов/с одного ответа
levels-column-all-answers = всех одновременных
levels-column-per-hour = цена часа
levels-column-per-million = цена 10^6 токенов
levels-replicas = { $count } × { $profile }, реплики
levels-rpc = { $count } × { $profile }, вместе по RPC

## Вердикты в таблицах

levels-verdict-comfort = комфорт
levels-verdict-compromise = компромисс
levels-verdict-impossible = не работает

## Почему диапазон документа такой

levels-why-agrees = сходится до целых гигабайтов, которые даёт документ
levels-why-below = в документе меньше, чем даёт арифметика: одни веса, { $parameters } млрд параметров, занимают { $weights } ГБ
levels-why-above = документ оставляет запас на более длинный контекст: наши { $low } ГБ получаются при { $tokens } токенах в одном слоте
levels-why-above-trained = в документе больше, чем можно использовать: наши { $low } ГБ получаются при { $tokens } токенах в одном слоте, а модель обучена на { $trained }

## Уровни

level-laptop = Ноутбук
level-cpu-server = Сервер без видеокарты
level-entry-card = Начальная видеокарта
level-medium-node = Одна видеокарта на 24 ГБ: средний узел
level-cluster-node = Узел кластера: две видеокарты с NVLink и больше

## Профили

profile-laptop-cpu-16gb = Ноутбук, 16 ГБ ОЗУ, без видеокарты
profile-cpu-vps-32gb = Сервер, 8 vCPU, 32 ГБ ОЗУ
profile-cpu-vps-64gb = Сервер, 16 vCPU, 64 ГБ ОЗУ
profile-gpu-8gb = Одна видеокарта на 8 ГБ (RTX 4060)
profile-gpu-16gb = Одна видеокарта на 16 ГБ (RTX 4060 Ti)
profile-gpu-24gb = Одна видеокарта на 24 ГБ (RTX 3090 или 4090)
profile-2x3090-nvlink = Две RTX 3090 с NVLink, 48 ГБ
profile-2xa100-nvlink = Две A100 80 ГБ SXM с NVLink
profile-h100-80gb = Одна H100 80 ГБ

## Что говорит документ

claim-laptop = идеально для ноутбуков без видеокарты
claim-card-8gb = видеокарта на 8 ГБ
claim-card-8gb-4-bits = видеокарта на 8 ГБ; годится для 4-битного вывода
claim-16gb-4-bits = возможно в 16 ГБ при 4 битах
claim-best-on-3090 = лучше всего на 3090 или 4090
claim-fp16-24gb = FP16 на 24 ГБ
claim-recursive-24gb = рекурсивные запросы на 24 ГБ; здесь четыре слота
claim-tuning = нужна тщательная настройка
claim-cpu-only = только процессор: медленно, но возможно
claim-two-nvlink = две видеокарты с NVLink
