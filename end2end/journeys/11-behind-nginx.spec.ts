import { freePorts } from '../fixtures/ports.ts';
import { type Visitor, expect, test } from '../fixtures/test.ts';
import { AccountPage } from '../pages/account.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { Screen } from '../pages/screen.ts';
import { Terminal } from '../pages/terminal.ts';

const trusting = { ignoreHTTPSErrors: true };
/** As many session ports as nginx maps. */
const MAPPED = 5;

async function theProxyIsTold({ context, page, server }: Visitor) {
  await test.step('the sign-in cookie is bound to the host and to TLS', async () => {
    const cookie = (await context.cookies()).find(({ name }) => name.endsWith('slipway'))!;
    expect(cookie.name).toBe('__Host-slipway');
    expect(cookie).toMatchObject({ secure: true, httpOnly: true, path: '/' });
    const answer = await page.goto('/account');
    expect(answer!.headers()['strict-transport-security']).toBeTruthy();
    await expect(new AccountPage(page).signIns.first()).toContainText('127.0.0.1');
    expect(new URL(page.url()).origin).toBe(server.url);
  });
}

async function streamsWork({ page }: Visitor, host: RegExp) {
  const launcher = new LauncherPage(page);
  await test.step('the desktop is painted through it', async () => {
    const stream = await (await launcher.open()).launch('Desktop');
    await stream.isConnected();
    const { origin } = new URL((await stream.iframe.getAttribute('src'))!);
    expect(origin).toMatch(host);
    await new Screen(stream.frame).isPainted();
  });
  await test.step('the terminal is typed into through it', async () => {
    const stream = await (await launcher.open()).launch('Terminal');
    await stream.isConnected();
    const shell = new Terminal(stream.frame);
    await shell.run('echo answer=$((6*7))');
    await expect(shell.screen).toContainText('answer=42');
  });
  await test.step('the notebook opens through it', async () => {
    const stream = await (await launcher.open()).launch('Notebook');
    await stream.isRunning();
    await expect(stream.frame.locator('.jp-LauncherCard').first()).toBeVisible({ timeout: 45_000 });
  });
}

test('Behind nginx with TLS, sessions by host name', async ({ startServer, startNginx, visitor }) => {
  const front = await freePorts(1);
  const server = await startServer({
    'public-url': `https://slipway.localhost:${front}`,
    'sessions-domain': 's.slipway.localhost',
    'trusted-proxies': '127.0.0.1',
  });
  await startNginx(['slipway.localhost', '*.s.slipway.localhost'], [{ port: front, to: server.port }]);
  const person = await visitor({ at: server, ...trusting });
  await theProxyIsTold(person);
  await streamsWork(person, new RegExp(`^https://[0-9a-f]+\\.s\\.slipway\\.localhost:${front}$`));
});

test('Behind nginx with TLS, sessions by port, mapped elsewhere', async ({ startServer, startNginx, visitor }) => {
  const front = await freePorts(1 + MAPPED);
  const server = await startServer({
    'public-url': `https://localhost:${front}`,
    'public-session-port': front + 1,
    'trusted-proxies': '127.0.0.1',
  });
  const sessions = Array.from({ length: MAPPED }, (_, n) => ({ port: front + 1 + n, to: server.sessionPort + n }));
  await startNginx(['localhost'], [{ port: front, to: server.port }, ...sessions]);
  const person = await visitor({ at: server, ...trusting });
  await theProxyIsTold(person);
  await streamsWork(person, new RegExp(`^https://localhost:(${sessions.map(s => s.port).join('|')})$`));
});
