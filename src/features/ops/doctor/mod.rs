//! Looks the box over: what is well, what to watch, what is broken, and for each of the latter the command that mends it.

mod folder;
mod live;
mod machine;
mod model;
mod routes;

pub use live::{Doctor, DoctorSetup};
pub use model::{Diagnosis, Finding, Verdict};
pub use routes::routes;

use std::path::Path;

use crate::base::Clock;
use crate::platform::config::Config;
use crate::platform::data_dir::DataDir;

/// What can be seen of a data folder that nobody serves. Blocking.
pub fn offline(data: &DataDir, config: &Config, clock: &Clock) -> Diagnosis {
    let mut findings = at_rest(data, config, clock);
    findings.extend(machine::ports(config));
    let root = data.root().display();
    findings.push(Finding::watch(
        "service",
        "nobody serves this data folder",
        format!("systemctl start cxbox  # or: cxbox serve --data-dir {root}"),
    ));
    Diagnosis::of(findings)
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

/// What is the same whether somebody serves the folder or not.
fn at_rest(data: &DataDir, config: &Config, clock: &Clock) -> Vec<Finding> {
    let mut findings = folder::look(data, config, clock);
    findings.extend(machine::look(data, config, clock));
    findings
}
