//! Sessions: which inputs and outputs the model has, and running it.

use std::ffi::{CStr, CString, c_char, c_int, c_void};

use cxbox_kernels::Encoder;
use cxbox_kernels::shape::HIDDEN;
use ort_sys::{
    GraphOptimizationLevel, OrtAllocator, OrtApi, OrtEnv, OrtMemoryInfo, OrtRunOptions, OrtSession, OrtSessionOptions, OrtStatusPtr,
    OrtTypeInfo, OrtValue,
};

use super::tensor::{NUMBERS, Shape, TOKENS, Tensor};
use super::{DONE, allocator, answer, failure, handle, list, mark, object, object_mut, put, release};
use crate::platform::embed::built_in;

/// Ids of the tokens, and which of them count. Kinds of token are not asked for: there is only one.
const INPUTS: [&CStr; 2] = [c"input_ids", c"attention_mask"];
/// One vector for each text, which is what `fastembed` calls a sentence embedding.
const OUTPUT: &CStr = c"sentence_embedding";

#[derive(Clone, Copy)]
struct Options {
    n_threads: usize,
}

struct Session {
    encoder: Encoder<'static>,
    n_threads: usize,
}

extern "system" fn create_options(out: *mut *mut OrtSessionOptions) -> OrtStatusPtr {
    answer(out, handle(Options { n_threads: 1 }))
}

extern "system" fn clone_options(options: *const OrtSessionOptions, out: *mut *mut OrtSessionOptions) -> OrtStatusPtr {
    answer(out, handle(*object::<Options, _>(options)))
}

extern "system" fn set_level(_options: *mut OrtSessionOptions, _level: GraphOptimizationLevel) -> OrtStatusPtr {
    DONE
}

extern "system" fn set_threads(options: *mut OrtSessionOptions, n_threads: c_int) -> OrtStatusPtr {
    object_mut::<Options, _>(options).n_threads = usize::try_from(n_threads).unwrap_or(1).max(1);
    DONE
}

extern "system" fn create_session(
    _env: *const OrtEnv,
    name: *const c_void,
    len: usize,
    options: *const OrtSessionOptions,
    out: *mut *mut OrtSession,
) -> OrtStatusPtr {
    if list(name.cast::<u8>(), len) != built_in::MODEL.as_bytes() {
        return failure("this program runs no other model than its own");
    }
    match built_in::encoder() {
        Ok(encoder) => answer(out, handle(Session { encoder, n_threads: object::<Options, _>(options).n_threads })),
        Err(error) => failure(&error.to_string()),
    }
}

extern "system" fn n_inputs(_session: *const OrtSession, out: *mut usize) -> OrtStatusPtr {
    answer(out, INPUTS.len())
}

extern "system" fn n_outputs(_session: *const OrtSession, out: *mut usize) -> OrtStatusPtr {
    answer(out, 1)
}

extern "system" fn n_overridable(_session: *const OrtSession, out: *mut usize) -> OrtStatusPtr {
    answer(out, 0)
}

extern "system" fn input_type(_session: *const OrtSession, _index: usize, out: *mut *mut OrtTypeInfo) -> OrtStatusPtr {
    answer(out, handle(Shape { element: TOKENS, sides: vec![-1, -1] }))
}

extern "system" fn output_type(_session: *const OrtSession, _index: usize, out: *mut *mut OrtTypeInfo) -> OrtStatusPtr {
    answer(out, handle(Shape { element: NUMBERS, sides: vec![-1, side(HIDDEN)] }))
}

extern "system" fn input_name(
    _session: *const OrtSession,
    index: usize,
    _allocator: *mut OrtAllocator,
    out: *mut *mut c_char,
) -> OrtStatusPtr {
    match INPUTS.get(index) {
        Some(name) => answer(out, CString::from(*name).into_raw()),
        None => failure("there is no such input"),
    }
}

