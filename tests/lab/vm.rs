//! Virtual machines: their own kernel, memory, CPUs, clock and disk, under an emulator (no KVM), so
//! that what a machine is can differ from what this one is. Slow: a boot takes half a minute to a
//! minute. Containers ([`super::Host`]) do for everything else.

use std::fs::{self, File};
use std::io::Read as _;
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{KEY, Machine, Ran, new_key, require_root, run, take_slot, tool};

/// This machine's busy processors share their time with the emulator.
const BOOT_LIMIT: Duration = Duration::from_secs(900);
/// How often a boot may end in one of the emulator's own assertions, which some do (`iotlb_to_section`).
const CRASHES: u32 = 2;
const SHUT_DOWN_LIMIT: Duration = Duration::from_secs(120);

/// A kind of machine that QEMU emulates.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    emulator: &'static str,
    machine: &'static str,
    /// Its first serial line, by Linux's name.
    console: &'static str,
    /// The lab's script that makes its image.
    build: &'static str,
}

/// A machine with Intel's or AMD's processor.
pub const PC: Board =
    Board { emulator: "qemu-system-x86_64", machine: "q35", console: "ttyS0", build: "build-vm" };

/// A machine with an Arm processor, as clouds rent them.
pub const ARM: Board =
    Board { emulator: "qemu-system-aarch64", machine: "virt", console: "ttyAMA0", build: "build-arm-vm" };

/// Hardware that the guest sees. Memory and disk are promised, not taken: a guest of 64 GB with an empty 60 GB disk
/// needs little of either.
#[derive(Clone, Debug)]
pub struct Shape {
    pub board: Board,
    /// Memory, in the emulator's form: `8G`, `7500M`.
    pub memory: String,
    pub cpus: u32,
    /// `max` has AVX2 and its kin, `max,-avx2` has not.
    pub cpu: &'static str,
    /// Size of the disk, in the form of truncate(1).
    pub disk: String,
    /// Time of its clock when it is switched on, in the emulator's form; this machine's time without.
    pub clock: Option<&'static str>,
    /// Its cloud-init runs, with this image as the second disk.
    pub seed: Option<PathBuf>,
    /// It reaches what this machine reaches.
    pub online: bool,
}

impl Default for Shape {
    fn default() -> Self {
        let (memory, disk) = ("2G".into(), "20G".into());
        Self { board: PC, memory, cpus: 2, cpu: "max", disk, clock: None, seed: None, online: false }
    }
}

/// A virtual machine, gone when dropped, or when the thread that started it ends. Its port 22 is
/// 2222 at an address of this machine's loopback; it reaches nothing, not even this machine, but what
/// [`Vm::reaches`] lets it.
pub struct Vm {
    number: u8,
    image: PathBuf,
    state: PathBuf,
    keys: TempDir,
    emulator: Option<Child>,
    _slot: File,
}

impl Vm {
    /// Boots a fresh server and waits until it accepts logins.
    pub fn boot(image: &str, shape: &Shape) -> Self {
        let mut vm = Self::new(image, shape);
        for _ in 0..CRASHES {
            match vm.try_start(shape) {
                Ok(()) => return vm,
                Err(crash) => println!("booting anew, as {crash}"),
            }
            vm.lay_out(shape);
        }
        vm.start(shape);
        vm
    }

    /// Its disk is laid out, and it is off.
    pub fn new(image: &str, shape: &Shape) -> Self {
        require_root();
        let (number, slot) = take_slot();
        let image = PathBuf::from(run(tool(shape.board.build).arg(image)).ok());
        // Not in /tmp, which may be memory. What a killed test left there goes now.
        let state = PathBuf::from(format!("/var/tmp/agi-provision-lab/vm-{number}"));
        let _ = fs::remove_dir_all(&state);
        fs::create_dir_all(&state).expect("a directory for the machine");
        let vm = Self { number, image, state, keys: new_key(), emulator: None, _slot: slot };
        vm.lay_out(shape);
        vm
    }

