import type { BrowserContext } from '@playwright/test';
import { ask, ended, upgrade } from '../fixtures/raw.ts';
import { PASSWORD, Server, type Visitor, expect, test } from '../fixtures/test.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { LoginPage } from '../pages/login.ts';
import { Screen } from '../pages/screen.ts';
import { Terminal } from '../pages/terminal.ts';
import { WorkspaceForm } from '../pages/workspace-form.ts';

/** A running terminal, and what it takes to knock at its origin by hand. */
async function terminal(person: Visitor) {
  const stream = await (await new LauncherPage(person.page).open()).launch('Terminal');
  await stream.isConnected();
  const port = Number(new URL((await stream.iframe.getAttribute('src'))!).port);
  const origin = `http://localhost:${port}`;
  const name = `slipway_stream_${stream.id}`;
  const token = (await cookies(person.context))[name];
  expect(token).toBeTruthy();
  return { stream, id: stream.id, port, origin, name, token, cookie: `${name}=${token}` };
}

const cookies = async (context: BrowserContext) =>
  Object.fromEntries((await context.cookies()).map(({ name, value }) => [name, value]));

const ticket = async (person: Visitor, id: string) => {
  const { body } = await person.call('open_stream', { id });
  const url = new URL(body.url);
  return { port: Number(url.port), path: url.pathname + url.search };
};

/** A ticket to a running session that nobody uses, taken before the others begin. */
let unused: { issued: number; path: string; port: number };

