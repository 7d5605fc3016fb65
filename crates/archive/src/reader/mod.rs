//! Reading our own archives, by ranges and without unpacking.

mod object;

pub(crate) use object::Object;
