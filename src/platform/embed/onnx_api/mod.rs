//! The part of the ONNX Runtime interface that `fastembed` calls, over our own encoder. The runtime itself is not in the program.
//!
//! `ort` reaches its runtime through one table of functions, and lets a program bring that table. Ours knows one model: a session is
//! opened by giving its name where the bytes of a model file are expected. What is not in our table answers "not implemented".
//!
//! The functions here are only ever called by `ort`, through the table, by the rules of the interface; what they do with its pointers is
//! done by the few helpers below. Handles are boxes: made here, given out as pointers, taken back by the release functions. `ort` wraps each in a type of its own that
//! releases it once, so the functions here may rely on what a handle points to. The set of functions that are called follows the release
//! of `ort`, which is why it is pinned; the tests of the embedder call all of them.

mod session;
mod tensor;

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use ort_sys::{
    ORT_API_VERSION, OrtAllocator, OrtAllocatorType, OrtApi, OrtEnv, OrtErrorCode, OrtLoggingFunction, OrtLoggingLevel, OrtMemType,
    OrtMemoryInfo, OrtStatusPtr, stub,
};

/// Makes `ort` use this table. Doing it again changes nothing.
pub(super) fn install() {
    ort::set_api(table());
}

/// The answer of a function that did what it should.
const DONE: OrtStatusPtr = OrtStatusPtr(ptr::null_mut());

fn failure(message: &str) -> OrtStatusPtr {
    stub::Error::new_sys(OrtErrorCode::ORT_FAIL, message)
}

/// Gives an object out as a handle.
fn handle<T, H>(object: T) -> *mut H {
    Box::into_raw(Box::new(object)).cast()
}

/// What a handle that is nothing but a mark points to; nobody ever looks there.
fn mark<H>() -> *mut H {
    ptr::dangling_mut::<u64>().cast()
}

/// Puts a part of an answer where the caller wants it.
#[expect(unsafe_code, reason = "by the rules of the interface the place is the caller's, is writable and holds nothing yet")]
fn put<T>(place: *mut T, answer: T) {
    unsafe { place.write(answer) };
}

/// Answers, and is done.
fn answer<T>(place: *mut T, answer: T) -> OrtStatusPtr {
    put(place, answer);
    DONE
}

/// What a handle of ours points to.
#[expect(unsafe_code, reason = "the handle was given out by `handle` for this very type and is not released while a call uses it")]
fn object<'a, T, H>(handle: *const H) -> &'a T {
    unsafe { &*handle.cast::<T>() }
}

/// The same, to change it.
#[expect(unsafe_code, reason = "as above; the caller holds the handle alone while it changes something")]
fn object_mut<'a, T, H>(handle: *mut H) -> &'a mut T {
    unsafe { &mut *handle.cast::<T>() }
}

/// Takes a handle back.
#[expect(unsafe_code, reason = "the handle was given out by `handle` for this very type and is released once")]
fn release<T, H>(handle: *mut H) {
    if !handle.is_null() {
        drop(unsafe { Box::from_raw(handle.cast::<T>()) });
    }
}

/// A list of the caller's.
#[expect(unsafe_code, reason = "by the rules of the interface the pointer leads to so many values that stay for the call")]
fn list<'a, T>(first: *const T, len: usize) -> &'a [T] {
    if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(first, len) } }
}

extern "system" fn create_env(_level: OrtLoggingLevel, _name: *const c_char, out: *mut *mut OrtEnv) -> OrtStatusPtr {
    answer(out, mark())
}

extern "system" fn create_env_with_logger(
    _log: OrtLoggingFunction,
    _context: *mut c_void,
    _level: OrtLoggingLevel,
    _name: *const c_char,
    out: *mut *mut OrtEnv,
) -> OrtStatusPtr {
    answer(out, mark())
}

extern "system" fn telemetry(_env: *const OrtEnv) -> OrtStatusPtr {
    DONE
}

extern "system" fn create_memory_info(
    _name: *const c_char,
    _kind: OrtAllocatorType,
    _id: c_int,
    _memory: OrtMemType,
    out: *mut *mut OrtMemoryInfo,
) -> OrtStatusPtr {
    answer(out, mark())
}

extern "system" fn create_cpu_memory_info(_kind: OrtAllocatorType, _memory: OrtMemType, out: *mut *mut OrtMemoryInfo) -> OrtStatusPtr {
    answer(out, mark())
}

extern "system" fn memory_name(_info: *const OrtMemoryInfo, out: *mut *const c_char) -> OrtStatusPtr {
    answer(out, c"Cpu".as_ptr())
}

extern "system" fn memory_id(_info: *const OrtMemoryInfo, out: *mut c_int) -> OrtStatusPtr {
    answer(out, 0)
}

extern "system" fn memory_kind(_info: *const OrtMemoryInfo, out: *mut OrtMemType) -> OrtStatusPtr {
    answer(out, OrtMemType::OrtMemTypeDefault)
}

extern "system" fn memory_allocator_kind(_info: *const OrtMemoryInfo, out: *mut OrtAllocatorType) -> OrtStatusPtr {
    answer(out, OrtAllocatorType::OrtDeviceAllocator)
}

/// The allocator that frees names of ours; it is asked for nothing else.
struct Allocator(OrtAllocator);

#[expect(unsafe_code, reason = "the table is never written and has no state")]
unsafe impl Sync for Allocator {}

#[expect(unsafe_code, reason = "all functions of the table are optional, so that an empty one is valid")]
static ALLOCATOR: Allocator = Allocator(OrtAllocator { version: ORT_API_VERSION, ..unsafe { OrtAllocator::default() } });

fn allocator() -> *mut OrtAllocator {
    (&raw const ALLOCATOR.0).cast_mut()
}

extern "system" fn default_allocator(out: *mut *mut OrtAllocator) -> OrtStatusPtr {
    answer(out, allocator())
}

extern "system" fn allocator_info(_allocator: *const OrtAllocator, out: *mut *const OrtMemoryInfo) -> OrtStatusPtr {
    answer(out, mark::<OrtMemoryInfo>())
}

extern "system" fn nothing_to_release<H>(_handle: *mut H) {}

fn table() -> OrtApi {
    OrtApi {
        CreateEnv: create_env,
        CreateEnvWithCustomLogger: create_env_with_logger,
        EnableTelemetryEvents: telemetry,
        DisableTelemetryEvents: telemetry,
        ReleaseEnv: nothing_to_release::<OrtEnv>,
        CreateMemoryInfo: create_memory_info,
        CreateCpuMemoryInfo: create_cpu_memory_info,
        MemoryInfoGetName: memory_name,
        MemoryInfoGetId: memory_id,
        MemoryInfoGetMemType: memory_kind,
        MemoryInfoGetType: memory_allocator_kind,
        ReleaseMemoryInfo: nothing_to_release::<OrtMemoryInfo>,
        GetAllocatorWithDefaultOptions: default_allocator,
        AllocatorGetInfo: allocator_info,
        ReleaseAllocator: nothing_to_release::<OrtAllocator>,
        ..tensor::table(session::table(stub::api()))
    }
}
