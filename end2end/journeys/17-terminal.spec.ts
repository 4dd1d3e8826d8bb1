import { isAccessible } from '../fixtures/axe.ts';
import { inside } from '../fixtures/docker.ts';
import { expect, test } from '../fixtures/test.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { SessionDetailPage } from '../pages/session-detail.ts';
import { WebTerminalPage } from '../pages/web-terminal.ts';

test('An administrator opens a shell in a session, loses the connection and finds it again', async ({ visitor }) => {
  const ada = await visitor();
  const stream = await (await new LauncherPage(ada.page).open()).launch('Terminal');
  await stream.isRunning();
  const { id } = stream;

  const admin = await visitor({ admin: true });
  const detail = await new SessionDetailPage(admin.page).open(id);
  await detail.page.getByRole('link', { name: 'Terminal', exact: true }).click();
  const terminal = new WebTerminalPage(admin.page);
  await terminal.isConnected();
  await expect(terminal.heading).toHaveText(`Terminal of ${ada.name}`);

  await test.step('what is typed is done, in that container', async () => {
    await terminal.run('echo hi-$((20+3))');
    await expect(terminal.screen).toContainText('hi-23');
    await terminal.run('export KEPT=yes; echo $$ > /tmp/shell');
    await expect.poll(() => inside(id, 'cat /tmp/shell || true')).toMatch(/^\d+$/);
  });

  await test.step('its size follows the window', async () => {
    const columns = async () => {
      await terminal.run('stty size > /tmp/size');
      return Number((await inside(id, 'cat /tmp/size || true')).split(' ')[1] ?? 0);
    };
    await expect.poll(columns).toBeGreaterThan(100);
    await admin.page.setViewportSize({ width: 390, height: 700 });
    await expect.poll(columns).toBeLessThan(60);
    const overflow = () => admin.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(await overflow()).toBeLessThanOrEqual(0);
  });

  await test.step('after a lost connection it is the same shell', async () => {
    await admin.guard.unreachable(async () => {
      await admin.context.setOffline(true);
      await expect(terminal.state).toContainText('Trying again');
      await expect(terminal.reconnect).toBeVisible();
      await admin.context.setOffline(false);
      await terminal.isConnected();
    });
    await expect(terminal.state).toHaveText('Connected again');
    await terminal.run('echo kept-$KEPT; echo $$ > /tmp/shell-again');
    await expect(terminal.screen).toContainText('kept-yes');
    await expect.poll(() => inside(id, 'cat /tmp/shell-again || true')).toBe(await inside(id, 'cat /tmp/shell'));
  });

  await test.step('so it is after the page was loaded anew', async () => {
    await admin.page.reload();
    await terminal.isConnected();
    await expect(terminal.screen).toContainText('kept-yes');
  });

  await test.step('the keyboard gets out of it', async () => {
    await terminal.input.focus();
    await terminal.input.press('Tab');
    await expect(terminal.input).toBeFocused();
    await terminal.input.press('Control+F6');
    await expect(terminal.back).toBeFocused();
  });

  await test.step('it is accessible, light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await admin.page.emulateMedia({ colorScheme });
      await isAccessible(admin.page);
    }
  });

  await test.step('closed, the shell is gone and another can be opened', async () => {
    const shell = await inside(id, 'cat /tmp/shell');
    await terminal.close.click();
    await expect(terminal.over).toContainText('You closed the terminal.');
    await expect.poll(() => inside(id, `test -e /proc/${shell} && echo there || echo gone`)).toBe('gone');
    await terminal.again.click();
    await terminal.isConnected();
    await terminal.run('exit');
    await expect(terminal.over).toContainText('The shell has ended.');
  });

  await test.step('the owner sees who was there, and has no such button', async () => {
    await terminal.back.click();
    await expect(detail.timeline.filter({ hasText: 'Opened a terminal' }).first()).toContainText(admin.name);
    const own = await new SessionDetailPage(ada.page).open(id);
    await expect(own.timeline.filter({ hasText: 'Opened a terminal' }).first()).toContainText(admin.name);
    await expect(own.page.getByRole('link', { name: 'Terminal', exact: true })).toHaveCount(0);
  });

  await test.step('it goes with the session', async () => {
    await terminal.open(id);
    await terminal.isConnected();
    await ada.call('act_on_session', { id, action: 'stop', next: '/' });
    await expect(terminal.over).toContainText(/The session is (being )?stop/);
  });
});

test('Who may not open a terminal is told so, and who has no JavaScript too', async ({ visitor }) => {
  const ada = await visitor();
  const stream = await (await new LauncherPage(ada.page).open()).launch('Terminal');
  await stream.isRunning();
  ada.guard.expect(`/sessions/${stream.id}/terminal`, 403);
  await ada.page.goto(`/sessions/${stream.id}/terminal`);
  await expect(ada.page.getByRole('main')).toContainText('You are not permitted to open terminals.');

  const admin = await visitor({ admin: true, javaScriptEnabled: false });
  await admin.page.goto(`/sessions/${stream.id}/terminal`);
  await expect(admin.page.locator('noscript p')).toBeVisible();
});
