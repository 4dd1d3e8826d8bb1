/* The page of a web terminal: shows what a shell in a session's container prints, sends it what is
   typed, and finds it again after a lost connection. What goes over the socket is described in
   server/src/faces/terminal.rs. */
(() => {
  'use strict';

  const byId = id => document.getElementById(id);
  const [place, state, hint, back] = ['terminal', 'state', 'hint', 'back'].map(byId);
  const [reconnect, close, over, why, again] = ['reconnect', 'close', 'over', 'why', 'again'].map(byId);

  const FIRST_PAUSE = 500;
  const LONGEST_PAUSE = 15000;
  /* Sent at once, and every so many milliseconds: what the server says about reading stands in the
     same queue as what is pasted. */
  const PIECE = 4096;
  const PIECE_EVERY = 40;
  /* Shown before the server is told, in bytes. */
  const TELL_EVERY = 32 * 1024;

  const LIGHT = {
    background: '#ffffff', foreground: '#162022', cursor: '#0b6a71', cursorAccent: '#ffffff',
    selectionBackground: '#b9dedc', selectionForeground: '#162022',
    black: '#162022', red: '#a8221a', green: '#1a6a37', yellow: '#7a4f00',
    blue: '#0a50c8', magenta: '#8a2a8a', cyan: '#0b6a71', white: '#5f6d70',
    brightBlack: '#4a585b', brightRed: '#c02a21', brightGreen: '#1f7a40', brightYellow: '#8a5a00',
    brightBlue: '#1b62de', brightMagenta: '#9c349c', brightCyan: '#0d7a82', brightWhite: '#323c3e',
  };
  const DARK = {
    background: '#101415', foreground: '#e9eeee', cursor: '#5fcdc7', cursorAccent: '#101415',
    selectionBackground: '#2c5f60', selectionForeground: '#ffffff',
    black: '#323c3e', red: '#ff9f96', green: '#82d69e', yellow: '#f2c665',
    blue: '#9ec8ff', magenta: '#e0a6ee', cyan: '#5fcdc7', white: '#d6dddd',
    brightBlack: '#95a4a7', brightRed: '#ffb8b1', brightGreen: '#a5e5ba', brightYellow: '#f8d98f',
    brightBlue: '#bfdaff', brightMagenta: '#ecc4f5', brightCyan: '#8de2dd', brightWhite: '#ffffff',
  };

  const system = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen === 'system' || !chosen ? system.matches : chosen !== 'light';
  };

  const term = new Terminal({
    cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches,
    fontFamily: 'ui-monospace, "Cascadia Code", "DejaVu Sans Mono", "Liberation Mono", monospace',
    fontSize: 14,
    macOptionIsMeta: true,
    minimumContrastRatio: 4.5,
    screenReaderMode: true,
    scrollback: 5000,
  });
  const fit = new FitAddon.FitAddon();
  term.loadAddon(fit);
  const paint = () => {
    term.options.theme = isDark() ? DARK : LIGHT;
    place.style.setProperty('--terminal-background', term.options.theme.background);
  };
  paint();
  system.addEventListener('change', paint);
  term.open(place);
  term.textarea?.setAttribute('aria-describedby', hint.id);
  fit.fit();

  const name = document.title;
  const memory = `terminal:${place.dataset.path}`;
  let terminal = sessionStorage.getItem(memory);
  /* Whether this page has had the terminal, and not only heard of it from an earlier one. */
  let had = false;
  let socket = null;
  let pause = FIRST_PAUSE;
  let failures = 0;
  let timer = 0;
  let isOver = false;
  /* The next piece is what was printed before; it is being shown. */
  let isReplay = false;
  let replaying = false;
  let greeting = '';
  let unread = 0;

  const remember = id => {
    terminal = id;
    if (id) sessionStorage.setItem(memory, id);
    else sessionStorage.removeItem(memory);
  };

  function show(words, connected) {
    state.textContent = words;
    document.documentElement.dataset.state = connected ? 'connected' : isOver ? 'over' : 'waiting';
    close.hidden = !connected;
    // Offered once a first try has failed.
    reconnect.hidden = connected || isOver || failures === 0;
  }

  /* Lets go of the connection at once: closing one that leads nowhere takes its time. */
  function drop() {
    const before = socket;
    socket = null;
    clearTimeout(timer);
    before?.close();
  }

  function end(words) {
    isOver = true;
    drop();
    why.textContent = words;
    over.hidden = false;
    show('Not connected', false);
    again.focus();
  }

  function connect() {
    drop();
    isOver = false;
    over.hidden = true;
    show(failures > 0 ? 'Connecting again …' : 'Connecting …', false);
    const url = new URL(`${place.dataset.path}/socket`, location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('columns', term.cols);
    url.searchParams.set('rows', term.rows);
    if (terminal) url.searchParams.set('terminal', terminal);
    const current = new WebSocket(url);
    current.binaryType = 'arraybuffer';
    socket = current;
    current.onmessage = ({ data }) => {
      if (current !== socket) return;
      if (typeof data === 'string') hear(JSON.parse(data));
      else print(new Uint8Array(data));
    };
    current.onclose = () => {
      if (current === socket) lost();
    };
  }

  function hear({ id, ended, moved }) {
    if (id) {
      greeting = id === terminal ? 'Connected again' : 'Connected';
      remember(id);
      had = true;
      failures = 0;
      pause = FIRST_PAUSE;
      unread = 0;
      /* What was printed before comes next. It may hold questions to the terminal that were
         answered long ago; answered again, the answers would be typed into the shell. */
      isReplay = true;
      term.reset();
    } else if (ended) {
      const stale = terminal && !had;
      remember(null);
      /* An earlier page's terminal, which nobody waits for here. */
      if (stale) connect();
      else end(ended);
    } else if (moved) {
      end('This terminal was opened on another page.');
    }
  }

  /* What was printed before is shown: from now on it can be typed. */
  function begin() {
    replaying = false;
    if (!isOpen()) return;
    show(greeting, true);
    resize();
    if (document.activeElement === document.body || document.activeElement === again) term.focus();
  }

  function print(bytes) {
    if (isReplay) {
      isReplay = false;
      replaying = true;
      term.write(bytes, begin);
      return;
    }
    term.write(bytes, () => {
      unread += bytes.length;
      if (unread >= TELL_EVERY) {
        say({ read: unread });
        unread = 0;
      }
    });
  }

  /* The connection is gone, or never came about: again after a pause, or not at all if the server
     has something against it. */
  async function lost() {
    drop();
    failures += 1;
    const wait = pause * (0.8 + Math.random() * 0.4);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
    const seconds = Math.max(1, Math.round(wait / 1000));
    show(`${had ? 'Connection lost' : 'Slipway does not answer'}. Trying again in ${seconds} s …`, false);
    timer = setTimeout(connect, wait);
    if (failures < 2) return;
    try {
      const answer = await fetch(location.href, {
        cache: 'no-store',
        redirect: 'manual',
        headers: { accept: 'text/html' },
      });
      if (socket || isOver) return;
      if (answer.type === 'opaqueredirect') end('You are signed out. Sign in again to open a terminal.');
      else if (answer.status === 403 || answer.status === 404) location.reload();
    } catch {
      /* Out of reach; the next attempt tells more. */
    }
  }

  function connectNow() {
    if (socket || isOver) return;
    pause = FIRST_PAUSE;
    connect();
  }

  const isOpen = () => socket?.readyState === WebSocket.OPEN;

  function say(message) {
    if (isOpen()) socket.send(JSON.stringify(message));
  }

  function resize() {
    fit.fit();
    say({ resize: [term.cols, term.rows] });
  }

  const encoder = new TextEncoder();
  /* What is not sent yet; a large paste goes piece by piece. */
  let waiting = new Uint8Array();
  let sending = 0;

  function type(bytes) {
    if (replaying || !isOpen()) return;
    const all = new Uint8Array(waiting.length + bytes.length);
    all.set(waiting);
    all.set(bytes, waiting.length);
    waiting = all;
    if (!sending) send();
  }

  function send() {
    sending = 0;
    if (!isOpen()) {
      waiting = new Uint8Array();
      return;
    }
    socket.send(waiting.slice(0, PIECE));
    waiting = waiting.slice(PIECE);
    if (waiting.length > 0) sending = setTimeout(send, PIECE_EVERY);
  }

  term.onData(text => type(encoder.encode(text)));
  term.onBinary(text => type(Uint8Array.from(text, letter => letter.charCodeAt(0))));
  term.onResize(({ cols, rows }) => say({ resize: [cols, rows] }));
  term.onTitleChange(title => {
    document.title = title ? `${title} · ${name}` : name;
  });

  async function copy() {
    try {
      await navigator.clipboard.writeText(term.getSelection());
    } catch {
      /* Without HTTPS; the emulator answers the event with its selection. */
      document.execCommand('copy');
    }
  }

  term.attachCustomKeyEventHandler(event => {
    if (event.type !== 'keydown') return true;
    const { ctrlKey, shiftKey, altKey, metaKey, code } = event;
    if (!ctrlKey || altKey || metaKey) return true;
    if (code === 'F6' || (code === 'Escape' && shiftKey)) {
      event.preventDefault();
      back.focus();
      return false;
    }
    /* With something selected Ctrl+C copies it; otherwise it interrupts, as ever. */
    if (code === 'KeyC' && (shiftKey || term.hasSelection())) {
      event.preventDefault();
      if (term.hasSelection()) void copy().then(() => term.clearSelection());
      return false;
    }
    /* The browser pastes. */
    return code !== 'KeyV';
  });

  let frame = 0;
  new ResizeObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => fit.fit());
  }).observe(place);

  reconnect.addEventListener('click', () => {
    failures = 0;
    pause = FIRST_PAUSE;
    connect();
  });
  close.addEventListener('click', () => say({ close: true }));
  again.addEventListener('click', () => {
    had = false;
    failures = 0;
    pause = FIRST_PAUSE;
    connect();
    term.focus();
  });
  /* A connection from before the network went leads nowhere, whatever it looks like. */
  addEventListener('offline', () => {
    if (!isOver) void lost();
  });
  addEventListener('online', connectNow);
  addEventListener('pageshow', connectNow);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) connectNow();
  });

  connect();
  term.focus();
})();
