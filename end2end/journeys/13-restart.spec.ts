import type { Page } from '@playwright/test';
import { containerState, containersOf, inside } from '../fixtures/docker.ts';
import { ADMIN, type Server, expect, test } from '../fixtures/test.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { SessionDetailPage } from '../pages/session-detail.ts';
import { Terminal } from '../pages/terminal.ts';
import { WorkspacesPage } from '../pages/workspaces.ts';

test.describe('The server is restarted', () => {
  test('politely, with a stream open: page and stream come back by themselves', async ({ startServer, visitor }) => {
    const server = await startServer();
    const person = await visitor({ at: server, as: ADMIN });
    const { page, guard } = person;
    const stream = await (await new LauncherPage(page).open()).launch('Terminal');
    await stream.isConnected();
    const shell = new Terminal(stream.frame);
    await shell.run('export MARK=still-here; sleep 4712 &');
    await expect.poll(() => inside(stream.id, 'pgrep -fx "sleep 4712" || true')).toMatch(/\d/);

    const notice = page.getByText(/Slipway is restarting|The connection to Slipway is interrupted/);
    await guard.unreachable(async () => {
      await test.step('it stops in time and the page says what is going on', async () => {
        await server.stop();
        await expect(notice).toBeVisible();
        expect(await containerState(stream.id)).toBe('running');
      });
      await test.step('it starts, and everything is as it was', async () => {
        await server.up();
        await expect(notice).toHaveCount(0, { timeout: 15_000 });
        await stream.isConnected();
      });
    });
    await expect(stream.badge).toHaveText('Running');
    await shell.run('echo mark=$MARK');
    await expect(shell.screen).toContainText('mark=still-here');
    expect(await inside(stream.id, 'pgrep -fx "sleep 4712" || true')).toMatch(/\d/);
  });

  test('by a newer one: a part of the client that is gone makes the page come from the server', async ({ visitor }) => {
    const { page, guard } = await visitor({ admin: true });
    let gone = false;
    await page.route('**/pkg/*/*.wasm', route => (gone ? route.fulfill({ status: 404 }) : route.continue()));
    const live = page.locator('html[data-live]');
    const reloads = () => page.evaluate(() => sessionStorage.getItem('reloads'));

    await test.step('after a click, at the address it led to', async () => {
      await new LauncherPage(page).open();
      await expect(live).toBeAttached();
      gone = true;
      await guard.unreachable(async () => {
        const next = page.waitForEvent('framenavigated');
        await page.getByRole('link', { name: 'Workspaces', exact: true }).click();
        await next;
        gone = false;
        await expect(new WorkspacesPage(page).heading).toBeVisible();
        await expect(live).toBeAttached();
      });
      const came = await page.evaluate(() => performance.getEntriesByType('navigation')[0].name);
      expect(new URL(came).pathname).toBe('/workspaces');
    });
    await test.step('when the page itself was just loaded, again', async () => {
      gone = true;
      await guard.unreachable(async () => {
        await page.goto('/sessions');
        await expect.poll(reloads).not.toBeNull();
        gone = false;
        await expect(live).toBeAttached();
      });
      expect(await reloads()).toBeNull();
    });
  });

  for (const when of ['at once', 'when its container is there'] as const) {
    test(`with kill -9 during a launch, ${when}: it ends in one running session`, async ({ startServer, visitor }) => {
      const server = await startServer();
      const { page, guard } = await visitor({ at: server, as: ADMIN });
      const stream = await (await new LauncherPage(page).open()).launch('Desktop');
      const { id } = stream;
      await expect(stream.badge).toBeVisible();
      if (when !== 'at once') await expect.poll(() => containersOf(id), { intervals: [20] }).toHaveLength(1);
      await guard.unreachable(async () => {
        await killed(server, page);
        await stream.isRunning();
      });
      expect(await containersOf(id)).toHaveLength(1);
      expect(await containerState(id)).toBe('running');
      const detail = await new SessionDetailPage(page).open(id);
      await expect(detail.badge).toHaveText('Running');
      await expect(detail.timeline.first()).toBeVisible();
    });
  }

  test('with kill -9 during a stop and a delete: each ends as asked', async ({ startServer, visitor }) => {
    const server = await startServer();
    const { page, guard, call } = await visitor({ at: server, as: ADMIN });
    const stream = await (await new LauncherPage(page).open()).launch('Terminal');
    await stream.isRunning();
    const { id } = stream;
    for (const [action, state] of [['stop', 'exited'], ['delete', 'gone']]) {
      await guard.unreachable(async () => {
        await call('act_on_session', { id, action });
        await killed(server, page);
        await expect.poll(() => containerState(id), { timeout: 20_000 }).toBe(state);
      });
    }
    expect(await containersOf(id)).toEqual([]);
  });
});

/** `kill -9`, a new start, and the page's reconnection. */
async function killed(server: Server, page: Page) {
  await server.kill();
  const back = page.waitForResponse(response => response.url().endsWith('/events') && response.ok());
  await server.up();
  await back;
}
