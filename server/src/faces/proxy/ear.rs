//! Tells from the bytes of a stream whether somebody, or a program, is at work in it.
//!
//! An open tab is no work: browsers and servers keep a WebSocket alive by control frames, and a
//! remote desktop (RFB) has its viewer ask for the next picture and its clock redraw itself. So the
//! headers of frames are read (RFC 6455 §5.2), and of a remote desktop's messages the first byte,
//! which says what sort they are (RFC 6143 §7.5). Nothing is kept, changed or held up. A stream of
//! another protocol counts whatever it carries.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// Less output than this between two looks is a blinking cursor or a clock of a remote desktop.
const QUIET_BYTES: u64 = 4096;
/// What a person does at a remote desktop: key, pointer, clipboard, and the extended key.
const BY_HAND: [u8; 4] = [4, 5, 6, 255];
/// What a remote desktop says first.
const RFB: &[u8; 4] = b"RFB ";

/// What both directions of a stream have in common.
#[derive(Debug, Default)]
pub(super) struct Noted {
    desktop: AtomicBool,
    by_hand: AtomicBool,
    output: AtomicU64,
}

impl Noted {
    /// Whether there was work since the last look.
    pub(super) fn take(&self) -> bool {
        let by_hand = self.by_hand.swap(false, Ordering::Relaxed);
        let output = self.output.swap(0, Ordering::Relaxed);
        let enough = if self.desktop.load(Ordering::Relaxed) { QUIET_BYTES } else { 1 };
        by_hand || output >= enough
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Browser,
    Container,
}

/// Listens to one direction.
#[derive(Debug)]
pub(super) struct Ear {
    side: Side,
    noted: Arc<Noted>,
    /// Whether the stream consists of WebSocket frames.
    frames: bool,
    /// The header of the frame under way, until it is whole.
    header: Vec<u8>,
    /// Bytes of payload still to come.
    payload: u64,
    frame: Frame,
    /// The first bytes the container sent, until there are enough to tell a remote desktop.
    greeting: Vec<u8>,
}

/// The frame whose payload is passing.
#[derive(Debug, Clone, Copy, Default)]
struct Frame {
    data: bool,
    /// Begins a message, and its first byte has not been seen.
    fresh: bool,
    mask: u8,
}

impl Ear {
    pub(super) fn new(side: Side, noted: Arc<Noted>, frames: bool) -> Self {
        Self {
            side,
            noted,
            frames,
            header: Vec::with_capacity(14),
            payload: 0,
            frame: Frame::default(),
            greeting: Vec::new(),
        }
    }

    pub(super) fn hear(&mut self, mut bytes: &[u8]) {
        if !self.frames {
            return self.heard(bytes);
        }
        while let Some((first, rest)) = bytes.split_first() {
            if self.payload == 0 {
                self.header.push(*first);
                bytes = rest;
                self.begin_if_whole();
                continue;
            }
            let now = usize::try_from(self.payload).unwrap_or(usize::MAX).min(bytes.len());
            let (part, rest) = bytes.split_at(now);
            self.payload -= now as u64;
            bytes = rest;
            if self.frame.data {
                self.heard(part);
            }
        }
    }

    /// Reads the header once all of it is there.
    fn begin_if_whole(&mut self) {
        let [first, second, more @ ..] = self.header.as_slice() else { return };
        let (masked, short) = (second & 0x80 != 0, second & 0x7f);
        let length_bytes = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask_bytes = if masked { 4 } else { 0 };
        if more.len() < length_bytes + mask_bytes {
            return;
        }
        let (length, mask) = more.split_at(length_bytes);
        self.payload = match short {
            126 | 127 => length.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
            short => u64::from(short),
        };
        let opcode = first & 0x0f;
        self.frame = Frame {
            data: opcode < 8,
            fresh: matches!(opcode, 1 | 2),
            mask: mask.first().copied().unwrap_or(0),
        };
        self.header.clear();
    }

