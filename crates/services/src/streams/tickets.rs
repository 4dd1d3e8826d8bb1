//! Tickets: the one-time way from the console into a stream, and whether its page got there.
//!
//! A browser may drop the frame's first request: Chromium does whenever the machine's addresses
//! change, which a container that starts on the same machine makes them do. It shows a page of its
//! own then, and nothing on the console's page can see that. So what became of a ticket is kept for
//! as long as it might be asked for, and the console opens anew what never arrived.

use crate::entropy;
use domain::{Result, Timestamp};
use std::collections::HashMap;
use store::Grant;

/// A ticket must be used within this time, and what became of it is known as long.
const SECONDS: i64 = 60;
/// A workspace that was asked for its page may take this long before the request is taken for lost.
const PATIENCE_MS: i64 = 8_000;
/// Tickets kept at the most.
const MOST: usize = 10_000;

/// Everything by digest, so that memory holds nothing that opens a stream.
#[derive(Default)]
pub(super) struct Tickets {
    given: HashMap<String, Ticket>,
    /// Digests of tokens whose page is awaited, with their ticket's.
    awaited: HashMap<String, String>,
}

struct Ticket {
    grant: Grant,
    until: Timestamp,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Given,
    Used,
    Arrived,
}

impl Tickets {
    /// A new ticket; none while far too many are about.
    pub(super) fn give(&mut self, grant: Grant, now: Timestamp) -> Result<Option<String>> {
        self.given.retain(|_, ticket| ticket.until > now);
        let Self { given, awaited } = self;
        awaited.retain(|_, ticket| given.contains_key(ticket));
        if given.len() >= MOST {
            return Ok(None);
        }
        let ticket = entropy::secret()?;
        let until = now.plus_secs(SECONDS);
        given.insert(entropy::digest(&ticket), Ticket { grant, until, stage: Stage::Given });
        Ok(Some(ticket))
    }

    /// What the ticket grants, once.
    pub(super) fn take(&mut self, ticket: &str, now: Timestamp) -> Option<Grant> {
        let found = self.given.get_mut(&entropy::digest(ticket))?;
        if found.stage != Stage::Given {
            return None;
        }
        found.stage = Stage::Used;
        (found.until > now).then(|| found.grant.clone())
    }

    /// The ticket was swapped for this token; a page is expected to come with it.
    pub(super) fn expect(&mut self, ticket: &str, token_digest: String) {
        self.awaited.insert(token_digest, entropy::digest(ticket));
    }

    /// Whether no page is awaited at all, which is nearly always.
    pub(super) fn none_awaited(&self) -> bool {
        self.awaited.is_empty()
    }

    /// A page was answered to the bearer of this token.
    pub(super) fn note_arrival(&mut self, token_digest: &str) {
        if let Some(ticket) = self.awaited.remove(token_digest)
            && let Some(ticket) = self.given.get_mut(&ticket)
        {
            ticket.stage = Stage::Arrived;
        }
    }

    /// Whether this ticket has not led its bearer to the workspace, as far as is known: what is
    /// forgotten may have.
    pub(super) fn is_astray(&self, ticket: &str, wanted: &Grant, now: Timestamp) -> bool {
        let found = self.given.get(&entropy::digest(ticket));
        found.is_some_and(|found| {
            let Grant { session, user, sign_in, .. } = &found.grant;
            let age = SECONDS * 1000 - found.until.since(now);
            let lost = match found.stage {
                Stage::Given => true,
                // The workspace may only be slow.
                Stage::Used => age > PATIENCE_MS,
                Stage::Arrived => false,
            };
            lost || (session, user, sign_in) != (&wanted.session, &wanted.user, &wanted.sign_in)
        })
    }
}
