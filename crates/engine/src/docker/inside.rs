//! What is to be seen inside a container without asking anything of it: its processes and what it
//! changed of its image's files.

use super::connect::{Docker, QUICK};
use super::errors::Failure;
use bollard::models::{ChangeType, ContainerTopResponse, FilesystemChange};
use bollard::query_parameters::ContainerArchiveInfoOptionsBuilder;
use domain::inside::{ChangeKind, FileChange, PathKind, PathStat, Process};
use domain::{Error, Result};
use serde::de::DeserializeOwned;
use std::io;
use std::time::Duration;

/// What the engine's `ps` is asked for. Its columns are found by their headings, because engines
/// answer with what they have.
const COLUMNS: &str = "-eo pid,user,pcpu,rss,etimes,args";
/// What every `ps` knows.
const PLAIN_COLUMNS: &str = "-ef";
/// Longest wait for a list of changes: the engine walks over all of them.
const WALK: Duration = Duration::from_secs(30);
/// Longest answers that are read, in bytes: some hundred thousand paths, some thousand processes.
const MOST_CHANGES: usize = 24 << 20;
const MOST_PROCESSES: usize = 4 << 20;
/// Bits of a mode as the engine's language writes it.
const DIRECTORY: u32 = 1 << 31;
const LINK: u32 = 1 << 27;
const DEVICE: u32 = 1 << 26;
const PIPE: u32 = 1 << 25;
const SOCKET: u32 = 1 << 24;

impl Docker {
    pub(super) async fn list_processes(&self, name: &str) -> Result<Option<Vec<Process>>> {
        let answer = match self.top(name, COLUMNS).await {
            Err(failure) if is_about_columns(&failure) => self.top(name, PLAIN_COLUMNS).await,
            answer => answer,
        };
        match answer {
            Ok(Some(top)) => Ok(Some(processes(top))),
            Ok(None) => Err(too_much("processes")),
            Err(failure) if failure.is_missing() || is_not_running(&failure) => Ok(None),
            Err(failure) => Err(failure.into_error("list the processes of", "container", name)),
        }
    }

    async fn top(
        &self,
        name: &str,
        columns: &str,
    ) -> Result<Option<ContainerTopResponse>, Failure> {
        let columns = columns.replace(' ', "%20").replace(',', "%2C");
        let path = format!("/containers/{name}/top?ps_args={columns}");
        self.list(&path, MOST_PROCESSES, QUICK).await
    }

    /// A list whose length the container decides; `None` if it is too long to be read.
    async fn list<T: DeserializeOwned + Default>(
        &self,
        path: &str,
        most: usize,
        patience: Duration,
    ) -> Result<Option<T>, Failure> {
        let Some(body) = self.get_limited(path, most, patience).await? else { return Ok(None) };
        // Nothing to tell is told as `null`.
        serde_json::from_slice::<Option<T>>(&body)
            .map(|list| Some(list.unwrap_or_default()))
            .map_err(|error| self.broken(io::Error::other(error)))
    }

    pub(super) async fn list_changes(&self, name: &str) -> Result<Vec<FileChange>> {
        let path = format!("/containers/{name}/changes");
        let answer = self.list::<Vec<FilesystemChange>>(&path, MOST_CHANGES, WALK).await;
        let changes = answer
            .map_err(|failure| failure.into_error("list the changed files of", "container", name))?
            .ok_or_else(|| too_much("changed files"))?;
        Ok(changes.into_iter().map(change).collect())
    }

    pub(super) async fn look_at_path(&self, name: &str, path: &str) -> Result<Option<PathStat>> {
        let options = ContainerArchiveInfoOptionsBuilder::new().path(path).build();
        let answer = self
            .call(QUICK, |client| async move {
                client.get_container_archive_info(name, Some(options)).await
            })
            .await;
        match answer {
            Ok(stat) => Ok(Some(PathStat {
                kind: kind(stat.file_mode),
                size: stat.size,
                target: stat.link_target,
            })),
            Err(failure) if failure.is_missing() => Ok(None),
            Err(failure) => Err(failure.into_error("look at a file of", "container", name)),
        }
    }
}

/// What a hostile container may make of a list must not fill our memory.
fn too_much(what: &str) -> Error {
    Error::exhausted(format!("The container has more {what} than can be listed here."))
        .hint("Open a terminal in it to look for yourself.")
}