    /// Part of a message.
    fn heard(&mut self, part: &[u8]) {
        let Some(first) = part.first() else { return };
        match self.side {
            Side::Container => {
                if self.greeting.len() < RFB.len() {
                    let missing = RFB.len() - self.greeting.len();
                    self.greeting.extend(part.iter().take(missing));
                    if self.greeting == RFB {
                        self.noted.desktop.store(true, Ordering::Relaxed);
                    }
                }
                self.noted.output.fetch_add(part.len() as u64, Ordering::Relaxed);
            }
            Side::Browser => {
                let desktop = self.noted.desktop.load(Ordering::Relaxed);
                let kind = first ^ self.frame.mask;
                let fresh = std::mem::take(&mut self.frame.fresh);
                if !desktop || (fresh && BY_HAND.contains(&kind)) {
                    self.noted.by_hand.store(true, Ordering::Relaxed);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame as a browser (masked) or a server sends it.
    fn frame(opcode: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
        let mut frame = vec![0x80 | opcode];
        let bit = if mask.is_some() { 0x80 } else { 0 };
        match payload.len() {
            length @ 0..126 => frame.push(bit | length as u8),
            length => {
                frame.push(bit | 126);
                frame.extend((length as u16).to_be_bytes());
            }
        }
        let mask = mask.inspect(|mask| frame.extend(mask)).unwrap_or_default();
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        frame
    }

    struct Stream {
        noted: Arc<Noted>,
        browser: Ear,
        container: Ear,
    }

    impl Stream {
        fn new() -> Self {
            let noted = Arc::<Noted>::default();
            let ear = |side| Ear::new(side, noted.clone(), true);
            Self { browser: ear(Side::Browser), container: ear(Side::Container), noted }
        }

        /// Byte by byte, as the network may bring it.
        fn browser_sends(&mut self, opcode: u8, payload: &[u8]) -> bool {
            for byte in frame(opcode, payload, Some([9, 8, 7, 6])) {
                self.browser.hear(&[byte]);
            }
            self.noted.take()
        }

        fn container_sends(&mut self, opcode: u8, payload: &[u8]) -> bool {
            self.container.hear(&frame(opcode, payload, None));
            self.noted.take()
        }
    }

    #[test]
    fn keeping_a_connection_alive_is_no_work() {
        let mut stream = Stream::new();
        assert!(!stream.browser_sends(0xa, b"pong"));
        assert!(!stream.container_sends(0x9, b"ping"));
        assert!(stream.browser_sends(1, b"l"));
        assert!(stream.container_sends(2, b"x"));
    }

    #[test]
    fn at_a_remote_desktop_only_a_persons_messages_and_much_output_count() {
        let mut stream = Stream::new();
        stream.container_sends(2, b"RFB 003.008\n");
        // Asking for the next picture, and acknowledging one.
        assert!(!stream.browser_sends(2, &[3, 1, 0, 0, 0, 0, 0, 9, 0, 9]));
        assert!(!stream.browser_sends(2, &[248, 0, 0, 0, 0, 0, 0, 1, 0]));
        assert!(stream.browser_sends(2, &[4, 1, 0, 0, 0, 0, 0, 97]));
        assert!(stream.browser_sends(2, &[5, 0, 0, 9, 0, 9]));
        assert!(!stream.container_sends(2, &[0; 300]), "a blinking cursor");
        assert!(stream.container_sends(2, &[0; 9000]), "a film");
    }

    #[test]
    fn frames_that_arrive_together_are_told_apart() {
        let mut stream = Stream::new();
        let mut bytes = frame(0x9, b"", None);
        bytes.extend(frame(2, &[7; 200], None));
        bytes.extend(frame(0x9, b"again", None));
        stream.container.hear(&bytes);
        assert!(stream.noted.take());
        assert!(!stream.noted.take());
    }

    #[test]
    fn what_is_no_websocket_counts_as_it_comes() {
        let noted = Arc::<Noted>::default();
        let mut ear = Ear::new(Side::Browser, noted.clone(), false);
        ear.hear(b"");
        assert!(!noted.take());
        ear.hear(b"anything");
        assert!(noted.take());
    }
}
