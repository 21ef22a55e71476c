# Ошибки и подсказки, с которыми сталкиваются чаще всего. Ключи и значения те же, что в locales/en/errors.ftl.

## Модели и машины

error-no-model = нет модели с именем { $name }
hint-no-model = `agi-provision models` показывает известные; можно указать путь к файлу .gguf или hf:владелец/репозиторий
hint-near-model = может быть, { $near }? `agi-provision models` показывает все; можно указать путь к файлу .gguf или hf:владелец/репозиторий
error-no-offer = среди предложений нет машины { $name }, или для неё нельзя составить план

## Путь к серверу

error-resolve = не удаётся найти адрес { $name }: { $why }
hint-resolve = проверьте имя, /etc/hosts и /etc/resolv.conf или укажите IP-адрес
error-refused-connection = { $place } отказывает в соединении
hint-refused-connection = запущен ли там sshd и тот ли это порт?
error-no-answer = { $place } не отвечает: ждали { $version } с
hint-no-answer = включена ли машина, верен ли адрес, пропускает ли этот порт межсетевой экран?
error-unreachable = { $place } недоступен: { $why }
hint-unreachable = проверьте адрес и сеть
error-host-key-unknown = неизвестен { $key } сервера { $name }
hint-host-key-unknown = сверьте его в консоли сервера командой `ssh-keygen -lf` и передайте --host-key { $fingerprint }; или примите на веру с --accept-new-host-key
error-host-key-changed = ключ сервера { $name } сменился: он показал { $key }, а в { $place } записан другой (известны { $types })
hint-host-key-changed = возможно, соединение перехватывают; если систему на сервере переустановили, удалите старый ключ: `{ $command }`
error-login = { $peer } не впускает пользователя { $user }: { $tried }
error-no-key = нет ни одного ключа, который можно попробовать
login-offers = { "; сервер предлагает " }{ $offers }
hint-no-key = создайте ключ командой `ssh-keygen -t ed25519` и добавьте его .pub на сервер или укажите ключ флагом --identity
hint-login = верно ли имя { $user } и есть ли .pub этого ключа там в ~/.ssh/authorized_keys пользователя { $user }? Другой ключ задаёт --identity

## Права на сервере

error-sudo = пользователь не может стать root через sudo: { $why }
error-no-sudo = пользователь не root, а на сервере нет ни sudo, ни doas
hint-no-sudo = подключитесь как root: --host root@ИМЯ
error-sudo-password = пользователь не может стать root через { $program } без пароля, и { $absent }
hint-sudo-password = передайте пароль через --sudo-password-stdin, подключитесь как root или разрешите пользователю sudo без пароля (NOPASSWD)
error-wrong-sudo-password = sudo не принял пароль
hint-wrong-sudo-password = его попробовали один раз, потому что учётные записи блокируются: запустите ещё раз с верным паролем

## Файлы, которые нужны серверу

error-no-archive = на сервере нет { $engine } { $build }, и архив не задан
hint-no-archive = укажите --runtime-archive ФАЙЛ, архив .tar.gz с { $program } и его библиотеками, например архив выпуска { $engine }; или --runtime-path ПУТЬ, если { $program } на сервере уже есть; или закрепите загрузку: `agi-provision plan --resolve`
error-nothing-installed = на этом сервере ничего от agi-provision не установлено
hint-nothing-installed = `agi-provision apply` установит

## Слова, с которых начинается строка

word-error = ошибка
word-hint = подсказка
word-warning = предупреждение
word-note = замечание

## Ошибки во флагах: фразы clap

clap-invalid-value = неверное значение '{ $value }' для '{ $flag }': { $why }
clap-invalid-one = неверное значение '{ $value }' для '{ $flag }'
clap-a-value = для '{ $flag }' нужно значение, а его нет
clap-equal-sign = значение для '{ $flag }' пишется через знак равенства
clap-unexpected-argument = неизвестный аргумент '{ $flag }'
clap-conflict = аргумент '{ $flag }' нельзя указать вместе с '{ $other }'
clap-twice = аргумент '{ $flag }' можно указать только один раз
clap-required = не указаны обязательные аргументы:
clap-command = неизвестная команда '{ $name }'
clap-possible-values = [возможные значения: { $values }]
clap-tip-argument = похожий аргумент: '{ $near }'
clap-tip-arguments = похожие аргументы: { $near }
clap-tip-value = похожее значение: '{ $near }'
clap-tip-values = похожие значения: { $near }
clap-tip-command = похожая команда: '{ $near }'
clap-tip-commands = похожие команды: { $near }
clap-tip-pass = чтобы передать '{ $flag }' как значение, напишите '{ $instead }'
clap-usage = Использование: { $how }
clap-help = все параметры покажет --help

## Слова операционной системы

os-no-file = нет такого файла или папки (ошибка ОС 2)
os-permission = доступ запрещён (ошибка ОС 13)
os-not-permitted = операция не разрешена (ошибка ОС 1)
os-exists = файл уже есть (ошибка ОС 17)
os-is-directory = это папка (ошибка ОС 21)
os-not-directory = это не папка (ошибка ОС 20)
os-no-space = на диске нет места (ошибка ОС 28)
os-read-only = файловая система только для чтения (ошибка ОС 30)
os-refused = в соединении отказано (ошибка ОС 111)
os-reset = соединение сброшено другой стороной (ошибка ОС 104)
os-timed-out = время соединения истекло (ошибка ОС 110)
os-no-network = сеть недоступна (ошибка ОС 101)
os-no-route = нет маршрута к серверу (ошибка ОС 113)
