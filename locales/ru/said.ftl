# Фразы, которые читают люди: ошибки, подсказки, предупреждения, слова агента. Ключи и значения те же, что в locales/en/said.ftl.

## agent::converge

said-checking-dae79 = проверка { $v1 }
said-step-72347 = шаг { $name }
said-but-for-what-was-downloaded-the-host-40230 = сервер остался как был, кроме скачанного
said-the-host-is-as-it-was-but-for-671ea = сервер остался как был, кроме: { $v1 }
said-the-host-is-as-it-was-946d2 = сервер остался как был
said-taking-it-back-failed-too-94f86 = вернуть прежнее тоже не удалось: { $undoing }
said-apart-from-the-installed-packages-cb4a6 = { " " }(кроме установленных пакетов { $v1 })
said-taking-it-back-failed-too-640a7 = { $v1 }; вернуть прежнее тоже не удалось: { $v2 }
said-rolled-back-the-old-generation-c81e9 = { $v1 }; изменения отменены, снова работает прежнее поколение{ $stays }
said-the-old-generation-still-serves-a99ca = { $v1 }; прежнее поколение продолжает работать{ $stays }{ $v3 }
said-rolled-back-but-the-old-generation-7658f = { $v1 }; изменения отменены, но прежнее поколение не работает: { $old }
said-the-old-embedding-server-does-not-b2c9d = { $v1 }; прежний сервер эмбеддингов не работает: { $old }

## agent::converge::judged

said-the-driver-works-and-the-host-does-2063f = драйвер работает, но сервер не подходит плану: { $v1 }
said-plan-for-what-this-host-has-agi-33d1d = составьте план под этот сервер: agi-provision plan --host; драйвер остаётся

## agent::converge::kept

said-what-was-compiled-b3451 = скомпилированное
said-stays-for-the-next-apply-ab896 = { $one } остаётся для следующего apply
said-and-stay-for-the-next-apply-87c58 = { $v1 } и { $last } остаются для следующего apply

## agent::converge::remove

said-others-have-files-in-it-80080 = { $v1 } (там чужие файлы)
said-the-account-uid-another-one-s-7bb5b = учётная запись { $name } (uid { $v2 }, чужая)
said-empty-a-disk-is-mounted-on-it-07306 = { $v1 } (пуст; на нём смонтирован диск)

## agent::expose

said-no-rules-are-confirmed-or-being-1605c = никакие правила не подтверждены и не проверяются
said-loading-00387 = загрузка { $v1 }: { $v2 }
said-nft-check-file-on-the-host-shows-the-7c464 = строку покажет `nft --check --file { $v1 }` на сервере
said-arming-the-timer-ce4e9 = запуск таймера: { $v1 }
said-journalctl-b-n-50-on-the-host-has-d0fe7 = подробности: `journalctl -b -n 50` на сервере
said-did-not-start-bb95f = { $unit } не запустился: { $v2 }
said-journalctl-u-on-the-host-has-more-cde4e = подробности: `journalctl -u { $unit }` на сервере
said-the-plan-that-serves-lets-no-other-a7a4e = работающий план не пускает другие машины
said-apply-a-plan-with-expose-first-bb247 = сначала примените план с --expose
said-the-confirmation-came-too-late-the-d3b41 = подтверждение опоздало: порт снова закрыт
said-apply-again-db6e3 = повторите apply
said-reading-the-plan-that-serves-9bc38 = чтение работающего плана
said-no-new-connection-confirmed-the-594b1 = новое соединение не подтвердило правила: возврат к { $earlier }
said-no-new-connection-confirmed-the-d72dc = новое соединение не подтвердило правила: порт закрывается

## agent::expose::certificate

said-no-certificate-in-the-file-626ff = в файле нет сертификата
said-reading-666d3 = чтение { $v1 }
said-install-the-certificate-8ed4c = установить сертификат
said-make-a-certificate-92fe3 = создать сертификат
said-make-a-new-certificate-this-one-has-d94db = создать новый сертификат: этот действует ещё дней: { $v1 }
said-make-a-new-certificate-the-clock-was-e974a = создать новый сертификат: когда создавали этот, часы спешили
said-make-a-new-certificate-for-too-6614a = создать новый сертификат, теперь и для { $v1 }
said-making-a-certificate-a293c = создание сертификата
said-a-new-certificate-for-the-same-key-1b715 = новый сертификат для того же ключа: прежнему оставалось дней: { $v1 }

## agent::expose::firewall

said-ufw-is-active-and-drops-what-it-was-3dc5a = включён ufw, он отбрасывает всё, что ему не разрешили; на сервере: { $commands }
said-firewalld-is-active-and-drops-what-80862 = включён firewalld, он отбрасывает всё, что ему не разрешили; на сервере: { $commands } && firewall-cmd --reload
said-the-nftables-chain-drops-what-no-ffe28 = цепочка nftables `{ $chain }` отбрасывает всё, чего не пропускает её собственное правило, что бы ни говорила наша таблица. Если этот порт в ней ещё не открыт, на сервере: { $commands }; и то же — в файле, из которого она загружается

## agent::expose::front

said-no-plan-is-in-place-13aa1 = плана на месте нет
said-no-other-host-may-come-in-e45f0 = другие машины войти не могут
said-this-runs-as-a-part-of-its-unit-only-f5794 = эта программа работает только в своём юните
said-reading-the-certificate-1b317 = чтение сертификата
said-reading-the-certificate-s-key-d5982 = чтение ключа сертификата
said-preparing-tls-40b62 = подготовка TLS
said-the-certificate-is-not-of-this-key-2465c = сертификат не для этого ключа
said-open-on-for-1fd79 = { $v1 } открыт для { $v2 }
said-cannot-listen-on-a7684 = не удаётся слушать { $v1 }: { $error }
said-stopping-to-be-started-with-a-new-6f7aa = остановка, чтобы запуститься с новым сертификатом

## agent::expose::front::pass

said-the-model-server-takes-no-connection-c99d1 = сервер модели не принимает соединение
said-the-model-server-takes-no-request-430ba = сервер модели не принимает запрос
said-the-request-came-too-slowly-b9893 = запрос передаётся слишком медленно
said-the-model-server-ended-without-an-5714f = сервер модели завершился, не ответив

## agent::host::apt

said-holds-dpkg-s-lock-e7464 = { $holder } держит блокировку dpkg:{ " " }
said-installing-df0b2 = установка { $v1 }: { $holder }{ $said }
said-another-package-run-holds-the-lock-c2f00 = блокировку держит другая установка пакетов; дождитесь её конца и повторите apply
said-then-apply-again-d3728 = { $doubt }: { $v2 }, затем повторите apply
said-can-the-host-reach-its-package-14f83 = доступно ли серверу зеркало пакетов? Или установите пакеты вручную
said-installing-803c6 = установка { $v1 }: { $v2 }

## agent::host::clock

said-timedatectl-set-ntp-true-on-the-host-c5e76 = часы сервера выставит `timedatectl set-ntp true` или `date -s` вручную
said-this-host-s-clock-says-and-the-71068 = часы сервера показывают { $v1 }, часы клиента — { $v2 }; с неверным временем загрузкам по https нельзя доверять: { $set_it }
said-by-this-host-s-clock-it-is-6c099 = по часам этого сервера сейчас { $v1 }

## agent::host::disk

said-free-some-space-on-the-host-df-h-var-533f0 = освободите место на сервере (`df -h /var/lib`, для inode `df -i`) или возьмите диск больше

## agent::host::egress

said-there-is-no-way-9ba69 = нет маршрута
said-it-has-no-address-db383 = адрес не найден
said-names-no-host-d9f98 = в { $url } нет имени сервера
said-no-connection-to-445eb = нет соединения с { $host }: { $why }

## agent::host::lock

said-opening-2958f = открытие { $v1 }

## agent::host::packages

said-cuda-s-libraries-are-an-archive-of-d4f55 = библиотеки CUDA лежат в релизе отдельным архивом (cudart-…): дайте и его вторым --runtime-archive
said-install-it-on-the-host-or-use-an-49e33 = установите её на сервере или возьмите архив, в котором библиотеки уже есть
said-needs-and-no-package-is-known-to-11253 = { $program } нужна { $library }, а в каком она пакете, неизвестно
said-dnf-install-package-9a745 = `dnf install { $v1 }` (пакет { $v2 })
said-yum-install-package-fa832 = `yum install { $v1 }` (пакет { $v2 })
said-the-package-with-it-on-debian-and-3df6d = пакет с ней ({ $v1 } в Debian и Ubuntu, { $v2 } в Fedora, { $v3 } в Arch)
said-install-on-the-host-62db4 = установите на сервере { $how }
said-needs-and-this-host-has-no-apt-get-15ccf = { $program } нужно: { $v2 }, а apt-get, чтобы это установить, на сервере нет
said-then-apply-again-bf040 = { $v1 }, затем повторите apply

## agent::host::podman

