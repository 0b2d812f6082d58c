//! Looks the box over: what is well, what to watch, what is broken, and for each of the latter the command that mends it.

mod folder;
mod holder;
mod live;
mod machine;
mod model;
mod peers;
mod ports;
mod routes;
mod units;

pub use live::{Doctor, DoctorSetup};
pub use model::{Diagnosis, Finding, Verdict};
pub use routes::routes;

use std::path::Path;

use crate::base::{Clock, Error};
use crate::platform::config::Config;
use crate::platform::data_dir::DataDir;

/// What can be seen of a data folder that nobody serves. Blocking.
pub fn offline(data: &DataDir, config: &Config, clock: &Clock) -> Diagnosis {
    let mut findings = at_rest(data, config, clock);
    findings.extend(ports::look(config));
    let root = data.root().display();
    findings.push(Finding::watch(
        "service",
        "nobody serves this data folder",
        format!("systemctl start cxbox  # or: cxbox serve --data-dir {root}"),
    ));
    Diagnosis::of(findings)
}

/// What can be seen of a data folder whose owner is at work and does not answer. Blocking.
pub fn silent(data: &DataDir, config: &Config, clock: &Clock, why: &Error) -> Diagnosis {
    let mut findings = at_rest(data, config, clock);
    findings.push(Finding::broken("service", why.message().to_owned(), "systemctl restart cxbox"));
    Diagnosis::of(findings)
}

/// What is the same whoever serves the folder: what systemd knows. It is asked by the command line and not by the box, which is shut in.
/// Blocking.
pub fn beside() -> Vec<Finding> {
    units::look()
}

/// What a folder that is not there says.
pub fn no_folder(path: &Path) -> Diagnosis {
    let shown = path.display();
    Diagnosis::of(vec![Finding::broken(
        "data_folder",
        format!("{shown} is not there"),
        format!("./install.sh  # or: cxbox serve --data-dir {shown}"),
    )])
}

/// What a folder that cannot be opened says.
pub fn shut_folder(path: &Path, why: &Error) -> Diagnosis {
    let shown = path.display();
    let owner = folder::owner_of(path).unwrap_or_else(|| "cxbox".to_owned());
    let fix = format!("sudo -u {owner} cxbox doctor --data-dir {shown}");
    Diagnosis::of(vec![Finding::broken("data_folder", format!("it cannot be opened: {}", why.message()), fix)])
}

/// What a configuration that cannot be used says; the rest of the box depends on it.
pub fn bad_config(data: &DataDir, why: &Error) -> Diagnosis {
    let check = format!("cxbox config check --data-dir {}", data.root().display());
    Diagnosis::of(vec![Finding::broken("config", why.message().to_owned(), check)])
}

/// What is the same whether somebody serves the folder or not.
fn at_rest(data: &DataDir, config: &Config, clock: &Clock) -> Vec<Finding> {
    let mut findings = vec![Finding::ok("config", "every setting can be read")];
    findings.extend(folder::look(data, config, clock));
    findings.extend(machine::look(data, config, clock));
    findings
}

/// The command that shows a section of the settings.
fn show_settings(section: &str) -> String {
    format!("curl -H 'Authorization: Bearer TOKEN' BASE/api/v1/settings/{section}  # or the page Settings of the console")
}

/// The command that changes a section of the settings.
fn change_settings(section: &str, to: &str) -> String {
    let json = "-H 'Content-Type: application/json'";
    let of = "# or the page Settings of the console";
    format!("curl -X PUT -H 'Authorization: Bearer TOKEN' {json} -d '{to}' BASE/api/v1/settings/{section}  {of}")
}
