# Фразы планов. Ключи и значения те же, что в locales/en/reasons.ftl.

## Правило вердикта

fits-short = { $device ->
    [host] в ОЗУ
   *[other] в памяти { $device }
  } не хватает { $short }: нужно { $needs }, есть { $has }{ $rag }
rag-part = ; из них { $size } занимает сервер эмбеддингов
disk-short = на диске { $has }, а нужно { $needs }{ $rag }
disk-rag-part = , из них { $size } — модель эмбеддингов и её индекс
beyond-any-offer = в бюджет не укладывается ни одно известное предложение
below-two-bits = { $quant } — меньше 2 бит на вес
slower-than-asked = генерация может замедлиться до { $speed } токенов/с, ниже заданных { $asked }
slot-too-small = в слоте всего { $tokens } { $tokens ->
    [one] токен
    [few] токена
   *[other] токенов
  } контекста
slot-below-comfort = в слоте { $tokens } { $tokens ->
    [one] токен
    [few] токена
   *[other] токенов
  } контекста вместо { $comfort }
slot-beyond-trained = в слоте { $tokens } { $tokens ->
    [one] токен
    [few] токена
   *[other] токенов
  } контекста, а модель обучена на { $trained }: на более длинных текстах она отвечает хуже
slots-below-comfort = { $slots } { $slots ->
    [one] слот
    [few] слота
   *[other] слотов
  } вместо { $comfort }: запросы ждут друг друга
cache-below-comfort = кэш KV в { $cache } вместо f16: ответы немного хуже
experts-on-host = эксперты { $experts } из { $layers } слоёв остаются на процессоре: на видеокарте для них нет места
layers-on-host = { $host } из { $layers } слоёв { $host ->
    [one] остаётся
   *[other] остаются
  } на процессоре: на видеокарте для них нет места
below-four-bits = { $quant } — меньше 4 бит на вес: ответы хуже
little-free = { $device ->
    [host] в ОЗУ
   *[other] в памяти { $device }
  } свободно { $free } %, меньше { $least } %{ $rag }
slow-decode = генерация может замедлиться до { $speed } токенов/с; комфортно от { $comfort }
thin-slots = { $slots } { $slots ->
    [one] слот делит
    [few] слота делят
   *[other] слотов делят
  } контекст: каждому остаётся { $tokens } { $tokens ->
    [one] токен
    [few] токена
   *[other] токенов
  } на вопрос и ответ; с --ctx { $ctx } каждый получит { $least }

## Кроме вердикта

unchecked-architecture = архитектура { $name } не из тех, на которых проверен расчёт памяти: размеры приблизительные
split-tensor = каждая пара видеокарт связана NVLink, поэтому каждая берёт часть каждой матрицы: --split-mode tensor. В llama.cpp { $build } этот режим экспериментальный и требует сборки с CUDA и NCCL; другой режим — --split-mode layer
paged-estimates = веса и кеш точны по правилам { $engine }; активации, графы и память сервера — оценки, а скорости — другого движка
on-one-node = сервер остаётся на одном из узлов NUMA (всего { $nodes }), потоков: { $threads }; все ядра нескольких сокетов отвечают примерно вдвое медленнее
over-nodes = работают все ядра, хотя узлов NUMA { $nodes }: в память одного узла всё не помещается, и токены читаются между сокетами
slower-node = работают все ядра, хотя узлов NUMA { $nodes }: память одного даёт меньше, чем проходит между ними
hidden-nodes = работают все ядра, хотя сокетов не меньше { $sockets }: виртуальная машина показывает один узел NUMA, и оставить сервер на одном сокете нельзя
container-offer = это предложение — контейнер без systemd: `apply` не может его использовать
base-model = { $model } — базовая модель: она продолжает текст, шаблона чата у неё нет
no-template = в файле нет шаблона чата, а семейство модели неизвестно: считаем её базовой, она продолжает текст
template-of-file = из файла модели
template-of-registry = из реестра, { $name }: как в карточке модели
template-of-family = её семейства, { $name }: в файле шаблона нет
rag-assumption = на отрывок { $dimensions } чисел по 4 байта и { $tokens } { $tokens ->
    [one] токен
    [few] токена
   *[other] токенов
  } по { $bytes } байт текста; число отрывков задаёт --rag-chunks N

## Ничего не подходит

beyond-budget = ни одно известное предложение не укладывается в { $budget }; самое дешёвое, на котором модель работает, — { $instance } у { $provider } за { $price } { $currency } в { $period ->
    [hour] час
    [day] день
   *[month] месяц
  }
budget-limit = { $amount } { $currency } в { $period ->
    [hour] час
    [day] день
   *[month] месяц
  }
budget-both = { $first } и { $second }
beyond-budget-converted = { $what }, то есть { $price } { $currency }
beyond-budget-capped = { $what }, это месячный максимум
no-offer-runs = на известных предложениях модель не работает ни за какую цену
nothing-runs = с такими настройками модель не работает ни на одной известной машине; помогут меньший --ctx, меньше --slots или модель поменьше
nothing-runs-rag = с такими настройками модель не работает ни на одной известной машине; помогут меньший --ctx, меньше --slots, меньше --rag-chunks или модель поменьше
nearest-in-comfort = ближайшее, что работает: --profile { $machine } --quant { $quant } ({ $model }, с комфортом)
nearest-compromise = ближайшее, что работает: --profile { $machine } --quant { $quant } ({ $model }, с компромиссом)