said-the-podman-that-was-installed-makes-9a2bd = установленный podman не делает юнитов Quadlet
said-podman-4-4-or-later-has-it-debian-13-33809 = он есть в podman 4.4 и новее: Debian 13, Ubuntu 24.04 или пакет из другого источника
said-podman-pulls-no-81beb = podman не скачал { $image }: { $v2 }
said-is-the-digest-that-of-the-registry-ac3c7 = тот ли это дайджест, что в реестре, и достаёт ли до него сервер? --runtime-archive FILE отправит образ отсюда (skopeo copy docker://NAME@sha256:DIGEST oci-archive:FILE)
said-the-archive-names-its-image-which-is-ab1cf = архив называет свой образ { $name }, а на этом сервере так называется другой
said-write-the-archive-without-a-name-30fff = запишите архив без имени: `skopeo copy … oci-archive:FILE`
said-podman-loads-no-from-the-archive-f061d = podman не загрузил { $image } из архива: { $v2 }
said-is-the-archive-whole-podman-load-87343 = цел ли архив? `podman load --input FILE` проверит его на любой машине
said-the-image-74f16 = образ { $v1 } ({ $v2 })
said-it-says-nothing-d5ccd = он ничего не сообщил

## agent::host::private

said-creating-4ed26 = создание { $v1 }
said-is-not-a-folder-that-root-alone-can-67f27 = { $v1 } — не папка, в которую может войти только root (uid { $v2 }, права { $v3 })
said-who-made-it-and-why-remove-it-then-3bf62 = кто её создал и зачем? Удалите её и повторите

## agent::host::restart

said-restarting-the-host-601b7 = перезагрузка сервера: { $v1 }
said-restart-it-by-hand-the-apply-goes-on-1e361 = перезагрузите его вручную; apply продолжится при следующей загрузке

## agent::host::users

said-put-that-right-on-the-host-and-apply-494c2 = исправьте это на сервере и повторите apply

## agent::job

said-decoding-the-bundle-d85d1 = распаковка набора
said-the-bundle-6c564 = набор
said-trust-edits-applies-it-as-it-is-as-9d1e9 = --trust-edits применит его как есть, от root; только если вы знаете, кто его правил
said-starting-the-job-fac2d = запуск задания: { $v1 }
said-journalctl-b-n-50-on-the-host-has-01f97 = подробности: `journalctl -b -n 50` на сервере; тот же apply начнёт сначала
said-a-restart-of-the-host-would-end-this-b3430 = перезагрузка сервера прервёт это задание: { $error }
said-the-receipt-was-not-kept-755ce = отчёт о применении не сохранён: { $error }
said-old-generations-were-not-removed-85013 = старые поколения не удалены: { $error }
said-another-agent-594b5 = другой агент
said-since-7b5d2 = { $v1 } (с { $v2 })
said-the-host-is-held-by-a4ca6 = сервер занят: { $who }
said-wait-until-that-apply-has-ended-22dde = дождитесь конца того apply; если применить тот же набор, будет виден его ход
said-the-apply-is-no-longer-on-the-host-0edfe = этого apply на сервере больше нет, а сервер перезагружали ради него
said-journalctl-u-agi-provision-resume-fa867 = чем он кончился, скажет `journalctl -u agi-provision-resume` на сервере; чтобы начать заново, повторите apply

## agent::job::follow

said-the-job-ended-without-saying-why-aeb3a = задание завершилось, не сказав почему
said-journalctl-u-agi-provision-apply-on-6577b = возможно, причина есть в `journalctl -u agi-provision-apply` на сервере; чтобы продолжить, повторите apply

## agent::rpc::door

said-this-key-opens-the-worker-and-687cb = этот ключ открывает только рабочий узел и ничего больше
said-the-worker-does-not-run-here-1e377 = рабочий узел здесь не запущен

## agent::rpc::head

said-the-connections-to-the-workers-are-bd1de = соединений с рабочими узлами нет
said-every-worker-is-there-the-server-f89b5 = все рабочие узлы на связи: сервер запускается
said-starting-the-server-4b0ad = запуск сервера
said-the-server-is-stopped-until-it-is-c2a98 = сервер остановлен, пока не вернётся узел: { $why }
said-the-server-ended-and-a-worker-is-a2bbc = сервер завершился ({ $status }), рабочий узел потерян: { $why }
said-the-server-ended-7c15b = сервер завершился: { $status }
said-waiting-for-2515f = ожидание { $why }
said-waiting-for-the-server-59157 = ожидание сервера
said-stopping-the-server-f89fd = остановка сервера

## agent::rpc::link

said-the-unit-has-no-key-3af22 = у юнита нет ключа
said-has-workers-and-the-plan-8f475 = в { $v1 } рабочих узлов: { $found }, а в плане: { $planned }
said-apply-the-plan-again-agi-provision-2c353 = примените план ещё раз: `agi-provision apply --hosts`
said-the-user-is-not-there-699e2 = пользователя { $v1 } нет
said-listening-on-port-21026 = открытие порта { $port }
said-warning-was-not-written-7ea1a = предупреждение: { $v1 } не записан: { $error }
said-a-connection-was-given-up-1e861 = соединение брошено
said-worker-is-there-ec03e = рабочий узел { $v1 } ({ $name }) на связи
said-worker-is-lost-92188 = рабочий узел { $v1 } ({ $name }) потерян: { $why }
said-starting-the-ssh-client-87f8f = запуск клиента SSH
said-it-stands-still-no-word-of-it-for-s-e365a = он стоит: от него ничего не слышно { $v1 } с
said-its-end-of-the-connection-was-closed-d5b39 = его сторона закрыла соединение
said-the-ssh-client-of-its-connection-is-ed171 = клиент SSH его соединения остановлен (SIGSTOP)
said-its-program-is-stopped-sigstop-735c6 = его программа остановлена (SIGSTOP)
said-gone-already-faf16 = уже нет
said-warning-a-user-of-this-host-was-kept-5ed82 = предупреждение: пользователь этого сервера ({ $who }) не допущен к рабочему узлу { $v2 }
said-warning-worker-e065f = предупреждение: рабочий узел { $v1 }: { $error }
said-its-connection-has-ended-f401b = его соединение закончилось

## agent::rpc::relay

said-apply-the-plan-of-all-its-hosts-f47c4 = примените план всех его серверов ещё раз: `agi-provision apply --hosts`
said-starting-b03a1 = запуск { $v1 }
said-waiting-for-it-602d0 = ожидание его
said-ended-a0cf3 = { $v1 } завершилась: { $status }
said-the-worker-s-program-ended-d2552 = программа рабочего узла завершилась: { $status }
said-the-worker-s-program-does-not-listen-da057 = программа рабочего узла не слушает порт { $port }
said-listening-on-9cb4f = слушает { $v1 }
said-warning-a-user-of-this-host-uid-was-fa75d = предупреждение: пользователь этого сервера (uid { $uid }) не допущен к рабочему узлу
said-the-worker-s-program-goes-on-6f51b = программа рабочего узла работает дальше
said-the-worker-s-program-is-stopped-cdddd = программа рабочего узла остановлена (SIGSTOP)
said-telling-systemd-that-the-worker-is-e3504 = сообщение systemd о готовности рабочего узла

## agent::rpc::state

said-not-asked-yet-baac4 = ещё не опрошен
said-the-unit-that-keeps-the-connections-a7a5b = служба, которая держит соединения с рабочими узлами, стоит

## agent::servers::api

said-nothing-listens-yet-e6a70 = никто ещё не слушает
said-port-belongs-to-a1387 = порт { $port } занят: { $who }
said-it-answers-764e3 = он отвечает { $other }
said-it-has-not-answered-f2474 = он не ответил
said-reading-the-model-s-answer-c15af = чтение ответа модели
said-the-model-answered-without-a-single-30cac = модель не выдала ни одного токена
said-the-embedding-server-answered-c0580 = сервер эмбеддингов ответил без вектора или с пустым вектором

## agent::servers::ask

said-the-model-came-no-further-for-s-b7058 = модель не продвинулась за { $v1 } с
said-start-timeout-seconds-waits-longer-a93d2 = ждать дольше: --start-timeout СЕКУНДЫ; чем занят сервер, видно по его последним строкам
said-the-server-refused-34813 = сервер отклонил { $path }: { $status } { $short }
said-the-server-answers-with-a-line-that-4ec41 = сервер отвечает строкой без конца
said-asking-the-model-b56c8 = запрос к модели

## agent::servers::beside

said-the-embedding-server-gives-vectors-8d2d0 = сервер эмбеддингов выдаёт векторы из { $v1 } чисел, а по плану — { $v2 }
said-is-the-file-another-model-than-the-fa9c0 = не другая ли это модель, чем в плане?

## agent::servers::closed

said-asking-the-kernel-where-listens-7ceb1 = вопрос ядру, где слушает { $unit }
said-the-kernel-knows-no-address-that-02f0a = ядро не знает адреса, который слушает { $unit }
said-listens-on-by-the-plan-it-listens-on-c4b98 = { $unit } слушает { $address }; по плану он слушает порт { $port }{ $v4 } только на самом сервере
said-and-da6e8 = { " " }и { $behind }
said-its-does-not-do-what-its-arguments-a781b = её { $v1 } делает не то, что сказано в аргументах: { $v2 }
said-take-s-own-release-1644d = возьмите официальный релиз { $v1 }
said-with-a-wrong-key-b6ccc = с неверным ключом
said-without-the-key-7b5f7 = без ключа
said-answers-to-on-and-not-401-anyone-who-ba1ee = { $unit } отвечает { $said } на { $path } по адресу { $address } { $with }, а не 401: им может пользоваться любой, кто до него достучится
said-its-does-not-ask-for-the-key-d7af5 = её { $v1 } не спрашивает ключ: { $v2 }

## agent::servers::form

said-the-bundle-has-no-unit-of-the-server-ebbd2 = в наборе нет юнита этого сервера

## agent::servers::front

said-no-folder-above-has-and-2f1c6 = ни в одной папке выше { $v1 } нет { $v2 } и { $v3 }
said-it-ended-f5682 = он завершился: { $status }
said-its-is-not-running-93c1d = его { $called } не запущена

## agent::servers::gate

said-is-refused-7deed = { $v1 } отклонён: { $error }
said-warning-promised-found-a530a = предупреждение: { $v1 }: обещано { $v2 }, найдено { $v3 }
said-this-container-meets-the-plan-0a82c = контейнер подходит плану

## agent::servers::owner

said-another-process-48571 = другой процесс

## agent::servers::proof

said-the-server-says-nothing-of-offloaded-da6cb = сервер ничего не говорит о слоях на видеокарте, значит, считает процессор; по плану на видеокартах { $wanted }
said-layers-are-on-gpus-the-plan-puts-6f58c = на видеокартах слоёв: { $n }; по плану — { $wanted }
said-no-weights-are-on-d394a = на { $v1 } нет весов
said-the-server-s-process-holds-less-48294 = процесс сервера занимает на { $v1 } меньше памяти, чем весят его веса
said-the-server-took-mib-more-than-the-e4602 = { $v1 }: сервер занял на { $v2 } МиБ больше расчёта
said-the-weights-take-mib-more-than-the-2cc90 = { $v1 }: веса занимают на { $v2 } МиБ больше, чем в расчёте
said-the-process-holds-mib-more-than-the-9b35f = { $v1 }: процесс занимает на { $v2 } МиБ больше расчёта
said-the-server-took-mib-on-a-device-that-a122e = { $buffer }: сервер занял { $v2 } МиБ на устройстве, которого нет в плане

## agent::servers::readiness

said-plan-for-the-memory-that-this-host-a408d = составьте план под память этого сервера: меньше --ctx, --slots или --quant, либо сервер больше; кто сколько занимал, покажет там `journalctl -k`
said-the-server-s-last-lines-above-say-710dc = причина — в последних строках сервера выше
said-the-server-is-not-ready-after-s-and-c5e3a = сервер не готов через { $v1 } с и не продвинулся за { $v2 } с: { $v3 }
said-it-is-still-loading-the-model-ef2dc = модель ещё загружается
said-the-server-s-last-lines-above-show-b98d3 = как далеко он дошёл, видно по его последним строкам выше; ждать дольше: --start-timeout СЕКУНДЫ
said-the-service-00ac7 = служба
said-the-embedding-service-64006 = служба эмбеддингов
said-the-worker-f57fa = рабочий узел
said-the-kernel-killed-it-for-lack-of-40585 = ядро остановило процесс из-за нехватки памяти
said-this-host-does-not-meet-the-plan-d61e8 = этот сервер не подходит плану
said-it-ended-by-itself-b0688 = процесс завершился сам
said-exit-status-56d3b = { $result }, код выхода { $status }

## agent::servers::serve

said-embedding-server-b24f1 = сервер эмбеддингов
said-has-no-10ae6 = в { $v1 } нет { $what } { $name }
said-waiting-up-to-s-for-gpu-s-seen-229aa = ждём до { $v1 } с, пока появятся видеокарты: нужно { $gpus }, видно { $v3 }
said-the-gpu-came-late-starting-again-so-80a78 = видеокарта появилась поздно: перезапуск, чтобы службе было доступно её устройство
said-allowed-needed-found-7ad30 = разрешено: { $v1 }: нужно { $v2 }, найдено { $v3 }
said-this-host-meets-the-plan-checked-in-1934e = сервер подходит плану (проверено за { $v1 } мс)
said-runtime-is-not-the-one-that-was-ed22c = { $refusal }движок: { $program } — не та программа, которую применяли: { $v3 }
said-its-note-is-gone-95230 = её запись пропала
said-apply-its-plan-again-with-the-c2812 = примените тот же план ещё раз, с --runtime-archive или --runtime-path, если он был; `agi-provision rollback` вернёт предыдущее поколение
said-not-starting-as-this-host-no-longer-86cec = не запускаемся: сервер больше не подходит плану:{ " " }
said-the-log-and-the-cache-d30f2 = журнал и кэш
said-the-embedding-model-s-layers-are-on-097e0 = на ней слои модели эмбеддингов
said-model-needed-found-nothing-there-e5d52 = { $refusal }модель: нужно { $v2 }, там ничего нет

## agent::session

said-reading-the-request-9c601 = чтение запроса
said-the-client-speaks-version-this-agent-fbf3f = клиент говорит на версии { $other }, этот агент — на { $version }
said-the-host-meets-the-plan-20ea4 = сервер подходит плану
said-no-address-was-given-43c6a = адрес не задан
said-nothing-would-change-4b159 = ничего не изменится
said-the-host-differs-from-the-bundle-c650a = сервер отличается от набора
said-nothing-to-do-serves-c49a2 = делать нечего: { $v1 } уже работает
said-is-no-longer-on-the-host-as-it-was-87a8f = { $v1 } на сервере уже не такой, как записано
said-give-it-again-with-model-file-7cb0f = дайте его ещё раз: --model-file, --runtime-archive или --runtime-path

## agent::session::boot

said-or-agent-boot-trust-edits-c6551 = или `agent boot --trust-edits`
said-what-the-bundle-carries-cannot-be-6b375 = не читается то, что везёт набор: { $v1 }
said-is-the-seed-still-attached-and-whole-c4f9c = подключён ли ещё seed-диск и цел ли он? Создайте его заново: `agi-provision bundle --seed-iso`
said-the-bundle-s-files-are-not-on-this-018e5 = файлов набора на этом сервере нет: { $v1 }
said-bring-them-over-ssh-from-the-machine-e52f2 = привезите их по SSH с машины, где они есть: agi-provision apply --bundle DIR --model-file FILE --runtime-archive FILE --host root@ЭТОТ_СЕРВЕР
said-moving-d75df = перемещение { $v1 }

## agent::session::deep

said-on-the-host-rm-r-then-apply-again-it-e3382 = на сервере: `rm -r { $v1 }`, затем повторите apply — он вернёт недостающее; и проверьте, не отказывает ли диск (dmesg)
said-podman-keeps-it-and-its-files-were-76bed = его хранит podman, файлы заново не читались
said-unpacked-by-a-version-that-kept-no-1597e = распаковала версия, которая не хранила хэши
said-read-again-e3012 = перечитать { $name } ({ $v2 })
said-files-as-they-were-unpacked-1b6ae = файлов, не изменившихся с распаковки: { $v1 }
said-every-byte-of-is-as-it-was-put-there-8ad7b = каждый байт { $name } ({ $v2 }) такой, каким его положили
said-would-not-be-what-was-planned-8f379 = { $name } был бы не тем, что в плане
said-not-on-this-host-6c30d = на сервере нет
said-nothing-of-it-was-read-a6f03 = ничего не прочитано
said-leads-to-what-a4a85 = ведёт к тому, что
said-is-a-file-that-c0221 = это файл, который
said-did-not-come-with-it-8c154 = { $v1 } { $what } не входил в него

## agent::session::first_boot

said-it-has-not-started-or-was-cut-off-2f369 = он не начался или прервался

## agent::session::ground

said-waiting-for-that-s-at-most-bb47a = { $v1 }; ждём этого не дольше { $v2 } с

## agent::session::identity

said-is-no-public-key-35696 = { $v1 } — не открытый ключ
said-remove-it-and-the-key-beside-it-and-ab7b1 = удалите его вместе с ключом рядом и повторите apply
said-this-host-has-no-ssh-host-key-in-etc-edc3e = в /etc/ssh этого сервера нет ключа хоста SSH
said-make-them-there-ssh-keygen-a-a6c85 = создайте их там: `ssh-keygen -A`
said-the-head-has-no-ssh-client-d18b6 = на головном узле нет клиента SSH
said-install-the-package-openssh-client-07d5a = установите там пакет openssh-client и повторите apply
said-making-the-key-ce190 = создание ключа
said-look-at-the-disk-of-the-head-df-h-ada13 = проверьте диск головного узла: `df -h /etc`

## agent::session::inspect

said-yet-325ad = { $nothing }, пока что: { $v2 }
said-agi-provision-apply-of-the-same-54e9f = ход покажет `agi-provision apply` того же набора
said-at-its-first-boot-4d947 = { $nothing }; при первом старте: { $v2 }
said-on-the-host-has-all-of-it-agi-2af13 = всё целиком — { $v1 } на сервере; то же отсюда сделает `agi-provision apply --bundle DIR --host HOST`
said-an-apply-was-cut-off-24c1e = apply прервался
said-that-an-apply-brought-wait-for-the-60800 = { $v1 }, что привёз apply, ждёт следующего
said-but-e62da = { $nothing }, но { $left }
said-the-same-apply-again-takes-what-is-7b859 = тот же apply подхватит то, что там есть; `agi-provision remove` уберёт
said-the-worker-is-05572 = рабочий узел { $v1 }
said-worker-is-lost-b27ac = ; рабочий узел { $v1 } потерян: { $v2 }
said-agi-provision-logs-shows-what-the-8e36c = что сервер сказал последним, покажет `agi-provision logs`
said-nothing-of-agi-provision-was-cf7e5 = от agi-provision ничего не было установлено
said-removed-the-models-stay-in-var-lib-08048 = удалено; модели остались в /var/lib/agi-provision/models
said-removed-service-unit-files-and-user-8c3b7 = удалено: служба, юнит, файлы и пользователь
said-the-packages-that-were-installed-d3177 = ; установленные пакеты остались: { $v1 }
said-left-as-it-is-a6e74 = ; оставлено как есть: { $v1 }

## agent::session::judging

said-install-the-card-s-driver-then-apply-5c5d2 = установите драйвер видеокарты ({ $v1 }) и повторите apply; на сервере ничего не изменено

## agent::session::rollback

said-this-host-is-one-of-that-serve-one-508b3 = этот хост — один из { $v1 }, которые вместе отвечают за одну модель
said-agi-provision-rollback-takes-all-of-2c6e5 = `agi-provision rollback{ $names }` возвращает их все вместе
said-generation-serves-already-020a1 = поколение { $v1 } уже работает
said-from-generation-to-69942 = с поколения { $v1 } на { $v2 }
said-generation-serves-again-855aa = { $v1 }; снова работает поколение { $v2 }
said-going-back-to-generation-failed-too-c36eb = { $v1 }; вернуться к поколению { $v2 } тоже не удалось: { $back }
said-there-is-no-generation-before-which-dacbc = до работающего поколения { $v1 } других нет
said-apply-the-plan-you-want-instead-only-b1d1f = примените нужный план; хранится только одно поколение до работающего
said-generation-is-no-longer-whole-730e8 = поколение { $v1 } неполное: { $why }
said-its-model-file-was-removed-or-57208 = файл модели { $v1 } удалили или изменили
said-its-record-is-gone-96331 = его записи нет
said-its-runtime-is-gone-9e532 = его движка, { $v1 }, нет
said-apply-its-plan-again-5ccb4 = примените его план ещё раз
said-switching-the-generation-c8d1a = переключение поколения
said-generation-computes-for-the-head-of-9c26c = поколение { $v1 } считает для головного узла { $v2 }
said-generation-serves-tokens-at-tokens-s-1c20c = поколение { $v1 } работает: { $v2 } { $v3 }, { $v4 } токенов, { $v5 } токенов/с{ $beside }

## agent::session::rotate

said-make-a-new-api-key-and-start-the-2c492 = создать новый ключ API и перезапустить с ним серверы
said-start-the-servers-with-the-old-api-cd5b1 = запустить серверы со старым ключом API
said-the-old-key-works-again-615c7 = { $v1 }; снова действует старый ключ
said-going-back-to-the-old-key-failed-too-42608 = { $v1 }; вернуться к старому ключу тоже не удалось: { $back }
said-the-server-e8f17 = сервер
said-the-embedding-server-78de0 = сервер эмбеддингов
said-still-takes-the-key-that-was-to-go-40ff7 = всё ещё принимает ключ, который должен был исчезнуть (ответ { $old })
said-answers-without-a-key-status-0a831 = отвечает без ключа (ответ { $none })
said-does-not-take-its-key-status-8a06a = не принимает свой ключ (ответ { $new })

## agent::session::shelf

said-a-file-was-asked-for-that-is-not-65d38 = запрошен файл, которого в наборе нет
said-from-c978c = { $v1 } ({ $v2 }) из { $v3 }

## agent::session::under_way

said-now-at-step-c493e = , сейчас на шаге { $step }
said-runs-since-06161 = `{ $v1 }`{ $by } работает с { $v3 }{ $step }

## agent::steps::arrival

said-did-not-arrive-and-the-plan-pins-no-5396e = { $v1 } не доставлен, и загрузка в плане не закреплена
said-give-it-with-model-file-or-runtime-91fac = дайте его через --model-file или --runtime-archive или закрепите загрузку: `agi-provision plan --resolve`
said-downloading-29c5f = скачивание { $name }
said-downloading-stopped-and-70103 = скачивание { $name } остановилось, и { $v2 }
said-if-that-is-not-the-time-set-it-and-765cf = если время неверное, выставьте его и повторите apply ({ $v1 }); если верное, другое место задаёт --mirror ОТКУДА=КУДА
said-downloading-the-token-is-not-69aa7 = скачивание { $name }: токен не принят
said-is-it-valid-and-were-the-model-s-fbcb8 = верен ли он и приняты ли условия модели на её сайте? Затем повторите apply
said-downloading-needs-a-token-bbb74 = для скачивания { $name } нужен токен
said-put-it-into-the-environment-variable-4ece8 = положите его в переменную окружения HF_TOKEN и повторите apply; он передаётся через stdin и нигде не сохраняется
said-downloading-stopped-16a16 = скачивание { $name } остановилось
said-apply-again-to-go-on-where-it-6b79a = повторите apply, и он продолжит с того же места; другое место задаёт --mirror ОТКУДА=КУДА, а --model-file отправит файл отсюда

## agent::steps::config

said-restore-the-link-a6dfd = восстановить ссылку { $v1 }/{ $v2 }
said-is-another-84a66 = { $name } другой
said-plan-for-the-build-that-is-there-8257e = составьте план для той сборки, что есть (--llama-build), или дайте --runtime-archive нужной сборки
said-the-runtime-is-not-in-place-44593 = движка на месте нет

## agent::steps::config_changes

said-embedding-model-f41e3 = модель эмбеддингов
said-model-of-c7487 = модель { $other }
said-no-other-host-34f76 = ни для кого
said-open-to-aff66 = открыт для
said-allowed-requirements-17f3d = разрешённые требования
said-has-another-sha-256-e42a6 = { $v1 }: у { $v2 } другой SHA-256
said-another-sha-256-0bb8a = { $v1 }: другой SHA-256
said-server-ebc42 = сервер { $other }
said-chat-template-another-3a584 = шаблон чата: другой
said-adds-f827d = { $server }: добавляется { $v2 } { $new }
said-drops-7e905 = { $server }: убирается { $v2 } { $old }

## agent::steps::driver

said-write-081dc = записать { $path }
said-rewrite-70417 = переписать { $path }
said-install-3309e = установить { $v1 }: { $v2 }
said-load-it-with-a-restart-of-the-host-48ea6 = загрузить его, перезагрузив сервер, если потребуется
said-to-load-66ed0 = чтобы загрузить { $v1 }
said-is-there-and-it-is-not-agi-provision-10491 = { $path } уже есть, и создал его не agi-provision
said-move-it-away-then-apply-again-a9aaa = уберите его и повторите apply
said-holds-dpkg-s-lock-waiting-for-it-s-0e375 = { $holder } держит блокировку dpkg; ждём не дольше { $lock_seconds } с
said-is-not-to-be-had-a-new-kernel-will-86589 = { $v1 } не найти: для нового ядра драйвера не будет, пока его не установят
said-update-initramfs-failed-if-another-1bcba = update-initramfs не сработал: если при загрузке видеокарту займёт другой драйвер, посмотрите его вывод
said-there-is-nothing-at-39aef = по адресу { $v1 } ничего нет
said-install-the-driver-by-hand-restart-993cc = установите драйвер вручную, перезагрузите сервер и повторите apply без --driver
said-is-another-file-than-the-one-that-is-15567 = { $v1 } — другой файл, не тот, что известен: его SHA-256 — { $found }, а не { $v3 }
said-install-it-by-hand-where-you-trust-f2c8d = установите его вручную оттуда, чему доверяете, и повторите apply; или --driver distribution
said-apt-knows-no-package-839ab = apt не знает пакета { $v1 }
said-the-running-kernel-is-older-than-c73d2 = работающее ядро старше тех, что в репозитории: `apt full-upgrade`, перезагрузите сервер и повторите apply
said-can-the-host-reach-its-package-f76f6 = доступно ли серверу зеркало пакетов и все ли разделы репозитория там есть?
said-is-installed-and-has-no-module-for-a17b2 = { $v1 } установлен, но модуля для работающего ядра { $kernel } в нём нет
said-dkms-autoinstall-on-the-host-says-7dc97 = почему, скажет `dkms autoinstall` на сервере и /var/lib/dkms/nvidia*/*/build/make.log
said-built-and-installed-26b74 = собран и установлен
said-installed-with-a-module-45336 = установлен, с модулем,
said-the-card-does-not-answer-9aa8c = карта не отвечает
said-of-cards-do-not-answer-c3f71 = { $v1 } из { $cards } карт не отвечают
said-is-for-kernel-and-also-after-a-75933 = { $v1 }: { $built } для ядра { $kernel }, но { $silent }, и после перезагрузки сервера тоже{ $said }
said-lspci-k-on-the-host-shows-the-card-3c799 = `lspci -k` на сервере покажет карту, `dmesg | grep -i nvrm` — что нашёл драйвер. Есть ли у карты питание, плотно ли она сидит, передана ли она этой машине целиком, и знает ли её этот драйвер? --driver nvidia возьмёт более новый

## agent::steps::expose

said-the-host-has-no-nftables-and-no-apt-eb2cf = на сервере нет nftables и нет apt-get, чтобы их установить
said-install-the-package-nftables-there-cd671 = установите там пакет nftables и повторите apply
said-the-firewall-7b22c = файрвол
said-the-generation-has-no-rules-01faa = в поколении нет правил
said-the-certificate-is-gone-56720 = сертификат пропал
said-the-certificate-is-good-for-more-b75ad = сертификат действует ещё дней: { $v1 }
said-the-host-has-no-address-that-others-a4562 = у сервера нет адреса, который доступен другим
said-answers-with-another-certificate-4edf8 = { $address } отвечает { $v2 } с другим сертификатом
said-the-api-does-not-answer-over-tls-0a639 = API не отвечает по TLS: { $last }
said-journalctl-u-on-the-host-says-why-is-a7d61 = почему, скажет `journalctl -u { $unit }` на сервере; не занят ли порт { $port }?

## agent::steps::loading

said-it-must-be-a-linux-executable-for-706fc = нужна программа для Linux { $v1 } и для библиотеки C этого сервера
said-does-not-start-here-31535 = { $name } здесь не запускается: { $why }
said-does-not-load-here-f210f = { $library } здесь не загружается: { $why }
said-has-no-backend-for-the-processor-88c94 = в { $name } нет бэкенда для этого процессора: { $first }
said-cannot-use-the-plan-s-cards-dc6de = { $name } не может использовать видеокарты из плана: { $first }
said-agi-provision-plan-host-says-which-32ee8 = какой из архивов релиза подходит серверу, скажет `agi-provision plan --host`
said-it-needs-and-this-host-s-goes-up-to-11496 = нужна { $version }, а { $library } этого сервера — не новее { $newest }
said-it-needs-which-this-host-s-lacks-0c780 = нужна { $version }, а в { $library } этого сервера её нет
said-it-is-for-and-this-host-is-acb2a = он для { $v1 }, а сервер — { $v2 }
said-its-loader-is-not-on-this-host-a7b88 = загрузчика { $loader } на этом сервере нет

## agent::steps::packages

said-still-lacks-after-installing-8cdea = { $v1 } всё ещё не хватает { $v2 } после установки { $v3 }
said-lacks-fd075 = { $v1 } не хватает { $lacking }
said-install-what-has-them-on-the-host-842f9 = установите на сервере то, где это есть, и повторите apply
said-the-runtime-s-note-is-gone-dbd91 = запись о движке пропала
said-the-runtime-is-not-unpacked-6e27c = движок не распакован
said-the-archive-s-02dac = { $v1 } из архива
said-the-runtime-computes-through-vulkan-e84e2 = движок считает через Vulkan, но ни один { $v1 }*.json в { $v2 } не указывает драйвер видеокарты
said-install-58d18 = { $lacks }: установите { $v2 }
said-a-driver-for-vulkan-9f350 = драйвер для Vulkan

## agent::steps::path

said-this-host-serves-a-model-by-itself-f6eff = этот сервер сам держит модель, а должен стать рабочим узлом другого
said-agi-provision-remove-keep-models-b7db2 = сначала уберите сервер: `agi-provision remove --keep-models`
said-the-head-is-not-told-where-its-e3a04 = головному узлу не сказано, где его рабочие узлы
said-agi-provision-apply-hosts-brings-all-35860 = все серверы плана вместе поднимает `agi-provision apply --hosts`
said-the-user-is-there-and-was-not-made-32a25 = пользователь { $v1 } уже есть, и создали его не мы
said-userdel-removes-it-or-give-it-7d80a = `userdel { $v1 }` удалит его, или дайте ему другое имя

## agent::steps::runtime

said-no-way-is-known-of-bringing-this-aab42 = неизвестно, как доставить этот движок на сервер

## agent::steps::runtime::archives

said-give-s-portable-release-archive-for-73317 = дайте переносимый архив релиза { $v1 } для этого сервера
said-give-s-release-archive-for-linux-or-8ef51 = дайте архив релиза { $v1 } для Linux { $v2 } или .tar.gz из build/bin
said-unpacking-0144d = распаковка { $v1 }
said-has-no-in-it-d2f2a = в { $v1 } нет { $program }
said-has-no-with-9867e = в { $v1 } нет { $v2 } с { $v3 }
said-the-host-s-disk-is-full-24548 = диск сервера заполнен

## agent::steps::runtime::archives::beside

said-give-one-archive-with-the-program-86756 = дайте один архив с программой и рядом с ним один только с библиотеками
said-each-of-the-archives-has-a-af436 = в каждом из архивов есть { $program }
said-the-archives-have-two-files-856f2 = в архивах два файла { $v1 }

## agent::steps::runtime::image

said-the-plan-pins-no-image-95389 = план не закрепляет образ
said-podman-had-already-it-is-used-and-e71f1 = { $image } уже был у podman; он используется, и `remove` его оставит
said-podman-read-nothing-of-for-s-ca8f8 = podman ничего не прочитал из { $image } за { $seconds } с
said-does-the-registry-still-answer-3f243 = отвечает ли ещё реестр? --runtime-archive FILE отправит образ отсюда

## agent::steps::runtime::installed

said-no-program-of-the-host-was-named-8cb1e = программа на сервере не названа

## agent::steps::start

said-the-plan-has-no-7085e = в плане нет { $v1 }
said-not-installed-1200c = не установлен

## agent::steps::start_chat

said-the-speed-was-measured-by-one-short-4060c = скорость измерена только по одному короткому ответу: { $error }
said-the-server-did-not-report-its-f64b2 = сервер не сообщил свои буферы: память не проверена
said-the-model-does-not-run-on-the-gpu-as-7d4de = модель работает на видеокарте не так, как в плане: { $why }
said-is-the-runtime-built-for-this-gpu-aa79e = собран ли движок для этой видеокарты и загружается ли драйвер раньше службы?
said-reached-tokens-s-the-plan-expected-c8367 = { $what ->
    [decode] генерация
    [prefill] чтение запроса
   *[other] { $what }
  }: { $measured } токенов/с; по плану от { $v3 } до { $v4 }
said-the-plan-has-split-mode-tensor-which-2ddb4 = в плане --split-mode tensor, а это умеет не каждая сборка { $v1 }: составьте план с --split-mode layer

## agent::steps::start_embedding

said-the-embedding-server-took-mib-more-1a9a7 = сервер эмбеддингов занял на { $v1 } МиБ больше расчёта

## agent::steps::unit

said-the-bundle-wants-to-write-62337 = набор хочет записать { $path }

## agent::steps::user

said-create-the-system-user-anew-which-is-79dec = создать заново системного пользователя { $v1 }: он есть лишь отчасти

## agent::store::desired

said-its-sha-256-is-not-pinned-so-this-1ce1a = его SHA-256 не закреплён, поэтому сервер ничего не скачивает: закрепит `agi-provision plan --resolve`; или дайте --model-file ПУТЬ/{ $name }
said-give-model-file-path-ddf18 = укажите --model-file ПУТЬ/{ $name }
said-the-model-file-is-not-on-the-host-218e2 = файла модели { $name } на сервере нет, и он не передан
said-has-sha-256-but-the-plan-pins-b23ca = у { $v1 } SHA-256 { $v2 }, а в плане закреплён { $wanted }
said-this-is-another-file-than-the-one-4b67b = это другой файл, не тот, что в плане

## agent::store::findings

said-this-host-has-under-names-of-agi-9801c = под именами agi-provision на сервере есть то, чего agi-provision не создавал: { $v1 }
said-then-apply-again-nothing-was-changed-46ab7 = { $v1 }. Затем повторите apply; на сервере ничего не изменено

## agent::store::handover

said-reading-the-token-40b55 = чтение токена
said-the-certificate-that-was-given-is-e6569 = переданного сертификата больше нет: он хранится только в памяти, до перезагрузки сервера
said-apply-again-with-tls-cert-and-tls-63ad3 = повторите apply с --tls-cert и --tls-key

## agent::store::installed

said-is-not-taken-comes-as-a-container-18457 = не подойдёт: { $v1 } приходит образом контейнера
said-give-runtime-image-and-with-runtime-c890d = укажите --runtime-image, а где сервер не достаёт до реестра, ещё и файл образа через --runtime-archive
said-is-not-taken-is-served-from-an-8496d = не подходит: { $v1 } запускается из архива, в котором проверен каждый файл
said-give-its-portable-release-with-2837d = дайте переносимый релиз через --runtime-archive
said-is-not-an-absolute-path-71623 = не абсолютный путь
said-give-its-path-on-the-host-such-as-9e8a2 = дайте путь на сервере, например /usr/bin/{ $program }
said-is-not-on-the-host-9a8f4 = на сервере отсутствует
said-command-v-there-tells-where-it-is-or-7d7c7 = где лежит, скажет `command -v { $program }` на сервере; или дайте --runtime-archive
said-is-not-an-executable-for-that-every-3ebb3 = не программа для { $v1 }, которую может запустить любой пользователь
said-a-script-cannot-stand-in-for-name-116e4 = скрипт не заменит { $program }; назовите программу, которую он запускает
said-can-be-changed-by-others-than-root-b3a27 = может изменить не только root
said-chown-it-to-root-and-chmod-755-or-1c6d8 = сделайте владельцем root (chown) и дайте права 755 или установите в /usr/local или /opt
said-lies-in-a-folder-that-others-than-dbb03 = лежит в папке, которую может изменить не только root
said-install-it-under-usr-local-or-opt-in-df18f = установите в /usr/local или /opt, в папки root, куда больше никто не может писать
said-lies-in-which-the-service-does-not-c1be1 = лежит в { $folder }, а службе эта папка не видна
said-install-it-under-usr-local-or-opt-c6271 = установите в /usr/local или /opt
said-is-build-and-the-plan-is-for-1c7a5 = { $program } — сборка { $found }, а план для { $planned }: аргументы и память рассчитаны для неё
said-does-not-say-which-build-it-is-the-ee3fc = { $program } не говорит, какой она сборки; план для { $planned }

## agent::store::key

said-no-randomness-bc46c = нет случайных чисел: { $error }

## agent::store::look

said-it-is-used-and-remove-will-leave-it-9ba1b = { $v1 }: { $what }; мы это используем, а `remove` оставит
said-this-host-was-set-up-by-an-earlier-e8035 = этот сервер настраивала более ранняя версия, она не вела записей: вещей, которые по содержимому созданы agi-provision, — { $earlier }, они записаны в { $record }

## agent::store::made

said-the-record-of-what-was-made-on-this-056f3 = { $record }, запись о том, что создано на этом сервере: { $why }
said-a-newer-agi-provision-may-have-4d73a = возможно, её сделала более новая agi-provision; возьмите её или восстановите файл
said-its-schema-is-ba3ec = его схема — { $v1 }
said-making-bd8d8 = создание каталога { $v1 }
said-removing-6b386 = удаление { $v1 }

## agent::store::preflight

said-the-nftables-table-369e9 = таблица nftables { $v1 } { $v2 }
said-nft-delete-table-and-take-it-out-of-beda4 = `nft delete table { $v1 } { $v2 }` и уберите её из файла, который её загружает
said-a-disk-is-mounted-on-it-d7de1 = на ней смонтирован диск
said-a-file-that-584ff = файл, который
said-a-folder-mode-that-6de93 = папка (права { $v1 }), которая
said-a-link-to-that-8cfc6 = ссылка на { $v1 }, которая
said-a-device-or-socket-that-49f1d = устройство или сокет, который
said-belongs-to-db692 = { $v1 }, { $what } принадлежит { $v3 }
said-agi-provision-s-record-is-missing-is-5261d = записи agi-provision { $v1 } нет: не отмонтирован ли диск, на котором она лежит? Если она потеряна, уберите { $v2 }
said-move-away-or-remove-it-if-nobody-c5ad6 = уберите { $v1 } в другое место или удалите, если он никому не нужен
said-belongs-to-mode-so-that-others-could-4fade = { $v1 } принадлежит { $v2 } (права { $v3 }), поэтому другие могут подменить то, что лежит ниже
said-chown-root-and-chmod-o-w-0214b = `chown root: { $v1 }` и `chmod o-w { $v2 }`
said-in-the-groups-85a5f = , в группах { $v1 }
said-the-account-uid-home-shell-6ff39 = учётная запись { $v1 } (uid { $v2 }, домашний каталог { $v3 }, оболочка { $v4 }{ $groups })
said-usermod-login-other-gives-the-bac9f = `usermod --login OTHER { $v1 }` даст ей другое имя, `userdel { $v2 }` удалит её
said-the-one-that-was-made-here-had-uid-0bc8f = { $what }; у созданной здесь был uid { $uid }
said-with-in-it-df989 = , в ней { $v1 }
said-the-group-gid-ec20a = группа { $v1 } (gid { $v2 }{ $members })
said-groupmod-new-name-other-gives-the-8ddae = `groupmod --new-name OTHER { $v1 }` даст ей другое имя, `groupdel { $v2 }` удалит её
said-the-one-that-was-made-here-had-gid-2d991 = { $what }; у созданной здесь был gid { $gid }
said-a-link-to-8e903 = { $v1 }, ссылка на { $v2 }
said-to-have-it-on-another-disk-make-it-a-3fb1c = чтобы держать это на другом диске, сделайте папку и смонтируйте диск в неё: `rm { $v1 } && mkdir { $v2 } && mount --bind { $v3 } { $v4 }`, и то же в /etc/fstab
said-a-folder-mode-that-belongs-to-in-1b835 = { $v1 }, папка (права { $v2 }), принадлежит { $v3 }, и другие могут подменить в ней файлы
said-chown-root-and-chmod-go-w-if-it-is-e4849 = `chown root: { $v1 }` и `chmod go-w { $v2 }`, если она для этого, иначе уберите её
said-a-folder-that-the-service-could-not-cb041 = { $v1 }, папка, в которую служба не может войти (права { $v2 })
said-it-was-there-before-e8bd6 = она была там раньше
said-an-administrator-s-changes-the-487cc = службу меняет файл администратора { $v1 }
said-which-has-no-note-of-what-it-is-3333b = { $v1 }, без записи о том, что это
said-which-is-no-file-of-an-apply-22408 = { $v1 }/{ $name } — не файл apply
said-move-away-97997 = уберите { $v1 }/{ $name } в другое место

## agent::store::prune

said-image-cfa6a = образ { $image }
said-arrived-file-4a62c = доставленный файл
said-agent-7ebf6 = агент { $name }

## agent::store::receive

said-a-piece-does-not-fit-into-it-6846a = { $v1 }: кусок в него не помещается
said-not-known-f44f5 = неизвестно
said-arrived-damaged-its-sha-256-is-not-d45a8 = { $v1 } пришёл повреждённым: его SHA-256 — { $sha256 }, а не { $v3 }
said-did-the-file-change-while-it-was-dac01 = не менялся ли файл во время отправки? Повторите apply
said-the-connection-ended-while-was-being-fc5a0 = соединение прервалось при отправке { $name }; следующий apply продолжит с этого места
said-the-host-s-disk-is-full-bytes-does-ed149 = диск сервера заполнен: { $v1 } ({ $v2 } байт) не помещается в { $v3 }
said-free-some-space-there-or-take-a-483dd = освободите там место или возьмите диск больше; ничего не оставлено
said-writing-e8c87 = запись { $v1 }

## agent::store::runtime

said-podman-has-no-any-more-25102 = у podman больше нет { $v1 }
said-was-changed-a0e6a = { $v1 } изменён
said-is-gone-e21b4 = { $gone } пропал
said-can-be-changed-by-others-than-root-dc36f = { $v1 } может изменить не только root

## agent::store::staged

said-finding-this-executable-6ad66 = поиск собственной программы
said-locking-53a2e = блокировка { $v1 }
said-is-about-to-be-removed-by-another-b35d4 = другая сессия вот-вот удалит { $v1 }
said-try-again-in-a-moment-fuser-on-the-a28d1 = повторите через минуту; кто держит файл, скажет `fuser` на сервере

## agent::store::thing

said-is-no-place-of-agi-provision-s-d42b3 = { $v1 } — не место agi-provision

## agent::store::turn

said-the-client-sends-a-file-that-nobody-f1f50 = клиент шлёт файл, который никто не просил

## apply::attempt

said-waiting-for-the-agent-to-start-70906 = ожидание запуска агента
said-what-it-was-sent-5f799 = то, что ему отправили
said-the-agent-did-not-start-on-the-host-704db = агент на сервере не запустился{ $why }
said-is-usr-local-mounted-noexec-or-the-b0621 = не смонтирован ли /usr/local с noexec и Linux ли это на { $processor }?
said-and-nothing-says-why-dcbb7 = , и причина не названа
said-which-said-instead-0b2c3 = , вместо этого вывод { $noise }{ $also }
said-does-sshd-force-another-command-on-7373c = не навязывает ли sshd этому пользователю другую команду (ForceCommand или command= в authorized_keys) и не завершает ли сессию его .bashrc?

## apply::blobs

said-is-a-directory-f556d = { $v1 } — каталог
said-name-the-file-itself-711dc = укажите сам файл

## apply::carry

said-in-the-bundle-is-not-what-its-b2e60 = { $v1 } в наборе { $v2 } не такой, как в манифесте: его изменили
said-make-the-bundle-anew-with-runtime-38f79 = создайте набор заново с --runtime-archive и --model-file
said-changed-while-it-was-copied-c6c86 = { $v1 } изменился во время копирования
said-run-the-same-command-again-248b4 = запустите ту же команду ещё раз

## apply::confirm

said-not-for-the-new-range-bab4d = не для новых адресов
said-lets-in-again-as-before-9818d = снова пускает { $earlier }, как раньше
said-on-the-host-alone-133c8 = только на самом сервере
said-closed-it-again-4de3e = снова закрыл его
said-but-no-new-connection-could-confirm-c5864 = { $v1 }, но { $alone }: ни одно новое соединение не подтвердило открытый порт за { $v3 } с ({ $error }), поэтому сервер { $back }
said-see-why-the-host-takes-no-new-a26a9 = выясните, почему сервер не принимает новых соединений, и повторите apply

## apply::executable

said-is-built-for-and-the-machine-is-4c9e7 = { $path } собран для { $v2 }, а машина — { $processor }
said-give-agent-file-the-agi-provision-5dfa2 = укажите --agent ФАЙЛ: программу agi-provision для Linux на { $processor }; без --agent берётся та, что лежит рядом с этой ({ $v2 })
said-the-host-is-for-which-there-is-no-29f53 = сервер — { $uname }, сборки agi-provision для него нет
said-take-a-machine-that-is-2764f = возьмите машину: { $known }
said-scripts-build-agent-in-the-project-s-a8a0e = `scripts/build-agent { $v1 }` в исходном коде проекта соберёт её и положит туда; --agent ФАЙЛ укажет другое место: нужна программа agi-provision для Linux на { $processor } той же версии
said-the-machine-is-this-program-is-for-4bdae = машина — { $processor }, эта программа — для { $v2 }, а { $v3 } нет
said-is-built-for-not-for-9e514 = { $v1 } собран для { $v2 }, а не для { $processor }

## apply::fleet

said-starting-the-runtime-13bf2 = запуск рабочих потоков
said-the-worker-failed-6d2e7 = рабочий поток завершился с ошибкой: { $error }
said-the-worker-ended-early-809d5 = рабочий поток завершился раньше времени

## apply::host

said-this-machine-abc70 = эта машина

## apply::inventory

said-reading-the-inventory-on-stdin-41b03 = чтение инвентаря из stdin
said-it-has-more-than-bytes-fef37 = в нём больше { $v1 } байт
said-it-names-no-host-d6797 = в нём нет ни одного сервера
said-is-no-name-for-a-host-bf07b = { $v1 } не может быть именем сервера
said-secrets-in-the-inventory-are-not-fc9ba = секреты из инвентаря { $v1 } не читаются ({ $v2 } у { $v3 }, всего серверов: { $v4 }): передайте пароли через --password-stdin и --sudo-password-stdin
said-it-is-not-text-5139c = это не текст
said-lies-beside-it-install-ansible-whose-15c58 = рядом лежит { $beside }: установите Ansible, тогда спросим его ansible-inventory
said-it-is-install-ansible-whose-ansible-fbb59 = это { $what }: установите Ansible, тогда спросим его ansible-inventory
said-ansible-inventory-printed-something-53539 = ansible-inventory напечатал не список
said-the-inventory-cannot-be-used-6d87d = инвентарь { $v1 } нельзя использовать: { $why }
said-it-is-toml-with-host-tables-ansible-9c3ab = это TOML с таблицами [[host]], инвентарь Ansible, список серверов или JSON (docs/inventory.md)

## apply::inventory::ask

said-ansible-inventory-prints-more-than-41ebd = ansible-inventory печатает больше { $most } байт
said-ansible-inventory-says-4b168 = ansible-inventory говорит: { $v1 }

## apply::inventory::entry

said-host-77367 = сервер { $v1 }

## apply::inventory::ini

said-line-79ef7 = строка { $v1 }: { $why }
said-a-section-of-645ec = раздел { $v1 }
said-no-host-a4998 = сервера нет
said-sets-nothing-e0605 = { $v1 } ничего не задаёт
said-a-quotation-mark-is-not-closed-ea024 = кавычка не закрыта

## apply::inventory::json

said-group-0c872 = группа { $v1 }: { $why }
said-none-of-its-outputs-is-called-8422e = среди выходных значений нет inventory, hosts или host; есть { $v1 }
said-the-output-33fc9 = выходное значение { $v1 }: { $why }
said-it-has-more-than-hosts-e1bef = в нём больше { $most_hosts } серверов
said-is-neither-an-address-nor-a-table-d2571 = { $v1 } — не адрес и не таблица
said-is-no-text-d33cb = { $v1 }: { $key } — не текст
said-its-port-is-none-bdd96 = { $v1 }: порт неверный
said-has-which-is-not-known-fccfa = в { $v1 } есть { $v2 }, а это неизвестно

## apply::inventory::ours

said-host-is-there-twice-95ea3 = сервер { $v1 } указан дважды
said-host-a-plan-file-leaves-nothing-else-1e733 = сервер { $v1 }: с файлом плана больше нечего выбирать

## apply::inventory::tree

said-the-variables-of-its-hosts-have-more-50c18 = переменные его серверов занимают больше { $most_vars } байт
said-its-groups-contain-each-other-or-are-7ed52 = его группы содержат друг друга или вложены глубже { $deepest }
said-its-hosts-are-in-more-than-groups-9aa74 = его серверы входят больше чем в { $most_memberships } групп, если сложить по всем
said-has-more-than-bytes-2126c = { $v1 } длиннее { $longest_name } байт
said-stands-for-more-than-hosts-37840 = { $v1 } означает больше { $most_hosts } серверов
said-is-no-range-of-hosts-092a5 = { $v1 } — не диапазон серверов
said-has-a-number-of-more-than-20-digits-0fe82 = в { $v1 } число длиннее 20 цифр

## apply::inventory::vars

said-install-ansible-whose-ansible-e672c = : установите Ansible, тогда спросим его ansible-inventory
said-is-not-supported-00baa = { $name } не поддерживается{ $way }
said-is-a-template-which-only-ansible-78d2a = { $name } — шаблон, его заполняет только Ansible
said-the-host-is-reached-by-not-by-ssh-b9a35 = к серверу подключаются через { $v1 }, а не через ssh
said-the-method-to-become-root-is-sudo-b4586 = способ стать root — { $v1 }; поддерживаются sudo и doas
said-ansible-become-user-is-everything-is-7f294 = ansible_become_user — { $v1 }, а всё делается от root
said-the-port-is-d2155 = порт — { $v1 }

## apply::inventory::yaml

said-the-file-b8a02 = файл
said-group-is-nested-more-than-deep-6d9eb = группа { $v1 } вложена глубже { $deepest }
said-hosts-of-df825 = серверы группы { $v1 }
said-children-of-8527f = подгруппы { $v1 }
said-group-has-expected-hosts-vars-or-55af2 = в группе { $name } есть { $other }; ожидались hosts, vars или children
said-a-name-that-is-not-text-353b8 = { $what }: имя — не текст
said-expected-names-with-what-belongs-to-dc91a = { $what }: ожидались имена и то, что к ним относится

## apply::local

said-local-changes-this-machine-which-38d78 = --local меняет эту машину, для этого нужен root
said-run-it-again-with-sudo-fb24e = запустите ещё раз через sudo
said-is-not-a-folder-of-root-s-alone-da407 = { $v1 } — не папка, принадлежащая только root
said-staging-2ef76 = подготовка { $v1 }
said-reading-the-file-to-send-4fa9f = чтение файла для отправки

## apply::needs

said-there-is-no-home-f831d = нет домашнего каталога
said-it-has-no-0d8ef = в нём нет { $program }

## apply::remote

said-refused-it-and-it-is-not-tried-again-2c067 = { $v1 } не принял его, и второй раз он не пробуется
said-password-of-ba73b = пароль { $program } для { $peer }:{ " " }
said-give-it-with-sudo-password-stdin-or-9b657 = передайте его через --sudo-password-stdin или AGI_PROVISION_SUDO_PASSWORD, подключитесь как root или разрешите пользователю { $program } без пароля ({ $v2 })
said-the-host-s-login-shell-prints-7b540 = оболочка входа на сервере печатает без конца
said-look-at-the-user-s-bashrc-there-f79fc = посмотрите там .bashrc пользователя
said-the-agent-could-not-be-put-under-aa6ad = не удалось положить агента в { $v1 }: { $v2 }
said-the-host-s-disk-is-full-or-has-no-7f6ab = диск сервера заполнен или кончились inode (`df -i`); там ничего не оставлено
said-is-usr-local-mounted-noexec-there-or-e22e7 = не смонтирован ли там /usr/local с noexec и Linux ли это на { $processor }?
said-is-the-host-s-usr-local-writable-238a2 = доступен ли /usr/local сервера для записи?
said-the-agent-runs-as-root-from-move-3c14f = агент работает от root из { $v1 }: уберите то, что там лежит; на сервере ничего не изменено
said-is-mounted-noexec-and-the-agent-runs-69cc2 = { $place } смонтирован с noexec, а агент запускается из { $v2 }
said-mount-o-remount-exec-there-and-78d44 = выполните там `mount -o remount,exec { $place }` и уберите noexec из /etc/fstab; на сервере ничего не изменено

## apply::retry

said-nothing-is-known-of-an-earlier-run-1be40 = о прежнем запуске с { $v1 } ничего не известно
said-retry-failed-repeats-what-failed-501d7 = --retry-failed повторяет то, что не удалось; в первый раз запустите без него
said-creating-the-folder-of-01998 = создание папки для { $v1 }

## apply::root

said-the-user-may-not-become-root-with-03fd9 = пользователь не может стать root через doas: { $v1 }
said-allow-it-in-doas-conf-permit-user-as-2d559 = разрешите это в doas.conf (`permit ПОЛЬЗОВАТЕЛЬ as root`; с `nopass` пароль не спрашивается) или подключитесь как root
said-take-defaults-requiretty-out-of-the-0be20 = уберите `Defaults requiretty` из sudoers сервера или подключитесь как root
said-connect-as-root-or-allow-the-user-f75b9 = подключитесь как root или разрешите пользователю sudo, без пароля (NOPASSWD) или с ним
said-doas-did-not-take-the-password-bd571 = doas не принял пароль

## apply::session

said-only-an-apply-restarts-a-host-60245 = сервер перезагружает только apply
said-the-host-was-not-back-minutes-after-76322 = за { $v1 } минут после перезагрузки сервер не вернулся: { $error }
said-the-agent-was-staged-but-is-not-8fbae = агента положили на сервер, но его там нет
said-does-something-there-clear-usr-local-afdaf = не чистит ли что-то там /usr/local/lib/agi-provision?
said-the-agent-ended-without-its-last-73cb7 = агент завершился, не сказав последнего слова: { $v1 }
said-reading-the-agent-s-answer-c5bcb = чтение ответа агента
said-the-host-says-more-than-mib-f32ae = сервер прислал больше { $v1 } МиБ
said-is-the-agent-there-the-one-that-was-65a62 = тот ли там агент, которого отправили? Выполните `remove` и повторите apply
said-is-done-7727b = сделано
said-the-same-command-again-carries-on-3755e = та же команда продолжит с места остановки

## apply::show_json

said-another-host-on-the-same-machine-b492b = другой сервер на той же машине

## apply::upload

said-the-host-asks-for-which-was-not-11abf = сервер просит { $v1 }, чего ему не предлагали
said-the-host-asks-for-bytes-that-has-not-40ccc = сервер просит байты, которых в { $v1 } нет
said-became-shorter-while-it-was-sent-cb728 = { $v1 } стал короче во время отправки
said-apply-again-when-nothing-writes-to-3aa2c = повторите apply, когда этот файл никто не пишет

## checked::checksum

said-that-is-64-lower-case-hex-digits-50e4f = это 64 шестнадцатеричные цифры строчными буквами

## checked::endpoint

said-an-address-of-a-server-61e5f = адрес сервера
said-its-bracket-does-not-end-19c26 = скобка не закрыта
said-is-no-ipv6-address-e7815 = { $host } — не адрес IPv6
said-what-follows-the-bracket-is-no-port-31158 = после скобки стоит не порт
said-an-ipv6-address-is-written-in-4cb4e = адрес IPv6 пишется в скобках: [2001:db8::7]:8080
said-is-no-port-e43df = { $port } — не порт
said-is-no-address-and-no-name-of-a-host-52da3 = { $name } — не адрес и не имя сервера

## checked::names

said-a-plain-file-name-2eab9 = простое имя файла
said-the-name-of-a-unit-94973 = имя юнита
said-a-model-s-name-3fad2 = имя модели
said-an-image-pinned-by-its-digest-5003a = образ, закреплённый по digest
said-a-name-for-a-balanced-server-ebd98 = имя сервера за балансировщиком
said-it-does-not-end-in-sha256-and-the-a2e37 = в конце нет @sha256: и digest
said-its-digest-is-not-64-lower-case-hex-028e7 = его digest — не 64 шестнадцатеричные цифры строчными буквами
said-it-has-the-character-6f6fc = в нём есть символ { $odd }
said-a-part-of-its-name-is-empty-or-5136d = часть имени пуста или начинается со знака
said-it-has-a-slash-or-a-backslash-850f8 = в нём есть косая черта
said-it-does-not-end-in-c07b2 = он не оканчивается на .{ $v1 }
said-it-begins-with-9bd42 = он начинается с { $first }

## checked::numbers

said-a-mode-for-a-bundle-s-file-8d45f = права файла набора
said-it-has-more-than-permission-bits-780dd = в нём не только биты доступа
said-others-could-write-the-file-6e983 = файл могли бы изменить другие
said-that-is-four-octal-digits-a0c87 = это четыре восьмеричные цифры
said-those-are-1-to-65535-8c654 = это от 1 до 65535

## checked::places

said-an-absolute-path-of-a-host-15e3e = абсолютный путь на сервере
said-a-relative-path-that-stays-in-its-c2d79 = относительный путь внутри своей папки
said-a-target-for-a-bundle-s-link-3fb4f = цель ссылки в наборе
said-it-does-not-begin-with-a-slash-fbe7d = он не начинается с косой черты
said-it-does-not-lie-below-c8db7 = он лежит не в { $v1 }
said-it-has-an-empty-part-3e9e3 = в нём есть пустая часть
said-it-has-the-part-df340 = в нём есть часть { $part }
said-it-has-a-backslash-8f423 = в нём есть обратная косая черта
said-a-part-of-it-has-more-than-bytes-44aec = часть его длиннее { $longest_part } байт

## checked::text

said-is-not-081d6 = { $v1 } — не { $v2 }: { $v3 }
said-it-has-the-character-u-09ab8 = в нём есть символ U+{ $v1 }
said-it-is-empty-05609 = он пуст
said-it-has-bytes-and-are-the-most-9aa4c = в нём { $found } байт, а можно не больше { $most }
said-it-is-not-utf-8-394a9 = это не UTF-8

## checked::url

said-an-address-for-downloads-0c948 = адрес для скачивания
said-an-address-of-a-proxy-aabcc = адрес прокси
said-is-not-http-or-https-c7fa4 = { $v1 } — не http и не https
said-it-has-a-user-s-name-or-a-password-6c1ed = в нём имя пользователя или пароль, а их место — в /etc/environment сервера
said-it-is-more-than-a-host-and-a-port-fad53 = в нём не только имя и порт, как в http://10.0.0.1:3128
said-http-is-for-addresses-of-a-private-6cdd8 = http годится только для частной сети; укажите https
said-it-does-not-begin-with-https-and-a-15a52 = он не начинается с https:// и имени сервера
said-is-not-https-2b511 = { $other } — не https
said-it-has-a-user-s-name-or-a-password-705fc = в нём имя пользователя или пароль
said-it-has-a-fragment-e2b09 = в нём есть фрагмент (#)

## cli::apply

said-expected-two-addresses-such-as-https-e505e = ожидались два адреса, например https://huggingface.co/=https://mirror.example/
said-tls-cert-is-for-an-api-that-is-open-04b30 = --tls-cert — для API, открытого другим машинам
said-add-expose-cidr-1733c = добавьте --expose CIDR
said-what-has-begun-on-a-host-goes-on-640bd = то, что уже началось на сервере, там продолжится; ту же команду можно запустить снова, и она покажет ход
said-was-looked-at-and-is-planned-for-as-b1b2a = { $name } осмотрен, план составлен под него как есть; с --profile или --budget это станет обещанием:
said-nothing-to-apply-8f827 = применять нечего: { $v1 }
said-agi-provision-plan-with-the-same-95237 = расчёт памяти покажет `agi-provision plan` с теми же флагами модели и машины
said-apply-asks-before-it-changes-a-host-c8859 = apply спрашивает, прежде чем менять сервер
said-add-yes-or-check-to-see-what-would-deb91 = добавьте --yes или --check, чтобы увидеть, что изменится

## cli::apply_hosts

said-what-has-begun-on-a-host-goes-on-87871 = то, что уже началось на сервере, там продолжится; та же команда доведёт все серверы вместе
said-tls-cert-is-for-an-api-that-is-open-fd013 = --tls-cert — для API, открытого другим машинам, а на нескольких серверах он не открывается
said-leave-tls-cert-and-tls-key-out-b53a0 = уберите --tls-cert и --tls-key
said-the-host-tells-nothing-of-itself-61edf = сервер ничего о себе не сообщает
said-name-the-worker-by-an-address-that-bbeac = укажите рабочий узел адресом, по которому до него доходит головной: `--hosts head,10.0.0.2`
said-not-begun-as-a-worker-failed-the-59c51 = не начато, потому что рабочий узел не готов; сервер остался как был
said-taken-back-as-another-host-failed-f69af = { $name }: изменения отменены, потому что не удалось на другом сервере
said-is-no-generation-601d2 = { $generation } — не поколение
said-the-same-generation-serves-as-before-d8f2b = работает то же поколение, что и раньше
said-rolled-back-as-another-host-failed-188af = изменения отменены, потому что не удалось на другом сервере; снова работает прежнее поколение
said-taken-away-again-as-another-host-9794a = убрано, потому что не удалось на другом сервере; раньше здесь ничего не работало

## cli::bundle

said-nothing-to-bundle-d7099 = собирать нечего: { $v1 }
said-agi-provision-plan-with-the-same-86d81 = расчёт памяти покажет `agi-provision plan` с теми же флагами
said-the-plan-uses-no-cards-no-driver-is-8d2c6 = план не использует карт: драйвер для него не устанавливается
said-leave-driver-out-or-plan-for-a-bfdf0 = уберите --driver или составьте план для профиля с картами
said-is-as-it-should-be-nothing-changed-da1f0 = { $v1 } уже такой, как нужно; ничего не изменено
said-wrote-files-to-8c9aa = файлов записано: { $count }, в { $v2 }
said-the-seed-does-not-carry-and-no-a4be1 = в образе seed нет { $unpinned }, а загрузка не закреплена: это должно быть в образе машины
said-give-model-file-and-runtime-archive-71e3e = укажите здесь --model-file и --runtime-archive
said-not-pinned-and-not-carried-ff5d0 = не закреплено и не приложено: { $unpinned }
said-give-the-files-here-or-to-apply-with-2dec0 = приложите файлы здесь или дайте их `apply` через --model-file и --runtime-archive
said-the-seed-does-not-carry-the-machine-a7dbd = в образе seed нет { $downloaded }: машина скачает это при первом старте
said-model-file-and-runtime-archive-put-1ad62 = --model-file и --runtime-archive положат их в образ seed

## cli::bundle_hosts

said-the-hosts-of-one-model-have-to-know-52dda = серверы одной модели должны знать друг друга, а первый старт этого не умеет
said-agi-provision-apply-hosts-brings-e11be = вместе их поднимает `agi-provision apply --hosts`; уберите seed, облако, драйвер и цели

## cli::config

said-project-file-d8a62 = файл проекта: { $v1 }
said-user-s-configuration-51804 = настройки пользователя: { $v1 }

## cli::doctor

said-nothing-was-changed-6b88b = ничего не изменено
said-ssh-v-to-the-same-host-shows-more-aa83b = больше покажет `ssh -v` к тому же серверу
said-logged-in-and-the-agent-runs-fdb91 = вход есть, агент работает

## cli::doctor::here

said-runs-on-linux-hosts-73319 = { $path } работает на серверах с Linux
said-others-may-read-32809 = { $path } могут прочитать другие
said-check-the-spelling-etc-resolv-conf-434e0 = проверьте написание, /etc/resolv.conf и сеть; серверы можно указывать адресами, а планам сеть не нужна
said-with-a-passphrase-06aad = { " " }(с паролем)
said-no-key-file-ssh-agent-holds-one-be3c2 = файла ключа нет; один есть в ssh-agent
said-no-private-key-that-can-be-used-and-f5b53 = нет закрытого ключа, который можно использовать, и в ssh-agent его нет: серверы спросят пароль
said-ssh-keygen-t-ed25519-makes-one-ssh-13c3b = `ssh-keygen -t ed25519` создаст ключ, `ssh-copy-id USER@HOST` положит его на сервер; или укажите свой через --identity
said-it-holds-no-key-c48ee = в нём нет ключей
said-ssh-add-gives-it-yours-2de6e = ваш ключ добавит `ssh-add`
said-it-does-not-answer-23370 = он не отвечает: { $why }
said-start-one-eval-ssh-agent-or-unset-b9d65 = запустите его (`eval $(ssh-agent)`) или сбросьте SSH_AUTH_SOCK
said-is-known-by-cfee3 = { $name } известен по { $v2 }
said-known-hosts-there-is-no-such-file-cc523 = known_hosts (такого файла пока нет)
said-is-not-in-10fdf = { $name } нет в { $files }
said-compare-the-fingerprint-that-is-ebc50 = сверьте показанный отпечаток с тем, что показывает провайдер, затем один раз укажите --accept-new-host-key или --host-key SHA256:…
said-its-state-may-not-be-read-as-in-a-60bbe = их состояние прочитать нельзя, как в контейнере
said-kept-right-by-a-time-service-37b87 = их ведёт служба времени
said-no-time-service-keeps-it-right-18853 = службы времени нет; по часам проверяются сертификаты при скачивании
said-timedatectl-set-ntp-true-sets-it-94cfa = часы выставит `timedatectl set-ntp true`

## cli::doctor::host

said-held-by-6583b = занято: { $holder }
said-wait-until-it-ends-apply-waits-too-da85e = дождитесь конца; apply тоже ждёт
said-the-plan-needs-found-96a12 = плану нужно { $v1 }, найдено { $v2 }
said-agi-provision-verify-says-what-would-8d606 = { $v1 }; что подойдёт, скажет `agi-provision verify`
said-promised-found-0f5ea = обещано { $v1 }, найдено { $v2 }
said-it-is-less-than-what-was-paid-for-022aa = это меньше, чем оплачено; с --strict будет отказ
said-logged-in-as-root-5a15a = вход как root
said-sudo-without-a-password-68b7c = sudo без пароля
said-sudo-asks-for-a-password-5068b = sudo спрашивает пароль
said-it-is-asked-for-once-scripts-give-6dcb8 = его спросят один раз; для скриптов есть --sudo-password-stdin и AGI_PROVISION_SUDO_PASSWORD
said-no-way-to-become-root-a4c7d = стать root нельзя
said-log-in-as-root-or-put-the-user-into-747f9 = войдите как root или добавьте пользователя в группу sudo
said-the-host-is-not-run-by-systemd-b1280 = сервером управляет не systemd
said-take-a-virtual-machine-instead-of-a-84272 = возьмите виртуальную машину вместо контейнера
said-install-the-maker-s-driver-docs-gpu-beb52 = установите драйвер производителя (docs/gpu.md); до этого модели считает процессор
said-no-graphics-card-to-drive-models-run-92b37 = видеокарты нет: модели считает процессор
said-llama-cpp-for-759e1 = { $version }; llama.cpp { $build } для { $kind }
said-free-of-on-3e355 = { $v1 } свободно из { $v2 } на { $v3 }
said-mount-o-remount-rw-dmesg-says-why-it-88cd4 = mount -o remount,rw { $v1 }; почему только чтение, скажет `dmesg`
said-give-the-files-here-model-file-and-a4fe1 = дайте файлы отсюда: --model-file и --runtime-archive; или --mirror ОТКУДА=КУДА
said-answers-after-s-3734b = { $v1 } отвечает за { $seconds } с
said-does-not-answer-29d8d = { $v1 } не отвечает
said-not-asked-the-plan-pins-no-address-f314c = не проверялось: в плане не закреплён ни один адрес (--resolve)

## cli::exposed

said-the-certificate-was-not-kept-here-25225 = сертификат здесь не сохранён: { $error }
said-its-public-key-which-stays-5f905 = ; его открытый ключ, который не меняется: { $pin }
said-no-home-030c1 = нет HOME

## cli::first_boot

said-agent-url-has-an-address-twice-or-ed466 = в --agent-url адрес повторяется или их больше { $most_urls }
said-give-each-address-once-they-are-bfa46 = укажите каждый адрес один раз; их пробуют по порядку
said-give-agent-file-the-agi-provision-293e9 = укажите --agent ФАЙЛ: программу agi-provision из релиза для этой машины, или --agent-sha256 и --agent-size той, что лежит по адресу
said-is-no-program-for-linux-d5e5d = не программа для Linux: { $error }
said-is-not-linked-statically-it-needs-60ac9 = собран не статически (нужен { $loader }): другая система может его не запустить
said-give-the-bytes-of-as-base64-fileb-af762 = передайте { $v1 } байты файла { $file } в Base64 (`fileb://`, `filebase64()`): он сжат, cloud-init его распакует
said-give-the-text-of-0dba3 = передайте { $v1 } текст файла { $file }
said-at-its-first-boot-the-machine-a9f35 = при первом старте машина скачает программу: { $v1 } байт, SHA-256 { $v2 }, с { $v3 }
said-user-data-bytes-of-030d4 = user-data: { $counted } байт из { $v2 }; { $hand_over }
said-cloud-init-does-not-bring-this-fae7d = cloud-init/{ $user_data } не привозит эту программу: в образе машины она должна лежать как { $v2 }, иначе первый старт не удастся
said-agent-url-names-where-the-machine-0e5fe = откуда машина её скачает, укажет --agent-url; для `agi-provision apply` по SSH не нужно ни то, ни другое
said-publishes-no-limit-on-user-data-7ae28 = { $v1 } не публикует предел для user-data (смотрели { $v2 } в { $v3 })
said-if-it-refuses-the-file-start-the-82db8 = если файл не примут, запустите машину без него и выполните `agi-provision apply --host`
said-user-data-brings-no-files-of-this-6793b = user-data не везёт файлы такого размера, а загрузка { $v1 } не закреплена: это должно быть в образе машины, иначе первый старт не удастся
said-plan-resolve-out-file-pins-what-is-0e2b1 = `plan --resolve --out ФАЙЛ` закрепит опубликованное; затем `bundle --plan ФАЙЛ`

## cli::hosts

said-expected-a-number-from-1-to-512-b5167 = ожидалось число от 1 до 512
said-no-host-is-named-f13e5 = не указан ни один сервер
said-give-host-user-name-port-inventory-44d2f = укажите --host [пользователь@]имя[:порт], --inventory ФАЙЛ или --local
said-the-line-is-empty-52747 = строка пуста
said-there-is-no-line-2d810 = строки нет
said-nothing-failed-last-time-93eba = в прошлый раз всё удалось
said-no-host-is-left-bc521 = не осталось ни одного сервера
said-of-589a0 = { $why } из { $v2 }
said-look-at-limit-and-retry-failed-7d0e7 = проверьте --limit и --retry-failed
said-what-failed-was-not-noted-for-retry-809a3 = что не удалось, не записано для --retry-failed: { $error }
said-reads-a-line-on-stdin-21b52 = { $flag } читает строку из stdin: { $why }
said-one-line-each-in-this-order-key-add26 = по строке на каждый, в таком порядке: пароль ключа, пароль входа, пароль sudo

## cli::init

said-is-there-already-and-nothing-was-10e23 = { $v1 } уже есть, ничего не записано
said-agi-provision-config-show-says-what-ac6de = что здесь действует, скажет `agi-provision config show`; другой файл — --out ФАЙЛ
said-init-needs-a-model-and-there-is-no-425d1 = для init нужна модель, а спросить негде: нет терминала
said-give-model-agi-provision-models-use-033a3 = укажите --model; имена покажет `agi-provision models --use chat`
said-is-there-a-host-already-user-name-or-3375a = Сервер уже есть? [пользователь@]имя, или пусто, если его ещё предстоит арендовать:
said-what-may-it-cost-at-most-300-month-0-80fa3 = Сколько он может стоить? 300/month, 0.6/hour, или пусто, если без ограничения:
said-hint-d61f6 = подсказка: { $hint }
said-chat-code-or-russian-a4996 = chat, code или russian
said-which-model-a-name-hf-owner-3aee4 = Какая модель? Имя, hf:владелец/репозиторий, файл .gguf или назначение ({ $words }), чтобы увидеть список:
said-a-model-is-needed-ctrl-c-ends-this-55aa8 = модель нужна; Ctrl-C — выход
said-and-older-ones-agi-provision-models-3e608 = { "  " }и более старые ({ $more }): `agi-provision models`
said-there-is-no-file-a2764 = файла { $text } нет
said-give-the-path-of-a-gguf-file-a51af = укажите путь к файлу .gguf
said-is-no-budget-ca5fd = { $text } — не бюджет: { $why }
said-such-as-300-month-0-6-hour-250eur-49a91 = например 300/month, 0.6/hour, 250EUR/month или 5000RUB/month
said-agi-provision-plan-which-machine-is-810d3 = { "  " }agi-provision plan        какой машины хватит и с какими настройками

## cli::inspect

said-the-plan-has-no-requirement-38635 = в плане нет требования { $id }
said-its-requirements-f9747 = его требования: { $v1 }
said-follow-follows-one-host-08d4e = --follow следит за одним сервером
said-name-one-with-host-or-leave-follow-cca93 = укажите один через --host или уберите --follow
said-error-writing-to-stdout-69b8d = ошибка: запись в stdout: { $error }
said-make-a-new-api-key-on-the-servers-a5cd8 = Создать новый ключ API на { $v1 }? Серверы перезапустятся, клиенты со старым ключом отключатся.
said-key-rotate-asks-before-it-cuts-b4521 = key rotate спрашивает, прежде чем отключить клиентов
said-what-has-begun-on-a-host-goes-on-50f94 = то, что уже началось на сервере, там продолжится; ключ скажет `key show`
said-remove-the-server-its-models-and-its-ee9b0 = Удалить сервер, его модели и ключ с { $v1 }?
said-remove-asks-before-it-deletes-28b61 = remove спрашивает, прежде чем удалять
said-a-host-may-be-half-removed-the-same-827d7 = на сервере может остаться часть; та же команда удалит до конца

## cli::model_arg

said-is-a-name-of-ollama-s-taken-as-whose-f9caf = { $name } — имя из ollama: взята { $id }, её файлы — { $repository } на Hugging Face
said-is-an-embedding-model-it-gives-b9f2d = { $id } — модель эмбеддингов: она выдаёт векторы, а не ответы
said-rag-rag-model-puts-it-beside-a-model-a4e72 = --rag --rag-model { $id } поставит её рядом с моделью, которая отвечает
said-is-a-reranker-it-gives-scores-not-b8a58 = { $id } — реранкер: он выдаёт оценки, а не ответы
said-agi-provision-models-use-chat-lists-03d36 = модели, которые отвечают, покажет `agi-provision models --use chat`
said-is-named-with-and-quant-asks-for-117f1 = { $id } указана с { $tagged }, а в --quant — { $quant }
said-a-published-quantisation-b354e = опубликованная квантизация
said-reading-of-5a91c = чтение { $quant } из { $repository }
said-has-none-of-the-files-known-for-8d694 = в { $repository } нет ни одного файла, известного для { $v2 }
said-name-the-repository-and-one-of-its-1fc1f = укажите репозиторий и одну из его квантизаций: hf:владелец/репозиторий:quant
said-has-no-file-at-afe11 = в { $repository } нет файла { $path } (ревизия { $v3 })
said-model-hf-takes-one-that-it-has-928a2 = --model hf:{ $repository } возьмёт тот, что есть
said-has-its-models-cut-in-pieces-53d87 = в { $repository } модели разрезаны на куски: { $v2 }
said-download-the-pieces-join-them-in-2f531 = скачайте куски, соедините их по порядку через cat и укажите файл: --model ./model.gguf
said-has-no-gguf-file-but-safetensors-f3ea3 = в { $repository } нет файла GGUF, только safetensors
said-engine-serves-it-or-look-for-a-a3c75 = его запустит --engine { $v1 }; или найдите репозиторий модели, имя которого оканчивается на GGUF
said-has-no-gguf-file-0b5bf = в { $repository } нет файла GGUF
said-look-for-a-repository-of-the-model-a42de = найдите репозиторий модели, имя которого оканчивается на GGUF
said-any-quantisation-8e30b = любая квантизация
said-has-no-file-of-31925 = в { $repository } нет файла { $asked }
said-it-has-973e8 = в нём есть { $v1 }
said-and-more-53a76 = { " " }(и ещё { $v1 })
said-has-models-that-could-be-meant-f4ec5 = в { $repository } подходят несколько моделей: { $v2 }
said-name-one-016d0 = укажите одну: { $v1 }{ $more }
said-of-the-split-model-is-missing-in-the-536d2 = в репозитории нет { $name }, части разделённой модели
said-name-another-quantisation-or-64901 = укажите другую квантизацию или репозиторий: файлы перечислены на странице модели
said-give-the-file-another-name-it-eb8ec = переименуйте файл: его имя станет именем на сервере
said-is-not-63656 = { $v1 } — это { $v2 }, а не { $asked }
said-leave-quant-out-a-file-has-one-782d0 = уберите --quant: в файле одна квантизация
said-a-directory-c424f = каталог
said-not-a-regular-file-2737d = не обычный файл
said-is-d6815 = { $v1 } — это { $what }
said-name-a-gguf-file-aa4e8 = укажите файл .gguf
said-download-it-again-or-compare-its-bc7d5 = скачайте его ещё раз или сверьте размер и SHA-256 с опубликованными
said-name-a-gguf-file-of-this-model-many-bb659 = укажите файл GGUF этой модели: опубликовано много, а convert_hf_to_gguf.py из llama.cpp сделает его из папки модели
said-the-file-is-which-this-engine-does-1212c = файл — { $format }, а этот движок с таким не работает
said-engine-serves-it-or-e944e = его запустит --engine { $v1 }; или { $make }
said-the-file-is-which-no-engine-here-e7962 = файл — { $format }, с таким не работает ни один движок

## cli::model_parts

said-the-file-is-part-of-but-are-named-7b34c = файл — часть модели из { $declared }, а указано { $count }
said-the-first-part-is-not-part-1-of-the-5bdac = первая часть — не часть 1 модели: части стоят не по порядку
said-part-of-the-model-says-that-it-is-5f237 = часть { $number } модели говорит, что она другая: части стоят не по порядку
said-the-parts-hold-tensors-of-one-is-of-84d6b = в частях тензоров { $found } из { $expected }: одна из другой модели или указана дважды
said-keep-the-publisher-s-names-name-caf47 = оставьте имена как у издателя, ИМЯ-00001-of-00003.gguf и так далее, и держите все части в одной папке
said-is-not-a-part-of-1ba51 = { $name } — не часть из { $count }
said-parts-are-called-name-00001-of-00003-3db34 = части называются ИМЯ-00001-of-00003.gguf и так далее, как их называет gguf-split из llama.cpp
said-of-the-split-model-is-missing-3783a = нет { $v1 }, части разделённой модели
said-all-parts-must-lie-in-one-directory-803df = все части должны лежать в одной папке

## cli::models

said-no-model-of-the-registry-is-all-of-6f5c3 = ни одна модель реестра не подходит сразу под всё
said-beside-a-model-that-answers-8a9b5 = рядом с моделью, которая отвечает
said-codes-are-those-of-iso-639-1-such-as-ae4ef = коды — по ISO 639-1, например ru, en или de
said-agi-provision-models-lists-them-328db = их покажет `agi-provision models`
said-known-c1572 = известны: { $v1 }
said-did-you-mean-3f8e7 = может быть, { $v1 }?
said-no-model-of-the-registry-has-the-75a45 = ни у одной модели реестра нет { $what } { $asked }
said-not-seen-6bc85 = не видели
said-also-called-60b8b = другие имена
said-chat-template-7f817 = шаблон чата
said-for-a-token-267ea = , { $v1 } на токен
said-trained-for-420cf = обучена на
said-layers-of-heads-on-of-vocabulary-0ada9 = { $v1 }: слоёв { $v2 } по { $v3 }, голов { $v4 } на { $v5 } по { $v6 }, словарь { $v7 }
said-of-experts-c09ad = , { $v1 } из { $v2 } экспертов
said-in-the-published-file-b2977 = в опубликованном файле
said-of-the-model-s-card-c9e3c = { $name }, из карточки модели
said-none-a-base-model-which-completes-49ebc = нет: базовая модель, она продолжает текст

## cli::offers

said-the-sources-are-and-for-currencies-b486d = источники: { $v1 }, а для валют { $rates }
said-no-known-offer-is-all-of-that-a3490 = ни одно известное предложение не подходит сразу под всё
said-the-cheapest-of-profile-provider-and-4c1f4 = самые дешёвые { $shown } из { $count }; выбирают --profile, --provider и --vm, в --format json есть все
said-known-agi-provision-offers-update-b52e2 = известны: { $v1 }; больше прочитает `agi-provision offers update`
said-no-offer-is-of-a-provider-called-b5618 = нет предложений от { $name }
said-up-to-9c50b = до{ " " }
said-days-old-985d4 = { " " }(ей { $most }{ $days } дней)
said-nothing-there-1c0f9 = { $v1 } (там ничего нет)
said-offers-in-78391 = предложений: { $v1 }, в { $v2 }
said-what-was-known-of-them-is-kept-0dd58 = прежние данные о них остаются
said-failed-83ceb = не удалось: { $v1 }; { $kept }
said-the-same-command-again-tries-all-9470a = та же команда попробует все ещё раз; источник и его адрес задают --source и --from
said-warning-nothing-is-at-4e08b = предупреждение: { $name }: по адресу { $address } ничего нет
said-offers-in-rows-40822 = { $name }: предложений { $offers }, строк { $rows }{ $unused }
said-line-is-not-used-cd84d = { $address }: строка { $v2 }: { $v3 } не берётся: { $v4 }
said-warning-this-row-is-left-out-04cd9 = предупреждение: { $address }: { $row }; эта строка пропущена
said-warning-more-rows-are-left-out-15ffc = предупреждение: { $address }: пропущено ещё строк: { $v2 }
said-warning-it-is-not-in-the-catalogue-c3f79 = предупреждение: { $name }: в каталоге больше нет

## cli::output

said-writing-to-stdout-91d6f = запись в stdout
said-and-there-is-no-terminal-to-ask-on-8922a = { $unasked }, а спросить негде: нет терминала
said-not-confirmed-nothing-was-done-dcec4 = нет подтверждения; ничего не сделано
said-asking-on-stderr-ea1f1 = вопрос в stderr
said-reading-the-answer-eb8ea = чтение ответа
said-there-was-no-answer-nothing-was-done-9653c = ответа нет; ничего не сделано

## cli::over_hosts

said-hosts-is-given-with-link-d5c71 = --hosts указывают вместе с --link
said-agi-provision-plan-with-the-same-3661d = расчёт памяти каждого сервера покажет `agi-provision plan` с теми же флагами
said-these-hosts-do-not-hold-the-model-73b3a = эти серверы не вмещают модель: { $v1 }
said-hosts-names-the-hosts-already-12bfa = --hosts уже называет серверы
said-leave-host-and-local-out-inventory-44747 = уберите --host и --local; у --inventory есть хосты и группы, которые может назвать --hosts
said-is-no-host-and-no-group-of-3699a = { $v1 } — не хост и не группа из { $v2 }
said-hosts-names-the-head-first-and-then-e231b = --hosts называет сначала головной узел, потом рабочие, или группу, первый хост которой — головной
said-is-this-machine-which-workers-and-8f3b8 = { $name } — эта машина, а рабочие узлы и головной так друг до друга не доходят
said-give-the-inventory-an-address-of-it-d4d9f = укажите в описании хостов её адрес и вход по SSH
said-has-a-plan-of-its-own-and-is-to-be-a-8bf17 = у { $name } свой план, а он должен стать частью плана на несколько хостов
said-take-plan-out-of-its-entry-3b826 = уберите `plan` из его записи

## cli::plan

said-use-on-or-off-a5f2f = укажите on или off
said-skopeo-inspect-format-name-digest-5e13c = его скажет `skopeo inspect --format '{ "{" }.Name{ "}" }@{ "{" }.Digest{ "}" }' docker://ОБРАЗ`
said-a-tag-alone-may-be-another-image-305d9 = { $refused }: под одним тегом завтра может быть другой образ; { $pin }
said-it-names-no-registry-docker-io-is-36cc9 = в нём нет имени реестра: docker.io/{ $text } — это образ с Docker Hub
said-expected-tokens-s-such-as-7-or-0-5-d605f = ожидались токены/с, например 7 или 0.5
said-did-you-mean-0a145 = может быть, { $v1 }?{ " " }
said-no-machine-on-offer-is-called-6984f = среди предложений нет машины { $profile }
said-agi-provision-offers-lists-provider-2578d = { $lead }`agi-provision offers` показывает провайдеров и машины
said-cannot-be-planned-for-830f4 = для { $profile } план составить нельзя: { $why }
said-agi-provision-offers-lists-other-d9900 = другие машины покажет `agi-provision offers`
said-expose-lets-nearly-everyone-try-the-4d861 = --expose { $range } позволит подбирать ключ API почти кому угодно
said-name-the-addresses-that-need-it-or-d20e1 = укажите адреса, которым это нужно, или добавьте --expose-everyone
said-resolve-reads-one-model-s-repository-5b189 = --resolve читает репозиторий одной модели, а модель не указана
said-leave-it-out-and-give-it-with-the-ce61a = уберите его и укажите вместе с --model из списка
said-the-models-of-the-list-are-gguf-cf598 = модели списка — файлы GGUF, а { $v1 } с ними не работает
said-leave-engine-out-or-name-a-model-c99ff = уберите --engine или укажите модель: --model hf:владелец/репозиторий
said-runtime-image-comes-as-an-archive-79339 = --runtime-image: { $v1 } приходит архивом
said-runtime-archive-gives-one-docs-20e3d = архив задаёт --runtime-archive; какой движок приходит образом, сказано в docs/engines.md
said-apt-on-this-host-has-no-61432 = у apt на этом сервере нет { $v1 }
said-packages-that-were-begun-stay-dpkg-fe184 = начатые пакеты остаются (`dpkg --audit`)
said-debian-forky-and-sid-have-it-72c02 = он есть в Debian forky и sid; для других систем составьте план без --runtime-packages, с архивом из выпуска
said-leave-it-out-or-plan-with-engine-c3f8b = уберите его или составьте план с --engine { $v1 }
said-leave-llama-build-out-or-runtime-2dfc9 = уберите --llama-build или --runtime-packages
said-llama-build-the-distribution-s-63c13 = --llama-build { $named }: в пакетах дистрибутива — { $packaged }
said-leave-it-out-or-plan-without-runtime-095e1 = уберите это или составьте план без --runtime-packages
said-leave-it-out-or-plan-without-runtime-d6505 = уберите это или составьте план без --runtime-image
said-the-plan-pins-the-container-image-84a94 = { $given }: план закрепляет образ контейнера { $image }
said-the-plan-takes-llama-cpp-from-the-e1629 = { $given }: по плану llama.cpp берётся из пакетов дистрибутива
said-this-host-has-no-apt-which-would-f0642 = на этом сервере нет apt, который поставил бы { $v1 }
said-llama-server-it-has-an-image-and-d039b = llama_server: есть и образ, и пакеты, а работает что-то одно
said-llama-server-packages-is-no-package-d5dfa = llama_server/packages: { $odd } — не пакет llama.cpp
said-llama-server-packages-which-has-ab902 = llama_server/packages: нет { $server }, а в нём llama-server
said-over-hosts-workers-are-served-from-d2b4d = over_hosts: помощники работают из архива или программы своего сервера
said-runtime-packages-no-distribution-fed5b = --runtime-packages: ни в одном дистрибутиве нет пакета { $v1 }
said-runtime-image-does-not-start-21f97 = --runtime-image: { $tag } запускает не { $v2 }
said-the-image-that-does-has-the-tag-f08ac = у подходящего образа тег { $server }
said-runtime-image-is-of-build-and-the-bf839 = --runtime-image — образ сборки { $build }, а план для { $v2 }: аргументы и память рассчитаны для неё
said-take-the-image-of-or-plan-with-llama-b1cf7 = возьмите образ сборки { $v1 } или составьте план с --llama-build { $build }
said-no-model-is-named-5e204 = не указана модель
said-give-model-name-or-model-file-gguf-af464 = укажите --model ИМЯ или --model ФАЙЛ.gguf; имена покажет `agi-provision models`, а `agi-provision plan` с одним --budget, --profile или --host — лучшие варианты для них

## cli::plan_command

said-format-html-is-for-the-plan-of-one-a58fe = --format html — для плана одной машины
said-with-hosts-format-text-or-json-a48c3 = с --hosts: --format text или json
said-format-html-explain-and-out-are-for-1df5a = --format html, --explain и --out — для плана одной модели
said-name-it-with-model-without-these-the-640c0 = укажите её через --model; без них показываются лучшие модели

## cli::plan_hosts

said-more-than-hosts-are-named-c2db3 = указано больше { $most } серверов
said-one-server-spreads-layers-over-16-f53f6 = один сервер делит слои не больше чем на 16 устройств
said-is-no-number-of-machines-db2c4 = { $name } — не число машин
said-from-1-to-of-one-3x-gpu-24gb-40b78 = от 1 до { $most } одинаковых: 3x(gpu-24gb)
said-is-no-file-of-facts-and-no-class-of-51e5d = { $name } — не файл с данными и не профиль машины
said-a-bundle-is-made-without-a-network-b1538 = набор собирается без сети: `agi-provision probe --host { $name } --format json >{ $name }.json`

## cli::project

said-in-the-environment-8adfc = { $name } в окружении
said-a-command-that-was-found-deb4b = найденная команда
said-the-command-apply-2dc29 = команда apply
said-and-exclude-each-other-a7273 = { $v1 } и { $v2 } исключают друг друга
said-leave-one-of-them-out-66d29 = уберите что-то одно
said-there-is-no-project-file-c7377 = нет файла проекта { $v1 }
said-agi-provision-init-writes-one-d44f6 = его запишет `agi-provision init`
said-finding-the-working-folder-dddc6 = поиск рабочей папки
said-it-takes-what-takes-agi-provision-6c29b = значение то же, что у --{ $v1 }; какое — в `agi-provision apply --help`
said-it-takes-what-takes-5280c = значение то же, что у --{ $v1 }
said-it-is-neither-true-nor-false-bfa15 = это не true и не false

## cli::project::file

said-it-is-not-toml-007df = это не TOML: { $v1 }
said-a-value-in-quotes-after-a-key-and-faba5 = после ключа и = стоит значение в кавычках, по одному на строке: model = "saiga-8b"
said-is-a-table-309fa = { $table } — таблица
said-write-on-a-line-of-its-own-and-its-e2f41 = напишите [{ $table }] отдельной строкой, а её ключи ниже
said-did-you-mean-1f765 = может быть, [{ $near }]?
said-the-tables-are-6c423 = таблицы: { $v1 }
said-unknown-table-f8605 = неизвестная таблица { $v1 }
said-would-be-a-secret-and-this-file-is-7afcf = { $v1 } — это секрет, а этот файл хранят и показывают другим
said-give-it-when-it-is-asked-for-with-981e6 = передайте его по запросу, через --password-stdin и подобные или в окружении: AGI_PROVISION_PASSWORD, AGI_PROVISION_SUDO_PASSWORD, AGI_PROVISION_PASSPHRASE, HF_TOKEN
said-above-the-first-table-c7805 = { $v1 } стоит выше первой [таблицы]
said-it-is-8a0f8 = это { $v1 }
said-known-here-docs-project-md-has-all-d9332 = здесь можно: { $v1 }; всё — в docs/project.md
said-or-58c68 = , или{ " " }
said-unknown-key-15256 = неизвестный ключ { $v1 }{ $within }
said-a-project-s-file-may-not-set-979b3 = в файле проекта нельзя задавать { $v1 }: { $why }
said-give-or-the-same-key-in-config-agi-47598 = укажите --{ $v1 }, { $v2 } или тот же ключ в ~/.config/agi-provision/config.toml
said-it-takes-34f90 = сюда пишется { $v1 }
said-the-list-is-empty-fa4d5 = список пуст
said-has-a-character-that-nobody-sees-8d1ed = в { $v1 } есть невидимый символ

## cli::project::find

said-it-was-found-above-the-working-35a8a = он найден выше рабочей папки, но принадлежит другому пользователю или доступен ему для записи
said-project-takes-it-all-the-same-a415a = --project { $v1 } возьмёт его всё равно, --project /dev/null — никакой

## cli::project::setting

said-a-string-in-quotes-2b041 = строка в кавычках
said-a-whole-number-without-quotes-3ba9d = целое число без кавычек
said-a-number-without-quotes-51894 = число без кавычек
said-true-or-false-f18f9 = true или false
said-on-or-off-bf2e0 = "on" или "off"
said-a-path-in-quotes-7f203 = путь в кавычках
said-a-path-in-quotes-or-a-list-of-them-15f36 = путь в кавычках или список путей
said-a-model-s-name-or-the-path-of-a-gguf-0b87a = имя модели или путь к файлу .gguf, в кавычках
said-a-string-in-quotes-or-a-list-of-them-6a0c4 = строка в кавычках или список строк
said-a-host-such-as-root-203-0-113-7-or-a-ac4b7 = сервер, например "root@203.0.113.7", или список серверов
said-an-ssh-configuration-can-start-2c3b3 = настройки SSH могут запускать программы на этой машине
said-it-is-run-as-root-on-every-host-3be65 = это выполняется от root на каждом сервере

## cli::rag_arg

said-rag-model-wants-a-model-that-gives-209da = для --rag-model нужна модель, которая выдаёт векторы; по имени известна bge-m3
said-has-no-file-e0354 = в { $repository } нет файла { $v2 }
said-name-another-embedding-model-rag-e27a8 = укажите другую модель эмбеддингов: --rag-model hf:владелец/репозиторий:quant

## cli::reconcile

said-agi-provision-probe-format-json-7e27b = их пишет `agi-provision probe --format json`
said-has-no-facts-4fa09 = в { $v1 } нет данных о сервере: { $why }
said-its-schema-is-not-b0899 = его схема — { $v1 }, а не { $schema }
said-a-plan-is-for-one-host-9d9ec = план составляется для одного сервера
said-plan-for-each-host-apart-46aea = составьте план для каждого сервера отдельно
said-the-host-sent-no-facts-bfecc = сервер не прислал данных о себе

## cli::resolve

said-the-chosen-quantisation-is-one-of-aa197 = выбранная квантизация — одна из запрошенных
said-the-plan-s-machine-is-one-of-the-7f485 = машина плана — одна из запрошенных
said-the-runtime-stays-unpinned-comes-as-91609 = движок остаётся незакреплённым: { $v1 } приходит образом контейнера, реестр не опрашивается, а образ не указан
said-hint-runtime-image-repository-sha256-ffca6 = подсказка: --runtime-image REPOSITORY@sha256:DIGEST его закрепляет; дайджест есть на странице реестра и в `skopeo inspect`
said-the-runtime-stays-unpinned-no-759d0 = движок не закреплён: ни один архив { $v1 } точно не подходит этой машине
said-hint-download-the-one-for-it-and-4db64 = подсказка: скачайте нужный и дайте его `apply` через --runtime-archive
said-the-runtime-stays-unpinned-aed53 = движок не закреплён: { $v1 }
said-note-is-right-fe391 = примечание: подходит { $v1 }: { $v2 }
said-note-is-pinned-b33ab = замечание: { $v1 } закреплён: { $v2 }
said-hint-the-release-s-archives-for-cuda-f9dc6 = подсказка: архивы релиза для CUDA — пара для достаточно новых драйвера и библиотеки C; если на сервере они такие, её закрепит `plan --host` с --resolve

## cli::rollback

said-go-back-to-the-previous-generation-37603 = Вернуть предыдущее поколение на { $v1 }?
said-rollback-asks-before-it-restarts-a-a8a13 = rollback спрашивает, прежде чем перезапускать сервер
said-what-has-begun-on-a-host-goes-on-53782 = то, что уже началось на сервере, там продолжится; что работает, покажет `status`

## cli::rollback_hosts

said-the-generation-that-serves-is-of-e63c4 = работающее поколение уже из этого плана
said-as-before-as-another-host-failed-0cf5a = как прежде, потому что другой хост не справился: { $v1 }
said-apply-the-plan-you-want-to-all-of-70a5f = примените нужный план ко всем: `agi-provision apply --hosts`; все хосты остались как были
said-the-head-has-no-generation-before-c4537 = у головного узла нет поколения до { $serves }, которое работает
said-the-head-had-no-plan-over-several-621bd = прежде у головного узла не было плана на несколько хостов
said-has-no-generation-of-the-plan-that-57bcf = у { $name } нет поколения того плана, который был у головного узла прежде

## cli::safetensors_arg

said-names-one-quantisation-or-file-and-b4b63 = { $name } — одна квантизация или файл ({ $file }), а { $v3 } читает репозиторий целиком
said-is-known-by-its-gguf-files-which-7af15 = { $v1 } известна по файлам GGUF, а { $v2 } с ними не работает
said-is-neither-a-folder-with-nor-a-72567 = { $model } — не папка с { $v2 } и не репозиторий
said-model-folder-or-model-hf-owner-95c1a = --model ПАПКА или --model hf:владелец/репозиторий
said-is-which-does-not-serve-c2891 = { $v1 } — { $format }, а { $v3 } с таким не работает
said-is-no-file-of-a-model-f1c01 = { $v1 } — не файл модели
said-name-the-model-s-folder-which-has-319e1 = укажите папку модели, в которой лежит config.json
said-a-file-lies-in-a-folder-f0551 = файл лежит в папке
said-engine-serves-it-bb4f4 = его запустит --engine { $v1 }
said-no-engine-here-serves-it-look-for-48505 = ни один движок с ней не работает: найдите файлы GGUF или safetensors этой модели
said-known-are-in-16-bits-gptq-of-4-and-8-a61c3 = известны { $v1 }, в 16 битах, GPTQ в 4 и 8 битах и AWQ в 4
said-download-it-again-from-the-model-s-a35e1 = скачайте его ещё раз со страницы модели
said-of-the-split-model-is-missing-in-874b9 = в { $v2 } нет { $part }, части разделённой модели
said-the-files-of-one-model-belong-into-1693a = файлы одной модели должны лежать в одной папке
said-download-the-model-s-files-again-all-e6e01 = скачайте файлы модели ещё раз, все одной ревизии
said-leave-quant-out-such-a-model-has-one-ed8b6 = уберите --quant: у такой модели одна квантизация
said-give-the-folder-another-name-a0589 = переименуйте папку
said-has-no-and-of-a-model-a9bca = в { $v1 } нет { $v2 } и { $v3 } модели
said-reads-a-model-s-folder-as-its-b4d05 = { $v1 } читает папку модели в том виде, в каком она опубликована
said-is-not-a-regular-file-69107 = { $v1 } — не обычный файл
said-name-the-folder-of-a-model-s-files-2a86f = укажите папку с файлами модели

## cli::self_update

said-looking-for-this-program-s-own-file-1b8b5 = поиск файла этой программы

## cli::shell

said-has-no-completions-f72e1 = для { $name } дополнений нет
said-writing-manual-pages-to-1b5d8 = запись страниц man в { $v1 }
said-wrote-the-manual-pages-to-cafea = страницы man записаны в { $v1 }

## cli::source

said-agent-url-cloud-driver-and-the-cecfb = --agent-url, --cloud, --driver и цели создают
said-the-inventory-changes-a-part-of-the-88f78 = инвентарь меняет часть плана, а план уже составлен
said-give-model-and-flags-instead-of-plan-ace34 = вместо --plan или --bundle укажите --model и флаги или укажите файлы планов в инвентаре
said-show-edits-prints-what-differs-and-312ae = что отличается, покажет --show-edits; --trust-edits применит всё равно, от root: только если вы знаете, кто это правил
said-is-not-what-its-plan-makes-and-is-e2746 = { $v1 } не такой, как получается из плана, но ему доверяют: { $v2 }
said-as-root-or-in-its-place-00808 = от root или вместо root: { $command }
said-note-this-plan-s-price-is-a-ffed5 = замечание: цена в этом плане — за контейнер; применить можно только на сервере с systemd
said-the-bundle-anew-and-what-was-edited-a9cd0 = { $flags } набор заново, и правки в нём пропадут
said-leave-out-or-make-the-bundle-anew-a174f = уберите { $these } или соберите набор заново без правок
said-reading-it-as-text-050f3 = чтение как текста
said-is-not-a-plan-e9b8c = { $v1 } — не план: { $error }
said-agi-provision-plan-out-file-writes-109f9 = его запишет `agi-provision plan --out ФАЙЛ`
said-is-not-a-file-of-76a78 = { $name } — не файл { $v2 }
said-its-files-64c98 = её файлы: { $v1 }
said-has-parameters-but-the-plan-is-for-9b47b = в { $v1 } параметров { $found }, а план — для { $v3 }, где их { $wanted }
said-plan-for-this-file-itself-model-634e7 = составьте план для самого этого файла: --model { $v1 }
said-this-is-another-file-than-the-one-8f135 = это другой файл, не тот, что в плане; скачайте его ещё раз
said-runtime-archive-is-there-several-ee529 = --runtime-archive указан несколько раз, а образ — один файл
said-give-the-oci-archive-of-the-image-4d63e = укажите архив OCI того образа, который называет --runtime-image
said-give-the-archive-with-llama-server-19dbc = дайте архив с llama-server и, для CUDA, архив с её библиотеками (cudart-…)
said-runtime-archive-is-there-times-7acf6 = --runtime-archive указан { $v1 } раза
said-runtime-archive-have-the-same-name-71dd4 = --runtime-archive: у { $both } одинаковое имя или содержимое

## cli::targets

said-kubernetes-or-target-skypilot-7ea16 = kubernetes или --target skypilot
said-balance-has-twice-9d131 = в --balance дважды указан { $v1 }
said-give-each-server-once-name-host-port-30c40 = укажите каждый сервер один раз; серверы одной машины различает ИМЯ=АДРЕС:ПОРТ
said-balance-has-more-than-servers-4557d = в --balance больше { $most } серверов
said-put-a-balancer-in-front-of-each-part-61e7f = поставьте по балансировщику перед каждой частью
said-is-for-target-ca565 = { $flag } — для --target { $target }
said-add-target-or-leave-out-aa9cd = добавьте --target { $target } или уберите { $flag }
said-target-kubernetes-needs-image-name-3ac5e = для --target kubernetes нужен --image NAME@sha256:…: встроенного образа нет, потому что digest никто не прочитал
said-skopeo-inspect-format-name-digest-b1387 = его напечатает `skopeo inspect --format '{ "{" }{ "{" }.Name{ "}" }{ "}" }@{ "{" }{ "{" }.Digest{ "}" }{ "}" }' docker://ghcr.io/ggml-org/llama.cpp:server-{ $v1 }`; для видеокарт это server-cuda12-…, server-cuda13-…, server-rocm-… или server-vulkan-…

## cli::tunnel

said-tunnel-leads-to-one-host-aefa1 = туннель ведёт к одному серверу
said-give-one-host-user-name-port-for-367dc = укажите один --host [пользователь@]имя[:порт]; для нескольких запустите несколько туннелей с --port
said-port-of-this-machine-cannot-be-used-89971 = порт { $wanted } этой машины занять нельзя: { $error }
said-name-another-with-port-n-port-0-24b39 = укажите другой через --port N; --port 0 возьмёт любой свободный
said-connecting-again-a8f12 = { $v1 }; соединяемся снова
said-connected-again-c11dc = снова соединились
said-another-program-has-its-port-c60e9 = его порт занят другой программой
said-it-is-not-our-server-that-listens-e2909 = там слушает не наш сервер: { $who }
said-stop-that-program-on-the-host-then-c37e9 = остановите эту программу на сервере и повторите apply
said-this-host-has-no-embedding-server-01668 = сервера эмбеддингов здесь нет
said-apply-a-plan-with-rag-without-d0f12 = примените план с --rag; без --embedding туннель ведёт к модели
said-this-host-has-no-server-ccae7 = сервера { $wanted } здесь нет
said-agi-provision-status-lists-those-a27f8 = какие есть, покажет `agi-provision status`
said-the-host-does-not-say-where-it-41683 = сервер не говорит, где он слушает
said-agi-provision-status-shows-what-53298 = что там работает, покажет `agi-provision status`
said-connecting-to-again-66bb0 = повторное соединение с { $target }

## elf::bytes

said-it-refers-to-more-than-any-program-fb1c7 = он ссылается на большее, чем любая программа
said-it-refers-to-what-lies-behind-its-0558c = он ссылается на то, что за его концом
said-a-name-in-it-is-not-text-1bd9f = имя в нём — не текст
said-a-name-in-it-has-no-end-645cf = у имени в нём нет конца

## elf::failure

said-is-not-an-elf-file-for-a-64-bit-90734 = { $v1 } — не файл ELF для 64-битного процессора
said-is-damaged-0fe44 = { $v1 } повреждён: { $why }

## elf::image

said-another-processor-elf-machine-2ea97 = другой процессор (машина ELF { $number })
said-it-has-too-many-program-headers-d6c2f = в нём слишком много заголовков программы
said-it-refers-to-what-it-does-not-load-88643 = он ссылается на то, чего не загружает

## engine

said-no-engine-is-called-f9ded = нет движка { $name }: { $v2 }

## engine::arguments

said-texts-and-no-plan-has-more-than-de082 = текстов { $texts }, а в плане не бывает больше { $most }
said-is-not-one-that-a-plan-may-give-86505 = { $v1 } план задавать не может
said-is-there-twice-5883b = { $name } указан дважды
said-has-no-value-1e7fb = у { $name } нет значения
said-and-contradict-each-other-1373a = { $v1 } и { $v2 } противоречат друг другу
said-is-not-a-whole-number-between-and-82d18 = не целое число от { $least } до { $most }
said-is-none-of-fc1b6 = нет среди { $v1 }
said-is-not-a-row-of-at-most-whole-41339 = не ряд целых чисел, не больше { $cards }
said-is-not-a-share-between-0-01-and-1-00-301b5 = не доля от 0.01 до 1.00 с двумя знаками
said-is-not-one-line-of-at-most-bytes-c4810 = не одна строка длиной до { $text } байт
said-is-none-that-a-plan-may-give-16b22 = план такого задавать не может
said-is-missing-a4b35 = нет { $v1 }
said-is-not-for-a-plan-to-choose-it-is-1d662 = план этого не выбирает: должно быть { $right }

## engine::llama_cpp::build

said-is-no-argument-of-llama-cpp-9795e = { $v1 } — не аргумент llama.cpp { $v2 }
said-llama-cpp-build-is-not-supported-6047c = сборка llama.cpp { $id } не поддерживается
said-supported-b7631 = поддерживаются: { $v1 }

## engine::server

said-no-server-is-called-names-are-llama-1bfe1 = нет сервера { $text }: имена — llama, embed, от embed-2 до embed-{ $most }, rpc-worker

## engine::split

said-is-neither-layer-nor-tensor-343d1 = { $text } — не layer и не tensor

## engine::streamed

said-the-server-gave-up-answering-a93db = сервер бросил отвечать: { $short }
said-it-has-not-begun-6a2a8 = он ещё не начал
said-it-has-read-of-tokens-of-the-86f8b = он прочитал { $read } из { $total } токенов вопроса
said-it-has-given-tokens-91855 = он выдал { $pieces } токенов

## engine::text_generation_webui

said-is-no-argument-of-4d23c = { $v1 } — не аргумент { $v2 } { $v3 }

## engine::text_generation_webui::compose

said-s-own-page-asks-for-no-key-and-is-7a39a = собственная страница { $name } не спрашивает ключ, поэтому не открывается
said-leave-webui-out-with-engine-llama-3762c = уберите --webui; страница, которая спрашивает ключ, есть с --engine llama.cpp

## engine::vllm::compose

said-has-no-page-for-chats-be2f5 = у { $name } нет страницы для чата
said-leave-webui-out-any-client-of-openai-105dd = уберите --webui; спрашивать его может любой клиент API OpenAI
said-computes-on-graphics-cards-alone-d1359 = { $name } считает только на видеокартах
said-the-default-engine-serves-a-gguf-b8e78 = на процессоре файл GGUF этой модели запустит движок по умолчанию

## fetch

said-reserving-bytes-for-f2a70 = резервирование { $v1 } байт для { $v2 }
said-arrived-damaged-or-is-another-file-83144 = { $name } пришёл повреждённым, или это другой файл: его SHA-256 — { $found }, а не { $v3 }
said-the-publisher-may-have-replaced-it-35189 = возможно, издатель его заменил: сегодняшний файл закрепит `agi-provision plan --resolve`

## fetch::answer

said-it-is-larger-than-mib-b98ce = он больше { $v1 } МиБ
said-the-file-there-has-bytes-not-88490 = файл там — { $found } байт, а не { $size }
said-it-sent-bytes-to-when-asked-for-to-94822 = он прислал байты { $from }–{ $to } вместо { $start }–{ $end }
said-its-answer-has-no-sound-content-99d56 = в его ответе нет верного Content-Range
said-it-wants-a-token-fc4f6 = он требует токен ({ $v1 })
said-there-is-no-such-file-68f7a = такого файла нет ({ $v1 })
said-the-file-there-has-bytes-not-416-af626 = файл там — { $total } байт, а не { $size } (416)
said-the-file-there-is-shorter-than-the-34cc7 = файл там короче, чем в плане (416)
said-it-answered-d7d03 = он ответил { $v1 }

## fetch::api

said-is-not-a-url-1b6ea = { $what } { $base } — не URL
said-give-an-address-that-begins-with-d8e61 = укажите адрес, который начинается с https://

## fetch::ask

said-of-bytes-came-83fb7 = пришло { $v1 } из { $v2 } байт
said-only-bytes-came-in-s-36de0 = за { $v2 } с пришло только { $came } байт
said-tried-times-is-reachable-from-here-060f8 = попыток было { $tries }; доступен ли { $v2 } отсюда?
said-is-the-right-address-a20a1 = верен ли адрес { $v1 }?

## fetch::client

said-preparing-downloads-1cec6 = подготовка загрузок
said-the-proxy-answers-4283f = прокси отвечает { $status }
said-it-redirects-from-https-to-http-42e39 = он перенаправляет с https на http
said-it-redirects-in-circles-78105 = он перенаправляет по кругу
said-no-answer-within-s-fa752 = нет ответа за { $v1 } с
said-not-an-address-ae861 = не адрес: { $cause }
said-no-connection-d2630 = нет соединения: { $cause }
said-nothing-came-for-s-088aa = ничего не пришло за { $v1 } с
said-it-was-cut-670fd = соединение оборвалось: { $cause }
said-reading-a-bundled-authority-959e9 = чтение встроенного центра сертификации

## fetch::page

said-it-needs-permission-d30f3 = нужен доступ ({ $status })
said-this-address-gives-it-to-nobody-4146d = этот адрес без ключа никому ничего не даёт; укажите другой через --from
said-try-again-in-some-minutes-88636 = повторите через несколько минут
said-is-this-the-right-address-1d53f = верен ли этот адрес?

## fetch::rate

said-reading-from-it-09e26 = чтение с него
said-bytes-are-too-few-to-measure-with-7d1f9 = { $v1 } байт мало для измерения

## fetch::release

said-the-release-of-has-no-f0205 = в релизе { $build } репозитория { $repository } нет { $name }
said-github-gives-no-sha-256-of-28736 = GitHub не сообщает SHA-256 файла { $name }
said-looking-up-9cabb = запрос о { $name }
said-looking-up-7f793 = запрос о { $project } { $build }
said-did-not-answer-as-github-does-99241 = { $v1 }: { $v2 } ответил не так, как отвечает GitHub
said-the-token-is-refused-1d933 = токен не принят
said-unset-github-token-or-set-one-that-e6ecf = сбросьте GITHUB_TOKEN или задайте верный
said-there-is-no-release-of-7ae84 = у { $v2 } нет релиза { $build }
said-asks-to-slow-down-1e4c8 = { $v1 } просит запрашивать реже ({ $status })
said-github-token-raises-the-limit-of-60-5a69a = GITHUB_TOKEN снимает предел в 60 запросов в час
said-try-again-later-2cc60 = повторите позже
said-give-the-archive-to-apply-with-761bb = дайте архив `apply` через --runtime-archive

## fetch::route

said-through-the-proxy-of-the-environment-c7b54 = через прокси из окружения
said-apt-s-configuration-d4c6c = настройки apt
said-reading-the-host-s-proxy-d086c = чтение прокси сервера

## fetch::source

said-of-bytes-are-there-and-stay-for-the-504ee = ; { $have } из { $total } байт уже есть и останутся для следующей попытки
said-free-some-space-there-or-take-a-c7dda = освободите там место или возьмите диск больше
said-the-disk-is-full-bytes-do-not-fit-44a36 = диск заполнен: { $v1 } байт не помещается в { $v2 }

## fetch::state

said-the-file-there-changes-all-the-time-6be82 = файл там всё время меняется
said-tries-249df = { $v1 } (попыток: { $v2 })

## fetch::work

said-the-hashing-thread-failed-23e51 = поток, считавший хэш, завершился с ошибкой
said-reading-back-fe8e6 = перечитывание { $v1 }
said-it-refuses-the-token-27810 = он не принимает токен ({ $v1 })
said-it-ended-the-connection-bytes-early-55251 = он закрыл соединение на { $v1 } байт раньше
said-it-sends-next-to-nothing-3e374 = он почти ничего не присылает
said-writing-at-f3fc8 = запись { $v1 } с байта { $at }

## files

said-linking-to-0c0ac = создание ссылки { $v1 } на { $v2 }
said-flushing-4a01b = сброс { $v1 } на диск

## hardware::cards

said-a-card-has-no-figure-8f2f3 = у видеокарты нет показателя { $other }

## hardware::facts

said-has-no-memory-of-its-own-so-models-e6aaf = у { $card } нет своей памяти, поэтому модели считает процессор
said-does-not-exist-ad57a = { $path } не существует

## hardware::facts::gpu

said-a-card-of-device-at-72c41 = видеокарта { $v1 } (устройство { $v2 }) на { $v3 }
said-pcie-and-the-link-between-cpus-7f043 = PCIe и связь между процессорами
said-pcie-and-the-cpu-s-own-links-fac75 = PCIe и внутренние связи процессора
said-pcie-through-the-cpu-s-host-bridge-6aee3 = PCIe через мост процессора
said-several-pcie-switches-ad262 = несколько коммутаторов PCIe
said-one-pcie-switch-d3e62 = один коммутатор PCIe

## hardware::facts::upkeep

said-cloud-init-is-at-work-6cf70 = работает cloud-init ({ $v1 })
said-upgrades-packages-a26e5 = { $v1 } обновляет пакеты

## hardware::generation

said-no-generation-is-called-b2671 = нет поколения { $name }

## hardware::offers::banks

said-it-is-no-feed-of-rates-30165 = это не курсы валют: { $error }
said-is-not-a-day-09b69 = { $v1 } — не дата
said-its-day-is-still-to-come-417d0 = дата { $as_of } ещё не наступила
said-it-has-no-cube-with-a-time-3c798 = в нём нет Cube с датой
said-it-has-no-rate-of-usd-87988 = в нём нет курса USD
said-it-has-no-date-b2009 = в нём нет Date
said-its-rate-of-usd-has-no-value-5cff0 = у курса USD нет Value
said-is-no-rate-637e6 = { $v1 } — не курс

## hardware::offers::budget

said-expected-an-amount-and-a-period-such-16804 = ожидались сумма и период, например 300/month, 0.6/hour или 250EUR/month
said-has-no-period-month-or-hour-5f502 = в { $text } нет периода: { $text }/month или { $text }/hour
said-is-not-a-period-use-hour-day-or-84dc1 = { $other } — не период; бывают hour, day и month
said-a-budget-is-an-amount-above-zero-13063 = бюджет — сумма больше нуля
said-is-not-one-number-c9e25 = { $text } — не одно число
said-may-be-or-write-one-of-them-6ffd4 = { $text } может значить { $thousands } или { $point }: напишите одно из них

## hardware::offers::currency

said-is-not-a-currency-known-here-use-usd-32895 = валюта { $text } неизвестна; бывают USD, EUR и RUB

## hardware::offers::file

said-is-not-above-0-1b869 = { $v1 } не больше 0
said-is-not-a-price-one-can-believe-d5528 = { $v1 } { $amount } — неправдоподобная цена
said-per-hour-is-empty-d1520 = per_hour пуст
said-gpu-count-is-a-share-of-a-card-which-bd2b0 = gpu_count { $count } — доля видеокарты, для неё план не составляется
said-gpu-is-empty-but-gpu-count-is-not-b6a80 = gpu пуст, а gpu_count — нет
said-vram-mib-is-empty-but-gpu-count-is-87527 = vram_mib пуст, а gpu_count — нет
said-vram-mib-is-less-than-any-card-has-b7c1f = vram_mib { $vram } меньше, чем у любой видеокарты; если это гигабайты, напишите { $mib }
said-processor-is-none-that-llama-cpp-s-3e911 = для процессора { $name } в релизах llama.cpp сборки нет: { $v2 }
said-is-empty-75cc4 = { $v1 }: пусто
said-as-of-is-not-a-date-such-as-2026-10-77868 = as_of { $as_of } — не дата вида 2026-10-01
said-as-of-is-still-to-come-53630 = as_of { $as_of } ещё не наступил

## hardware::offers::machine

said-it-has-less-than-1-gib-of-ram-cf766 = в ней меньше 1 ГиБ ОЗУ
said-its-card-is-not-known-profiles-cards-f0488 = её видеокарта { $v1 } неизвестна (profiles/cards.csv)
said-sits-on-a-processor-that-offers-are-220b8 = { $v1 } стоит на процессоре, для которого предложения не рассматриваются
said-cards-are-more-than-llama-cpp-takes-20fa8 = { $v1 } видеокарт — больше, чем умеет llama.cpp
said-a-container-without-systemd-apply-162e6 = контейнер без systemd: для `apply` нужна виртуальная машина

## hardware::offers::offer

said-or-later-8783e = { $day } или позже

## hardware::offers::rates

said-as-of-is-not-a-date-07ee5 = as_of — не дата
said-source-is-empty-918b1 = source пуст
said-is-no-exchange-rate-d4459 = { $per_usd } — не курс валюты

## hardware::offers::sources::csv

said-it-is-no-table-of-prices-6643a = это не таблица цен

## hardware::offers::sources::gpuhunt

said-version-is-no-version-7aef3 = { $id }/version — не версия
said-opening-it-as-a-zip-archive-4ae5e = открытие как архива zip
said-looking-for-c2b0d = поиск { $name }
said-is-larger-than-mib-3c477 = { $name } больше { $v2 } МиБ
said-instance-name-is-empty-a9ecd = instance_name пуст
said-spot-is-neither-true-nor-false-f3abc = spot { $other } — не True и не False
said-price-is-0-793d2 = цена — 0

## hardware::offers::sources::source

said-no-on-demand-price-c3008 = нет цены без обязательств
said-a-part-of-a-machine-8e048 = часть машины
said-several-machines-at-once-3bc11 = несколько машин сразу
said-another-processor-6fb58 = другой процессор
said-its-cards-are-priced-apart-bbb6d = цена видеокарт указана отдельно
said-cards-that-are-not-known-or-a-share-71675 = неизвестная видеокарта или её доля

## hardware::offers::store

said-finding-the-data-folder-7ae91 = поиск папки данных
said-is-no-offers-file-4af07 = { $v1 } — не файл предложений: { $why }
said-its-first-line-is-b8cc5 = его первая строка — { $v1 }
said-it-has-no-rows-ca5c6 = : в нём нет строк
said-has-no-offer-that-can-be-used-2c9b3 = в { $v1 } нет ни одного годного предложения{ $first }
said-docs-offers-md-says-what-stands-in-da468 = что стоит в каждом столбце, сказано в docs/offers.md
said-is-no-offers-file-the-prices-5d189 = { $path } — не файл предложений ({ $why }); берутся встроенные цены
said-this-row-is-left-out-48061 = { $v1 }: { $row }; эта строка пропущена
said-more-rows-are-left-out-6dc94 = { $v1 }: пропущено ещё строк: { $v2 }
said-there-is-no-data-folder-for-the-40145 = нет папки данных для предложений
said-set-home-or-xdg-data-home-89e03 = задайте HOME или XDG_DATA_HOME
said-opening-offers-lock-0c813 = открытие offers.lock
said-another-offers-update-is-under-way-3fe79 = уже идёт другой `offers update`
said-wait-until-it-has-ended-52ee5 = дождитесь его конца

## hardware::offers::update

said-none-of-its-rows-is-an-offer-74086 = ни одна из строк ({ $v1 }) не предложение{ $first }

## hardware::probe

said-only-with-measure-8ae37 = только с --measure

## hardware::probe::cpu

said-proc-cpuinfo-names-no-cores-37aae = в /proc/cpuinfo нет ядер
said-the-kernel-does-not-tell-threads-d5101 = ядро не отличает потоки от ядер процессора
said-the-kernel-lists-no-numa-nodes-4beaf = ядро не показывает узлов NUMA
said-proc-cpuinfo-has-no-frequency-1792c = в /proc/cpuinfo нет частоты
said-the-kernel-does-not-set-the-a552d = ядро не задаёт здесь частоту, как в большинстве виртуальных машин
said-proc-stat-has-no-steal-time-f0cb4 = в /proc/stat нет steal time

## hardware::probe::disk

said-does-not-lie-on-one-block-device-b6739 = { $v1 } лежит не на одном блочном устройстве
said-this-file-system-makes-inodes-as-d0ce4 = эта файловая система создаёт inode по мере надобности

## hardware::probe::gpu

said-no-graphics-card-of-a-maker-that-is-a9197 = нет видеокарты известного производителя
said-not-between-these-cards-c2f92 = между этими видеокартами нет

## hardware::probe::measure

said-it-does-not-lie-on-one-block-device-1b574 = он лежит не на одном блочном устройстве
said-no-model-of-64-mib-and-no-block-f1590 = нет ни модели от 64 МиБ, ни блочного устройства, которое можно прочитать
said-nothing-to-read-49399 = читать нечего

## hardware::probe::memory

said-proc-meminfo-does-not-count-them-883b3 = в /proc/meminfo этого нет
said-proc-meminfo-could-not-be-read-6acbf = /proc/meminfo не читается

## hardware::probe::os

said-no-systemctl-here-1c8ea = здесь нет systemctl
said-getconf-does-not-name-a-glibc-303d0 = getconf не называет glibc
said-no-systemd-detect-virt-here-3c545 = здесь нет systemd-detect-virt
said-no-podman-here-486cf = здесь нет podman
said-the-host-was-not-booted-by-efi-or-b9d0e = сервер загружен не через EFI, или переменные EFI скрыты
said-bytes-that-are-none-of-its-values-edfb0 = { $v1 } байт — такого значения не бывает

## hardware::probe::upkeep

said-between-two-stages-6ec84 = между этапами

## hardware::profiles

said-no-hardware-profile-is-called-0bfba = нет профиля { $id }
said-agi-provision-profiles-lists-them-b1bad = { $lead }`agi-provision profiles` показывает все

## hardware::rows

said-its-first-line-is-not-text-ed51f = его первая строка — не текст
said-it-has-no-column-its-first-line-is-5ac82 = в нём нет столбца { $name }; первая строка: { $seen }
said-a-quote-is-not-closed-b58bf = кавычка не закрыта
said-too-many-quotes-are-not-closed-the-dfcdc = слишком много незакрытых кавычек: остальное не читается
said-of-fields-e6c6d = { $v1 } из { $v2 } полей
said-write-it-as-0-5-or-1234-5-fa985 = ; пишите 0.5 или 1234.5
said-is-not-a-number-of-at-least-0-deebd = { $column }: { $text } — не число от 0{ $form }
said-is-bytes-long-0fce8 = { $column }: { $v2 } байт
said-has-a-control-character-c7c6e = { $column }: в { $v2 } есть управляющий символ

## hardware::vendor::amd

said-debian-and-ubuntu-apt-install-299ad = Debian и Ubuntu: `apt install firmware-amd-graphics mesa-vulkan-drivers` (в Ubuntu linux-firmware), затем перезагрузите сервер
said-amd-s-driver-amdgpu-ls-sys-bus-pci-bed28 = драйвер AMD amdgpu: `ls /sys/bus/pci/drivers/amdgpu` показывает видеокарт: { $cards }{ $v2 }

## hardware::vendor::intel

said-a-kernel-of-6-2-or-newer-has-it-d3ca4 = есть в ядре 6.2 и новее; Debian и Ubuntu: `apt install mesa-vulkan-drivers`, затем перезагрузите сервер
said-intel-s-driver-ls-sys-bus-pci-fd46e = драйвер Intel: `ls /sys/bus/pci/drivers/xe /sys/bus/pci/drivers/i915` показывает видеокарт: { $cards }{ $v2 }

## hardware::vendor::kernel

said-its-driver-does-not-tell-its-memory-0da33 = { $card }: её драйвер не сообщает объём памяти
said-the-kernel-does-not-show-it-for-this-e5afc = ядро этого для этой видеокарты не показывает

## hardware::vendor::maker

said-the-driver-of-s-cards-is-part-of-the-b64a4 = драйвер видеокарт { $v1 } входит в ядро
said-install-what-it-lacks-restart-the-9f4ab = установите недостающее ({ $v1 }), перезагрузите сервер и повторите apply без --driver

## hardware::vendor::nvidia

said-apply-driver-distribution-or-by-hand-0b8a8 = `apply --driver distribution`; или вручную, Debian: `apt install nvidia-driver nvidia-smi` из non-free, Ubuntu: `ubuntu-drivers install --gpgpu`, затем перезагрузите сервер
said-an-nvidia-driver-nvidia-smi-lists-b7e71 = драйвер NVIDIA: `nvidia-smi` показывает видеокарт: { $cards }{ $v2 }
said-nvidia-vulkan-icd-on-debian-cf4cb = nvidia-vulkan-icd в Debian, libnvidia-gl версии драйвера в Ubuntu
said-the-oldest-driver-that-runs-cuda-12-6cb65 = самый старый драйвер, который запускает программы CUDA 12
said-llama-cpp-built-with-cuda-12-has-no-8f183 = в llama.cpp, собранной с CUDA 12, нет кода для более старых видеокарт
said-it-disappeared-while-the-facts-were-ec2ae = она пропала, пока читались данные
said-nvidia-smi-does-not-report-it-for-da02e = nvidia-smi этого для этой видеокарты не сообщает
said-nvidia-smi-topo-m-shows-no-matrix-of-4d564 = nvidia-smi topo -m не показывает матрицу из { $count } видеокарт
said-nvidia-smi-is-not-installed-but-the-60387 = nvidia-smi не установлена, а драйвер NVIDIA загружен

## hardware::vendor::nvidia::driver

said-this-host-is-a-container-which-has-2e4d8 = этот сервер — контейнер ({ $virtualization }), своего ядра у него нет
said-install-the-driver-on-the-machine-c72c7 = установите драйвер на машине, где он запущен, и дайте контейнеру её устройства
said-is-given-to-a-virtual-machine-4e8eb = { $card } отдана виртуальной машине ({ $given })
said-take-it-back-from-the-virtual-2fc41 = заберите её у виртуальной машины или применяйте план на той машине
said-works-from-driver-on-16c38 = { $v1 } работает с драйвером от { $v2 }
said-the-plan-s-runtime-works-from-driver-af956 = движок из плана работает с драйвером от { $wanted }
said-has-driver-and-eb038 = у { $v1 } драйвер { $v2 }, а { $why }
said-driver-nvidia-takes-it-from-nvidia-s-cb4b0 = --driver nvidia возьмёт его из репозитория NVIDIA
said-plan-for-another-runtime-runtime-6cb3a = составьте план с другим движком (--runtime-archive) или для меньшего числа видеокарт
said-ubuntu-s-own-modules-are-signed-46040 = модули самой Ubuntu подписаны: --driver distribution. Или{ " " }
said-secure-boot-is-on-the-kernel-loads-662d7 = включён Secure Boot: ядро загружает только подписанные модули, а модули этого драйвера собираются на сервере и подписываются ключом, которого прошивка не знает
said-enrol-the-key-of-dkms-apt-install-4131a = { $other }зарегистрируйте ключ DKMS: `apt install dkms mokutil openssl`, `dkms generate_mok`, `mokutil --import /var/lib/dkms/mok.pub`, перезагрузите сервер и подтвердите ключ на его консоли; или выключите Secure Boot в прошивке. Затем повторите apply

## hardware::vendor::nvidia::driver::chips

said-no-driver-works-all-cards-of-this-a0873 = ни один драйвер не работает со всеми видеокартами сервера: одним нужны открытые модули ядра, другим — закрытые
said-take-the-older-cards-out-of-the-host-4b4fe = уберите из сервера старые видеокарты или не используйте их: составьте план для остальных
said-install-a-driver-for-it-by-hand-d1616 = установите для неё драйвер вручную, перезагрузите сервер и повторите apply без --driver
said-is-too-old-no-driver-for-it-runs-d6c4f = { $card } слишком старая: ни один её драйвер не запускает CUDA 12
said-plan-for-the-cpu-a-profile-without-a-e3ce4 = составьте план для процессора (профиль без видеокарты) или возьмите другую машину
said-is-not-known-to-this-version-nor-9e5cf = эта версия не знает { $card } и с какими модулями ядра она работает

## hardware::vendor::nvidia::driver::debian

said-the-distribution-22766 = дистрибутива

## hardware::vendor::nvidia::driver::parts

said-the-packages-of-nvidia-s-driver-are-7f4e1 = пакеты драйвера NVIDIA известны для Debian 12 и 13, Ubuntu 22.04 и 24.04, а этот сервер — { $v1 } { $v2 }
said-install-the-driver-as-that-1dff5 = установите драйвер так, как советует этот дистрибутив, перезагрузите сервер и повторите apply без --driver
said-nvidia-s-driver-from-for-with-the-98f9e = драйвер NVIDIA { $branch } из { $from } для { $v3 }, модули ядра: { $modules }

## hardware::vendor::nvidia::driver::repository

said-the-newest-driver-for-these-cards-is-e4ebd = новейший драйвер для этих видеокарт — { $last }, а движок из плана работает от { $least }
said-plan-for-another-runtime-runtime-36546 = составьте план с другим движком (--runtime-archive) или только для новых видеокарт
said-the-package-that-makes-nvidia-s-74139 = digest пакета, который подключает репозиторий NVIDIA, для { $v1 } на { $arch } здесь неизвестен
said-install-the-driver-by-hand-docs-f0f33 = установите драйвер вручную (docs.nvidia.com/datacenter/tesla/driver-installation-guide), перезагрузите сервер и повторите apply без --driver

## hardware::vendor::nvidia::smi

said-nvidia-smi-printed-instead-of-9a7e9 = nvidia-smi напечатала { $line } вместо { $query }
said-nvidia-smi-q-x-printed-another-8cbcf = nvidia-smi -q -x напечатала другой документ

## model::embedder

said-it-is-a-reranker-it-gives-a-score-c15e0 = это реранкер: он выдаёт оценку, а не вектор
said-it-is-no-embedding-model-its-header-d37c8 = это не модель эмбеддингов: в её заголовке ({ $v1 }) не сказано, как она усредняет

## model::gguf

said-not-a-gguf-file-it-begins-with-41201 = не файл GGUF: он начинается с { $v1 }
said-gguf-version-is-not-supported-2-and-20108 = GGUF версии { $v1 } не поддерживается (поддерживаются 2 и 3)
said-the-file-is-big-endian-llama-cpp-e52c5 = файл big-endian; для llama.cpp его нужно преобразовать
said-the-file-ends-in-the-middle-of-it-is-71858 = файл кончается посреди { $v1 }: он обрезан или ещё скачивается
said-tensor-reaches-byte-but-the-file-has-9941d = тензор { $name } доходит до байта { $end }, а в файле { $size }: он обрезан или ещё скачивается
said-corrupt-header-bdbcf = заголовок повреждён: { $v1 }
said-reading-the-file-f7596 = чтение файла
said-the-header-ca191 = заголовка
said-tensor-count-0b273 = число тензоров
said-metadata-count-bf0af = число ключей метаданных
said-a-metadata-key-4549a = ключа метаданных
said-the-metadata-8a821 = метаданных
said-the-key-is-there-twice-6521f = ключ { $v1 } повторяется
said-the-tensor-is-there-twice-74d6d = тензор { $v1 } повторяется
said-tensor-has-offset-0ffb7 = у тензора { $v1 } смещение { $v2 }
said-is-beyond-3a2d4 = { $what } { $value } больше { $most }
said-the-header-it-is-empty-8a64c = заголовка (файл пуст)
said-header-length-5425c = длина заголовка
said-metadata-kept-1fad0 = объём метаданных
said-a-metadata-text-e2404 = текста метаданных
said-a-metadata-array-71658 = массива метаданных
said-array-of-f07ab = массив из { $length }
said-the-tensor-table-586c9 = таблицы тензоров
said-a-tensor-name-211c4 = имени тензора
said-has-dimensions-fb6fc = размерностей { $n_dims }
said-has-unknown-type-08a4f = неизвестный тип { $id }
said-has-impossible-dimensions-3ba99 = невозможные размеры { $dims }
said-metadata-type-e0ee8 = метаданные типа { $kind }

## model::hub::name

said-the-form-is-hf-owner-repository-71251 = форма — hf:владелец/репозиторий[@ревизия][:квантизация]; подойдёт и адрес страницы или файла
said-names-no-revision-after-eec71 = в { $text } после @ нет ревизии
said-is-no-gguf-file-of-a-repository-65f55 = { $file } — не файл .gguf из репозитория
said-is-no-address-of-hugging-face-a84ff = { $text } — не адрес Hugging Face
said-download-the-file-and-give-its-path-c1103 = скачайте файл и укажите его путь: --model ./model.gguf
said-it-is-no-gguf-file-94a2e = это не файл .gguf
said-it-is-no-page-of-a-model-and-no-file-ec4d2 = это не страница модели и не её файл
said-is-not-a-hugging-face-repository-cebef = { $name } — не репозиторий Hugging Face
said-is-no-revision-of-a-repository-c04c7 = { $revision } — не ревизия репозитория
said-a-revision-is-a-branch-a-tag-or-a-b9303 = ревизия — это ветка, тег или коммит: hf:владелец/репозиторий@main

## model::huggingface

said-where-of-is-downloaded-from-0dc40 = откуда скачивается { $path } из { $name }
said-has-no-paths-fc866 = у { $v1 } не бывает путей
said-listing-49f97 = список файлов { $repository }
said-did-not-answer-as-hugging-face-does-55eee = { $what }: { $v2 } ответил не так, как Hugging Face: { $error }
said-hf-endpoint-is-to-name-a-server-with-8b1b9 = HF_ENDPOINT должен указывать на сервер с API Hugging Face
said-reading-the-header-of-in-f0ab1 = чтение заголовка { $path } из { $repository }
said-reading-in-fc37a = чтение { $path } из { $v2 }
said-hf-token-is-set-but-does-not-give-abdf8 = HF_TOKEN задан, но доступа не даёт: примите условия модели на её странице
said-set-hf-token-to-a-read-token-and-740d8 = задайте в HF_TOKEN токен на чтение и примите условия модели на её странице
said-needs-permission-978b6 = для { $repository } нужен доступ ({ $status })
said-has-no-such-repository-or-file-8938d = нет репозитория { $repository } или такого файла в нём ({ $status })
said-the-form-is-hf-owner-repository-b527d = форма — hf:владелец/репозиторий[:квантизация]; сверьтесь со страницей модели
said-wait-some-minutes-hf-token-raises-dbd63 = подождите несколько минут; HF_TOKEN поднимает предел
said-the-form-is-hf-owner-repository-c5591 = форма — hf:владелец/репозиторий[:квантизация]

## model::keys

said-the-header-has-no-f2ac0 = в заголовке нет { $v1 }
said-the-header-s-is-which-no-model-has-09f4c = { $key } в заголовке равен { $value }, у моделей так не бывает

## model::loads

said-download-it-again-or-make-it-again-a86a9 = скачайте его ещё раз или создайте заново с convert_hf_to_gguf.py из свежей llama.cpp
said-name-the-model-that-it-belongs-to-9815b = укажите через --model модель, к которой он относится; llama-server берёт этот файл в дополнение, через { $flag }
said-an-importance-matrix-imatrix-llama-d6a7e = матрица важности (imatrix): её читает llama-quantize, серверу она не нужна
said-name-the-gguf-file-of-the-model-that-c1b5b = укажите файл GGUF модели, из которой она получена
said-a-lora-adapter-it-changes-a-model-38c43 = адаптер LoRA: он меняет модель, а сам не модель
said-a-projector-mmproj-it-turns-pictures-7eb4b = проектор (mmproj): он переводит картинки или звук в то, что читает модель
said-a-draft-model-it-guesses-what-a-a6bb5 = черновая модель ({ $architecture }): она угадывает, что скажет большая
said-a-speech-model-it-gives-sound-not-80524 = модель речи ({ $architecture }): она выдаёт звук, а не ответы
said-llama-tts-of-llama-cpp-runs-such-6cfea = такие модели запускает llama-tts из llama.cpp; укажите модель, которая отвечает
said-an-encoder-decoder-llama-server-b0f02 = энкодер-декодер ({ $architecture }): llama-server работает только с декодерами
said-llama-completion-of-llama-cpp-runs-73e55 = T5 запускает llama-completion из llama.cpp; укажите декодер: llama, qwen3 или gemma3
said-a-diffusion-model-it-writes-all-of-94088 = диффузионная модель ({ $architecture }): она пишет весь текст сразу, llama-server так не умеет
said-llama-diffusion-cli-of-llama-cpp-6fbd7 = её запускает llama-diffusion-cli из llama.cpp; укажите модель, которая пишет слово за словом
said-a-model-that-decides-between-answers-f96f8 = модель, которая выбирает между ответами (clef), а сама не отвечает
said-name-a-model-that-answers-26e42 = укажите модель, которая отвечает
said-an-image-model-llama-cpp-makes-text-ccffb = модель изображений ({ $architecture }): llama.cpp создаёт только текст
said-stable-diffusion-cpp-or-comfyui-run-9f682 = её запускают stable-diffusion.cpp и ComfyUI; укажите языковую модель
said-a-reranker-it-scores-texts-and-gives-49e13 = реранкер: он оценивает тексты и не отвечает
said-name-a-model-that-answers-with-model-503d9 = укажите через --model модель, которая отвечает; сам реранкер llama-server запускает с --rerank
said-an-embedding-model-it-gives-vectors-f5043 = модель эмбеддингов: она выдаёт векторы, а не ответы
said-rag-rag-model-file-puts-it-beside-a-fc2d6 = --rag --rag-model ФАЙЛ поставит её рядом с моделью, которая отвечает
said-the-file-is-eb8fa = файл — { $what }
said-the-file-is-a-later-part-of-a-split-0fa91 = файл — не первая часть разделённой модели: части указаны не по порядку
said-the-header-has-no-general-b7ad3 = в заголовке нет general.architecture: это не модель
said-is-not-an-unsigned-number-of-32-bits-e809b = { $key } — не 32-битное число без знака, какого ждёт llama.cpp
said-the-file-has-no-tokenizer-tokenizer-43c6c = в файле нет токенизатора (tokenizer.ggml.model)
said-the-file-s-tokenizer-has-no-tokens-d4727 = в токенизаторе файла нет токенов (tokenizer.ggml.tokens)
said-its-model-has-layers-14942 = в его модели слоёв: { $all }
said-a-has-none-7478e = у { $v1 } его нет
said-the-tensor-is-one-too-many-for-llama-f2ec1 = тензор { $v1 } лишний для llama.cpp: { $why }
said-the-tensor-token-embd-weight-is-58513 = нет тензора token_embd.weight
said-token-embd-weight-has-rows-for-the-54913 = в token_embd.weight строк { $rows }, а токенов у токенизатора { $tokens }
said-the-tensor-is-missing-d46cb = нет тензора { $name }
said-the-tensor-blk-is-missing-85552 = нет тензора blk.{ $index }.{ $name }{ $suffix }
said-the-tensor-blk-bias-is-one-too-many-f4ce0 = тензор "blk.{ $index }.{ $name }.bias" лишний для llama.cpp: нет { $name }

## model::registry::entry

said-no-quantisation-of-is-known-9ed0e = квантизация { $asked } модели { $v2 } неизвестна
said-published-also-f16-or-bits-such-as-4-39da4 = опубликованы: { $v1 }; ещё F16 или биты, например 4-bit
said-no-published-file-of-is-known-0ffce = ни один опубликованный файл { $v1 } не известен
said-name-a-quantisation-that-you-will-18cf6 = укажите квантизацию, которую сделаете сами (--quant Q4_K_M), или репозиторий: --model hf:владелец/репозиторий:quant

## model::registry::find

said-a-name-of-ollama-s-is-known-where-65da9 = имя из ollama годится, если такая модель известна (`agi-provision models`); иначе укажите репозиторий издателя: --model hf:владелец/репозиторий:quant

## model::safetensors::checkpoint

said-the-tensor-is-in-two-of-the-files-7aab1 = тензор { $v1 } есть в двух файлах
said-has-no-tensor-which-the-index-says-8eea7 = в { $file } нет тензора { $name }, а по индексу он там
said-config-json-and-the-tensors-are-not-646b0 = config.json и тензоры — от разных моделей: { $v1 }
said-has-rows-and-the-vocabulary-tokens-68078 = в { $v1 } строк { $rows }, а токенов в словаре { $vocabulary }
said-cannot-be-shared-evenly-by-cards-2748f = { $number } ({ $what }) не делится поровну на { $cards } видеокарты
said-attention-heads-ff836 = голов внимания
said-heads-of-keys-and-values-d26b4 = голов ключей и значений
said-cards-cannot-share-heads-of-keys-and-3539c = { $cards } видеокарты не могут поровну разделить { $heads_kv } голов ключей и значений
said-columns-of-the-feed-forward-14b7e = столбцов feed-forward
said-rows-of-a-matrix-on-each-of-cards-3d12f = { $rows } строк матрицы на каждой из { $cards } видеокарт не складываются в группы по { $group }
said-rows-of-the-vocabulary-67f8a = строк словаря
said-a-tensor-of-layer-and-there-are-440a2 = тензор слоя { $layer }, а слоёв { $layers }
said-no-tensor-of-layer-811d5 = нет тензоров слоя { $empty }
said-no-embedding-3224b = нет эмбеддинга

## model::safetensors::config

said-config-json-cannot-be-read-3cfe7 = config.json не читается: { $v1 }
said-config-json-has-no-7ce58 = в config.json нет { $v1 }
said-config-json-says-which-no-model-has-827f9 = в config.json { $key } = { $value }, у моделей так не бывает
said-the-architecture-is-not-one-whose-89218 = для архитектуры { $v1 } память рассчитать не умеем
said-the-quantisation-is-not-one-that-is-f2a91 = квантизация { $v1 } неизвестна
said-of-bits-11488 = { $v1 } в { $bits } битах

## model::safetensors::header

said-not-a-safetensors-file-its-header-0dcda = не файл safetensors: заголовок занял бы { $v1 } байт, а бывает не больше { $most }
said-corrupt-header-the-tensor-is-there-d5dbd = заголовок повреждён: тензор { $v1 } повторяется
said-the-tensor-is-of-the-type-which-is-dfd1c = тип { $dtype } тензора { $name } неизвестен
said-the-tensors-end-at-byte-but-the-file-da3de = тензоры кончаются на байте { $end }, а в файле { $size }: он обрезан или ещё скачивается
said-the-header-s-length-1ab01 = длины заголовка
said-overlaps-the-one-before-it-f2856 = перекрывает предыдущий
said-leaves-a-gap-before-it-b878a = оставляет перед собой пропуск
said-the-tensor-7c99d = тензор { $v1 } { $how }
said-the-tensors-have-no-end-0b66a = у тензоров нет конца
said-the-tensor-ends-before-it-begins-95401 = тензор { $name } кончается раньше, чем начинается
said-the-tensor-has-bytes-and-its-shape-67f44 = в тензоре { $name } { $bytes } байт, а по форме он занимает { $bits } бит
said-the-tensor-is-larger-than-any-file-9d32f = тензор { $name } больше любого файла
said-more-than-tensors-or-a-name-of-more-3e724 = больше { $max_tensors } тензоров или имя длиннее { $max_name } байт
said-has-more-than-dimensions-50c18 = у { $name } больше { $max_dims } размерностей

## model::safetensors::index

said-it-names-which-is-no-safetensors-118f3 = в нём указан { $name }, а это не файл safetensors
said-it-names-more-than-files-be87b = в нём указано больше { $max_files } файлов
said-it-names-no-file-1428b = в нём не указан ни один файл

## oci

said-skopeo-copy-docker-name-sha256-13cf1 = его запишет `skopeo copy docker://NAME@sha256:DIGEST oci-archive:FILE`, а где образ уже есть, `podman save --format oci-archive -o FILE NAME`
said-has-the-image-sha256-but-the-plan-7cb68 = в { $v1 } образ sha256:{ $v2 }, а план закрепляет sha256:{ $v3 }
said-save-the-pinned-image-or-plan-with-3d51e = сохраните закреплённый образ или составьте план с --runtime-image для того, что в файле
said-names-its-image-and-the-plan-a5d05 = { $v1 } называет свой образ { $name }, а план { $v3 }
said-it-is-no-tar-9ef7c = это не tar
said-it-is-no-whole-tar-3cb6b = это не целый tar
said-it-has-more-than-files-888e3 = в нём больше { $most_files } файлов
said-its-index-json-has-more-than-bytes-2c2a0 = его index.json больше { $most_index } байт
said-it-ends-in-its-index-json-80545 = он обрывается внутри index.json
said-it-is-docker-s-own-format-which-has-01cdc = это собственный формат docker, в нём нет дайджеста образа для сравнения
said-it-has-no-index-json-b070d = в нём нет index.json
said-its-index-json-is-none-e0435 = его index.json не читается как индекс
said-it-has-images-and-one-is-meant-8b47a = образов в нём { $v1 }, а нужен один
said-its-image-has-no-sha-256-0857d = у образа в нём нет SHA-256
said-no-oci-archive-of-an-image-44a22 = это не архив OCI с образом: { $why }

## outside::file

said-a-pipe-8ae98 = канал
said-a-device-76f4e = устройство
said-something-else-a20b4 = что-то другое
said-it-is-not-a-regular-file-but-126db = это не обычный файл, а { $what }
said-it-is-not-utf-8-text-d6edc = это не текст UTF-8

## outside::show

said-characters-left-out-28632 = { $head } … пропущено символов: { $v2 } … { $end }
said-lines-left-out-2a245 = … пропущено строк: { $more }

## outside::yaml

said-an-alias-stands-inside-what-it-266ec = псевдоним стоит внутри того, что он обозначает
said-it-has-more-than-values-with-those-64057 = вместе с повторами псевдонимов в нём больше { $most_values } значений
said-its-aliases-repeat-more-than-bytes-3fa23 = псевдонимы повторяют больше { $most_repeated } байт
said-more-than-lists-and-tables-are-c497d = списки и таблицы вложены глубже { $deepest }

## plan::choice::check

said-serves-no-embedding-model-beside-the-022ab = не запускает рядом модель эмбеддингов
said-leaves-nothing-on-the-cpu-51608 = ничего не оставляет на процессоре
said-has-one-cache-for-all-requests-ee5ee = и так держит один кэш на все запросы
said-chooses-its-attention-itself-e4e18 = сам выбирает внимание
said-shares-every-matrix-among-its-cards-6b1f6 = делит каждую матрицу между видеокартами
said-answers-requests-outside-of-v1-fb19e = отвечает без ключа на запросы вне /v1
said-caches-in-the-model-s-own-type-here-896a3 = хранит здесь кэш в собственном типе модели
said-leave-out-38204 = уберите { $flag }
said-cannot-serve-with-35153 = { $machine } не может запустить { $v2 } с { $name }: { $why }
said-a-gguf-of-the-same-dimensions-would-db8ed = подошёл бы GGUF тех же размеров: --model { $v1 } --quant Q4_K_M --engine { $engine }
said-a-gguf-of-the-same-model-would-do-7d9d2 = подошёл бы GGUF той же модели: --model ФАЙЛ.gguf --engine { $engine }
said-llama-server-accepts-c975b = llama-server принимает { $v1 }
said-is-not-a-kv-cache-type-c3506 = { $name } — не тип KV-кэша
said-is-not-between-1-and-7abc2 = { $what } { $value } не в пределах от 1 до { $most }
said-leave-it-out-and-the-plan-chooses-it-a6573 = уберите его, и план выберет значение сам
said-choose-another-kv-type-or-flash-attn-03f7d = выберите другой --kv-type или --flash-attn; f16 работает всегда
said-leave-split-mode-and-n-cpu-moe-out-bfc50 = уберите --split-mode и --n-cpu-moe: тогда план разместит модель сам
said-has-and-what-was-asked-needs-2f7fe = у { $v1 } { $have }, а для запрошенного нужно { $least }
said-agi-provision-profiles-lists-fd643 = профили, где их больше, покажет `agi-provision profiles`; или уберите --split-mode и --n-cpu-moe
said-no-known-machine-has-gpus-and-what-42ebc = нет известной машины, у которой { $least } видеокарт, а для запрошенного они нужны
said-agi-provision-profiles-and-agi-0e63a = известные машины покажут `agi-provision profiles` и `agi-provision offers`
said-no-quantisation-of-is-known-5b71e = ни одна квантизация { $v1 } не известна
said-name-one-with-quant-or-the-file-6ba96 = укажите её через --quant или сам файл через --model ФАЙЛ.gguf

## plan::choice::decide

said-agi-provision-offers-lists-provider-91d26 = провайдеров и машины покажет `agi-provision offers`, классы — `agi-provision profiles`

## plan::choice::explained

said-explain-follows-the-buffers-of-llama-77da6 = --explain разбирает буферы llama.cpp, а движок этого плана другой
said-leave-it-out-docs-engines-md-says-ad4bf = уберите его; откуда берётся каждое число других движков, сказано в docs/engines.md

## plan::choice::nothing

said-no-machine-is-known-at-all-2772c = не известно ни одной машины
said-agi-provision-offers-lists-what-is-f9f5f = известное покажет `agi-provision offers`; заново прочитает `offers update`

## plan::choice::pooled

said-a-model-is-spread-over-hosts-by-6726d = модель по нескольким серверам делит llama.cpp, а она работает с файлами GGUF
said-leave-hosts-out-or-engine-with-a-a6720 = уберите --hosts или --engine и вместо этой модели укажите файл GGUF
said-no-quantisation-can-be-loaded-2516e = ни одну квантизацию загрузить нельзя

## plan::document::over_hosts

said-over-hosts-place-of-hosts-22aa2 = over_hosts: место { $v1 } из { $hosts } серверов
said-over-hosts-the-first-host-is-the-b792c = over_hosts: первый сервер — головной узел, остальные — рабочие
said-over-hosts-is-no-name-of-a-host-b32e7 = over_hosts: { $name } — не имя сервера

## plan::expose

said-expected-a-range-such-as-203-0-113-0-377af = ожидался диапазон вида 203.0.113.0/24 или 2001:db8::/32
said-has-bits-after-its-prefix-the-range-96261 = в { $net } после префикса есть биты; диапазон с этим адресом — { $v2 }
said-the-host-itself-always-reaches-its-d6167 = самому серверу его API доступен всегда
said-nobody-connects-from-a-multicast-47b66 = с адресов multicast никто не подключается
said-write-it-as-an-ipv4-range-01eb8 = запишите его диапазоном IPv4

## plan::hosts::make

said-the-hosts-have-devices-and-one-c3930 = устройств на серверах — { $v1 }, а один сервер модели берёт { $v2 }
said-name-fewer-hosts-44a10 = укажите меньше серверов
said-a-plan-over-hosts-is-for-two-hosts-97c50 = план по серверам — это два сервера или больше
said-for-one-host-agi-provision-plan-host-a4f77 = для одного сервера: `agi-provision plan --host ИМЯ`, --facts ФАЙЛ или --profile ID
said-has-a-card-and-has-none-dc5a3 = у { $v1 } есть видеокарта, а у { $v2 } нет
said-leave-out-a-token-would-wait-for-its-cadef = уберите { $v1 }: каждый токен ждал бы его процессора
said-is-not-planned-over-several-hosts-bdc6f = { $flag } по нескольким серверам не планируется
said-leave-it-out-or-plan-for-one-machine-450d1 = уберите его или составьте план для одной машины

## plan::hosts::part

said-has-no-workers-on-other-hosts-3bff7 = у { $v1 } нет рабочих узлов на других серверах
said-leave-engine-out-90048 = уберите --engine

## plan::hosts::traffic

said-is-no-latency-in-ms-and-rate-in-mbit-249bb = { $text } — не задержка в мс и скорость в Мбит/с, как 0.4,940

## plan::ledger

said-llama-cpp-refuses-a-v-cache-without-7ffa3 = llama.cpp не берёт V-кэш { $v } без flash attention
said-llama-cpp-cannot-start-with-flash-02acc = llama.cpp не может запустить { $architecture } с flash attention: укажите --flash-attn off
said-llama-cpp-refuses-different-k-and-v-6a558 = llama.cpp не берёт разные типы K- и V-кэша ({ $k }, { $v }) для latent attention
said-llama-cpp-refuses-a-kv-cache-here-be731 = llama.cpp не берёт здесь KV-кэш { $v1 }: размер головы { $size } не кратен { $v3 }

## plan::levels

said-the-registry-s-models-have-an-f16-02594 = у моделей реестра есть варианты F16 и Q4_K_M

## plan::paged

said-it-has-no-graphics-card-53b06 = в ней нет видеокарты
said-it-has-cards-that-a-plan-leaves-out-9bce7 = в ней есть видеокарты, которые план не использует, а юнит считает их с первой
said-its-cards-are-not-nvidia-s-for-which-164d1 = её видеокарты не NVIDIA, а образ рассчитан только на них
said-or-later-is-needed-6e96d = нужна { $v1 }.{ $v2 } или новее
said-has-compute-capability-and-8db33 = у { $name } compute capability { $v2 }.{ $v3 }, { $needs }

## plan::placement

said-n-cpu-moe-is-for-mixtures-of-experts-4ee75 = --n-cpu-moe — для моделей с экспертами (MoE), а в этой их нет
said-llama-cpp-refuses-split-mode-tensor-92e2b = llama.cpp не берёт --split-mode tensor без flash attention
said-llama-cpp-refuses-split-mode-tensor-1e1c6 = llama.cpp { $v1 } не берёт --split-mode tensor для архитектуры { $architecture }

## plan::rag

said-rag-chunk-tokens-is-not-between-16-2dc78 = --rag-chunk-tokens { $chunk_tokens } не в пределах от 16 до { $trained } (столько { $v3 } читает за раз)
said-leave-it-out-and-the-plan-takes-what-f8b0f = уберите его, и план возьмёт столько, сколько модель читает хорошо
said-rag-chunks-is-not-between-1-and-10-63228 = --rag-chunks { $chunks } не в пределах от 1 до 10 000 000 000
said-it-is-the-number-of-texts-that-the-40e2f = это число текстов, под которое есть место в индексе

## plan::reading

said-more-than-embedding-servers-7a462 = больше { $most } серверов эмбеддингов
said-not-a-plan-its-schema-is-not-f0f66 = не план: его схема — { $v1 }, а не { $schema }

## plan::reconcile

said-the-host-as-it-was-found-3d592 = Сервер, каким он найден

## plan::request

said-the-registry-names-a-file-of-each-938d0 = в реестре указан файл каждой модели эмбеддингов
said-a-variant-of-each-quantisation-2264d = вариант каждой квантизации

## plan::requirements

said-at-least-42909 = не меньше
said-one-of-fe5f0 = одно из

## plan::runtime::cuda

said-the-oldest-driver-that-runs-programs-54993 = самый старый драйвер, который запускает программы CUDA { $v1 }
said-llama-cpp-s-archive-for-cuda-has-no-f954b = в архиве llama.cpp для CUDA { $toolkit } нет машинного кода для compute capability { $card }, его компилирует драйвер не старше этой CUDA
said-the-archive-has-no-code-for-older-2d28c = в архиве нет кода для более старых видеокарт
said-llama-cpp-s-image-for-cuda-has-no-b6644 = в образе llama.cpp для CUDA { $toolkit } нет машинного кода для compute capability { $card }, его компилирует драйвер не старше этой CUDA
said-the-image-has-no-code-for-older-06c8f = в образе нет кода для более старых видеокарт
said-the-newest-cuda-that-the-driver-runs-c13c5 = новейшая CUDA, которую поддерживает драйвер

## plan::servers

said-engine-is-no-server-for-a440c = engine: { $v1 } — не сервер для { $v2 }
said-args-they-are-those-of-not-of-894ea = args: они от { $found }, а не от { $right }
said-args-model-is-and-the-model-s-first-dd348 = args: --model — { $model }, а первый файл модели — { $v2 }
said-it-is-on-a-card-and-the-profile-has-6c05b = он на видеокарте, а в профиле { $v1 } её нет

## plan::verdict

said-at-most-a22e7 = не больше

## process

said-did-not-finish-within-s-and-was-987a1 = { $program } не уложилась в { $v2 } с и остановлена

## render

said-the-plan-pins-no-image-of-f95ce = в плане не закреплён образ { $v1 }
said-runtime-image-repository-sha256-583d7 = закрепит --runtime-image REPOSITORY@sha256:DIGEST; digest есть на странице реестра, его скажет и `skopeo inspect`
said-comes-as-a-container-its-bundle-has-87e07 = { $v1 } приходит контейнером: у его набора нет другой формы
said-leave-the-flags-of-first-boots-of-df16a = уберите флаги первого старта, драйвера и целей; команды — в README.md набора
said-the-plan-s-profile-is-a-gpu-s-and-f6fd4 = профиль плана — с видеокартой, а видеокарт в нём нет
said-make-the-plan-again-agi-provision-089b3 = составьте план ещё раз: `agi-provision plan --out ФАЙЛ`

## render::archive

said-packing-b4e08 = упаковка { $path }
said-packing-the-bundle-b7cc1 = упаковка набора
said-reading-the-bundle-s-tar-0a07d = чтение tar набора
said-a-path-is-not-utf-8-0c9dc = путь не в UTF-8
said-is-not-a-regular-file-tar-type-214e9 = { $path } — не обычный файл (тип tar { $v2 })
said-reading-the-size-of-614b6 = чтение размера { $path }
said-its-files-have-more-than-bytes-5032f = его файлы занимают больше { $max_bytes } байт
said-is-cut-short-515df = { $path } обрезан

## render::broken

said-not-a-sound-bundle-81f28 = набор негоден: { $what }
said-make-it-anew-with-agi-provision-ae581 = создайте его заново: `agi-provision bundle --plan plan.json --out DIR`

## render::bundle

said-is-not-what-the-manifest-says-it-was-5bdc5 = { $path } не такой, как в манифесте: его изменили
said-and-differ-f8f9a = { $plan } и { $served } различаются
said-reading-the-bundle-s-plan-json-441df = чтение plan.json набора
said-is-not-in-its-manifest-f6c6e = { $extra } нет в его манифесте
said-is-not-a-bundle-it-has-no-25d65 = { $v1 } — не набор: в нём нет { $manifest }
said-agi-provision-bundle-out-dir-makes-84b98 = набор создаст `agi-provision bundle --out DIR`
said-reading-the-bundle-736f8 = чтение набора { $v1 }
said-is-not-a-link-to-fb60a = { $v1 } — не ссылка на { $v2 }
said-name-a-new-or-an-empty-directory-or-0502f = укажите новую или пустую папку или папку набора
said-holds-a-manifest-json-that-is-not-a-046be = содержит manifest.json, но не от набора
said-is-not-empty-and-not-a-bundle-5d256 = не пуста, и это не набор
said-is-not-a-folder-8d611 = { $v1 } — не папка

## render::carried

said-it-carries-twice-4aa83 = в нём дважды есть { $v1 }
said-it-carries-more-archives-than-one-7c726 = в нём больше архивов, чем бывает у одного движка

## render::choices

said-expected-a-number-from-1-to-or-two-3f559 = ожидалось число от 1 до { $most } или два через -, как 2-4
said-the-balancer-has-no-server-or-more-f2ded = у балансировщика нет серверов или их больше { $most }
said-a-server-of-the-balancer-is-there-aa363 = сервер балансировщика указан дважды

## render::clouds

said-bytes-of-base64-07ee8 = { $most } байт Base64
said-it-publishes-no-limit-43631 = предел не опубликован
said-no-limit-b8edd = предела нет
said-user-data-has-a-and-s-client-would-c7319 = в user-data есть `$`, а клиент { $v1 } подставил бы туда переменную
said-use-the-plan-without-that-text-or-0e78f = составьте план без этого текста или поднимите машину через `agi-provision apply --host`
said-and-it-takes-text-only-which-does-19dac = и принимает только текст, который от сжатия меньше не станет
said-user-data-is-too-large-for-bytes-as-85945 = user-data слишком велики для { $v1 }: { $v2 } байт, как там считают, { $packed }; предел — { $v4 } (прочитано { $v5 } в { $v6 })
said-a-long-chat-template-takes-most-of-f9dc0 = больше всего занимает длинный шаблон чата: составьте план без него; или запустите машину без user-data и выполните `agi-provision apply --host`; или подключите диск, который создаёт `--seed-iso`
said-is-no-cloud-of-this-version-82cce = этой версии неизвестно облако { $name }
said-compressing-user-data-0f951 = сжатие user-data

## render::edits

said-another-mode-191bf = другие права
said-leads-elsewhere-436e8 = ведёт в другое место
said-another-entry-a6eb0 = другая запись
said-was-made-by-agi-provision-and-this-47c07 = { $what } создан agi-provision { $version }, а это { $tool_version }, она делает из того же плана другие файлы: { $list }
said-make-it-anew-with-this-version-agi-b9330 = создайте его заново этой версией: `agi-provision bundle --plan plan.json --out DIR`; { $trust }
said-is-not-what-its-plan-makes-it-was-08bea = { $what } не такой, как получается из плана; его правили: { $list }
said-make-it-anew-with-agi-provision-da89e = создайте его заново: `agi-provision bundle --plan plan.json --out DIR`; { $trust }
said-more-lines-bfb87 = { "  " }… ещё строк: { $v1 }
said-has-more-than-files-in-and-its-da84a = в { $v1 } больше { $most_files } файлов, считая { $rootfs } и цели
said-name-a-folder-that-holds-the-bundle-5e8f8 = укажите папку, в которой только набор и ничего больше

## render::first_boot

said-the-program-s-addresses-are-not-one-03500 = адресов программы не от одного до { $most_urls }, или они повторяются
said-the-program-s-size-is-bytes-0f492 = размер программы — { $v1 } байт

## render::manifest

said-reading-manifest-json-2452c = чтение manifest.json
said-belongs-to-not-f9249 = { $v1 } принадлежит { $v2 }, а не { $owner }
said-it-lists-manifest-json-itself-2102d = в нём указан сам manifest.json
said-is-no-place-for-a-rendered-file-b20e6 = { $v1 } — не место для созданного файла
said-links-to-bde7f = { $v1 } ссылается на { $v2 }
said-is-a-file-and-the-folder-of-db3af = { $parent } — и файл, и папка файла { $path }
said-has-more-than-100-bytes-6bd37 = { $path } длиннее 100 байт
said-is-no-place-for-a-bundle-s-file-e1a37 = { $path } — не место для файла набора
said-the-plan-s-runtime-has-archives-dd586 = рядом с движком в плане архивы, которых в релизах нет
said-make-the-plan-anew-with-agi-d320c = составьте план заново: `agi-provision plan --resolve`
said-libraries-beside-it-bf029 = { $v1 } { $v2 }, библиотеки к нему
said-the-plan-s-model-file-is-there-twice-ea180 = файл модели { $v1 } указан в плане дважды

## render::seed

said-the-seed-cannot-hold-all-of-the-f41c2 = весь набор в образ seed не помещается: { $warning }
said-leave-seed-iso-out-and-apply-the-d0313 = уберите --seed-iso и примените набор по SSH
said-placing-in-the-seed-87926 = размещение { $path } в образе seed

## render::targets::cloud_init

said-the-size-of-user-data-does-not-57033 = размер user-data не сходится
said-too-big-2948b = слишком велик

## render::targets::kubernetes

said-the-nodes-of-a-cluster-have-theirs-f7767 = у узлов кластера драйвер есть из их образа или от NVIDIA GPU Operator
said-a-pod-does-not-serve-this-plan-57549 = под этот план не запустит: { $why }
said-make-a-plan-of-one-server-for-it-agi-aa6da = составьте для него план одного сервера: `agi-provision plan` без --rag и --engine
said-it-has-a-second-server-bf1cc = в нём есть второй сервер, { $v1 }
said-its-engine-is-started-by-another-12500 = его движок, { $v1 }, запускает другая программа

## render::targets::skypilot

said-the-images-that-skypilot-starts-gpu-b31e1 = в образах, с которых SkyPilot запускает машины с GPU, драйвер есть
said-no-catalogue-s-name-is-known-of-the-e0363 = в каталоге нет имени для видеокарты { $v1 }
said-plan-for-a-profile-agi-provision-0a4d3 = составьте план для профиля (их покажет `agi-provision profiles`) или уберите --target skypilot

## render::targets::target

said-the-target-would-bring-files-to-acefb = цель { $v1 } доставила бы файлы на серверы
said-driver-is-for-a-host-that-agi-100a0 = --driver { $origin } — для сервера, который agi-provision приводит к плану; ни под, ни реплика драйвера от этого не получают
said-driver-none-leaves-it-out-5d8e4 = { $theirs }: --driver none его исключит

## render::templates

said-preparing-the-values-for-the-479c8 = подготовка значений для шаблона { $name }
said-filling-the-template-d10bf = заполнение шаблона { $name }

## report::html::chart

said-drawing-the-chart-3b6c8 = рисование графика: { $error }

## report::html::page

said-filling-the-page-ec4e2 = заполнение страницы

## ssh::agent

said-it-does-not-speak-as-an-agent-0d7d4 = он отвечает не как агент

## ssh::algorithms

said-it-has-no-but-and-this-program-has-8477b = в нём нет { $what }, кроме { $v2 }, а эта программа умеет { $ours }
said-key-exchange-77771 = обмен ключами
said-host-key-0bcd4 = ключ хоста

## ssh::ask

said-there-is-no-terminal-to-ask-on-c7d83 = спросить негде: нет терминала
said-none-was-given-58c57 = он не передан
said-nothing-was-typed-within-s-9be4b = за { $v1 } с ничего не введено
said-it-could-not-be-asked-for-d5658 = спросить не удалось: { $error }
said-it-is-longer-than-bytes-183ef = он длиннее { $longest } байт

## ssh::attempt

said-the-password-has-expired-log-in-once-83866 = срок пароля истёк: войдите один раз через `ssh` и смените его

## ssh::auth

said-there-is-no-terminal-to-ask-for-the-4fc68 = { $v1 }: спросить пароль негде, нет терминала
said-log-in-with-a-key-identity-ssh-agent-7f0e8 = войдите с ключом (--identity, ssh-agent) или передайте пароль через --password-stdin или AGI_PROVISION_PASSWORD
said-log-in-once-with-ssh-and-change-it-7f463 = войдите один раз через `ssh`, смените его и повторите
said-run-it-on-a-terminal-or-log-in-with-2a4b3 = запустите в терминале или войдите с ключом
said-no-answer-8d598 = нет ответа
said-a-password-is-tried-once-as-accounts-8a985 = пароль пробуется один раз, потому что учётные записи блокируются: запустите ещё раз с верным или войдите с ключом
said-logging-in-to-was-broken-off-16405 = вход на { $peer } прерван: { $list }
said-hung-up-or-fell-silent-6c991 = { $peer } разорвал соединение или замолчал: { $list }
said-hung-up-or-fell-silent-after-keys-90da9 = { $peer } разорвал соединение или замолчал после { $keys } ключей: { $list }
said-servers-hang-up-after-a-few-wrong-ef060 = после нескольких неверных ключей серверы разрывают соединение: укажите нужный через --identity

## ssh::auth_keys

said-the-key-file-cannot-be-used-it-is-a-4c02a = файл ключа { $path } не подходит: это открытый ключ, а закрытого в ssh-agent нет
said-identity-takes-the-path-of-a-private-56814 = --identity принимает путь закрытого ключа; или добавьте ключ через ssh-add
said-a-public-key-and-ssh-agent-does-not-f75bc = { $path }: открытый ключ, а закрытого в ssh-agent нет
said-add-the-private-key-with-ssh-add-or-30fe9 = добавьте закрытый ключ через ssh-add или укажите его файл
said-no-answer-3b100 = { $path }: нет ответа
said-is-encrypted-and-for-its-passphrase-f4e61 = { $path }: зашифрован, а его пароль: { $absent }
said-add-the-key-to-ssh-agent-ssh-add-or-d302b = добавьте ключ в ssh-agent (ssh-add { $path }) или передайте его пароль через --passphrase-stdin, AGI_PROVISION_PASSPHRASE или SSH_ASKPASS
said-with-60d19 = { $path } с { $v2 }
said-the-agent-has-lost-the-key-58d45 = ключа в агенте больше нет
said-not-tried-keys-are-enough-b9a00 = { $label }: не пробовали, { $most_attempts } ключей достаточно
said-accepted-and-not-enough-9d75c = { $label }: принят, но этого мало
said-a-key-on-hardware-which-this-program-a1e48 = { $name }: аппаратный ключ ({ $kind }), эта программа им подписывать не умеет
said-log-in-with-a-key-of-another-type-c2bc4 = войдите с ключом другого типа: создайте его через `ssh-keygen -t ed25519`, добавьте через `ssh-copy-id`, пока аппаратный ключ под рукой, и держите в ssh-agent
said-the-key-file-cannot-be-used-27582 = файл ключа { $v1 } не подходит: { $error }
said-identity-takes-the-path-of-a-private-793a1 = --identity принимает путь закрытого ключа
said-it-is-another-key-s-19b72 = { $v1 }: он от другого ключа

## ssh::authority

said-reading-the-ssh-configuration-of-3f21d = чтение настроек SSH для { $target }: { $error }
said-find-out-what-it-waits-for-with-ssh-6fb3e = чего они ждут, скажет `ssh -vG { $v1 }`; Match exec должен завершаться
said-reading-the-ssh-configuration-e11fc = чтение настроек SSH
said-what-the-ssh-configuration-says-of-45426 = настройки SSH для { $target } длиннее { $v2 } байт
said-name-a-smaller-one-with-ssh-config-fabb8 = укажите файл поменьше через --ssh-config
said-ssh-gives-no-reason-fde96 = ssh не говорит почему
said-the-ssh-configuration-cannot-be-used-055f0 = настройки SSH для { $target } не подходят: { $why }
said-correct-it-until-ssh-g-takes-it-or-858e5 = исправьте их так, чтобы их принял `ssh -G`, или укажите другие через --ssh-config (/dev/null — никакие)

## ssh::certificate

said-it-is-not-an-ssh-certificate-41cf1 = это не сертификат SSH
said-it-is-a-host-s-certificate-6493e = это сертификат хоста
said-it-expired-on-5ae4e = его срок истёк { $v1 }
said-it-is-not-valid-before-10e5e = он действует только с { $v1 }

## ssh::channels

said-another-connection-is-being-made-and-ff201 = устанавливается другое соединение, и это затянулось
said-the-other-side-closed-it-ae550 = его закрыла другая сторона
said-opening-a-session-for-the-tunnel-54e86 = открытие сессии для туннеля

## ssh::config

said-what-means-for-is-known-to-openssh-s-ab482 = что значит { $v1 } для { $target }, знает только клиент OpenSSH, а его на этой машине нет
said-install-it-or-write-the-same-into-an-98fe7 = установите его или запишите то же в настройки SSH и укажите их через --ssh-config
said-keeping-what-says-5c82e = сохранение ответа { $v1 }
said-the-ssh-configuration-cannot-be-used-847c5 = настройки SSH { $v1 } не подходят: { $why }
said-correct-it-or-name-another-with-ssh-afcf6 = исправьте их или укажите другие через --ssh-config (/dev/null — никакие)

## ssh::connection

said-starting-a-thread-466ce = запуск потока
said-while-logging-in-to-6bb3d = { $why }, при входе на { $place }: { $error }
said-ssh-v-to-the-same-host-goes-the-same-a767f = `ssh -v` к тому же серверу идёт тем же путём и покажет, где он обрывается
said-proxycommand-was-not-started-a18ad = ProxyCommand не запустилась
said-the-way-to-is-proxycommand-f8ba3 = путь к { $place } — ProxyCommand { $command }{ $report }
said-proxyjump-of-leads-in-a-circle-c8f9b = ProxyJump для { $target } ходит по кругу
said-give-the-jump-host-a-host-block-of-ebc6e = дайте промежуточному серверу свой блок Host с ProxyJump none
said-the-way-to-is-through-e02a1 = путь к { $target } — через { $hop }

## ssh::conversation

said-it-asks-without-end-ff053 = он спрашивает без конца
said-it-asks-and-71713 = он спрашивает { $text }, а { $absent }
said-it-wants-the-password-changed-adbb2 = он требует сменить пароль ({ $text })

## ssh::dial

said-has-no-address-d792a = у { $host } нет адреса { $kind }
said-the-ssh-configuration-wants-one-48670 = его требуют настройки SSH (AddressFamily { $wanted })
said-was-not-tried-the-time-limit-is-zero-1dab8 = { $place } не пробовали: время вышло
said-bindaddress-is-of-another-kind-than-c1685 = BindAddress { $here } — другого вида, чем { $v2 }

## ssh::exec

said-the-remote-command-ended-after-bytes-8bb79 = команда на сервере завершилась { $v1 } после { $sent } байт ввода{ $v3 }
said-with-status-658c5 = с кодом { $status }
said-by-signal-80d48 = по сигналу { $signal }
said-without-a-status-f2e7a = без кода выхода
said-asking-for-a-terminal-88e82 = запрос терминала
said-starting-a-command-3727b = запуск команды
said-the-server-runs-no-commands-for-this-23598 = сервер не выполняет команд этого пользователя
said-reading-what-is-to-be-sent-3d09f = чтение того, что отправляется
said-closing-stdin-275a6 = закрытие stdin
said-sent-a-line-of-more-than-bytes-c3b04 = { $v1 } прислал строку длиннее { $longest_line } байт
said-waiting-for-output-dcfc4 = ожидание вывода
said-waiting-for-the-command-to-end-2b533 = ожидание конца команды
said-the-command-a771d = команда
said-sending-input-3ab99 = отправка ввода
said-reading-output-9dd48 = чтение вывода
said-the-command-on-wrote-more-than-bytes-48718 = команда на { $v1 } вывела больше { $most_unread } байт
said-reading-the-exit-status-b97d2 = чтение кода выхода
said-opening-a-channel-dd1a7 = открытие канала
said-the-server-opens-no-session-does-its-72d80 = сервер не открывает сессию; разрешает ли её MaxSessions?

## ssh::forward

said-preparing-the-local-port-386a6 = подготовка локального порта
said-the-tunnel-ended-18666 = туннель закрылся
said-accepting-a-connection-e8c44 = приём соединения

## ssh::gate

said-the-way-to-is-through-e7189 = путь к { $to } — через { $v2 }: { $failure }
said-run-the-same-command-again-once-ssh-56761 = повторите ту же команду, когда `ssh` к { $v1 } будет держать соединение
said-the-jump-host-does-not-answer-it-is-301e9 = промежуточный сервер { $v1 } не отвечает: через него идут и к другим серверам
said-try-again-with-a-lower-jobs-cdf32 = повторите с меньшим --jobs

## ssh::handshake

said-starting-libssh2-890ce = запуск libssh2
said-libssh2-knows-none-of-89993 = libssh2 не знает ничего из { $list }
said-did-not-finish-the-key-exchange-237f6 = ({ $banner }) не закончил обмен ключами за { $seconds } с
said-the-machine-may-be-overloaded-try-1cb8a = возможно, машина перегружена; повторите или дайте больше времени
said-and-this-program-found-no-common-way-f20f1 = ({ $banner }) и эта программа не нашли общего способа говорить: { $v2 }
said-this-program-takes-no-sha-1-cbc-or-e126b = эта программа не принимает SHA-1, CBC и DSA: обновите сервер или посмотрите его журнал
said-lets-this-address-wait-it-said-16406 = заставляет этот адрес ждать: он ответил { $line }
said-sshd-keeps-an-address-out-for-a-35d3d = после неудачных входов sshd какое-то время не пускает адрес (PerSourcePenalties): подождите или попросите исключить его
said-has-too-many-connections-that-are-79768 = держит слишком много соединений без входа: он ответил { $line }
said-try-again-later-or-with-a-lower-jobs-3fc32 = повторите позже или с меньшим --jobs, либо увеличьте там MaxStartups
said-does-not-speak-ssh-it-said-451b0 = говорит не по SSH; он ответил { $line }
said-is-this-the-port-of-sshd-cc5ff = это порт sshd?
said-did-not-answer-with-an-ssh-banner-28fa6 = не прислал приветствие SSH за { $seconds } с
said-something-listens-there-but-it-may-38d25 = там что-то слушает, но, может быть, не sshd, или он перегружен
said-closed-the-connection-before-an-ssh-5945a = закрыл соединение до приветствия SSH: { $v1 }
said-sshd-may-be-starting-limit-e6267 = возможно, sshd ещё запускается, ограничивает соединения (MaxStartups) или заблокировал этот адрес

## ssh::host_key

said-is-not-the-fingerprint-of-a-host-key-5c838 = { $fingerprint } — не отпечаток ключа хоста
said-it-is-what-ssh-keygen-lf-prints-a8f30 = это то, что печатает `ssh-keygen -lf`: SHA256: и 43 буквы, цифры, '+' или '/'
said-the-of-is-ed2e3 = { $v1 } сервера { $name } { $how }
said-do-not-connect-whoever-marked-it-5220d = не подключайтесь: кто его пометил, знает, что этот ключ в чужих руках
said-marked-revoked-at-a60ce = помечен @revoked в { $at }
said-showed-the-not-the-pinned-6ebca = { $name } показал { $shown }, а не закреплённый { $wanted }
said-compare-with-ssh-keygen-lf-etc-ssh-8405a = сверьте в консоли сервера: `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`; у сервера по ключу каждого типа

## ssh::included

said-with-what-it-includes-it-has-more-36a33 = вместе с включёнными файлами в нём больше { $most_bytes } байт
said-more-than-files-include-each-other-86b77 = файлы включают друг друга глубже { $deepest }
said-it-includes-more-than-files-f892e = в него включено больше { $most_files } файлов
said-include-looks-through-more-than-507c5 = Include просматривает больше { $most_entries } записей каталогов

## ssh::key_file

said-it-is-too-large-for-a-private-key-bbf79 = он слишком велик для закрытого ключа: { $error }
said-it-is-not-a-private-key-e2822 = это не закрытый ключ

## ssh::known_command

said-run-it-by-hand-it-takes-the-absolute-665d2 = запустите её вручную; нужен абсолютный путь программы, оболочки вокруг неё нет
said-it-does-not-begin-with-the-absolute-14196 = она не начинается с абсолютного пути программы
said-it-ended-with-38e6c = она завершилась с { $status } { $v2 }
said-it-prints-more-than-bytes-dceb3 = она печатает больше { $v1 } байт

## ssh::known_hosts

said-cannot-read-46f26 = не читается { $v1 }
said-no-random-numbers-5983b = нет случайных чисел: { $error }
said-cannot-add-the-key-of-to-b409b = ключ сервера { $v1 } не записывается в { $v2 }

## ssh::line

said-has-more-than-one-value-1fee2 = у { $v1 } больше одного значения

## ssh::meeting

said-showed-no-host-key-d9dc1 = { $place } не показал ключ хоста
said-cannot-be-talked-to-93b13 = с { $place } нельзя говорить: { $why }
said-trying-again-for-up-to-s-fc48a = { $v1 }: повторяем до { $v2 } с
said-known-as-da4dd = { $place } (известен как { $entry })
said-there-is-no-known-hosts-file-to-add-a18f6 = нет файла known_hosts, куда записать новый ключ хоста
said-name-one-in-userknownhostsfile-c9800 = укажите его в UserKnownHostsFile

## ssh::passage

said-making-a-socket-pair-5c274 = создание пары сокетов
said-the-connection-to-was-no-longer-1887d = соединение с { $v1 } больше не нужно
said-cannot-connect-to-1384d = { $v1 } не может соединиться с { $v2 }: { $error }
said-is-it-on-is-sshd-running-there-and-66dd5 = включена ли машина, запущен ли там sshd и разрешает ли sshd промежуточного сервера пересылку TCP?
said-the-connection-ended-02558 = соединение закрылось

## ssh::proxy

said-starting-proxycommand-27e12 = запуск ProxyCommand { $command }
said-it-says-de3ae = она говорит: { $said }
said-it-ended-with-e15ac = она завершилась с { $how }
said-it-ended-with-ce7d2 = она завершилась с { $how }: { $said }

## ssh::reader

said-there-are-more-than-values-of-bc568 = значений { $v2 } больше { $most_values }
said-there-are-more-than-names-to-ignore-13dc2 = имён для пропуска больше { $most_names }
said-the-keyword-is-not-known-9f6d7 = ключевое слово { $v1 } неизвестно
said-match-has-no-value-5f0ec = у Match { $name } нет значения
said-match-says-nothing-aa827 = в Match ничего не сказано
said-the-address-a6d14 = адрес { $v1 }
said-needs-openssh-s-client-on-this-2c12a = чтобы понять { $what }, нужен клиент OpenSSH на этой машине
said-is-no-time-92115 = { $v1 } — не время

## ssh::resolve

said-starting-the-resolver-0d3a6 = запуск поиска имени: { $error }
said-the-name-servers-know-no-address-of-376f7 = серверы имён не знают его адреса
said-no-name-server-answered-within-s-23697 = ни один сервер имён не ответил за { $v1 } с

## ssh::revoked

said-revokedhostkeys-cannot-be-read-48f21 = RevokedHostKeys { $v1 } не читается: { $error }
said-ssh-takes-no-host-s-key-then-make-0af09 = ssh тогда не принимает ключей ни одного хоста; откройте файл для чтения или уберите строку из настроек SSH
said-revoked-by-revokedhostkeys-78e71 = отозван в { $v1 } (RevokedHostKeys)
said-revoked-at-revokedhostkeys-a87c1 = отозван в { $at } (RevokedHostKeys)
said-revokedhostkeys-is-a-binary-key-0a1f0 = RevokedHostKeys { $v1 } — двоичный список отозванных ключей
said-and-ssh-keygen-which-reads-it-cannot-fa075 = { $what }, а спросить ssh-keygen, который его читает, не удаётся: { $error }
said-install-openssh-s-client-or-list-the-1280f = установите клиент OpenSSH или перечислите отозванные открытые ключи текстом, по одному на строке, в файле из RevokedHostKeys
said-that-ssh-keygen-cannot-read-2f1eb = { $what }, и ssh-keygen не может его прочитать: { $v2 }
said-ssh-takes-no-host-s-key-then-make-f9dd6 = ssh тогда не принимает ключей ни одного хоста; создайте список заново через `ssh-keygen -k` или уберите строку из настроек SSH

## ssh::secrets

said-refused-it-before-so-it-is-not-tried-4cb0b = { $host } его уже не принял, второй раз он не пробуется
said-it-is-wrong-b632d = он неверен

## ssh::settings

said-no-user-for-is-known-e6291 = пользователь для { $target } неизвестен
said-name-one-user-237eb = укажите его: пользователь@{ $target }
said-proxyusefdpass-is-not-supported-have-7cfb5 = ProxyUseFdpass не поддерживается: пусть команда сама передаёт данные

## ssh::stream

said-preparing-a-connection-b0ecc = подготовка соединения

## ssh::target

said-is-not-a-host-c7d5b = { $text } — не сервер: { $why }
said-write-it-as-user-name-port-for-4c678 = пишите [пользователь@]имя[:порт], например root@203.0.113.7 или admin@[2001:db8::1]:2222
said-it-has-whitespace-or-control-b7949 = в нём пробелы или управляющие символы
said-the-user-before-is-empty-57d57 = имя пользователя перед '@' пусто
said-the-name-is-empty-47674 = имя пусто
said-a-name-cannot-start-with-d275b = имя не может начинаться с '-'
said-the-name-has-a-character-that-no-d545e = в имени есть символ, которого в именах серверов не бывает
said-the-is-not-closed-030e4 = скобка '[' не закрыта
said-what-is-in-brackets-is-not-an-1f739 = в скобках не адрес
said-after-only-port-may-follow-49911 = после ']' может стоять только ':порт'
said-it-has-several-and-is-not-an-ipv6-03058 = в нём несколько ':', а это не адрес IPv6
said-the-port-is-not-a-number-1c41c = порт — не число
said-the-port-is-not-between-1-and-65535-bba9e = порт не от 1 до 65535

## ssh::tokens

said-there-is-no-token-in-19f07 = подстановки %{ $letter } в { $text } не бывает
said-ends-with-0b406 = { $text } кончается на %
said-a-value-has-more-than-bytes-c8592 = значение длиннее { $longest } байт
said-is-not-closed-in-36e0e = ${ "{" } не закрыта в { $text }
said-the-variable-of-is-not-set-9f502 = переменная { $name } из { $text } не задана

## ssh::wire

said-the-connection-to-was-lost-11364 = соединение с { $peer } потеряно: { $detail }
said-on-took-longer-than-s-70222 = { $what } на { $peer } заняло больше { $v3 } с
said-on-0d2b6 = { $what } на { $peer }: { $message }

## unpack

said-its-folder-9521f = его папка
said-it-has-more-than-entries-6cbac = в нём больше { $v1 } записей
said-it-has-an-extension-header-of-bytes-637fa = в нём заголовок расширения на { $size } байт; читается не больше { $v2 }
said-its-entry-has-a-name-that-is-kept-03ce9 = имя его записи { $v1 } занято нами
said-its-file-has-bytes-at-most-are-0f06c = в его файле { $v1 } { $size } байт; распаковывается не больше { $v3 }

## unpack::header

said-a-pax-header-is-malformed-beee7 = заголовок PAX неверен
said-it-holds-a-sparse-file-which-is-not-024d0 = в нём разреженный файл, такие не распаковываются
said-it-gives-one-name-or-size-to-all-its-e4f3d = он даёт одно имя или размер всем записям
said-it-gives-an-entry-two-names-or-two-1ab3c = он даёт записи два имени или два размера
said-it-gives-an-entry-two-sizes-346d9 = он даёт записи два размера
said-it-has-an-entry-without-a-name-d61d7 = в нём есть запись без имени
said-its-entry-is-a-hard-link-which-is-d4d8a = его запись { $v1 } — жёсткая ссылка, такие не распаковываются; `tar --hard-dereference` упакует сам файл
said-its-entry-is-which-no-runtime-has-b4797 = его запись { $v1 } — { $v2 }, такого в движке не бывает
said-its-entry-is-no-file-and-has-bytes-48ce2 = его запись { $v1 } — не файл, а в ней { $size } байт
said-a-sparse-file-e88c2 = разреженный файл
said-of-tar-s-type-6d85b = запись типа { $v1 }

## unpack::input

said-it-unpacks-to-more-than-bytes-3d90b = распакованный, он больше { $bytes } байт
said-it-unpacks-to-more-than-times-its-bb46a = распакованный, он больше сжатого в { $ratio } раз

## unpack::name

said-its-entry-has-an-absolute-name-66858 = у его записи { $v1 } абсолютное имя
said-its-entry-leads-outside-98aed = его запись { $v1 } ведёт наружу
said-its-entry-has-a-part-of-more-than-f5ceb = в имени его записи { $v1 } есть часть длиннее 255 байт
said-its-entry-lies-more-than-folders-560a9 = его запись { $v1 } лежит глубже { $v2 } папок
said-link-target-99aee = цель ссылки
said-its-link-leads-nowhere-3ac72 = его ссылка { $v1 } никуда не ведёт
said-its-link-leads-outside-to-1775a = его ссылка { $v1 } ведёт наружу, в { $v2 }
said-its-has-bytes-at-most-are-taken-6c39e = его { $what } { $v2 } — { $v3 } байт; берётся не больше { $v4 }
said-its-is-not-utf-8-df196 = его { $what } { $v2 } — не UTF-8
said-its-has-a-control-character-or-a-0adea = в его { $what } { $v2 } есть управляющий символ или обратная косая черта

## unpack::refusal

said-it-ends-too-early-it-is-truncated-or-780a9 = он кончается слишком рано: обрезан или ещё скачивается
said-it-is-not-a-tar-or-tar-gz-archive-or-0b8ab = это не архив .tar или .tar.gz, или он повреждён: { $v1 }

## unpack::tree

said-a-link-19494 = ссылка
said-a-file-f57b2 = файл
said-its-entry-lies-below-which-is-d5cc2 = его запись { $v1 } лежит в { $v2 }, а это { $what }
said-its-entry-is-there-twice-60ce5 = его запись { $v1 } повторяется
said-it-has-more-than-files-folders-and-36ca4 = в нём больше { $v1 } файлов, папок и ссылок
said-its-link-52187 = его ссылка { $v1 } { $why }: { $v3 }
said-leads-outside-b350b = ведёт наружу
said-leads-through-a-file-d9250 = ведёт через файл
said-leads-through-too-many-links-1d877 = ведёт через слишком много ссылок
said-leads-to-nothing-in-the-archive-5ad62 = ведёт к тому, чего в архиве нет
said-leads-to-the-folder-of-the-archive-101d9 = ведёт к папке самого архива

## verify

said-a-group-above-it-512a3 = группа выше

## verify::gpu

said-in-the-largest-mig-instance-of-gpu-949b8 = { $v1 } в самом большом экземпляре MIG на GPU { $v2 }
said-every-pair-is-linked-12cc2 = связана каждая пара ({ $v1 }){ $v2 }
said-gpu-and-gpu-meet-over-each-layer-s-de164 = GPU { $v1 } и GPU { $v2 } связаны через { $v3 }{ $v4 }: результат каждого слоя идёт там, а не по NVLink
said-of-nvlinks-are-inactive-39768 = не работают { $inactive } из { $v2 } NVLink
said-unknown-2cea6 = неизвестно ({ $why })
said-gb-s-each-way-d0080 = , { $total } ГБ/с в каждую сторону
said-gb-s-each-way-at-best-pcie-70fab = { " " }(не больше { $v1 } ГБ/с в каждую сторону, PCIe { $v2 } ×{ $v3 })

## verify::host

said-let-programs-run-from-there-mount-o-b7f3e = разрешите запускать оттуда программы (`mount -o remount,exec PLACE` и без noexec в /etc/fstab)
said-give-a-runtime-that-was-built-on-a-f8553 = дайте движок, собранный на такой же старой системе (--runtime-archive или --runtime-path), или возьмите систему новее
said-give-an-archive-for-this-host-s-c4376 = дайте архив для процессора этого сервера или --runtime-path к программе, которая там есть
said-give-an-archive-that-was-built-on-a-55807 = дайте архив, собранный на такой же старой системе или со своими библиотеками
said-does-the-host-need-a-proxy-proxy-url-85f7b = не нужен ли серверу прокси (--proxy URL или его /etc/environment)? Другое место задаёт --mirror ОТКУДА=КУДА, а --model-file и --runtime-archive отправят файлы отсюда
said-wait-until-that-has-ended-wait-4f44f = дождитесь конца; --wait СЕКУНДЫ ждёт дольше, --allow busy продолжит и так
said-restart-the-host-systemctl-reboot-2e110 = перезагрузите сервер (`systemctl reboot`); --allow reboot продолжит как есть
said-then-apply-again-nothing-was-changed-97c21 = { $todo }, затем повторите apply; на сервере ничего не изменено
said-install-podman-4-4-or-later-which-3c328 = установите podman 4.4 или новее, в нём есть Quadlet (он есть в Debian 13 и Ubuntu 24.04)
said-describe-the-cards-to-podman-nvidia-570cb = опишите карты для podman: `nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml` (NVIDIA Container Toolkit)

## verify::links

said-the-cards-were-linked-so-when-this-a4903 = при установке видеокарты были связаны именно так; загрузка и обмен между ними теперь медленнее: переставьте видеокарту или укажите --allow gpu-link
said-as-when-it-was-applied-a4f74 = как при установке
said-no-link-is-less-7b85b = ни одна связь не хуже
said-gpu-with-nvlinks-7064e = GPU { $v1 }, каналов NVLink: { $v2 }
said-are-up-8ac8a = работает { $now }

## wire::peers

said-no-public-key-of-ssh-a7947 = нет открытого ключа SSH

## wire::secrets

said-tls-cert-holds-no-pem-certificate-2481b = в --tls-cert нет сертификата PEM
said-openssl-x509-inform-der-in-cert-9b333 = в PEM его напечатает `openssl x509 -inform der -in CERT`
said-tls-key-holds-no-pem-private-key-5139e = в --tls-key нет закрытого ключа PEM без пароля
said-openssl-pkey-in-key-out-plain-takes-1585a = пароль с ключа снимет `openssl pkey -in KEY -out PLAIN`
said-tls-key-is-not-the-key-of-the-first-7179f = --tls-key — не ключ первого сертификата из --tls-cert
said-the-key-s-own-certificate-comes-b9acd = первым в файле стоит сертификат самого ключа, затем сертификаты его центров
said-the-certificate-in-tls-cert-has-fbfcb = срок сертификата в --tls-cert истёк
said-renew-it-openssl-x509-enddate-noout-69a7f = обновите его; день покажет `openssl x509 -enddate -noout -in CERT`

## сборка из исходного кода

said-a-build-from-source-is-for-the-cpu-02ba9 = сборка из исходного кода — для процессора или видеокарт NVIDIA
said-a-build-from-source-takes-about-of-d7ce0 = сборка из исходного кода занимает на диске около { $v1 }, а свободно { $v2 }
said-a-build-needs-and-this-host-has-no-75203 = для сборки нужны { $names }, а на этом сервере нет apt-get, чтобы их установить
said-a-build-was-begun-here-before-it-3c605 = сборка здесь уже начиналась; она продолжится с того места, где остановилась
said-a-compiler-had-too-little-memory-b3a8d = компилятору не хватило памяти
said-a-compiler-needs-1-gib-of-free-1b80e = компилятору нужен 1 ГиБ свободной памяти, а на этом сервере { $v1 }
said-a-newer-systemd-does-or-give-a-build-783c2 = более новый systemd их знает; или дайте свою сборку через --runtime-archive
said-apply-again-it-goes-on-where-it-057dc = повторите apply: сборка продолжится с того места, где остановилась
said-asking-for-the-room-on-the-disk-4462a = узнаём, сколько места на диске
said-build-it-elsewhere-and-give-it-with-7f188 = соберите на другой машине и дайте через --runtime-archive
said-cuda-has-no-code-for-compute-b79a2 = в CUDA { $name } нет кода для compute capability { $v2 }
said-cuda-of-nvidia-s-repository-7cd58 = CUDA { $name } из репозитория NVIDIA
said-cuda-of-the-distribution-has-no-nccl-8ba28 = к CUDA { $name } из дистрибутива нет NCCL
said-driver-nvidia-installs-a-newer-437c7 = --driver nvidia установит драйвер новее; или соберите на другой машине и дайте через --runtime-archive
said-for-other-cards-the-release-s-vulkan-398ef = для других видеокарт подходит архив выпуска с Vulkan: --runtime-archive
said-give-the-source-of-the-planned-build-eaff3 = дайте исходный код запланированной сборки как .tar.gz: архив тега из её репозитория или пакет с её исходным кодом
said-handing-over-d30e2 = передаём { $v1 }
said-install-the-driver-first-which-tells-8dcfd = сначала установите драйвер, он её сообщит: --driver distribution
said-install-them-on-the-host-then-apply-2c7f8 = установите их на сервере и повторите apply; или дайте свою сборку через --runtime-archive
said-is-it-the-source-of-the-planned-b1b82 = это исходный код запланированной сборки? Повторите apply с другим --runtime-source
said-is-no-file-92902 = { $v1 } — не файл
said-is-not-built-from-source-8bd4d = { $v1 } из исходного кода не собирается
said-it-does-not-compile-6f5a5 = код не компилируется
said-it-was-stopped-26054 = её остановили
said-leave-runtime-source-out-docs-1cd79 = уберите --runtime-source; откуда он берётся, сказано в docs/engines.md
said-no-compiler-for-cuda-is-right-for-b2c15 = ни один компилятор CUDA не подходит этим видеокартам на { $v1 }: { $v2 }
said-no-compiler-for-s-cards-is-installed-abe2a = компилятор для видеокарт { $v1 } эта программа не устанавливает
said-no-source-was-given-36e1f = исходный код не дан
said-noting-what-was-compiled-52d50 = отмечаем, что собрано
said-stop-what-takes-it-or-give-a-build-b2ec4 = остановите то, что её занимает, или дайте свою сборку через --runtime-archive
said-stop-what-takes-the-host-s-memory-or-9871e = остановите то, что занимает память сервера, или добавьте swap и повторите apply: сборка продолжится с того места, где остановилась
said-systemd-does-not-know-the-settings-519e7 = systemd не знает настроек юнита сборки
said-the-archive-has-no-folder-with-2f5a9 = в архиве нет папки с { $v1 }
said-the-build-from-source-stopped-30aea = сборка из исходного кода остановилась, { $what }: { $last }
said-the-build-made-no-fe030 = сборка не дала { $program }
said-the-compute-capability-of-is-not-b9e34 = compute capability видеокарты { $name } неизвестна
said-the-disk-is-full-41e74 = диск заполнен
said-the-driver-runs-cuda-not-8f94c = драйвер работает с CUDA { $v1 }, а не { $name }
said-the-engine-is-not-built-from-source-bc8d6 = движок из исходного кода не собирается
said-the-note-of-the-build-is-gone-f2bd1 = заметка о сборке пропала
said-the-packages-of-a-compiler-for-cuda-5a71c = пакеты компилятора CUDA известны для Debian 12 и 13, Ubuntu 22.04 и 24.04, а на этом сервере { $v1 } { $v2 }
said-the-release-s-vulkan-archive-is-for-eac92 = архив выпуска с Vulkan подходит всем видеокартам: дайте его через --runtime-archive
said-the-service-s-user-is-not-there-f88ab = пользователя службы нет
said-unpacking-the-source-d4013 = распаковываем исходный код: { $why }
said-what-was-built-cannot-be-put-in-91e61 = собранное нельзя поставить на место: { $error }
said-writing-to-the-disk-6086c = пишем { $v1 } на диск

## model::fits, model::gguf, model::loads, model::vocab

said-a-control-vector-it-steers-a-model-24a29 = управляющий вектор: он направляет модель, но сам не модель
said-a-key-has-no-name-d0b75 = у ключа нет имени
said-has-entries-for-layers-2e35a = в { $v1 } записей { $length }, а слоёв { $layers }
said-has-entries-for-the-tokenizer-s-2773a = в { $key } записей { $length }, а токенов в токенизаторе { $tokens }
said-is-and-a-head-has-elements-d680e = { $key } равно { $turned }, а в голове внимания элементов { $head }
said-is-and-the-model-has-no-experts-59e82 = { $v1 } равно { $used }, а экспертов в модели нет
said-is-no-number-with-a-fraction-30b8e = { $v1 } — не дробное число
said-is-no-whole-number-b5a20 = { $key } — не целое число
said-is-of-experts-14e73 = { $v1 } равно { $used }, а всего экспертов { $count }
said-it-is-not-named-so-a76de = имя должно быть другим
said-no-llama-cpp-knows-the-architecture-0b71a = ни одна llama.cpp не знает архитектуры { $architecture }
said-no-server-knows-how-splits-a-text-e1ae6 = ни один сервер не знает, как { $split } делит текст (tokenizer.ggml.pre)
said-no-server-knows-the-tokenizer-92a85 = ни один сервер не знает токенизатора { $kind } (tokenizer.ggml.model)
said-the-file-s-tokenizer-has-no-merges-7a9e9 = в токенизаторе файла нет списка слияний (tokenizer.ggml.merges)
said-the-tensor-has-elements-and-the-40cbb = в тензоре { $v1 } элементов { $there }, а по настройкам из заголовка { $said }
said-the-tensor-is-one-too-many-by-the-aa90e = тензор { $v1 } лишний по настройкам из заголовка
