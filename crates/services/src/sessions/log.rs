//! A session's log: searched, followed, and taken away whole.

use crate::sessions::Sessions;
use domain::{
    Error, ErrorKind, Result, SessionId,
    actor::Actor,
    log::{LogFilter, LogLine, LogPage, LogQuery, ShownLine},
};
use engine::LogSpec;
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use std::collections::VecDeque;

/// Lines of a page.
const LINES: usize = 500;
/// Characters of a line on a page.
const LONGEST_SHOWN: usize = 2_000;
/// Characters of a line in a file. It bounds what a container can make us hold.
const LONGEST_SAVED: usize = 1 << 20;

fn spec() -> LogSpec {
    LogSpec { since: None, until: None, tail: None, follow: false, longest: LONGEST_SHOWN }
}

/// The newest matching lines of a log that goes by.
struct Newest {
    filter: LogFilter,
    lines: VecDeque<LogLine>,
    /// Lines that matched and did not fit.
    left_out: bool,
    newest: i64,
}

impl Newest {
    fn add(mut self, line: LogLine) -> Self {
        self.newest = self.newest.max(line.at);
        if self.filter.takes(&line.text) {
            if self.lines.len() == LINES {
                self.lines.pop_front();
                self.left_out = true;
            }
            self.lines.push_back(line);
        }
        self
    }
}

impl Sessions {
    /// The newest lines that are asked for; none when there is no container.
    ///
    /// # Errors
    /// `NotFound` when there is no such session or the actor may not see it, `Forbidden` when that is
    /// all the actor may.
    pub async fn read_log(
        &self,
        actor: &Actor,
        id: &SessionId,
        query: &LogQuery,
    ) -> Result<LogPage> {
        self.open(actor, id).await?;
        let filter = LogFilter::new(&query.search, query.level);
        let until = (query.before > 0).then_some(query.before);
        // Where every line counts, the engine need not send the others. One more than is shown
        // tells that there are older ones.
        let tail = (filter.is_open() && until.is_none())
            .then(|| u32::try_from(LINES + 1).unwrap_or(u32::MAX));
        let log = self.log(id, &LogSpec { until, tail, ..spec() }).await;
        let lines = match log {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(LogPage::default()),
            lines => lines?,
        };
        let none = Newest { filter, lines: VecDeque::new(), left_out: false, newest: 0 };
        let found = lines.try_fold(none, async |found, line| Ok(found.add(line))).await?;
        Ok(LogPage {
            lines: found.lines.into_iter().map(ShownLine::from).collect(),
            older: found.left_out,
            newest: found.newest,
        })
    }

    /// Every line from now on, and those after `since` (nanoseconds since 1970). It ends when the
    /// container does; what is not taken from it waits at the engine.
    ///
    /// # Errors
    /// `NotFound` when there is no such session or container, or the actor may not see it; `Forbidden`
    /// when that is all the actor may.
    pub async fn follow_log(
        &self,
        actor: &Actor,
        id: &SessionId,
        since: i64,
    ) -> Result<BoxStream<'static, Result<LogLine>>> {
        self.open(actor, id).await?;
        let since = (since > 0).then_some(since);
        self.log(id, &LogSpec { since, follow: true, ..spec() }).await
    }

    /// The whole log as the lines of a file, each with its moment.
    ///
    /// # Errors
    /// `NotFound` when there is no such session or container, or the actor may not see it; `Forbidden`
    /// when that is all the actor may.
    pub async fn save_log(
        &self,
        actor: &Actor,
        id: &SessionId,
    ) -> Result<BoxStream<'static, Result<String>>> {
        self.open(actor, id).await?;
        let lines = self.log(id, &LogSpec { longest: LONGEST_SAVED, ..spec() }).await?;
        let line = |line: LogLine| format!("{} {}\n", domain::log::rfc3339(line.at), line.text);
        Ok(lines.map_ok(line).boxed())
    }

    async fn log(
        &self,
        id: &SessionId,
        spec: &LogSpec,
    ) -> Result<BoxStream<'static, Result<LogLine>>> {
        let log = self.0.engine.log(&self.0.container_name(id), spec).await;
        log.map_err(|error| match error.kind {
            ErrorKind::NotFound => {
                let error = Error::not_found("The session has no container, and so no log.");
                error.hint("Its log went with its container.")
            }
            _ => error,
        })
    }
}
