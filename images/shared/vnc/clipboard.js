// Keeps the clipboards of the session and of this device alike, as far as the
// browser allows, by the least intrusive way that works:
//
//   session to device   written as soon as something is copied inside
//   device to session   read when the window gets the focus, if the browser
//                       has granted that; otherwise taken from the paste event
//                       of Ctrl+V, which needs no permission and no HTTPS
//
// Where that is not all of it, a button opens a panel with the text.

const $ = (id) => document.getElementById(id);
const V = { keysym: 0x76, code: 'KeyV' };
const CONTROL = { keysym: 0xffe3, code: 'ControlLeft' };
const SHIFT = { keysym: 0xffe1, code: 'ShiftLeft' };
const SUPER = [[0xffeb, 'MetaLeft'], [0xffec, 'MetaRight']];
const isMac = /Mac|iP(hone|ad|od)/.test(navigator.platform);

export class Clipboard {
  #host;
  // The text both sides are known to hold; what equals it needs no transfer.
  #shared = null;
  #read = 'unknown';
  #write = 'unknown';
  #pasteTimer = 0;
  #pasteShift = false;

  constructor(host) {
    this.#host = host;
    this.#watchPermission();
    this.#listen();
    this.#wirePanel();
  }

  // Called when a connection is up: a new session knows nothing yet.
  connected() {
    this.#shared = null;
    this.#readDevice();
  }

