//! pocketsphinx: one decoder with named searches (grammars and a loop over all phones), for 16 kHz utterances.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

use crate::base::{Error, Result};

#[expect(unsafe_code, reason = "declared as in the headers of Debian's package")]
unsafe extern "C" {
    fn err_set_logfp(file: *mut c_void);
    fn ps_args() -> *const c_void;
    fn cmd_ln_parse_r(inout: *mut c_void, defn: *const c_void, argc: i32, argv: *mut *mut c_char, strict: i32) -> *mut c_void;
    fn cmd_ln_free_r(config: *mut c_void) -> c_int;
    fn ps_init(config: *mut c_void) -> *mut c_void;
    fn ps_free(decoder: *mut c_void) -> c_int;
    fn ps_add_word(decoder: *mut c_void, word: *const c_char, phones: *const c_char, update: c_int) -> c_int;
    fn ps_lookup_word(decoder: *mut c_void, word: *const c_char) -> *mut c_char;
    fn ps_set_jsgf_string(decoder: *mut c_void, name: *const c_char, grammar: *const c_char) -> c_int;
    fn ps_set_search(decoder: *mut c_void, name: *const c_char) -> c_int;
    fn ps_unset_search(decoder: *mut c_void, name: *const c_char) -> c_int;
    fn ps_start_utt(decoder: *mut c_void) -> c_int;
    fn ps_process_raw(decoder: *mut c_void, data: *const i16, n_samples: usize, no_search: c_int, full_utt: c_int) -> c_int;
    fn ps_end_utt(decoder: *mut c_void) -> c_int;
    fn ps_get_hyp(decoder: *mut c_void, score: *mut i32) -> *const c_char;
    fn ps_seg_iter(decoder: *mut c_void) -> *mut c_void;
    fn ps_seg_next(segment: *mut c_void) -> *mut c_void;
    fn ps_seg_frames(segment: *mut c_void, from: *mut c_int, to: *mut c_int);
    fn ps_seg_prob(segment: *mut c_void, acoustic: *mut i32, language: *mut i32, backoff: *mut i32) -> i32;
    #[link_name = "free"]
    fn release(memory: *mut c_void);
}

/// Files of the acoustic model.
pub(crate) struct ModelPaths {
    /// Options and files in the library's own spelling: `-mdef`, path, `-mean`, path…
    pub(crate) arguments: Vec<(&'static str, String)>,
}

/// Where a word, a sound or a silence lies and how well it fits.
pub(crate) struct Segment {
    /// First frame (10 ms each).
    pub(crate) from: i32,
    /// Last frame.
    pub(crate) to: i32,
    /// Acoustic score; larger is better.
    pub(crate) acoustic: i32,
}

/// What one search made of one utterance.
pub(crate) struct Decoded {
    /// The words, without silence. Empty if nothing was found.
    pub(crate) text: String,
    /// Its pieces in order.
    pub(crate) segments: Vec<Segment>,
}

/// A decoder. Not `Send`: the library is used from one thread.
pub(crate) struct Sphinx {
    decoder: *mut c_void,
    config: *mut c_void,
}

impl Sphinx {
    /// Loads the acoustic model; about 0.1 s.
    pub(crate) fn new(model: &ModelPaths) -> Result<Self> {
        let words: Vec<CString> = model
            .arguments
            .iter()
            .flat_map(|(option, value)| [CString::new(*option), CString::new(value.as_str())])
            .collect::<Result<_, _>>()
            .map_err(|_| Error::internal("a model path contains a null byte"))?;
        let mut pointers: Vec<*mut c_char> = words.iter().map(|word| word.as_ptr().cast_mut()).collect();
        let n_words = i32::try_from(pointers.len()).unwrap_or(i32::MAX);
        #[expect(unsafe_code, reason = "the strings outlive the call, which copies them; both results are checked for null")]
        unsafe {
            err_set_logfp(ptr::null_mut());
            let config = cmd_ln_parse_r(ptr::null_mut(), ps_args(), n_words, pointers.as_mut_ptr(), 1);
            if config.is_null() {
                return Err(Error::internal("the speech recogniser refuses its options"));
            }
            let decoder = ps_init(config);
            if decoder.is_null() {
                cmd_ln_free_r(config);
                return Err(Error::internal("the speech recogniser cannot load its model"));
            }
            Ok(Self { decoder, config })
        }
    }

