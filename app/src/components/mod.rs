//! The parts pages are built from: small components over native elements, styled by the classes
//! of the same name in `style/`.
//!
//! They take what they show, and those that post take the post. Only what stands on many pages and
//! is about one thing reads for itself: the frame, the task drawer, and where an image came from.
//! What differs between server and browser (time, focus) starts from the server's text and changes
//! only after hydration.

pub mod badge;
pub mod brand;
pub mod chart;
pub mod clock;
pub mod confirm;
pub mod copy;
pub mod definitions;
pub mod done;
pub mod effective;
pub mod ending;
pub mod facts;
pub mod failure;
pub mod field;
pub mod frame;
pub mod fresh;
pub mod hook;
pub mod icon;
pub mod image_badge;
pub mod job_badge;
pub mod lifetime_fields;
pub mod lineage;
pub mod menu;
pub mod opening;
pub mod pager;
pub mod passwords;
pub mod placeholder;
pub mod question;
pub mod recovery_codes;
pub mod report;
pub mod row_menu;
pub mod session_actions;
pub mod submit;
pub mod table;
pub mod tasks;
pub mod ticks;
pub mod tile;
pub mod timeline;
pub mod upload;
pub mod volumes;

pub use badge::StateBadge;
pub use clock::When;
pub use done::done;
pub use failure::{FailureBox, PageFailure, failures};
pub use icon::{Glyph, Icon};
pub use opening::opening;
pub use placeholder::{EmptyState, Loading, PageHead, Spinner};
pub use row_menu::RowMenu;
