import RFB from './novnc/core/rfb.js';
import keysyms from './novnc/core/input/keysymdef.js';
import { initLogging } from './novnc/core/util/logging.js';
import { Clipboard } from './clipboard.js';

initLogging('error');

const $ = (id) => document.getElementById(id);
const root = document.documentElement;

const KEY = { backspace: 0xff08, tab: 0xff09, enter: 0xff0d, escape: 0xff1b };
const FIRST_DELAY = 400;
const LONGEST_DELAY = 10000;

let rfb = null;
let delay = FIRST_DELAY;
let failures = 0;
let everConnected = false;
let retryTimer = 0;
let overlayTimer = 0;

const clipboard = new Clipboard({
  send: (text) => rfb?.clipboardPasteFrom(text),
  key: (keysym, code, down) => rfb?.sendKey(keysym, code, down),
  focus: focusScreen,
  connected: () => root.dataset.state === 'connected',
});

function focusScreen() {
  rfb?.focus();
}

function setState(state) {
  root.dataset.started = 'yes';
  root.dataset.state = state;
  clearTimeout(overlayTimer);
  if (state === 'connected') {
    $('overlay').hidden = true;
    return;
  }
  const lost = state === 'disconnected';
  $('retry').hidden = !lost;
  // A moment's grace, so that a quick start does not flash a message.
  overlayTimer = setTimeout(() => {
    $('overlay-text').textContent = everConnected
      ? 'Connection lost. Reconnecting…'
      : failures > 0 ? 'Waiting for the session…' : 'Connecting…';
    $('overlay').hidden = false;
  }, failures > 0 || everConnected ? 0 : 400);
}

function connect() {
  clearTimeout(retryTimer);
  retryTimer = 0;
  if (rfb) return;
  if (!everConnected) setState('connecting');

  const url = new URL('websockify', location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = '';
  url.hash = '';

  const current = new RFB($('screen'), url.href, { shared: true });
  const canvas = $('screen').querySelector('canvas');
  rfb = current;

  current.background = 'transparent';
  current.resizeSession = true;
  // In effect only while the session has not taken on the window's size.
  current.scaleViewport = true;
  current.showDotCursor = true;

  current.addEventListener('connect', () => {
    $('stale').replaceChildren();
    delay = FIRST_DELAY;
    failures = 0;
    everConnected = true;
    setState('connected');
    focusScreen();
    clipboard.connected();
  });
  current.addEventListener('desktopname', (event) => {
    document.title = event.detail.name || 'Session';
  });
  current.addEventListener('clipboard', (event) => clipboard.received(event.detail.text));
  current.addEventListener('disconnect', () => {
    if (rfb === current) rfb = null;
    failures += 1;
    // The last picture stays, dimmed, until there is a new one.
    if (root.dataset.state === 'connected') $('stale').replaceChildren(canvas);
    setState(everConnected ? 'disconnected' : 'connecting');
    if (failures === 2 || failures % 5 === 0) askForPage();
    const jitter = 0.8 + Math.random() * 0.4;
    retryTimer = setTimeout(connect, delay * jitter);
    delay = Math.min(delay * 2, LONGEST_DELAY);
  });
}

function connectNow() {
  if (rfb) return;
  delay = FIRST_DELAY;
  connect();
}

// A refused WebSocket does not say why. If the page itself is refused too, the
// session has stopped or access was withdrawn, and whoever answers in its
// place has something to say about that.
async function askForPage() {
  try {
    const answer = await fetch(location.href, { cache: 'no-store', redirect: 'manual' });
    if (!answer.ok) location.reload();
  } catch {
    // No network; the next attempt will tell.
  }
}

addEventListener('online', connectNow);
addEventListener('pageshow', connectNow);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) connectNow();
});
$('retry').addEventListener('click', connectNow);

addEventListener('focus', () => {
  if (document.activeElement === document.body || $('screen').contains(document.activeElement)) {
    focusScreen();
  }
});

// A file dropped beside a target would replace the page.
for (const kind of ['dragover', 'drop']) {
  addEventListener(kind, (event) => event.preventDefault());
}

// Touch devices open their keyboard only for a text field. The field keeps a
// few characters so that erasing has something to erase.
const FILLER = '\u200b'.repeat(8);
const field = $('keyboard-input');
const keyboardButton = $('keyboard-button');

function press(keysym) {
  rfb?.sendKey(keysym, null);
}

function typed(text) {
  for (const char of text) {
    const code = char.codePointAt(0);
    press(char === '\n' ? KEY.enter : keysyms.lookup(code));
  }
}

function refill() {
  field.value = FILLER;
  field.setSelectionRange(FILLER.length, FILLER.length);
}

if (matchMedia('(any-pointer: coarse)').matches) {
  keyboardButton.hidden = false;
  // Not to take the focus before the click decides what to do with it.
  keyboardButton.addEventListener('pointerdown', (event) => event.preventDefault());
  keyboardButton.addEventListener('click', () => {
    if (document.activeElement === field) {
      field.blur();
      focusScreen();
    } else {
      refill();
      field.focus();
    }
  });
  field.addEventListener('keydown', (event) => {
    const keysym = { Enter: KEY.enter, Tab: KEY.tab, Escape: KEY.escape }[event.key];
    if (keysym && !event.isComposing) {
      event.preventDefault();
      press(keysym);
    }
  });
  const flush = () => {
    const value = field.value;
    if (value.length < FILLER.length && !value.replaceAll('\u200b', '')) {
      for (let i = value.length; i < FILLER.length; i += 1) press(KEY.backspace);
    } else {
      typed(value.replaceAll('\u200b', ''));
    }
    refill();
  };
  field.addEventListener('input', (event) => {
    if (!event.isComposing) flush();
  });
  field.addEventListener('compositionend', flush);
}

connect();