    /// Whether the decoder knows how a word is spoken.
    pub(crate) fn knows(&self, word: &str) -> bool {
        let Ok(word) = CString::new(word) else { return false };
        #[expect(unsafe_code, reason = "the decoder lives; the library's answer is a fresh string that is freed here")]
        unsafe {
            let phones = ps_lookup_word(self.decoder, word.as_ptr());
            let known = !phones.is_null();
            if known {
                release(phones.cast());
            }
            known
        }
    }

    /// Teaches a word. False if the phones are not the model's.
    pub(crate) fn learn(&mut self, word: &str, phones: &str) -> bool {
        let (Ok(word), Ok(phones)) = (CString::new(word), CString::new(phones)) else { return false };
        #[expect(unsafe_code, reason = "the decoder lives; the library copies both strings")]
        unsafe {
            ps_add_word(self.decoder, word.as_ptr(), phones.as_ptr(), 0) >= 0
        }
    }

    /// Adds a search by grammar under a name.
    pub(crate) fn add_grammar(&mut self, name: &str, grammar: &str) -> Result<()> {
        let (name, grammar) = (text(name)?, text(grammar)?);
        #[expect(unsafe_code, reason = "the decoder lives; the library copies both strings")]
        let code = unsafe { ps_set_jsgf_string(self.decoder, name.as_ptr(), grammar.as_ptr()) };
        done(code, "the speech recogniser refuses the grammar")
    }

    /// Forgets a search.
    pub(crate) fn drop_search(&mut self, name: &str) {
        let Ok(name) = CString::new(name) else { return };
        #[expect(unsafe_code, reason = "the decoder lives; an unknown name does nothing")]
        unsafe {
            ps_unset_search(self.decoder, name.as_ptr());
        }
    }

    /// Runs one utterance (16 kHz) through a search.
    pub(crate) fn decode(&mut self, search: &str, samples: &[i16]) -> Result<Decoded> {
        let search = text(search)?;
        #[expect(unsafe_code, reason = "the decoder lives; the samples outlive the call and their length is passed")]
        unsafe {
            done(ps_set_search(self.decoder, search.as_ptr()), "the speech recogniser lost a grammar")?;
            done(ps_start_utt(self.decoder), "the speech recogniser does not start")?;
            let read = ps_process_raw(self.decoder, samples.as_ptr(), samples.len(), 0, 1);
            let ended = ps_end_utt(self.decoder);
            done(read.min(ended), "the speech recogniser broke off")?;
            let mut score = 0;
            let found = ps_get_hyp(self.decoder, &raw mut score);
            let text = if found.is_null() { String::new() } else { CStr::from_ptr(found).to_string_lossy().into_owned() };
            Ok(Decoded { text, segments: self.segments() })
        }
    }

    fn segments(&self) -> Vec<Segment> {
        let mut found = Vec::new();
        #[expect(unsafe_code, reason = "the iterator is walked to its null end, which frees it")]
        unsafe {
            let mut at = ps_seg_iter(self.decoder);
            while !at.is_null() {
                let (mut from, mut to, mut acoustic, mut language, mut backoff) = (0, 0, 0, 0, 0);
                ps_seg_frames(at, &raw mut from, &raw mut to);
                ps_seg_prob(at, &raw mut acoustic, &raw mut language, &raw mut backoff);
                found.push(Segment { from, to, acoustic });
                at = ps_seg_next(at);
            }
        }
        found
    }
}

impl Drop for Sphinx {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "both were made in new and are freed once")]
        unsafe {
            ps_free(self.decoder);
            cmd_ln_free_r(self.config);
        }
    }
}

fn text(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::invalid("text contains a null byte"))
}

fn done(code: c_int, why: &'static str) -> Result<()> {
    if code < 0 { Err(Error::internal(why)) } else { Ok(()) }
}
