//! Stand-ins for the sound card functions flite's archive refers to. The appliance has no sound card and never plays through flite;
//! each of them reports failure, should it ever be called.
#![expect(unsafe_code, reason = "exported names: flite's archive finds them at link time; nothing else of that name is linked")]

use std::ffi::{c_char, c_int, c_long, c_ulong};

/// "Function not implemented", as the library that is not there would say it.
const NOT_HERE: c_int = -38;

macro_rules! stand_ins {
    ($($name:ident),+ $(,)?) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $name() -> c_int {
                NOT_HERE
            }
        )+
    };
}

stand_ins!(
    snd_config_update_free_global,
    snd_pcm_close,
    snd_pcm_drain,
    snd_pcm_drop,
    snd_pcm_hw_params,
    snd_pcm_hw_params_any,
    snd_pcm_hw_params_set_access,
    snd_pcm_hw_params_set_channels,
    snd_pcm_hw_params_set_format,
    snd_pcm_hw_params_set_rate,
    snd_pcm_open,
    snd_pcm_prepare,
    snd_pcm_resume,
    snd_pcm_set_params,
    snd_pcm_state,
    snd_pcm_wait,
);

#[unsafe(no_mangle)]
extern "C" fn snd_pcm_hw_params_sizeof() -> c_ulong {
    0
}

#[unsafe(no_mangle)]
extern "C" fn snd_pcm_writei() -> c_long {
    c_long::from(NOT_HERE)
}

#[unsafe(no_mangle)]
extern "C" fn snd_strerror() -> *const c_char {
    c"this program has no sound card".as_ptr()
}
