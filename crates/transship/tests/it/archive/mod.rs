//! Archives from the command line: made, looked at, carried, and taken in again.

mod carried;
mod export;
mod foreign;
mod import;
mod inspect;
mod judged;
mod kill;
mod receipt;
mod served;
mod stores;
mod volumes;
mod world;
