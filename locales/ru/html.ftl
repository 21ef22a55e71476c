# Страница плана (`plan --format html`). Ключи и значения те же, что в locales/en/html.ftl.

html-title = { $model } { $quant } на { $profile }

## Цифры сверху

html-model = модель
html-parameters = { $parameters } млрд параметров
html-files = { $quant }, файлы { $size }
html-context = контекст
html-requests = на { $slots ->
    [one] один запрос
   *[other] каждый из { $slots } запросов сразу
  }, кэш KV { $cache }
html-speed = скорость
html-price = цена
html-month = { $price } { $currency } в месяц
html-hour = { $price } в час; { $source }, { $day }
html-first-answer = первый ответ
html-after = через { $time }
html-download = скачать { $size } на { $speed } Мбит/с

## Память и скорость

html-memory = Память
html-of = { $total } из { $capacity }
html-free = свободно { $size }
html-missing = не хватает { $size }
html-speeds = Скорость, прогноз для одного запроса
html-writes = генерация { $speed } токенов/с
html-reads = чтение запроса { $speed } токенов/с

## Цена и другие машины

html-offer = { $provider } { $instance }{ $region }{ $container }; { $source }, { $day }.
html-in = { " в " }{ $region }
html-price-title = Цена
html-rent = Аренда:
html-near = За доплату: { $text }.
html-chart = Цена и скорость каждой машины из предложений; в таблице ниже те же числа
html-caption = Каждая точка — машина из предложений с лучшей квантизацией, которую она тянет. Линия соединяет те, которых ни одна более дешёвая не обгоняет. Большая точка с интервалом — этот план.
html-axis-price = USD в месяц
html-axis-speed = токенов/с
html-machines = Все машины: { $count }
html-all-machines = Все машины
html-column-machine = машина
html-column-region = регион
html-column-month = в месяц
html-column-quant = квантизация
html-column-mark = отметка
html-chosen = выбрана
html-front = на линии
html-unknown = неизвестно
html-others = Что ещё рассматривалось
html-alternatives = Другие варианты

## Серверы и объяснение

html-embedding = Сервер эмбеддингов
html-server-embedding = эмбеддинги
html-numbers = Числа и их формулы
html-column-number = число
html-column-formula = формула
html-column-inputs = входные данные
html-column-source = источник
html-verdict = Вердикт
html-terms = Условия вердикта
html-choice = Выбор
html-runners-up = Следующие за выбранным
html-units = Размеры двоичные: 1 ГиБ = 1024 МиБ.
