//! A cage for code that reads what strangers made: no files, no network, no other programs, little memory and little time.

use landlock::{ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetStatus, Scope};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

use crate::base::{Context, Error, Result};

/// How much a caged process may use.
#[derive(Debug, Clone, Copy)]
pub struct Cage {
    /// Address space in megabytes.
    pub memory_mb: u64,
    /// Processor time in seconds.
    pub cpu_seconds: u64,
}

/// What keeps the process in. The filter of system calls always does, or the cage does not close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Held {
    /// Whether the kernel's Landlock stands behind the filter; old kernels have none.
    pub landlock: bool,
}

impl Cage {
    /// Closes the cage around this process, for ever. What is open already stays readable and writable.
    ///
    /// # Errors
    /// When the limits or the filter cannot be set; the process must end then.
    pub fn close(self) -> Result<Held> {
        let limit = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
        for (resource, most) in [
            (Resource::As, self.memory_mb * 1024 * 1024),
            (Resource::Cpu, self.cpu_seconds),
            (Resource::Core, 0),
            (Resource::Fsize, 0),
            (Resource::Nofile, 16),
        ] {
            setrlimit(resource, limit(most)).context("cannot limit a caged process")?;
        }
        let landlock = forbid_files_and_network()?;
        let filter = filter()?;
        seccompiler::apply_filter_all_threads(&filter).map_err(|cause| Error::internal("cannot filter system calls").caused_by(cause))?;
        Ok(Held { landlock })
    }
}

/// Landlock without a single exception. Says whether the kernel enforces it.
fn forbid_files_and_network() -> Result<bool> {
    let build = || {
        Ruleset::default()
            .handle_access(AccessFs::from_all(ABI::V5))?
            .handle_access(AccessNet::from_all(ABI::V5))?
            .scope(Scope::from_all(ABI::V6))?
            .create()?
            .restrict_self()
    };
    let status = build().map_err(|cause| Error::internal("Landlock cannot be set up").caused_by(cause))?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

/// Answers "permission denied" to whatever reaches outside the process.
fn filter() -> Result<BpfProgram> {
    let doing = "cannot make the filter of system calls";
    let rules = FORBIDDEN.iter().map(|call| (*call, Vec::new())).collect();
    let denied = SeccompAction::Errno(libc::EACCES.unsigned_abs());
    let arch = std::env::consts::ARCH.try_into().map_err(|cause| Error::internal(doing).caused_by(format!("{cause:?}")))?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, arch).context(doing)?;
    filter.try_into().context(doing)
}

/// Opening anything, talking to anybody, starting or touching other processes, changing the system.
const FORBIDDEN: &[libc::c_long] = &[
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_creat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_open_by_handle_at,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_mkdirat,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kill,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_io_uring_setup,
    libc::SYS_userfaultfd,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_kexec_load,
];
