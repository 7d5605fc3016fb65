//! `quickstart`: two registries, a signed sample image, a copy under a policy, a look at the result, and two
//! refusals; all in this process, nothing
//! left behind.

mod refuse;
mod sample;
mod sign;
mod story;
mod tar;
mod verify;

pub(crate) use self::story::run;

#[cfg(test)]
mod tests;
