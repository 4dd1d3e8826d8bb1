//! A second engine on this machine, so that a story may kill it or fill its disk.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

fn ip(args: &[&str]) -> bool {
    Command::new("ip").args(args).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// An engine that only one story uses.
pub struct OwnEngine {
    folder: PathBuf,
    bridge: String,
    /// Megabytes of its disk; 0 for the machine's own.
    disk: u32,
    daemon: Option<Child>,
    /// What a killed one has left is taken away by one that is begun again.
    killed: bool,
}

impl OwnEngine {
    pub fn address(&self) -> String {
        format!("unix://{}", self.file("engine.sock"))
    }

    /// A path that goes with it.
    pub fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// None where a second engine cannot run; says why. Two that run at the same time have different
    /// places.
    pub fn new(place: u8) -> Option<Self> {
        Self::with_disk(place, 0)
    }

    /// One that has so many megabytes of disk.
    pub fn with_disk(place: u8, disk: u32) -> Option<Self> {
        let bridge = format!("slipway-test{place}");
        let root =
            std::fs::metadata("/proc/self").ok().map(|m| std::os::unix::fs::MetadataExt::uid(&m));
        let program =
            Path::new("/usr/sbin/dockerd").exists() || Path::new("/usr/bin/dockerd").exists();
        if root != Some(0) || !program {
            println!("skipped: a second engine needs root and dockerd");
            return None;
        }
        // A story that was killed may have left it.
        ip(&["link", "delete", &bridge]);
        let address = format!("10.232.255.{}/28", place * 16 + 1);
        if !(ip(&["link", "add", &bridge, "type", "bridge"])
            && ip(&["addr", "add", &address, "dev", &bridge])
            && ip(&["link", "set", &bridge, "up"]))
        {
            println!("skipped: a second engine needs a bridge of its own, which cannot be made");
            return None;
        }
        // Overlays on a tmpfs or in a deep path may not work; the root's own file system does.
        let folder =
            PathBuf::from(format!("/var/tmp/slipway-engine-{}-{place}", std::process::id()));
        std::fs::create_dir_all(folder.join("data")).unwrap();
        let mut this = Self { folder, bridge, disk, daemon: None, killed: false };
        if disk > 0 && !this.mount("tmpfs") {
            println!("skipped: a disk for a second engine cannot be mounted");
            return None;
        }
        this.start();
        Some(this)
    }

    fn mount(&self, what: &str) -> bool {
        let options = format!("size={}m", self.disk);
        let data = self.file("data");
        let arguments = match what {
            "tmpfs" => ["-t", "tmpfs", "-o", &options, "tmpfs", &data].to_vec(),
            other => ["-o", other, &data].to_vec(),
        };
        Command::new("mount").args(arguments).status().is_ok_and(|status| status.success())
    }

    /// Gives it another size of disk.
    pub fn resize(&mut self, disk: u32) {
        self.disk = disk;
        assert!(self.mount(&format!("remount,size={disk}m")));
    }

    pub fn start(&mut self) {
        let own = self.folder.clone();
        let folder = |name: &str| own.join(name).display().to_string();
        let log = std::fs::File::options().append(true).create(true).open(folder("log")).unwrap();
        // A killed one leaves this behind.
        let _ = std::fs::remove_file(folder("pid"));
        // Layers upon layers need another file system than one in memory.
        let driver = if self.disk > 0 { ["--storage-driver", "vfs"].as_slice() } else { &[] };
        let daemon = Command::new("dockerd")
            .args(driver)
            .args(["--data-root", &folder("data"), "--exec-root", &folder("exec")])
            .args(["--pidfile", &folder("pid"), "--host", &self.address()])
            // The machine's own engine keeps its bridge and its rules. With `--bridge none` this one
            // would delete `docker0`, so it gets a bridge of its own.
            .args(["--bridge", &self.bridge, "--iptables=false", "--ip-forward=false"])
            .env("TMPDIR", &self.folder)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.daemon = Some(daemon.unwrap());
        let began = Instant::now();
        while !self.answers() {
            let log = || std::fs::read_to_string(folder("log")).unwrap_or_default();
            assert!(began.elapsed() < Duration::from_secs(40), "no second engine:\n{}", log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn answers(&self) -> bool {
        let mut version = Command::new("docker");
        version.args(["--host", &self.address(), "version"]);
        version.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
    }

    /// `kill -9`, with the part of it that watches over containers.
    pub fn kill(&mut self) {
        let Some(mut daemon) = self.daemon.take() else { return };
        self.killed = true;
        let file = self.folder.join("exec/containerd/containerd.pid");
        let watcher = std::fs::read_to_string(&file);
        daemon.kill().unwrap();
        daemon.wait().unwrap();
        if let Ok(pid) = watcher {
            let pid = pid.trim();
            let _ = Command::new("kill").args(["-KILL", pid]).stderr(Stdio::null()).status();
            let began = Instant::now();
            while Path::new("/proc").join(pid).join("exe").read_link().is_ok() {
                assert!(began.elapsed() < Duration::from_secs(5), "containerd {pid} does not end");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        // Its number may soon be another process's, which the next engine would take for its own.
        let _ = std::fs::remove_file(file);
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        if self.killed && self.daemon.is_none() && !std::thread::panicking() {
            self.start();
        }
        if let Some(mut daemon) = self.daemon.take() {
            // Gently, so that it takes its containers and mounts along.
            let pid = daemon.id().to_string();
            let _ = Command::new("kill").args(["-TERM", &pid]).status();
            let _ = daemon.wait();
        }
        ip(&["link", "delete", &self.bridge]);
        // What a story that failed in between has left: processes that name this folder, and mounts
        // in it.
        let folder = format!("{}/", self.folder.display());
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        for process in processes {
            let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&line).contains(&folder) {
                let pid = process.file_name();
                let children = Command::new("pgrep").arg("-P").arg(&pid).output();
                let children = children.map(|c| c.stdout).unwrap_or_default();
                let children = String::from_utf8_lossy(&children).into_owned();
                let _ = Command::new("kill").arg("-KILL").arg(&pid).args(children.lines()).status();
            }
        }
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
        for mount in mounts.lines().rev().filter_map(|line| line.split(' ').nth(1)) {
            if mount.starts_with(&folder) {
                let _ = Command::new("umount").args(["-l", mount]).status();
            }
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
