//! Puts Slipway together: configuration, the services over their adapters, and the faces through
//! which they are reached.

pub mod assemble;
pub mod commands;
pub mod config;
pub mod faces;
pub mod serve;
