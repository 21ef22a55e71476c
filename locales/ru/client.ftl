# Что говорит сам клиент. Ключи и значения те же, что в locales/en/client.ftl.

## Проверка

verify-ok = ок
verify-warning = предупреждение
verify-allowed = разрешено
verify-later = с драйвером
verify-refused = ОТКАЗ
verify-column-requirement = требование
verify-column-needed = нужно
verify-column-found = найдено
verify-memory = память этого сервера, которую займёт план
verify-refusal = { $id }: нужно { $needed }, найдено { $found } ({ $why })
verify-broken-promise = { $id }: обещано { $needed }, найдено { $found }

## Ход работы

show-connecting = подключение
show-checking = проверка
show-waiting = ждём, пока закончит другой сервер на той же машине
show-warning = предупреждение: { $text }
show-refused = отказ: { $text }
show-restarting = сервер перезагружается, { $why }; apply продолжится там сам, а эта команда его дождётся (Ctrl-C прервёт только ожидание)
show-resumed = сервер перезагрузился; apply, начатый { $since }, продолжается
show-exposed = порт { $port } открыт для { $ranges }; новое соединение должно подтвердить это за { $seconds } с
show-attached = этот набор уже применяет { $by }, с { $since }; показываем ход
show-done = { $step }: готово за { $seconds } с
show-failed = { $step }: ошибка через { $seconds } с
show-downloading = скачивание
show-reading = прочитано
show-sending = отправка { $name }
show-bytes = { $what }: { $done } из { $total }
show-built = выполнено { $done } из { $total } команд сборки
show-built-left = выполнено { $done } из { $total } команд сборки, осталось примерно { $minutes } мин

## Итоги

outcome-error = ошибка
outcome-hint = подсказка
outcome-warning = предупреждение
outcome-hosts = серверов: { $hosts }; { $outcomes }
outcome-more = и ещё { $more }
outcome-failed = с ошибкой
outcome-rolled-back = вернули прежнее
outcome-below = не подходят плану
outcome-key = с неизвестным или сменившимся ключом
outcome-held = заняты другим apply
outcome-changes = изменились бы
outcome-usage = отклонено
outcome-done = готово

## Что дальше

next-here = что дальше:
next-tunnel = что дальше (туннель остаётся открытым, остальное в другом терминале):
next-page = { $url } в браузере: страница для чата, она спросит ключ
next-first = сначала:

## Состояние сервера

status-column = состояние
status-model = модель
status-nothing = не установлена
status-service = служба
status-health = ответ
status-generation = поколение
status-disk = диск
status-disk-used = { $models } занято моделями, { $free } свободно
status-applied = применено
status-decode = скорость
status-measured = { $speed } токенов/с при установке
status-measured-planned = { $speed } токенов/с при установке; по плану { $range }
status-memory = память, { $device }
status-buffers = буферы при запуске { $reported }; по плану { $planned }
status-open-to = открыт для
status-this-host = только этого сервера
status-open = { $ranges }, порт { $port }, TLS
status-confirmed = , подтверждено
status-unconfirmed = , пока не подтверждено
status-not-confirmed = ; { $ranges } не подтверждено: повторите apply
status-expose-stopped = ; agi-provision-expose.service не запущена
status-rules-gone = ; правила файрвола пропали: повторите apply
status-without-tls = всех, кто достучится до { $addresses }, без TLS: сервер слушает не там, где сказано в плане
status-certificate = сертификат
status-certificate-made = создан на сервере
status-certificate-own = ваш
status-certificate-left = { $from }, осталось дней: { $days }, { $sha256 }
status-public-key = открытый ключ
status-worker = рабочий узел { $number }
status-worker-up = { $name }: на связи
status-worker-lost = { $name }: потерян, { $why }
status-under-way = идёт
status-waiting = для след. apply
status-first-boot = первый старт
status-listens = слушает
status-embedding = эмбеддинги
status-numbers = , чисел: { $numbers }
status-unfinished = не закончено
status-cut-off = apply прервался; тот же apply его закончит
status-edited = изменено
status-edited-file = { $path }: не такой, как в плане; применён с --trust-edits
status-drift = расхождение
status-no-drift = нет
status-refused = отказ
status-log = журнал
status-by = { ", запустил " }{ $by }
status-since = { ", с " }{ $since }

## Что этот сервер может вместо этого

instead-in-comfort = этот сервер в комфорте тянет { $model } { $quant } с контекстом { $tokens } на { $slots } { $slots ->
    [one] слот
    [few] слота
   *[other] слотов
  }: { $command }
instead-compromise = этот сервер с компромиссом тянет { $model } { $quant } с контекстом { $tokens } на { $slots } { $slots ->
    [one] слот
    [few] слота
   *[other] слотов
  }: { $command }
instead-none = этот сервер не тянет { $model } ни в одной квантизации
instead-unknown = что этот сервер тянет из { $model }: agi-provision plan --model FILE с --host или --facts
needed-or = { " или " }
this-machine = эта машина

## doctor

doctor-warning = внимание
doctor-failed = сбой
doctor-do = совет: { $advice }
