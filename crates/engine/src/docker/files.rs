//! Files that are put into a container: as an archive, which an engine unpacks whether the container
//! runs or not.
//!
//! Nothing is run for that, so it works before the first start. Whose the files are to be is in the
//! container's configuration, by name or by number; what a name means is in the container's own
//! `/etc/passwd`.

use super::connect::{Docker, QUICK, SLOW};
use crate::NewFile;
use bollard::body_full;
use bollard::query_parameters::UploadToContainerOptionsBuilder;
use domain::inside::PathKind;
use domain::{Error, Result};
use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

const BLOCK: usize = 512;
/// Largest list of accounts that is read, in bytes.
const MOST_ACCOUNTS: usize = 1 << 20;
const FILE_MODE: u64 = 0o600;
const FOLDER_MODE: u64 = 0o755;
const FILE: u8 = b'0';
const FOLDER: u8 = b'5';
/// What is done here, in a sentence.
const VERB: &str = "put files into";

/// Numbers of a user and a group.
type Owner = (u64, u64);

impl Docker {
    pub(super) async fn add_files(&self, name: &str, files: &[NewFile]) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        let owner = self.owner_in(name).await?;
        let mut archive = Archive { bytes: Vec::new(), owner };
        for folder in self.missing_folders(name, files).await? {
            archive.add(&folder, FOLDER, FOLDER_MODE, &[]);
        }
        for file in files {
            archive.add(&file.path, FILE, FILE_MODE, file.content.as_bytes());
        }
        let body = archive.finish();
        let options = UploadToContainerOptionsBuilder::new()
            .path("/")
            .no_overwrite_dir_non_dir("true")
            .build();
        self.call(SLOW, |client| async move {
            client.upload_to_container(name, Some(options), body_full(body.into())).await
        })
        .await
        .map_err(|failure| failure.into_error(VERB, "container", name))
    }

    /// Folders that are to be made, the outer ones first. Those that are there stay as they are.
    async fn missing_folders(&self, name: &str, files: &[NewFile]) -> Result<BTreeSet<String>> {
        let mut missing = BTreeSet::new();
        let mut there = BTreeSet::new();
        for file in files {
            let inner = file.path.match_indices('/').skip(1).map(|(at, _)| &file.path[..at]);
            for folder in inner {
                if missing.contains(folder) || there.contains(folder) {
                    continue;
                }
                match self.look_at_path(name, folder).await? {
                    None => missing.insert(folder.to_owned()),
                    Some(stat) if matches!(stat.kind, PathKind::Directory | PathKind::Link) => {
                        there.insert(folder.to_owned())
                    }
                    Some(_) => {
                        let sentence = format!("`{folder}` in the container is no folder.");
                        return Err(Error::conflict(sentence)
                            .hint(format!("`{}` cannot be put there.", file.path)));
                    }
                };
            }
        }
        Ok(missing)
    }

    /// Whose processes the container's are.
    async fn owner_in(&self, name: &str) -> Result<Owner> {
        let user = self.user_of(name).await?;
        let (user, group) = match user.split_once(':') {
            Some((user, group)) => (user, Some(group)),
            None => (user.as_str(), None),
        };
        if user.is_empty() || user == "root" {
            return Ok((0, 0));
        }
        let accounts = self.account_list(name, "/etc/passwd").await?;
        let by_number = user.parse::<u64>().ok();
        let account = accounts.lines().find_map(|line| {
            let mut parts = line.split(':');
            let (known, number) = (parts.next()?, parts.nth(1)?.parse().ok()?);
            let own_group: u64 = parts.next()?.parse().ok()?;
            let meant = by_number.map_or(known == user, |wanted| wanted == number);
            meant.then_some((number, own_group))
        });
        let unknown = |what: &str| {
            Error::conflict(format!(
                "The container `{name}` does not say who its {what} is, so that no file can be theirs."
            ))
            .hint("Its image names one that is not in its own list of accounts.")
        };
        let (uid, own_group) = match (account, by_number) {
            (Some(account), _) => account,
            // As engines do with a number that nobody has.
            (None, Some(number)) => (number, 0),
            (None, None) => return Err(unknown("user")),
        };
        let Some(group) = group.filter(|group| !group.is_empty()) else {
            return Ok((uid, own_group));
        };
        if let Ok(number) = group.parse() {
            return Ok((uid, number));
        }
        let groups = self.account_list(name, "/etc/group").await?;
        let number = groups.lines().find_map(|line| {
            let mut parts = line.split(':');
            if parts.next()? == group { parts.nth(1)?.parse().ok() } else { None }
        });
        Ok((uid, number.ok_or_else(|| unknown("group"))?))
    }

    /// A small file of a container as text; empty if there is none.
    async fn account_list(&self, name: &str, path: &str) -> Result<String> {
        let path = format!("/containers/{name}/archive?path={path}");
        match self.get_limited(&path, MOST_ACCOUNTS, QUICK).await {
            Ok(Some(archive)) => Ok(first_file(&archive)),
            Ok(None) => Ok(String::new()),
            Err(failure) if failure.is_missing() => Ok(String::new()),
            Err(failure) => Err(failure.into_error("read the accounts of", "container", name)),
        }
    }
}

