//! Whose a directory on a volume is.
//!
//! An engine makes a volume root's, or as the image has the directory. It has no call to give it to
//! somebody else, but unpacks archives into a container that was made and does not run yet, with
//! its volumes mounted: an archive of that one directory gives it its owner and leaves what is in it.

use super::connect::{Docker, SLOW};
use bollard::query_parameters::UploadToContainerOptionsBuilder;
use bytes::Bytes;
use domain::Result;
use domain::storage::Owner;

const BLOCK: usize = 512;

impl Docker {
    pub(super) async fn give_directory(&self, name: &str, path: &str, owner: Owner) -> Result<()> {
        let archive = Bytes::from(archive(path, owner));
        let options = UploadToContainerOptionsBuilder::new().path("/").build();
        self.call(SLOW, |client| async move {
            client.upload_to_container(name, Some(options), bollard::body_full(archive)).await
        })
        .await
        .map_err(|failure| failure.into_error("give a directory of", "container", name))
    }
}

/// An archive that holds one directory and nothing in it: a header, and the two empty blocks that
/// end every archive.
fn archive(path: &str, owner: Owner) -> Vec<u8> {
    let mut header = [b'\0'; BLOCK];
    let mut put = |at: usize, text: &str| {
        for (place, byte) in header.iter_mut().skip(at).zip(text.bytes()) {
            *place = byte;
        }
    };
    let name: String = path.trim_start_matches('/').chars().take(99).collect();
    put(0, &name);
    put(100, "0000755");
    // Numbers are octal, as wide as their field less the zero that ends them.
    put(108, &octal(owner.uid));
    put(116, &octal(owner.gid));
    put(124, "00000000000");
    put(136, "00000000000");
    // The sum is taken with blanks in its own place.
    put(148, "        ");
    put(156, "5");
    put(257, "ustar");
    put(263, "00");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    let sum = format!("{sum:06o}\0 ");
    for (place, byte) in header.iter_mut().skip(148).zip(sum.bytes()) {
        *place = byte;
    }
    let mut archive = header.to_vec();
    archive.resize(3 * BLOCK, 0);
    archive
}

/// A number of at most seven octal digits, which is what fits; see [`domain::storage::Owner`].
fn octal(id: u32) -> String {
    format!("{id:07o}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_one_directory_with_its_owner_and_a_sum_that_fits() {
        let archive = archive("/srv/team", Owner { uid: 1000, gid: 8 });
        assert_eq!(archive.len(), 3 * BLOCK);
        let text = |at: usize, length: usize| {
            String::from_utf8(archive[at..at + length].to_vec()).unwrap()
        };
        assert_eq!(text(0, 10), "srv/team\0\0");
        assert_eq!((text(108, 7), text(116, 7)), ("0001750".into(), "0000010".into()));
        assert_eq!(text(156, 1), "5");
        let sum: u32 = archive[..BLOCK].iter().map(|b| u32::from(*b)).sum();
        let blanks = u32::from(b' ') * 8;
        let own: u32 = archive[148..156].iter().map(|b| u32::from(*b)).sum();
        assert_eq!(text(148, 6), format!("{:06o}", sum - own + blanks));
    }
}
