import { containerOf, containerState, docker } from '../fixtures/docker.ts';
import { type Visitor, expect, test } from '../fixtures/test.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { SessionDetailPage } from '../pages/session-detail.ts';
import { SessionLogPage } from '../pages/session-log.ts';
import { SessionsPage } from '../pages/sessions.ts';

/** Launches a workspace as somebody and waits until it runs. */
async function launch({ page }: Visitor, workspace: string): Promise<string> {
  const stream = await (await new LauncherPage(page).open()).launch(workspace);
  await stream.isRunning();
  return stream.id;
}

test.describe('Everybody’s sessions', () => {
  test('an administrator sees, finds and orders them; a user sees only his own', async ({ visitor }) => {
    const admin = await visitor({ admin: true });
    const user = await visitor();
    const own = await launch(admin, 'Terminal');
    const users = await launch(user, 'Terminal');
    const sessions = await new SessionsPage(admin.page).open();

    await test.step('both are listed, with image, state and usage', async () => {
      const row = sessions.row(user.name, 'Terminal');
      await expect(row).toHaveCount(1);
      await expect(sessions.row(admin.name, 'Terminal')).toHaveCount(1);
      await expect(sessions.cell(row, 'State')).toContainText('Running');
      await expect(sessions.cell(row, 'Image')).toContainText('slipway/terminal');
      await expect(sessions.cell(row, 'Image').locator('.digest')).toHaveText(/^[0-9a-f]{12}/);
      await expect(sessions.cell(row, 'CPU')).toHaveText(/^\d+\.\d %$/, { timeout: 20_000 });
      await expect(sessions.cell(row, 'Memory')).toHaveText(/MiB of 512(\.0)? MiB/);
    });

    await test.step('search narrows the list and is in the address', async () => {
      await sessions.find(user.name);
      await expect(sessions.rows).toHaveCount(1);
      await expect(sessions.count).toHaveText('1 session');
      await expect(admin.page).toHaveURL(new RegExp(`\\?q=${user.name}`));
      await sessions.find('no-such-thing');
      await expect(admin.page.getByText('No session matches')).toBeVisible();
      await admin.page.getByRole('link', { name: 'Show all sessions' }).click();
      await expect(sessions.row(user.name, 'Terminal')).toHaveCount(1);
    });

    await test.step('the state filters', async () => {
      await sessions.state.selectOption('Paused');
      await sessions.find(user.name);
      await expect(admin.page.getByText('No session matches')).toBeVisible();
      await sessions.state.selectOption('Running');
      await sessions.go.click();
      await expect(sessions.rows).toHaveCount(1);
    });

    await test.step('headings sort, and say so', async () => {
      await sessions.open();
      await sessions.head('User').getByRole('link').click();
      await expect(sessions.head('User')).toHaveAttribute('aria-sort', 'ascending');
      const names = () => sessions.rows.locator('[data-label="User"]').allInnerTexts();
      await expect.poll(names).toEqual([...(await names())].sort());
      await sessions.head('User').getByRole('link').click();
      await expect(sessions.head('User')).toHaveAttribute('aria-sort', 'descending');
      await expect.poll(names).toEqual([...(await names())].sort().reverse());
      await expect(admin.page).toHaveURL(/sort=user&dir=desc/);
    });

    await test.step('a user has no such page, and other people’s sessions do not exist for him', async () => {
      await new LauncherPage(user.page).open();
      await expect(user.page.getByRole('link', { name: 'Sessions' })).toHaveCount(0);
      user.guard.expect('/sessions', 403);
      await user.page.goto('/sessions');
      await expect(user.page.getByRole('alert')).toContainText(/permi|administrator/i);
      user.guard.expect(/^\/(sessions\/[^/]+(\/view)?|fn\/show_session)$/, 404);
      for (const address of [`/sessions/${own}`, `/sessions/${own}/view`]) {
        await user.page.goto(address);
        await expect(user.page.getByRole('alert')).toContainText('There is no such session');
      }
      for (const endpoint of ['show_session', 'show_session_log', 'show_session_usage', 'show_session_processes', 'open_stream']) {
        expect((await user.call(endpoint, { id: own })).status, endpoint).toBe(404);
      }
      expect((await user.call('act_on_session', { id: own, action: 'stop' })).status).toBe(404);
      expect(await containerState(own)).toBe('running');
      await new SessionDetailPage(user.page).open(users);
      await expect(new SessionDetailPage(user.page).heading).toHaveText('Terminal');
    });
  });

  test('several are stopped at once, each with its outcome', async ({ visitor }) => {
    const admin = await visitor({ admin: true });
    const user = await visitor();
    const first = await launch(user, 'Terminal');
    const second = await launch(admin, 'Terminal');
    const sessions = await new SessionsPage(admin.page).open();
    await expect(sessions.row(user.name, 'Terminal')).toHaveCount(1);

    await sessions.row(user.name, 'Terminal').getByRole('checkbox').check();
    await sessions.row(admin.name, 'Terminal').getByRole('checkbox').check();
    await expect(sessions.bulk).toContainText('2 sessions selected');
    await sessions.bulk.getByRole('button', { name: 'Stop …' }).click();
    const dialog = admin.page.getByRole('dialog');
    await expect(dialog).toContainText('Stop 2 sessions?');
    await expect(dialog).toContainText(`Terminal of ${user.name}`);
    await expect(dialog).toContainText('unsaved work in them is lost');
    await dialog.getByRole('button', { name: 'Stop 2 sessions' }).click();
    await expect(sessions.outcome).toContainText('Stop: under way for 2 sessions.');
    for (const name of [user.name, admin.name]) {
      await expect(sessions.cell(sessions.row(name, 'Terminal'), 'State')).toContainText('Stopped', { timeout: 20_000 });
    }
    expect([await containerState(first), await containerState(second)]).toEqual(['exited', 'exited']);

    await test.step('the user is told who did it', async () => {
      await expect(user.page.locator('.stage-panel')).toContainText('Terminal is stopped');
      await expect(user.page.locator('.stage-panel')).toContainText(admin.name);
    });

    await test.step('one that cannot be done is named with its reason', async () => {
      const { body } = await admin.call('act_on_sessions', { 'ids[0]': first, 'ids[1]': 'nonsense', action: 'start' });
      expect(body).toHaveLength(2);
      expect(body[0].problem ?? null).toBeNull();
      expect(body[1].problem).toBeTruthy();
    });
  });

  test('one session tells its whole story', async ({ visitor }) => {
    const admin = await visitor({ admin: true });
    const user = await visitor();
    const id = await launch(user, 'Terminal');
    const detail = await new SessionDetailPage(admin.page).open(id);

    await test.step('what it is and what it was made from', async () => {
      await expect(detail.heading).toHaveText(`Terminal of ${user.name}`);
      await expect(detail.badge).toHaveText('Running');
      await expect(detail.fact('User')).toHaveText(user.name);
      await expect(detail.fact('Session id')).toHaveText(id);
      await expect(detail.fact('Network')).toHaveText(/slipway-/);
      await expect(detail.fact('Processes')).toHaveText('1024');
      await expect(detail.fact('CPU now')).toHaveText(/%/, { timeout: 20_000 });
      await expect(detail.fact('Memory now')).toHaveText(/MiB of/);
    });

    await test.step('the log, read again on demand', async () => {
      const log = await new SessionLogPage(admin.page).open(id);
      await log.follow.uncheck();
      await expect(log.state).toContainText('Not following');
      const line = `a line at ${Date.now()}`;
      await docker('exec', await containerOf(id), 'sh', '-c', `echo ${line} > /proc/1/fd/1`);
      await log.refresh.click();
      await expect(log.lines.last()).toContainText(line);
      await detail.open(id);
    });

    await test.step('the timeline names who did what', async () => {
      await expect(detail.timeline.filter({ hasText: 'Launch asked for' })).toContainText(user.name);
      await detail.deed('Pause').click();
      await expect(detail.badge).toHaveText('Paused');
      await expect(detail.timeline.filter({ hasText: 'pause' }).filter({ hasText: admin.name })).not.toHaveCount(0);
      await detail.deed('Resume').click();
      await expect(detail.badge).toHaveText('Running');
    });

    await test.step('an administrator who looks in is written down', async () => {
      await admin.page.getByRole('link', { name: 'Open' }).click();
      await expect(admin.page.locator('iframe.stage-frame')).toBeVisible();
      await detail.open(id);
      await expect(detail.timeline.filter({ hasText: 'Opened the stream' })).toContainText(admin.name);
    });

    await test.step('deleted, it stays as history', async () => {
      await detail.deed('Delete …').click();
      await admin.page.getByRole('dialog').getByRole('button', { name: 'Delete session' }).click();
      await expect(detail.badge).toHaveText('Deleted', { timeout: 20_000 });
      const sessions = await new SessionsPage(admin.page).open('?state=deleted');
      await sessions.find(user.name);
      await expect(sessions.rows).toHaveCount(1);
    });
  });
});