    fn lay_out(&self, shape: &Shape) {
        let mut disk = tool("make-disk");
        disk.arg(format!("lab-{}", self.number)).arg(&self.state).arg(format!("[{}]:2222", self.addr()));
        disk.arg(&self.image).arg(self.key_path().with_extension("pub")).arg(&shape.disk);
        run(&mut disk).ok();
    }

    fn addr(&self) -> String {
        format!("127.0.99.{}", self.number)
    }

    /// Switches it on, as a machine of that shape with the disk it has, and waits for its sshd.
    #[track_caller]
    pub fn start(&mut self, shape: &Shape) {
        self.try_start(shape).unwrap_or_else(|crash| panic!("{crash}"));
    }

    /// # Errors
    /// The emulator's own crash; all else panics.
    #[track_caller]
    fn try_start(&mut self, shape: &Shape) -> Result<(), String> {
        assert!(self.emulator.is_none(), "it is on already");
        let began = Instant::now();
        let file = |name: &str| self.state.join(name);
        let disk = file("disk.img");
        let disk = format!("file={},if=virtio,format=raw,cache=unsafe,discard=unmap", disk.display());
        let mut emulator = Command::new("setpriv");
        emulator.args(["--pdeathsig", "KILL", shape.board.emulator, "-nodefaults", "-no-user-config"]);
        emulator.args(["-display", "none", "-accel", "tcg,thread=multi", "-cpu", shape.cpu]);
        emulator.args(["-smp", &shape.cpus.to_string(), "-m", &shape.memory]);
        emulator.args(["-machine", &format!("{},memory-backend=ram", shape.board.machine), "-object"]);
        emulator.arg(format!("memory-backend-ram,id=ram,size={},reserve=off", shape.memory));
        emulator.arg("-kernel").arg(self.image.join("vmlinuz"));
        emulator.arg("-initrd").arg(self.image.join("initrd"));
        let cloud_init = if shape.seed.is_some() { "" } else { " cloud-init=disabled" };
        emulator
            .args(["-append", &format!("{KERNEL_ARGUMENTS} console={}{cloud_init}", shape.board.console)]);
        emulator.args(["-drive", &disk]);
        if let Some(clock) = shape.clock {
            emulator.args(["-rtc", &format!("base={clock}")]);
        }
        if let Some(seed) = &shape.seed {
            let seed = format!("file={},if=virtio,format=raw,readonly=on", seed.display());
            emulator.args(["-drive", &seed]);
        }
        emulator.args(["-device", "virtio-rng-pci", "-device", "virtio-net-pci,netdev=net,romfile="]);
        let restrict = if shape.online { "off" } else { "on" };
        let forward = format!("user,id=net,restrict={restrict},hostfwd=tcp:{}:2222-:22", self.addr());
        emulator.args(["-netdev", &forward, "-serial"]).arg(format!("file:{}", file("console").display()));
        let log = File::create(file("log")).expect("a log file");
        emulator.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let spawned = emulator.spawn();
        self.emulator = Some(spawned.unwrap_or_else(|e| panic!("setpriv: {e}; run tests/lab/install")));
        self.await_login(began)?;
        println!(
            "a VM of {} and {} CPUs accepted logins after {:?}",
            shape.memory,
            shape.cpus,
            began.elapsed()
        );
        Ok(())
    }

    #[track_caller]
    fn await_login(&mut self, began: Instant) -> Result<(), String> {
        while !self.greets() || self.direct("test ! -e /run/nologin").status != 0 {
            let ended = self.emulator.as_mut().map(|emulator| emulator.try_wait());
            let log = || fs::read_to_string(self.state.join("log")).unwrap_or_default();
            if let Some(Ok(Some(status))) = ended {
                self.emulator = None;
                let crash = format!("the emulator ended with {status}: {}", log());
                assert!(status.signal() == Some(libc::SIGABRT), "{crash}");
                return Err(crash);
            }
            let console = self.console();
            assert!(!console.contains("Kernel panic"), "the kernel panicked: {}{console}", log());
            assert!(began.elapsed() < BOOT_LIMIT, "no login: {}{console}", log());
            thread::sleep(Duration::from_millis(500));
        }
        // One connection for all that follows: a handshake takes the emulator seconds.
        let mut master = self.openssh();
        master.args(["-fNM", &format!("ssh://{}", self.login("root"))]);
        master.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(master.status().expect("starting ssh").success(), "the login failed the second time");
        Ok(())
    }