test.beforeAll(async ({ server }) => {
  const name = 'ticket-holder';
  await server.addUser(name);
  const call = async (endpoint: string, form: Record<string, string>, cookie = '') => {
    const answer = await ask({
      port: server.port,
      path: `/fn/${endpoint}`,
      method: 'POST',
      headers: { cookie, accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
    expect(answer.status, `${endpoint}: ${answer.body}`).toBeLessThan(400);
    return { ...answer, json: JSON.parse(answer.body || 'null') };
  };
  const { headers } = await call('sign_in', { name, password: PASSWORD });
  const cookie = headers['set-cookie']![0].split(';')[0];
  const launcher = await call('show_launcher', { search: 'Terminal', category: '' }, cookie);
  const tile = launcher.json.tiles.find((tile: { name: string }) => tile.name === 'Terminal');
  await call('launch', { workspace: tile.workspace }, cookie);
  const [{ id }] = (await call('show_launcher', { search: '', category: '' }, cookie)).json.sessions;
  let opened: { url: string } | null = null;
  await expect.poll(async () => (opened = (await call('open_stream', { id }, cookie)).json), { timeout: 20_000 }).toBeTruthy();
  const url = new URL(opened!.url);
  unused = { issued: Date.now(), port: Number(url.port), path: url.pathname + url.search };
});

test.describe('A session’s origin, by port', () => {
  test('lets in nobody but those it was opened for', async ({ visitor }) => {
    const ada = await visitor();
    const eve = await visitor();
    const hers = await terminal(ada);
    const evil = await terminal(eve);
    expect(evil.port).not.toBe(hers.port);

    await test.step('its cookie opens it', async () => {
      const { status } = await ask({ port: hers.port, headers: { cookie: hers.cookie } });
      expect(status).toBe(200);
    });
    await test.step('without a cookie there is a page that says so', async () => {
      const answer = await ask({ port: hers.port });
      expect(answer.status).toBe(403);
      expect(answer.headers['content-type']).toContain('text/html');
      expect(answer.body).toContain('Open the session from the console.');
    });
    await test.step('another user’s browser is refused', async () => {
      const answer = await eve.page.goto(hers.origin);
      expect(answer!.status()).toBe(403);
      await expect(eve.page.locator('body')).toContainText('has not been let in');
    });
    await test.step('another session’s token under this session’s name is refused', async () => {
      const { status } = await ask({ port: hers.port, headers: { cookie: `${hers.name}=${evil.token}` } });
      expect(status).toBe(403);
      const socket = await upgrade({ port: hers.port, path: '/ws', headers: { cookie: `${hers.name}=${evil.token}`, origin: hers.origin } });
      expect(socket.status).toBe(403);
    });
    await test.step('a second, planted cookie of the name is refused', async () => {
      const { status } = await ask({ port: hers.port, headers: { cookie: `${hers.cookie}; ${hers.name}=planted` } });
      expect(status).toBe(403);
      const mine = (await cookies(ada.context)).slipway;
      const console = await ask({ port: ada.server.port, path: '/account', headers: { cookie: `slipway=${mine}; slipway=planted`, accept: 'text/html' } });
      expect(console.status).toBe(422);
    });
  });

  test('refuses foreign pages, on requests and on upgrades', async ({ visitor }) => {
    const ada = await visitor();
    const { port, cookie, origin } = await terminal(ada);
    const foreign = ['https://evil.example', `http://localhost:${port + 1}`, ada.server.url, 'null'];

    for (const from of foreign) {
      await test.step(`Origin ${from}`, async () => {
        const post = await ask({ port, method: 'POST', headers: { cookie, origin: from } });
        expect(post.status).toBe(403);
        const socket = await upgrade({ port, path: '/ws', headers: { cookie, origin: from } });
        expect(socket.status).toBe(403);
      });
    }
    await test.step('cross-site without an Origin', async () => {
      const get = await ask({ port, headers: { cookie, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } });
      expect(get.status).toBe(403);
      expect((await upgrade({ port, path: '/ws', headers: { cookie } })).status).toBe(403);
    });
    await test.step('its own page is welcome', async () => {
      const socket = await upgrade({ port, path: '/ws', headers: { cookie, origin } });
      expect(socket.status).toBe(101);
      socket.socket?.destroy();
    });
    await test.step('only the console may frame it', async () => {
      const { headers } = await ask({ port, headers: { cookie } });
      expect(headers['content-security-policy']).toMatch(new RegExp(`frame-ancestors ('self' )?${ada.server.url}(;|$)`));
    });
  });

  test('takes a ticket once, and for its session only', async ({ visitor }) => {
    const ada = await visitor();
    const { id, port } = await terminal(ada);

    await test.step('once', async () => {
      const fresh = await ticket(ada, id);
      const first = await ask(fresh);
      expect(first.status).toBe(200);
      expect(first.body).toContain('content="0;url=/"');
      expect(String(first.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Lax/);
      const replayed = await ask(fresh);
      expect(replayed.status).toBe(403);
      expect(replayed.headers['set-cookie']).toBeUndefined();
    });
    await test.step('for its session only', async () => {
      const eve = await visitor();
      const other = await terminal(eve);
      const { path } = await ticket(ada, id);
      expect((await ask({ port: other.port, path })).status).toBe(403);
      expect((await ask({ port, path: '/_slipway/open?ticket=guessed' })).status).toBe(403);
      expect((await ask({ port, path: '/_slipway/open' })).status).toBe(403);
    });
  });

  test('keeps what runs inside away from the console', async ({ visitor }) => {
    const ada = await visitor({ admin: true });
    const console = ada.server.url;
    // A web server that protects nobody, so that only Slipway stands in the way.
    const form = await new WorkspaceForm(ada.page).openNew();
    const name = `Hostile ${Date.now()}`;
    await form.fill({
      name,
      image: 'slipway/desktop:latest',
      port: '8000',
      command: ['python3', '-m', 'http.server', '8000', '--directory', '/opt'].join('\n'),
    });
    await form.save.click();
    await expect(form.heading).toHaveText(`Edit ${name}`);
    const stream = await (await new LauncherPage(ada.page).open()).launch(name);
    await stream.isRunning();
    await expect(stream.frame.locator('body')).toContainText('Directory listing');
    const inside = stream.frame.locator('html');

    await test.step('the console’s answers cannot be read', async () => {
      for (const path of ['/account', '/events', '/healthz']) {
        ada.guard.expectBlocked(path);
        const read = await inside.evaluate(
          (_, url) => fetch(url, { credentials: 'include' }).then(r => `read ${r.status}`, e => `blocked: ${e.name}`),
          console + path,
        );
        expect(read, path).toBe('blocked: TypeError');
      }
    });
    await test.step('nor can the page around it', async () => {
      const reached = await inside.evaluate(() => {
        try {
          return `reached ${window.parent.document.title}`;
        } catch (error) {
          return `blocked: ${(error as Error).name}`;
        }
      });
      expect(reached).toBe('blocked: SecurityError');
      expect(await inside.evaluate(() => document.cookie)).not.toMatch(/slipway=|slipway_stream/);
      expect(await inside.evaluate(() => location.href + document.referrer)).not.toContain('ticket=');
    });
    await test.step('what it posts there, with the reader’s cookie, has no effect', async () => {
      ada.guard.expectBlocked('/fn/sign_out');
      await inside.evaluate(
        (_, url) =>
          fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body: new URLSearchParams() }).catch(() => {}),
        `${console}/fn/sign_out`,
      );
      const { slipway } = await cookies(ada.context);
      const origin = new URL((await stream.iframe.getAttribute('src'))!).origin;
      const headers = { cookie: `slipway=${slipway}`, origin, 'sec-fetch-site': 'same-site' };
      expect((await ask({ port: ada.server.port, path: '/fn/sign_out', method: 'POST', headers })).status).toBe(403);
      await new LauncherPage(ada.page).open();
      await expect(new LauncherPage(ada.page).tile('Terminal')).toBeVisible();
    });
  });

  test('is cut at once by signing out and by disabling the account', async ({ server, visitor }) => {
    await test.step('signing out', async () => {
      const ada = await visitor();
      const { port, origin, cookie } = await terminal(ada);
      const { status, socket } = await upgrade({ port, path: '/ws', headers: { cookie, origin } });
      expect(status).toBe(101);
      const cut = ended(socket!);
      ada.guard.expect(/^\/(fn\/|events)/, 401);
      await ada.context.request.post(`${server.url}/fn/sign_out`, { headers: { origin: server.url } });
      await within(cut, 2_000, 'the stream is cut');
      expect((await ask({ port, headers: { cookie } })).status).toBe(403);
      await expect(new LoginPage(ada.page).heading).toBeVisible();
    });

    await test.step('slipway user disable', async () => {
      const bob = await visitor();
      const { port, origin, cookie } = await terminal(bob);
      const { socket } = await upgrade({ port, path: '/ws', headers: { cookie, origin } });
      const cut = ended(socket!);
      bob.guard.expect(/^\/(fn\/|events)/, 401);
      await server.cli('user', 'disable', bob.name);
      await within(cut, 3_000, 'the stream is cut');
      expect((await ask({ port, headers: { cookie } })).status).toBe(403);
      await expect(new LoginPage(bob.page).heading).toBeVisible();
    });
  });

  test('says so when the session does not run, and goes on by itself', async ({ visitor }) => {
    const ada = await visitor();
    const { id, port, cookie } = await terminal(ada);
    await ada.call('act_on_session', { id, action: 'pause' });
    await expect.poll(async () => (await ask({ port, headers: { cookie } })).body).toContain('Terminal is paused');
    const { status, body } = await ask({ port, headers: { cookie } });
    expect(status).toBe(503);
    expect(body).toContain('http-equiv="refresh"');
  });
});

async function within(event: Promise<void>, milliseconds: number, what: string) {
  const late = new Promise<string>(resolve => setTimeout(resolve, milliseconds, 'late').unref());
  expect(await Promise.race([event.then(() => 'in time'), late]), what).toBe('in time');
}

test.describe('A session’s origin, by host name', () => {
  let server: Server;
  test.beforeAll(async () => {
    server = await Server.start({
      'public-url': 'http://slipway.localhost:PORT',
      'sessions-domain': 's.slipway.localhost',
    });
  });
  test.afterAll(() => server?.remove());

  test('desktop, notebook and terminal work', async ({ visitor }) => {
    const { page } = await visitor({ at: server });
    const launcher = new LauncherPage(page);

    await test.step('terminal', async () => {
      const stream = await (await launcher.open()).launch('Terminal');
      await stream.isConnected();
      expect(new URL((await stream.iframe.getAttribute('src'))!).hostname).toBe(`${stream.id}.s.slipway.localhost`);
      const shell = new Terminal(stream.frame);
      await shell.run('echo answer=$((6*7))');
      await expect(shell.screen).toContainText('answer=42');
    });
    await test.step('desktop', async () => {
      const stream = await (await launcher.open()).launch('Desktop');
      await stream.isConnected();
      await new Screen(stream.frame).isPainted();
    });
    await test.step('notebook', async () => {
      const stream = await (await launcher.open()).launch('Notebook');
      await stream.isRunning();
      await expect(page.getByText('Shares cookies')).toHaveCount(0);
      await expect(stream.frame.locator('.jp-LauncherCard').first()).toBeVisible({ timeout: 45_000 });
    });
  });

  test('a session’s host refuses strangers, and an unknown host is none', async () => {
    const unknown = await ask({ port: server.port, headers: { host: `0123456789abcdef.s.slipway.localhost:${server.port}` } });
    expect([403, 404]).toContain(unknown.status);
    const bare = await ask({ port: server.port, headers: { host: `not-an-id!.s.slipway.localhost:${server.port}` } });
    expect(bare.status).toBeGreaterThanOrEqual(400);
  });
});

test('A ticket that was not used within a minute is refused', async () => {
  await expect.poll(() => Date.now() - unused.issued, { timeout: 70_000 }).toBeGreaterThan(61_000);
  const answer = await ask(unused);
  expect(answer.status).toBe(403);
  expect(answer.headers['set-cookie']).toBeUndefined();
});
