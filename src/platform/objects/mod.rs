//! Where large things lie, recordings above all: on local disk, and in an S3-compatible store beside it.

mod disk;
mod key;
mod s3;

pub use disk::{Object, Objects, Stored};
pub use key::ObjectKey;
pub use s3::{Progress, S3, S3Options};