fn is_not_running(failure: &Failure) -> bool {
    failure.is_about_state() && failure.says(&["not running", "is restarting"])
}

/// Whether it was refused because of the columns, and not because of the container.
fn is_about_columns(failure: &Failure) -> bool {
    let refused = matches!(failure, Failure::Refused { .. });
    refused && !failure.is_missing() && !is_not_running(failure)
}

fn processes(top: ContainerTopResponse) -> Vec<Process> {
    let titles = top.titles.unwrap_or_default();
    let column = |names: &[&str]| {
        titles.iter().position(|title| names.contains(&title.to_uppercase().as_str()))
    };
    let pid = column(&["PID"]);
    let user = column(&["USER", "UID"]);
    let cpu = column(&["%CPU", "C"]);
    let memory = column(&["RSS"]);
    let elapsed = column(&["ELAPSED"]);
    let command = column(&["COMMAND", "CMD"]);
    let rows = top.processes.unwrap_or_default().into_iter();
    rows.map(|row| {
        let cell = |column: Option<usize>| row.get(column?).map(|cell| cell.trim());
        Process {
            pid: cell(pid).and_then(|cell| cell.parse().ok()).unwrap_or_default(),
            user: cell(user).unwrap_or_default().to_owned(),
            cpu: cell(cpu).and_then(|cell| cell.parse().ok()),
            // In kibibytes.
            memory_bytes: cell(memory).and_then(|cell| cell.parse::<i64>().ok()?.checked_mul(1024)),
            seconds: cell(elapsed).and_then(|cell| cell.parse().ok()),
            command: cell(command).unwrap_or_default().to_owned(),
        }
    })
    .collect()
}

fn change(change: FilesystemChange) -> FileChange {
    let kind = match change.kind {
        ChangeType::_0 => ChangeKind::Changed,
        ChangeType::_1 => ChangeKind::Added,
        ChangeType::_2 => ChangeKind::Deleted,
    };
    FileChange { path: change.path, kind }
}

const fn kind(mode: u32) -> PathKind {
    if mode & DIRECTORY != 0 {
        PathKind::Directory
    } else if mode & LINK != 0 {
        PathKind::Link
    } else if mode & (DEVICE | PIPE | SOCKET) != 0 {
        PathKind::Special
    } else {
        PathKind::File
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(titles: &[&str], rows: &[&[&str]]) -> Vec<Process> {
        let owned = |all: &[&str]| all.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        processes(ContainerTopResponse {
            titles: Some(owned(titles)),
            processes: Some(rows.iter().map(|row| owned(row)).collect()),
        })
    }

    #[test]
    fn columns_are_found_by_their_headings() {
        let asked = top(
            &["PID", "USER", "%CPU", "RSS", "ELAPSED", "COMMAND"],
            &[&["32594", "root", "0.5", "1660", "2", "sh -c sleep 9"]],
        );
        let expected = Process {
            pid: 32_594,
            user: "root".into(),
            cpu: Some(0.5),
            memory_bytes: Some(1_660 << 10),
            seconds: Some(2),
            command: "sh -c sleep 9".into(),
        };
        assert_eq!(asked, [expected]);
        let plain = top(
            &["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"],
            &[&["root", "7", "1", "3", "16:25", "?", "00:00:00", "sleep 9"]],
        );
        assert_eq!((plain[0].pid, plain[0].user.as_str(), plain[0].cpu), (7, "root", Some(3.0)));
        assert_eq!((plain[0].memory_bytes, plain[0].seconds), (None, None));
        assert_eq!(plain[0].command, "sleep 9");
    }

    #[test]
    fn rows_that_are_too_short_do_no_harm() {
        assert_eq!(
            top(&["PID", "COMMAND"], &[&["x"], &[]]),
            [Process::default(), Process::default()]
        );
        assert!(processes(ContainerTopResponse::default()).is_empty());
    }

    #[test]
    fn a_mode_tells_what_a_path_is() {
        assert_eq!(kind(0o644), PathKind::File);
        assert_eq!(kind(134_218_239), PathKind::Link);
        assert_eq!(kind(DIRECTORY | 0o755), PathKind::Directory);
        assert_eq!(kind(SOCKET | 0o755), PathKind::Special);
    }
}
