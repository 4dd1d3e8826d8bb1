import { Terminal } from './xterm.mjs';
import { FitAddon } from './addon-fit.mjs';
import { WebLinksAddon } from './addon-web-links.mjs';

const $ = (id) => document.getElementById(id);
const root = document.documentElement;
const FIRST_DELAY = 400;
const LONGEST_DELAY = 10000;

const term = new Terminal({
  cursorBlink: true,
  fontFamily: '"JetBrains Mono", "Cascadia Mono", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace',
  fontSize: 14,
  lineHeight: 1.15,
  scrollback: 10000,
  macOptionIsMeta: true,
  theme: {
    background: '#161b24',
    foreground: '#d8dee9',
    cursor: '#5b9dff',
    cursorAccent: '#161b24',
    selectionBackground: '#34506f',
    black: '#2b3342', red: '#e06c75', green: '#98c379', yellow: '#e5c07b',
    blue: '#61afef', magenta: '#c678dd', cyan: '#56b6c2', white: '#c8ccd4',
    brightBlack: '#6b7486', brightRed: '#ef7f88', brightGreen: '#a9d48b', brightYellow: '#f0cd8b',
    brightBlue: '#76bcf5', brightMagenta: '#d38ae6', brightCyan: '#6ac6d2', brightWhite: '#ffffff',
  },
});
const fit = new FitAddon();
term.loadAddon(fit);
term.loadAddon(new WebLinksAddon());
term.open($('terminal'));
fit.fit();
term.focus();

let socket = null;
let delay = FIRST_DELAY;
let failures = 0;
let everConnected = false;
let retryTimer = 0;
let overlayTimer = 0;
let replaying = false;

function setState(state) {
  root.dataset.started = 'yes';
  root.dataset.state = state;
  clearTimeout(overlayTimer);
  if (state === 'connected') {
    $('overlay').hidden = true;
    return;
  }
  $('retry').hidden = state !== 'disconnected';
  // A moment's grace, so that a quick start does not flash a message.
  overlayTimer = setTimeout(() => {
    $('overlay-text').textContent = everConnected
      ? 'Connection lost. Reconnecting…'
      : failures > 0 ? 'Waiting for the session…' : 'Connecting…';
    $('overlay').hidden = false;
  }, 400);
}

function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function sendSize() {
  send(['set_size', term.rows, term.cols, 0, 0]);
}

function connect() {
  clearTimeout(retryTimer);
  if (socket) return;
  if (!everConnected) setState('connecting');

  const url = new URL('ws', location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = '';
  url.hash = '';
  const current = new WebSocket(url);
  socket = current;
  let first = true;
  let shellEnded = false;

  current.addEventListener('message', (event) => {
    if (current !== socket) return;
    const [kind, data] = JSON.parse(event.data);
    if (kind === 'setup') {
      delay = FIRST_DELAY;
      failures = 0;
      everConnected = true;
      // What the shell has printed so far follows.
      term.reset();
      fit.fit();
      sendSize();
      setState('connected');
    } else if (kind === 'stdout') {
      // The replay may hold questions to the terminal which were answered
      // long ago; answering again would type the answers into the shell.
      replaying = first;
      first = false;
      term.write(data, () => { replaying = false; });
    } else if (kind === 'disconnect') {
      shellEnded = true;
    }
  });
  current.addEventListener('close', () => {
    if (current !== socket) return;
    socket = null;
    if (shellEnded) {
      // "exit" was typed: a new shell, at once.
      connect();
      return;
    }
    failures += 1;
    setState(everConnected ? 'disconnected' : 'connecting');
    if (failures === 2 || failures % 5 === 0) askForPage();
    retryTimer = setTimeout(connect, delay * (0.8 + Math.random() * 0.4));
    delay = Math.min(delay * 2, LONGEST_DELAY);
  });
}

function connectNow() {
  if (socket) return;
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

term.onData((data) => {
  if (!replaying) send(['stdin', data]);
});
term.onBinary((data) => send(['stdin', data]));
term.onResize(sendSize);
term.onTitleChange((title) => { document.title = title || 'Terminal'; });

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without HTTPS; xterm answers the copy event with its selection.
    document.execCommand('copy');
  }
}

term.attachCustomKeyEventHandler((event) => {
  if (event.type !== 'keydown' || !event.ctrlKey || event.altKey || event.metaKey) return true;
  // Ctrl+Shift+C always copies; Ctrl+C does while something is selected, and
  // otherwise interrupts, as ever.
  if (event.code === 'KeyC' && (event.shiftKey || term.hasSelection())) {
    event.preventDefault();
    if (term.hasSelection()) {
      copy(term.getSelection()).then(() => term.clearSelection());
    }
    return false;
  }
  // Left to the browser, which pastes.
  if (event.code === 'KeyV') return false;
  return true;
});

new ResizeObserver(() => fit.fit()).observe($('terminal'));
// A connection from before the network went is dead, whatever it looks like.
addEventListener('online', () => {
  socket?.close();
  socket = null;
  connectNow();
});
addEventListener('pageshow', connectNow);
addEventListener('focus', () => term.focus());
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) connectNow();
});
$('retry').addEventListener('click', connectNow);

connect();
