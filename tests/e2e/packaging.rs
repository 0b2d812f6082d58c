//! The installer, the units and the release archive, as a newcomer meets them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use cxbox::base::Clock;
use serde_json::Value;

use super::support::binary;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} ended with {}: {text}", output.status);
    output
}

/// The release archive of the binary under test, unpacked.
fn unpacked_release(folder: &Path) -> PathBuf {
    let made = run(Command::new(root().join("packaging/release.sh")).arg(folder).env("CXBOX_BIN", binary()));
    let archive = String::from_utf8(made.stdout).unwrap().lines().last().unwrap().to_owned();
    run(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(folder));
    PathBuf::from(archive.strip_suffix(".tar.gz").unwrap())
}

#[test]
fn a_release_runs_the_demo_within_a_minute_of_unpacking_and_without_any_network() {
    let folder = tempfile::tempdir().unwrap();
    let release = unpacked_release(folder.path());
    let clock = Clock::system();
    let began = clock.now();
    // A network namespace of its own holds only loopback: nothing can leave, nothing can be fetched. Its kernel counts who tries.
    let alone = "ip link set lo up && ./install.sh demo --json && cat /proc/net/snmp /proc/net/snmp6 >counted.txt";
    let output = run(Command::new("unshare").args(["-rn", "sh", "-c", alone]).current_dir(&release));
    let took = clock.now().since(began);
    assert!(took < Duration::from_secs(60), "took {took:?}");
    let counted = std::fs::read_to_string(release.join("counted.txt")).unwrap();
    assert_eq!(tries_to_leave(&counted), 0, "somebody tried to reach what is not this machine");
    let text = String::from_utf8(output.stdout).unwrap();
    let summary: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let calls = summary["calls"].as_array().unwrap();
    assert_eq!(calls.iter().map(|call| call["direction"].as_str().unwrap()).collect::<Vec<_>>(), ["inbound", "outbound"]);
    for call in calls {
        assert!(call["transcript"].as_array().is_some_and(|lines| lines.iter().any(|l| l["speaker"] == "Caller")), "{call:#}");
        assert!(call["recording"]["seconds"].as_f64().unwrap() > 1.0);
        assert!(call["webhooks"].as_array().is_some_and(|all| all.len() >= 4 && all.iter().all(|w| w["verified"] == true)), "{call:#}");
    }
}

/// Packets and connections for which there was no way, by the kernel's own count.
fn tries_to_leave(counted: &str) -> u64 {
    let ip: Vec<Vec<&str>> = counted.lines().filter(|line| line.starts_with("Ip: ")).map(|line| line.split(' ').collect()).collect();
    let column = ip[0].iter().position(|name| *name == "OutNoRoutes").unwrap();
    let ip6 = counted.lines().find_map(|line| line.strip_prefix("Ip6OutNoRoutes")).unwrap();
    ip[1][column].parse::<u64>().unwrap() + ip6.trim().parse::<u64>().unwrap()
}

#[test]
fn the_installer_stages_everything_and_takes_it_away_again_but_keeps_data() {
    let folder = tempfile::tempdir().unwrap();
    let release = unpacked_release(folder.path());
    let stage = folder.path().join("stage");
    let data = stage.join("var/lib/cxbox/main.db");
    let install = |command: &str| {
        run(Command::new(release.join("install.sh")).arg(command).env("DESTDIR", &stage));
    };
    install("install");
    install("install");
    for file in
        ["usr/local/bin/cxbox", "etc/systemd/system/cxbox.service", "etc/systemd/system/cxbox-engine.service", "etc/cxbox/config.toml"]
    {
        assert!(stage.join(file).exists(), "{file}");
    }
    std::fs::create_dir_all(data.parent().unwrap()).unwrap();
    std::fs::write(&data, "calls").unwrap();
    install("uninstall");
    assert!(!stage.join("usr/local/bin/cxbox").exists() && !stage.join("etc/systemd/system/cxbox.service").exists());
    assert!(data.exists() && stage.join("etc/cxbox/config.toml").exists());
}

#[test]
fn a_damaged_release_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let release = unpacked_release(folder.path());
    std::fs::write(release.join("README.md"), "changed").unwrap();
    let output = Command::new(release.join("install.sh")).arg("demo").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("damaged"));
}