extern "system" fn output_name(
    _session: *const OrtSession,
    _index: usize,
    _allocator: *mut OrtAllocator,
    out: *mut *mut c_char,
) -> OrtStatusPtr {
    answer(out, CString::from(OUTPUT).into_raw())
}

#[expect(unsafe_code, reason = "the only things ort frees through the allocator are the two kinds of name above")]
extern "system" fn free_name(_allocator: *mut OrtAllocator, name: *mut c_void) -> OrtStatusPtr {
    drop(unsafe { CString::from_raw(name.cast()) });
    DONE
}

extern "system" fn memory(_session: *const OrtSession, out: *mut *const OrtMemoryInfo, len: usize) -> OrtStatusPtr {
    for i in 0..len {
        put(out.wrapping_add(i), mark::<OrtMemoryInfo>());
    }
    DONE
}

extern "system" fn session_allocator(
    _session: *const OrtSession,
    _memory: *const OrtMemoryInfo,
    out: *mut *mut OrtAllocator,
) -> OrtStatusPtr {
    answer(out, allocator())
}

extern "system" fn run(
    session: *mut OrtSession,
    _options: *const OrtRunOptions,
    names: *const *const c_char,
    inputs: *const *const OrtValue,
    n_inputs: usize,
    _output_names: *const *const c_char,
    _n_outputs: usize,
    out: *mut *mut OrtValue,
) -> OrtStatusPtr {
    let (names, inputs) = (list(names, n_inputs), list(inputs, n_inputs));
    let input = |wanted: &CStr| {
        #[expect(unsafe_code, reason = "by the rules of the interface names end with a zero")]
        let at = names.iter().position(|name| unsafe { CStr::from_ptr(*name) } == wanted)?;
        object::<Tensor, _>(inputs[at]).rows()
    };
    let (Some((ids, width)), Some((counted, same_width))) = (input(INPUTS[0]), input(INPUTS[1])) else {
        return failure("an input is missing or is no table of whole numbers");
    };
    if width == 0 || width != same_width || ids.len() != counted.len() {
        return failure("the inputs do not fit together");
    }
    let texts = without_padding(ids, counted, width);
    let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
    let session = object::<Session, _>(session);
    let vectors = session.encoder.embed(&texts, session.n_threads);
    answer(out, Tensor::of(vectors, vec![side(texts.len()), side(HIDDEN)]))
}

/// The tokens of each text that count.
fn without_padding(ids: &[i64], counted: &[i64], width: usize) -> Vec<Vec<u32>> {
    let rows = ids.chunks_exact(width).zip(counted.chunks_exact(width));
    rows.map(|(ids, counted)| {
        let real = ids.iter().zip(counted).filter(|(_, counted)| **counted != 0);
        real.map(|(id, _)| u32::try_from(*id).unwrap_or(u32::MAX)).collect()
    })
    .collect()
}

fn side(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

extern "system" fn release_session(session: *mut OrtSession) {
    release::<Session, _>(session);
}

extern "system" fn release_options(options: *mut OrtSessionOptions) {
    release::<Options, _>(options);
}

/// The table with the functions of this file in it.
pub(super) fn table(rest: OrtApi) -> OrtApi {
    OrtApi {
        CreateSessionOptions: create_options,
        CloneSessionOptions: clone_options,
        SetSessionGraphOptimizationLevel: set_level,
        SetIntraOpNumThreads: set_threads,
        CreateSessionFromArray: create_session,
        SessionGetInputCount: n_inputs,
        SessionGetOutputCount: n_outputs,
        SessionGetOverridableInitializerCount: n_overridable,
        SessionGetInputTypeInfo: input_type,
        SessionGetOutputTypeInfo: output_type,
        SessionGetInputName: input_name,
        SessionGetOutputName: output_name,
        AllocatorFree: free_name,
        SessionGetMemoryInfoForInputs: memory,
        SessionGetMemoryInfoForOutputs: memory,
        CreateAllocator: session_allocator,
        Run: run,
        ReleaseSession: release_session,
        ReleaseSessionOptions: release_options,
        ..rest
    }
}