/// What is in the first file of an archive.
fn first_file(archive: &[u8]) -> String {
    let size = archive.get(124..135).unwrap_or_default();
    let size = std::str::from_utf8(size)
        .ok()
        .and_then(|text| usize::from_str_radix(text.trim_matches(['\0', ' ']), 8).ok());
    let end = BLOCK.saturating_add(size.unwrap_or_default()).min(archive.len());
    String::from_utf8_lossy(archive.get(BLOCK..end).unwrap_or_default()).into_owned()
}

/// An archive under way, in the format that all engines take (`ustar`).
struct Archive {
    bytes: Vec<u8>,
    owner: Owner,
}

impl Archive {
    fn add(&mut self, path: &str, kind: u8, mode: u64, content: &[u8]) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut head = Vec::with_capacity(BLOCK);
        text(&mut head, path.trim_start_matches('/'), 100);
        number(&mut head, mode, 8);
        number(&mut head, self.owner.0, 8);
        number(&mut head, self.owner.1, 8);
        number(&mut head, content.len() as u64, 12);
        number(&mut head, now, 12);
        // The sum counts its own field as blanks.
        text(&mut head, "        ", 8);
        head.push(kind);
        text(&mut head, "", 100);
        text(&mut head, "ustar", 6);
        text(&mut head, "00", 2);
        head.resize(BLOCK, 0);
        let sum: u64 = head.iter().map(|byte| u64::from(*byte)).sum();
        let sum = format!("{sum:06o}\0 ");
        head.splice(148..156, sum.bytes());
        self.bytes.extend(head);
        self.bytes.extend_from_slice(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(BLOCK), 0);
    }

    fn finish(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len() + 2 * BLOCK, 0);
        self.bytes
    }
}

/// A field of so many bytes.
fn text(head: &mut Vec<u8>, text: &str, width: usize) {
    let end = head.len() + width;
    head.extend(text.bytes().take(width));
    head.resize(end, 0);
}

/// A number in a field of so many bytes: octal digits, or what does not fit into them in binary.
fn number(head: &mut Vec<u8>, value: u64, width: usize) {
    let digits = format!("{value:0width$o}", width = width - 1);
    if digits.len() < width {
        text(head, &digits, width);
        return;
    }
    let mut bytes = vec![0; width.saturating_sub(8)];
    bytes.extend(value.to_be_bytes());
    let start = bytes.len() - width;
    let mut bytes = bytes.split_off(start);
    if let Some(first) = bytes.first_mut() {
        *first |= 0x80;
    }
    head.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_holds_what_was_added() {
        let mut archive = Archive { bytes: Vec::new(), owner: (1000, 0o7_777_777 + 1) };
        archive.add("/a/b", FILE, FILE_MODE, b"hello");
        let bytes = archive.finish();
        assert_eq!(bytes.len(), 4 * BLOCK);
        assert_eq!(
            (&bytes[..4], bytes[156], &bytes[257..262]),
            (&b"a/b\0"[..], b'0', &b"ustar"[..])
        );
        assert_eq!(&bytes[100..116], b"0000600\x000001750\x00");
        assert_eq!(&bytes[116..124], [0x80, 0, 0, 0, 0, 0x20, 0, 0]);
        assert_eq!(first_file(&bytes), "hello");
        let sum: u64 = (0..BLOCK)
            .map(|at| if (148..156).contains(&at) { 32 } else { u64::from(bytes[at]) })
            .sum();
        assert_eq!(&bytes[148..154], format!("{sum:06o}").as_bytes());
    }

    #[test]
    fn what_is_no_archive_has_no_file() {
        assert_eq!(first_file(b""), "");
        assert_eq!(first_file(&[b'7'; 300]), "");
    }
}
