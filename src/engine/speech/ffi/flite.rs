//! flite: text to 16 kHz speech with the voice `slt`, and letters to phones for words no dictionary has.

use std::ffi::{CStr, CString, c_char, c_int, c_short, c_void};
use std::ptr;
use std::slice;

#[repr(C)]
struct Wave {
    kind: *const c_char,
    sample_rate: c_int,
    n_samples: c_int,
    n_channels: c_int,
    samples: *mut c_short,
}

#[expect(unsafe_code, reason = "declared as in the headers of Debian's package")]
unsafe extern "C" {
    fn flite_init() -> c_int;
    fn register_cmu_us_slt(folder: *const c_char) -> *mut c_void;
    fn flite_text_to_wave(text: *const c_char, voice: *mut c_void) -> *mut Wave;
    fn delete_wave(wave: *mut Wave);
    fn cmu_lex_init() -> *mut c_void;
    fn lex_lookup(lexicon: *const c_void, word: *const c_char, part: *const c_char, features: *const c_void) -> *mut c_void;
    fn val_car(list: *const c_void) -> *const c_void;
    fn val_cdr(list: *const c_void) -> *const c_void;
    fn val_string(value: *const c_void) -> *const c_char;
    fn delete_val_list(list: *mut c_void);
}

/// The voice. Not `Send`: flite keeps its state in globals, so one thread of one process holds it.
pub(crate) struct Flite {
    voice: *mut c_void,
    lexicon: *mut c_void,
}

impl Flite {
    /// Makes the voice ready; takes a few milliseconds. `None` if the library refuses.
    pub(crate) fn new() -> Option<Self> {
        #[expect(unsafe_code, reason = "foreign functions; called once per process, their results are checked for null")]
        let (voice, lexicon) = unsafe {
            flite_init();
            (register_cmu_us_slt(ptr::null()), cmu_lex_init())
        };
        (!voice.is_null() && !lexicon.is_null()).then_some(Self { voice, lexicon })
    }

    /// The text as sound: samples per second and samples. `None` if the library makes none.
    pub(crate) fn speak(&self, text: &str) -> Option<(u32, Vec<i16>)> {
        let text = CString::new(text.replace('\0', " ")).ok()?;
        #[expect(unsafe_code, reason = "the voice lives as long as self; the wave is checked, copied within its own length and freed once")]
        unsafe {
            let wave = flite_text_to_wave(text.as_ptr(), self.voice);
            if wave.is_null() {
                return None;
            }
            let made = &*wave;
            let n_samples = usize::try_from(made.n_samples).unwrap_or(0);
            let samples = if made.samples.is_null() { Vec::new() } else { slice::from_raw_parts(made.samples, n_samples).to_vec() };
            let rate = u32::try_from(made.sample_rate).unwrap_or(0);
            delete_wave(wave);
            (rate > 0).then_some((rate, samples))
        }
    }

    /// The phones of a word by flite's own dictionary and letter rules, in the spelling of the CMU dictionary, such as `HH AH L OW`.
    pub(crate) fn phones(&self, word: &str) -> Option<String> {
        let word = CString::new(word).ok()?;
        let mut phones = Vec::new();
        #[expect(
            unsafe_code,
            reason = "the list is walked to its null end while it lives and freed once; its strings are copied before that"
        )]
        unsafe {
            let list = lex_lookup(self.lexicon, word.as_ptr(), ptr::null(), ptr::null());
            let mut rest: *const c_void = list;
            while !rest.is_null() {
                let phone = CStr::from_ptr(val_string(val_car(rest))).to_string_lossy().into_owned();
                phones.push(dictionary_phone(&phone));
                rest = val_cdr(rest);
            }
            if !list.is_null() {
                delete_val_list(list);
            }
        }
        (!phones.is_empty()).then(|| phones.join(" "))
    }
}

/// flite writes phones in small letters with stress marks and has a schwa of its own.
fn dictionary_phone(phone: &str) -> String {
    match phone.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "ax" => "AH".to_owned(),
        other => other.to_ascii_uppercase(),
    }
}