    /// The emulator's own network accepts connections before the guest does.
    fn greets(&self) -> bool {
        let mut greeting = [0; 4];
        TcpStream::connect((self.addr(), 2222)).is_ok_and(|mut stream| {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            stream.read_exact(&mut greeting).is_ok() && &greeting == b"SSH-"
        })
    }

    fn openssh(&self) -> Command {
        let mut ssh = Command::new("ssh");
        for option in [
            "BatchMode=yes".to_owned(),
            "ConnectTimeout=20".to_owned(),
            "IdentitiesOnly=yes".to_owned(),
            "GlobalKnownHostsFile=none".to_owned(),
            format!("UserKnownHostsFile={}", self.known_hosts().display()),
            format!("ControlPath={}", self.state.join("ssh").display()),
        ] {
            ssh.args(["-o", &option]);
        }
        ssh.args(["-F", "none", "-i"]).arg(self.key_path());
        ssh
    }

    fn direct(&self, script: &str) -> Ran {
        run(self.openssh().arg(format!("ssh://{}", self.login("root"))).arg("--").arg(script))
    }

    /// Until it is switched off, a port of its loopback leads to the same port of this machine's.
    #[track_caller]
    pub fn reaches(&self, port: u16) {
        let forward = format!("127.0.0.1:{port}:127.0.0.1:{port}");
        let mut ssh = self.openssh();
        ssh.args(["-O", "forward", "-R", &forward, &format!("ssh://{}", self.login("root"))]);
        run(&mut ssh).ok();
    }

    /// Copies a file into it.
    #[track_caller]
    pub fn put(&self, from: &std::path::Path, to: &str) {
        let from = File::open(from).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
        let mut ssh = self.openssh();
        ssh.arg(format!("ssh://{}", self.login("root"))).arg("--").arg(format!("cat > '{to}'"));
        run(ssh.stdin(from)).ok();
    }

    /// Switches it off as its owner would, and waits until it is.
    #[track_caller]
    pub fn shut_down(&mut self) {
        self.exec("systemctl poweroff");
        let mut emulator = self.emulator.take().expect("it is on");
        let began = Instant::now();
        while emulator.try_wait().expect("waiting for the emulator").is_none() {
            if began.elapsed() > SHUT_DOWN_LIMIT {
                let _ = emulator.kill();
                panic!("it did not shut down: {}", self.console());
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Pulls its plug: what its kernel had not written to the disk is lost.
    pub fn cut_power(&mut self) {
        if let Some(mut emulator) = self.emulator.take() {
            emulator.kill().and_then(|()| emulator.wait()).expect("ending the emulator");
        }
    }
}

/// Nothing that a small server in the cloud would miss; an emulator has no flaws to mitigate. On a busy machine its timer may come too
/// late for the kernel's check, which then panics.
const KERNEL_ARGUMENTS: &str =
    "root=/dev/vda rw net.ifnames=0 mitigations=off nokaslr audit=0 apparmor=0 no_timer_check";

impl Machine for Vm {
    fn login(&self, user: &str) -> String {
        format!("{user}@{}:2222", self.addr())
    }

    fn key_path(&self) -> PathBuf {
        self.keys.path().join(KEY)
    }

    fn known_hosts(&self) -> PathBuf {
        self.state.join("known_hosts")
    }

    /// Over SSH, as there is no way behind it.
    fn exec(&self, script: &str) -> Ran {
        self.direct(script)
    }

    fn console(&self) -> String {
        let console = fs::read(self.state.join("console")).unwrap_or_default();
        String::from_utf8_lossy(&console).into_owned()
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        if let Some(mut emulator) = self.emulator.take() {
            let _ = emulator.kill();
            let _ = emulator.wait();
        }
        let _ = fs::remove_dir_all(&self.state);
    }
}
