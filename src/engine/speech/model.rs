//! The acoustic model and the dictionary, embedded at build time, and how the recogniser gets at them: as anonymous memory files,
//! so that nothing has to be unpacked onto a disk.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::os::fd::AsRawFd;

use rustix::fs::{MemfdFlags, memfd_create};

use super::ffi::{ModelPaths, Sphinx};
use crate::base::{Context, Result};

macro_rules! embedded {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/model/", $name))
    };
}

static FILES: &[(&str, &[u8])] = &[
    ("-featparams", embedded!("feat.params")),
    ("-mdef", embedded!("mdef")),
    ("-mean", embedded!("means")),
    ("-var", embedded!("variances")),
    ("-tmat", embedded!("transition_matrices")),
    ("-sendump", embedded!("sendump")),
    ("-fdict", embedded!("noisedict")),
];

static DICTIONARY: &[u8] = embedded!("cmudict-en-us.dict");

/// Loads the recogniser. The memory files are closed afterwards; what the library maps of them stays.
pub(super) fn load() -> Result<Sphinx> {
    // All states are scored in every frame: only then can the scores of two searches over one utterance be compared.
    // Two of the four densities of a state decide nearly alike and cost a sixth less.
    let mut arguments = vec![("-logfn", "/dev/null".to_owned()), ("-compallsen", "yes".to_owned()), ("-topn", "2".to_owned())];
    let mut open = Vec::new();
    for (option, bytes) in FILES {
        let memory = memfd_create("cxbox-model", MemfdFlags::CLOEXEC).context("cannot make a memory file for the speech model")?;
        let mut file = std::fs::File::from(memory);
        file.write_all(bytes).context("cannot fill a memory file with the speech model")?;
        arguments.push((option, format!("/proc/self/fd/{}", file.as_raw_fd())));
        open.push(file);
    }
    Sphinx::new(&ModelPaths { arguments })
}

/// How words are spoken: each with one or more sequences of phones. Words that are not in the dictionary are absent.
pub(super) fn pronunciations<'w>(wanted: &HashSet<&'w str>) -> HashMap<&'w str, Vec<&'static str>> {
    let mut found: HashMap<&str, Vec<&str>> = HashMap::new();
    for line in DICTIONARY.split(|byte| *byte == b'\n') {
        let Some((entry, phones)) = std::str::from_utf8(line).ok().and_then(|line| line.split_once(' ')) else { continue };
        let word = entry.split('(').next().unwrap_or(entry);
        if let Some(word) = wanted.get(word) {
            found.entry(word).or_default().push(phones.trim());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_all_its_pronunciations_and_a_strange_word_none() {
        let found = pronunciations(&HashSet::from(["either", "sales", "qwrtzx"]));
        assert_eq!(found["sales"], ["S EY L Z"]);
        assert!(found["either"].len() >= 2);
        assert!(!found.contains_key("qwrtzx"));
    }
}
