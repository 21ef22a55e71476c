# Что говорят проверка и apply. Ключи и значения те же, что в locales/en/host.ftl.

## Почему план на это рассчитывает

why-arch = сборка llama.cpp и эта программа сделаны для неё
why-podman = движок приходит контейнером, а это юнит Quadlet из podman
why-cdi = podman даёт контейнеру карты через container device interface (`nvidia-ctk cdi generate`)
why-systemd = служба — это юнит systemd
why-cpu-flags-x86-64 = сборки llama.cpp для серверов x86-64 их используют; без них генерация в несколько раз медленнее
why-cpu-cores = от них зависит скорость в профиле
why-ram = расчёт памяти сервера с резервом для системы
why-disk-index = модели, сборка llama.cpp и журнал, а ещё индекс --rag
why-disk = модель, сборка llama.cpp и журнал
why-disk-speed = от неё зависит время загрузки модели
why-network = от неё зависит время скачивания модели
why-port = на нём слушает сервер; порт должен быть свободен
why-rag-port = на нём слушает сервер эмбеддингов; порт должен быть свободен
why-disk-kind = модель для видеокарты читается при каждом старте
why-disk-size = модели, индексы и документы среднего узла
why-gpu-count = слои делятся на столько видеокарт
why-gpu-vram = расчёт самой заполненной видеокарты
why-gpu-model = скорость в профиле — для такой видеокарты
why-nvlink = в профиле две видеокарты с NVLink между ними

## Что нужно и что нашлось

needed-port = порт { $version } свободен
needed-at-least = не ниже { $version }
found-no-podman = podman нет
found-podman-apt = нет, apt установит { $version }
found-cdi = описание для карт NVIDIA
found-no-cdi = нет для карт NVIDIA в /etc/cdi и /var/run/cdi
found-yes = да
found-no = нет
found-cores = { $cores } { $cores ->
    [one] ядро
    [few] ядра
   *[other] ядер
  }
needed-gpus = { $cards } { $cards ->
    [one] видеокарта
    [few] видеокарты
   *[other] видеокарт
  }
found-one-gpu = 1 видеокарта
found-no-gpu = видеокарты нет
found-unknown-requirement = этой версии неизвестно
found-another-init = другой init
found-unread = прочитать нельзя ({ $why })
found-no-flags = ни одного из них
found-ram-limited = { $size } (лимит cgroup { $name }; на сервере { $all })
found-read-only = { $path } только для чтения
found-disk = { $size } свободно на { $path }
found-disk-held = { $size } свободно на { $path }, и { $held } уже на месте
found-disk-size = { $size } на { $path }
found-not-measured = не измерено
found-disk-virtual = виртуальный, может быть любым
found-not-known = неизвестно
found-no-egress = от { $site } нет: { $why }
found-network = { $speed } Мбит/с от { $site }
found-port-ours = занят нашей же службой
found-port-free = свободен
found-port-taken = занят: { $name }
found-another-process = другой процесс
found-gpu-free = { $free } свободно из { $size }
found-not-reported = не сообщается
found-linked = связана каждая пара
found-no-nvlink = есть пара без NVLink
needed-exec = программы запускаются
found-exec = запускаются
found-noexec = { $path } смонтирован с noexec
why-exec = сервер запускается из /var/lib/agi-provision, агент из /usr/local/lib/agi-provision
why-libc = сервер собран с ней
why-libraries = без них сервер не запустится
needed-libraries = его библиотеки
needed-processor = процессор { $processor }, для которого собран архив
found-other-processor = здесь { $own }
found-libraries = на месте
found-libraries-apt = нет, apt установит { $packages }
found-libraries-none = нет, и установить нечем
found-library-old = старая { $library }, без неё
needed-rest = система ничем не занята
found-rest = не занята
why-rest = она может менять то, с чем стартует сервер
needed-no-restart = перезагрузка не требуется
found-no-restart = нет
found-restart = система просит перезагрузить
found-restart-for = система просит перезагрузить из-за { $packages }
why-restart = до этого работают старые ядро и программы
why-egress = сервер качает оттуда

## Что меняет apply

change-key = создать ключ API
change-directory = создать { $path } ({ $mode })
change-build = собрать { $program } из { $name } для этого сервера
change-user = создать системного пользователя { $name }
change-group = добавить { $name } в группу { $groups }
change-model = положить { $name } ({ $size }) на место
change-unpack = распаковать { $name } в { $path }
change-use = использовать { $path }
change-pull = скачать образ { $image }
change-load = загрузить образ { $image } из { $name }
change-packages = поставить { $packages } и взять их программу
change-libraries = установить библиотеки для { $program }, если каких-то нет
change-library = установить пакет с { $library }
change-note-libraries = записать используемые библиотеки
change-link = направить { $path } на { $target }
change-unit = создать { $path }
change-unit-again = изменить { $path }
change-generation = записать поколение { $number }
change-restore = восстановить { $path }: файл изменён вручную
change-remove = удалить { $unit }
change-start = запустить { $unit } (сейчас { $state })
change-wait = дождаться загрузки модели
change-wait-embedding = дождаться загрузки модели эмбеддингов
change-nftables = установить nftables
change-open = открыть порт { $version } для { $ranges } с TLS, когда его подтвердит новое соединение
change-open-again = снова открыть порт { $version } для { $ranges }
change-close = закрыть API для других машин
change-restart = перезапустить { $unit }
change-stop = остановить { $unit }
because-change = { $what }, потому что меняется { $id }
because-changes = { $what }, потому что меняются { $ids }
because-ids = { $first } и { $last }
because-cut-off = { $what }, чтобы закончить прерванный apply
because-outgrown = { $what }, который занимает больше, чем под него оставлено
because-made-room = { $what }, который остановили, чтобы освободить место модели

## Чем кончилось

end-serves = { $model } { $quant } работает: { $tokens } { $tokens ->
    [one] токен
    [few] токена
   *[other] токенов
  }, { $speed } токенов/с{ $beside }
end-serves-unasked = { $model } { $quant } работает{ $beside }
end-vectors = ; { $model } даёт векторы из { $numbers } чисел
end-port-stays = порт остаётся открытым
end-key = ключ новый, старый больше не действует
end-old-generation = работает прежнее поколение
why-cpu-flags-aarch64 = сборки llama.cpp для aarch64 их используют; без dot product запрос читается в несколько раз медленнее
end-one-unmet = сервер не подходит плану: не выполнено 1 требование
end-unmet = сервер не подходит плану: не { $count ->
    [few] выполнены
   *[other] выполнено
  } { $count } { $count ->
    [one] требование
    [few] требования
   *[other] требований
  }
hint-port = остановите то, что слушает на этом порту, и повторите apply; на сервере ничего не изменено
hint-larger = составьте план под этот сервер (--profile, --quant, --ctx) или возьмите больший; на сервере ничего не изменено

## Слова systemd, и в каком состоянии сервер

state-active = работает
state-inactive = остановлена
state-failed = сбой
state-activating = запускается
state-deactivating = останавливается
state-enabled = запускается при загрузке
state-disabled = при загрузке не запускается
state-ready = готов
state-loading = загружает модель
state-active-and = работает, { $health }
state-inactive-and = остановлена, { $health }
state-failed-and = сбой, { $health }
state-activating-and = запускается, { $health }