## Машина лучше за небольшую доплату

near-faster = на { $price } { $currency } в { $period ->
    [hour] час
    [day] день
   *[month] месяц
  } дороже: быстрее в { $times } { $times ->
    [one] раз
    [few] раза
   *[other] раз
  } ({ $quant } на { $machine })
near-comfort = на { $price } { $currency } в { $period ->
    [hour] час
    [day] день
   *[month] месяц
  } дороже: с комфортом ({ $quant } на { $machine })
near-better = на { $price } { $currency } в { $period ->
    [hour] час
    [day] день
   *[month] месяц
  } дороже: вердикт лучше ({ $quant } на { $machine })
near-other-quant = { $quant } вместо { $chosen }

## Видеокарты сервера, которые план не использует

card-left-out = план не использует { $card } (GPU { $index }): { $why }
card-too-old = её compute capability — { $version }, а сборкам llama.cpp нужна { $version_least }
card-mig = режим MIG включён, но экземпляров нет: создайте экземпляр или выключите MIG
card-mig-command = режим MIG включён, но экземпляров нет: создайте экземпляр (`{ $command }`) или выключите MIG
card-too-small = серверу модели остаётся { $size }, этого мало даже для одного слоя
card-below-cpu = с этой моделью процессор справится лучше без неё
card-dwarf = рядом с большей видеокартой она замедлит каждый токен
card-shares-memory = у { $card } нет своей памяти, только память сервера, и она считается один раз: { $size } остаётся системе
card-alone = план использует только { $card }: с остальными видеокартами было бы медленнее
card-without-driver = { $lacks }, поэтому план её не использует: установите драйвер ({ $command })
other-processor = процессор сервера — { $arch }, а не { $usual }: llama.cpp и агент будут сборками для него
unknown-processor = процессор сервера — { $arch }, для него нет сборок agi-provision и llama.cpp
lacks-driver-for-kernel = у { $card } нет драйвера: { $driver } собран для ядра { $others }, а работает { $version }
lacks-driver = у { $card } нет драйвера ({ $driver } не загружен)
lacks-right-driver = у { $card } драйвер { $other }, а llama.cpp нужен { $driver }

## Архивы релиза для сервера

runtime-none-is-right = ни один архив релиза не подходит этому серверу: дайте свою сборку (--runtime-archive или --runtime-path)
runtime-source-cpu = сервер может собрать его для своего процессора примерно за { $minutes } мин на { $cores } ядрах
runtime-source-cards = сервер может собрать его с CUDA для этих видеокарт примерно за { $minutes } мин на { $cores } ядрах
runtime-source-nccl = сервер может собрать его с CUDA и NCCL для этих видеокарт примерно за { $minutes } мин на { $cores } ядрах
runtime-not-published = в релизах llama.cpp его нет для { $processor }
runtime-glibc-old = нужна glibc { $version }, а на сервере { $version_has }
runtime-glibc-other = нужна glibc { $version }, а на сервере другая библиотека C
runtime-cpu = считает процессор, и в архиве есть код для каждого его поколения
runtime-cpu-only = он не считает на видеокартах
runtime-no-nccl = он собран без NCCL, которая нужна, чтобы делить каждую матрицу между видеокартами (--split-mode tensor)
runtime-compute-unknown = compute capability видеокарты неизвестна
runtime-no-code = в нём нет кода для compute capability { $version }
runtime-cuda-unknown = неизвестно, какую CUDA поддерживает драйвер
runtime-cuda-old = драйвер поддерживает CUDA { $version_has }, а этим видеокартам нужна { $version }
runtime-machine-code = в нём есть машинный код для видеокарты
runtime-ptx = драйвер скомпилирует код для видеокарты при первом запуске, это займёт несколько минут
runtime-rocm = на сервере есть ROCm { $version }, через него и идут вычисления
runtime-rocm-other = нужны библиотеки ROCm { $version }, а на сервере { $version_has }
runtime-rocm-none = на сервере нужны библиотеки ROCm { $version }
runtime-no-card = на сервере нет видеокарты
runtime-vulkan-tensor = llama.cpp не обещает, что через него можно делить каждую матрицу между видеокартами
runtime-image = он приходит образом контейнера, в котором есть всё, кроме драйвера
runtime-image-needs = старейшие карты, для которых в образе есть код ({ $source })
runtime-image-needs-bf16 = более старые карты не считают в BF16 ({ $source })
runtime-image-cpu = в собственном образе llama.cpp есть всё нужное: библиотека C сервера не важна
runtime-image-nccl = собственный образ llama.cpp собран с NCCL, а она нужна, когда часть каждой матрицы лежит на каждой видеокарте (--split-mode tensor)
runtime-image-vulkan = в собственном образе llama.cpp есть драйверы Mesa для Vulkan: библиотека C сервера не важна
runtime-image-rocm = в нём код для некоторых видеокарт AMD, а какие из них здесь, неизвестно
runtime-image-other-cards = он для других видеокарт
runtime-packages = это собственные пакеты дистрибутива: их ставит apt, и они остаются на сервере
runtime-packages-unknown = есть ли они в дистрибутиве этого сервера, неизвестно
runtime-vulkan = работает с любым драйвером, в котором есть Vulkan; эта часть может быть отдельным пакетом ({ $package })
