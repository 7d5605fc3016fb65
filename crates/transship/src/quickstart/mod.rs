//! `quickstart`: two registries, a signed sample image, a copy, and a look at the result; all in this process, nothing
//! left behind.

mod key;
mod sample;
mod story;
mod tar;
mod verify;

pub(crate) use self::story::run;

#[cfg(test)]
mod tests;
