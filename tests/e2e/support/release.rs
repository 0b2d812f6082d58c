//! Release archives as `cxbox upgrade` takes them, with any program in them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A program that says it is newer and does nothing else.
pub const NEWER_AND_BROKEN: &str = "case $1 in --version) echo cxbox 9.9.9 ;; schema) echo 9999 ;; *) exit 1 ;; esac";

/// Everything a command has said.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// An executable script of the shell.
pub fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// A release archive with this program in it, and its sum beside it.
pub fn release(folder: &Path, name: &str, program: &Path) -> PathBuf {
    let script = "set -e; cd \"$1\"; rm -rf stage; mkdir -p stage/r; cp \"$3\" stage/r/cxbox; chmod 755 stage/r/cxbox; \
        (cd stage/r && sha256sum ./cxbox >SHA256SUMS); tar -C stage -czf \"$2.tar.gz\" r; sha256sum \"$2.tar.gz\" >\"$2.tar.gz.sha256\"";
    let made = Command::new("sh").args(["-c", script, "sh"]).arg(folder).arg(name).arg(program).output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
    folder.join(format!("{name}.tar.gz"))
}
