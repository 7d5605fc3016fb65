//! Habits of registries: what they do to every request of a kind, with whatever they must remember for it.

mod concurrent;
mod fallback_tag;
mod immutable;
mod limits;
mod location;
mod many_tags;
mod mount;
mod moving_tag;
mod order;
mod paging;
mod range_zero;
mod redirect;
mod referrers;
mod stale_state;
mod tokens;

pub use concurrent::ConcurrentWriter;
pub use fallback_tag::FallbackTag;
pub use immutable::Immutable;
pub use limits::MaxBody;
pub use location::LocationStyle;
pub use many_tags::ManyTags;
pub use mount::Mount;
pub use moving_tag::MovingTag;
pub use order::Order;
pub use paging::Paging;
pub use range_zero::RangeZero;
pub use redirect::Redirect;
pub use referrers::Referrers;
pub use stale_state::StaleState;
pub use tokens::Tokens;