  // Called with what was copied inside the session.
  async received(text) {
    if (text === this.#shared) return;
    this.#shared = text;
    $('clipboard-text').value = text;
    const written = await this.#writeDevice(text);
    this.#write = written ? 'works' : 'fails';
    this.#showButton(!written);
  }

  async #writeDevice(text) {
    if (navigator.clipboard?.writeText) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        // Not focused, or not allowed; the older way may still be.
      }
    }
    return this.#copyCommand(text);
  }

  // Works without HTTPS, shortly after a key or a click.
  #copyCommand(text) {
    if (navigator.userActivation && !navigator.userActivation.isActive) return false;
    const active = document.activeElement;
    const put = (event) => {
      event.clipboardData.setData('text/plain', text);
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    document.addEventListener('copy', put, { capture: true, once: true });
    let done = false;
    try {
      done = document.execCommand('copy');
    } catch {
      done = false;
    }
    document.removeEventListener('copy', put, { capture: true });
    active?.focus?.({ preventScroll: true });
    return done;
  }

  async #watchPermission() {
    if (!window.isSecureContext || !navigator.clipboard?.readText) {
      this.#setRead('insecure');
      return;
    }
    try {
      const status = await navigator.permissions.query({ name: 'clipboard-read' });
      const update = () => {
        this.#setRead(status.state);
        if (status.state === 'granted') this.#readDevice();
      };
      status.addEventListener('change', update);
      update();
    } catch {
      // Firefox and Safari ask at every single read, in the middle of a
      // click; there only pasting is used.
      this.#setRead('asks');
    }
  }

  #setRead(state) {
    this.#read = state;
    this.#showButton(false);
  }

  async #readDevice() {
    if (this.#read !== 'granted' || !this.#host.connected() || !document.hasFocus()) return;
    try {
      this.#offer(await navigator.clipboard.readText());
    } catch {
      // The focus went elsewhere, or the clipboard holds no text.
    }
  }

  #offer(text) {
    if (!text || text === this.#shared) return;
    this.#shared = text;
    $('clipboard-text').value = text;
    this.#host.send(text);
  }

  #listen() {
    addEventListener('focus', () => this.#readDevice());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.#readDevice();
    });

    // The first click is when a question from the browser is expected, and
    // the only time it is asked.
    const ask = async () => {
      if (this.#read !== 'prompt') return;
      removeEventListener('pointerup', ask, true);
      try {
        this.#offer(await navigator.clipboard.readText());
      } catch {
        // Refused or put off; pasting still works.
      }
    };
    addEventListener('pointerup', ask, true);

    // Before noVNC, which would keep the browser from pasting.
    addEventListener('keydown', (event) => this.#pasteKey(event), true);
    document.addEventListener('paste', (event) => this.#pasted(event));
  }

  #pasteKey(event) {
    if (this.#inPanel(event.target) || !this.#host.connected()) return;
    const command = isMac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
    if (event.code !== V.code || !command || event.altKey) return;
    event.stopImmediatePropagation();
    this.#pasteShift = event.shiftKey;
    clearTimeout(this.#pasteTimer);
    // The browser may have nothing to paste, an image for example.
    this.#pasteTimer = setTimeout(() => this.#pressPaste(), 150);
  }

  #pasted(event) {
    if (this.#inPanel(event.target)) return;
    event.preventDefault();
    const text = event.clipboardData?.getData('text/plain');
    // Sent even if it is known: something inside may have taken the
    // selection in the meantime.
    if (text && this.#host.connected()) {
      this.#shared = text;
      $('clipboard-text').value = text;
      this.#host.send(text);
    }
    if (this.#pasteTimer) this.#pressPaste();
  }

  // The key that was held back. The modifiers are still down inside, except
  // on a Mac, where the key held is not the one programs inside expect.
  #pressPaste() {
    clearTimeout(this.#pasteTimer);
    this.#pasteTimer = 0;
    const { key } = this.#host;
    if (isMac) {
      for (const [keysym, code] of SUPER) key(keysym, code, false);
      key(CONTROL.keysym, CONTROL.code, true);
      if (this.#pasteShift) key(SHIFT.keysym, SHIFT.code, true);
    }
    const keysym = this.#pasteShift ? V.keysym - 0x20 : V.keysym;
    key(keysym, V.code, true);
    key(keysym, V.code, false);
    if (isMac) {
      if (this.#pasteShift) key(SHIFT.keysym, SHIFT.code, false);
      key(CONTROL.keysym, CONTROL.code, false);
    }
  }

  #inPanel(node) {
    return node instanceof Node && $('clipboard-panel').contains(node);
  }

  #showButton(news) {
    const automatic = this.#read === 'granted' || this.#read === 'prompt' || this.#read === 'unknown';
    const button = $('clipboard-button');
    button.hidden = automatic && this.#write !== 'fails';
    button.classList.toggle('news', news && $('clipboard-panel').hidden);
    button.setAttribute('aria-label', news ? 'Clipboard: new text from the session' : 'Clipboard');
    $('clipboard-reason').textContent = this.#reason();
  }

  #reason() {
    const paste = `Press ${isMac ? '⌘V' : 'Ctrl+V'} to paste into the session, or use this box.`;
    switch (this.#read) {
      case 'insecure':
        return `The browser shares the clipboard by itself only over HTTPS. ${paste}`;
      case 'denied':
        return `The browser was told not to let this page read the clipboard. ${paste}`;
      case 'asks':
        return `This browser does not share the clipboard by itself. ${paste}`;
      default:
        return 'The browser did not let this page write to the clipboard. Copy the text from here.';
    }
  }

  #wirePanel() {
    const panel = $('clipboard-panel');
    const button = $('clipboard-button');
    const text = $('clipboard-text');
    const toggle = (open) => {
      panel.hidden = !open;
      button.setAttribute('aria-expanded', String(open));
      if (open) {
        button.classList.remove('news');
        text.focus();
        text.select();
      } else {
        this.#host.focus();
      }
    };
    button.addEventListener('click', () => toggle(panel.hidden));
    $('clipboard-close').addEventListener('click', () => toggle(false));
    $('clipboard-send').addEventListener('click', () => {
      this.#shared = text.value;
      this.#host.send(text.value);
      toggle(false);
    });
    $('clipboard-copy').addEventListener('click', async () => {
      if (await this.#writeDevice(text.value)) {
        toggle(false);
      } else {
        // The person can still press Ctrl+C.
        text.focus();
        text.select();
      }
    });
    panel.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') toggle(false);
    });
    text.placeholder = 'Type or paste text here';
  }
}