#[test]
fn a_release_has_the_notices_of_everything_that_is_linked_in() {
    let folder = tempfile::tempdir().unwrap();
    let licences = unpacked_release(folder.path()).join("packaging/licenses");
    let notices = std::fs::read_to_string(licences.join("third-party.txt")).unwrap();
    let listed: Vec<&str> = notices.split("\n\n-----").next().unwrap().lines().skip(2).collect();
    assert!(listed.len() > 400, "{} packages", listed.len());
    for line in &listed {
        assert!(line.split_once(": ").is_some_and(|(_, licence)| !licence.is_empty()), "{line} names no licence");
    }
    for package in ["ring ", "tokio ", "rsipstack ", "rusqlite ", "react "] {
        assert!(listed.iter().any(|line| line.starts_with(package)), "{package} is not listed");
        assert!(notices.matches(&format!("\n{package}")).count() > 1 || notices.contains(&format!(", {package}")), "{package} has no text");
    }
    for library in ["flite", "pocketsphinx", "sphinxbase", "all-minilm-l6-v2"] {
        assert!(licences.join(format!("{library}.txt")).exists(), "{library}");
    }
}

/// A machine with only these tools, and with whatever Rust a test puts there.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(machine.0.path().join("bin")).unwrap();
        for tool in ["sh", "awk", "head", "sort", "dirname", "cat", "mkdir", "chmod"] {
            let found = run(Command::new("sh").args(["-c", &format!("command -v {tool}")]));
            std::os::unix::fs::symlink(String::from_utf8(found.stdout).unwrap().trim(), machine.0.path().join("bin").join(tool)).unwrap();
        }
        machine
    }

    fn with(self, tool: &str, script: &str) -> Self {
        let file = self.0.path().join("bin").join(tool);
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        self
    }

    /// `install.sh rust`: whether it went well, and what it said.
    fn rust(&self) -> (bool, String) {
        let output = Command::new("sh")
            .arg(root().join("install.sh"))
            .arg("rust")
            .env_clear()
            .env("HOME", self.0.path())
            .env("PATH", self.0.path().join("bin"))
            .output()
            .unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.success(), text)
    }
}

/// What curl would fetch: an installer that notes its arguments and installs a cargo of this version.
fn installer(version: &str) -> String {
    format!(
        "cat <<'SH'\necho \"$@\" >\"$HOME/asked\"; mkdir -p \"$HOME/.cargo/bin\"\n\
         printf '#!/bin/sh\\necho cargo {version}\\n' >\"$HOME/.cargo/bin/cargo\"; chmod 755 \"$HOME/.cargo/bin/cargo\"\nSH"
    )
}

#[test]
fn rust_is_found_installed_by_rustup_or_named_in_the_line_that_mends_it() {
    let found = Machine::new().with("cargo", "echo cargo 1.97.1");
    assert_eq!(found.rust(), (true, "Rust 1.97.1\n".to_owned()));
    // A Debian 12 with its own Rust and with none.
    for machine in [Machine::new(), Machine::new().with("cargo", "echo cargo 1.63.0")] {
        let machine = machine.with("curl", &installer("1.96.0"));
        let (is_well, said) = machine.rust();
        assert!(is_well && said.ends_with("Rust 1.96.0\n"), "{said}");
        let asked = std::fs::read_to_string(machine.0.path().join("asked")).unwrap();
        assert_eq!(asked.trim(), "-y --profile minimal --no-modify-path", "no question, and the user's profile stays as it is");
        assert_eq!(machine.rust(), (true, "Rust 1.96.0\n".to_owned()), "it is found the next time");
    }
    let rustup = Machine::new().with("cargo", "echo cargo \"$(cat \"$HOME/v\")\"").with("rustup", "echo 1.98.0 >\"$HOME/v\"");
    std::fs::write(rustup.0.path().join("v"), "1.90.0").unwrap();
    assert!(rustup.rust().1.ends_with("Rust 1.98.0\n"));
    // Without a network, and without curl.
    for machine in [Machine::new().with("curl", "echo 'no such host' >&2; exit 6"), Machine::new()] {
        let (is_well, said) = machine.rust();
        let last = said.lines().last().unwrap();
        assert!(!is_well && last.contains("Rust 1.95 or newer is needed (found: none)"), "{said}");
        assert!(last.ends_with("curl -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal"), "{said}");
    }
}

#[test]
fn the_units_are_hardened_to_a_score_of_2_or_better() {
    for unit in ["cxbox.service", "cxbox-engine.service"] {
        let output = run(Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--threshold=20"])
            .arg(root().join("packaging/systemd").join(unit)));
        assert!(String::from_utf8_lossy(&output.stdout).contains("Overall exposure level"));
    }
}
