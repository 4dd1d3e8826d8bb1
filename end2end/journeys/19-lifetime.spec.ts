import { containerState } from '../fixtures/docker.ts';
import { expect, test } from '../fixtures/test.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { SessionDetailPage } from '../pages/session-detail.ts';
import { SettingsPage } from '../pages/settings.ts';
import { Terminal } from '../pages/terminal.ts';
import { WorkspaceForm } from '../pages/workspace-form.ts';

/** Half of it is the time of the warning. */
const IDLE = '24 s';
const WARNED = { timeout: 30_000 };

test.describe('Sessions that end by themselves', () => {
  test('are announced, get more time, and say why they ended', async ({ visitor, startServer }) => {
    test.setTimeout(180_000);
    const at = await startServer();
    const admin = await visitor({ admin: true, at });
    const settings = await new SettingsPage(admin.page).open();
    await settings.rule('idle', 'stop', IDLE);
    await settings.save.click();
    await expect(settings.saved).toHaveText('Saved.');

    const { page, newTab } = await visitor({ at });
    const stream = await (await new LauncherPage(page).open()).launch('Terminal');
    await stream.isConnected();
    const detail = await new SessionDetailPage(await newTab()).open(stream.id);
    await expect(detail.fact('Ends')).toContainText('Will be stopped');

    await test.step('an open window is no work, and the warning comes', async () => {
      await expect(stream.ending).toContainText('unless something happens in it before', WARNED);
      await expect(detail.ending).toContainText('It will be stopped');
      expect(await containerState(stream.id)).toBe('running');
    });

    await test.step('work takes it back', async () => {
      await new Terminal(stream.frame).run('echo at work');
      await expect(stream.ending).toHaveCount(0, WARNED);
    });

    await test.step('so does asking for more time', async () => {
      await expect(stream.ending).toBeVisible(WARNED);
      await stream.ending.getByRole('button', { name: 'Extend' }).click();
      await expect(stream.ending).toHaveCount(0);
      await expect(detail.ending).toHaveCount(0);
      await expect(detail.timeline.filter({ hasText: 'Asked for more time' })).toHaveCount(1);
    });

    await test.step('otherwise it is stopped, and says why', async () => {
      await expect(stream.badge).toHaveText('Stopped', { timeout: 60_000 });
      await expect(stream.panel).toContainText(`nothing happened in it for ${IDLE}`);
      await expect(detail.timeline.filter({ hasText: 'It was stopped because' })).toHaveCount(1);
      const launcher = await new LauncherPage(page).open();
      await expect(launcher.page.locator('.own-session')).toContainText('It was stopped because');
    });
  });

  test('a workspace may say otherwise, and more time works without JavaScript', async ({ visitor, startServer }) => {
    test.setTimeout(120_000);
    const at = await startServer();
    const admin = await visitor({ admin: true, at });
    await admin.page.goto('/workspaces?q=Terminal');
    await admin.page.locator('.row-name', { hasText: /^Terminal$/ }).click();
    const form = new WorkspaceForm(admin.page);
    await form.field('unwatched_action').selectOption('pause');
    await form.field('unwatched_after').fill('soon');
    await form.save.click();
    await expect(form.problem('unwatched_after')).toContainText('Write a length like');
    await form.field('unwatched_after').fill('30 s');
    await form.save.click();
    await expect(form.saved).toHaveText('Saved.');

    const plain = await visitor({ at, javaScriptEnabled: false });
    const stream = await (await new LauncherPage(plain.page).open()).launch('Terminal');
    await expect(async () => {
      await plain.page.reload();
      await expect(stream.badge).toHaveText('Running');
    }).toPass();
    const detail = await new SessionDetailPage(plain.page).open(stream.id);
    await expect(async () => {
      await plain.page.reload();
      await expect(detail.ending).toContainText('unless somebody opens it before');
    }).toPass(WARNED);
    await detail.ending.getByRole('button', { name: 'Extend' }).click();
    await expect(detail.ending).toHaveCount(0);
    await expect(async () => {
      await plain.page.reload();
      await expect(detail.badge).toHaveText('Paused');
    }).toPass({ timeout: 60_000 });
    await expect(plain.page.locator('.notice')).toContainText('nobody looked at it for 30 s');
  });
});

test.describe('Limits', () => {
  test('a launch that does not fit says the numbers and what to stop', async ({ visitor, startServer }) => {
    const at = await startServer();
    const admin = await visitor({ admin: true, at });
    admin.guard.expect('/fn/save_settings', 422);
    const settings = await new SettingsPage(admin.page).open();
    await settings.field('cpus').fill('lots');
    await settings.save.click();
    await expect(settings.problem('cpus')).toContainText('Write a number of cores');
    await settings.field('cpus').fill('3');
    await settings.save.click();
    await expect(settings.saved).toHaveText('Saved.');

    const { page, guard } = await visitor({ at });
    guard.expect('/fn/launch', 429);
    const stream = await (await new LauncherPage(page).open()).launch('Terminal');
    await stream.isRunning();
    const launcher = await new LauncherPage(page).open();
    await launcher.face('Desktop').click();
    const refusal = page.locator('.sticky-problem');
    await expect(refusal).toContainText('“Desktop” asks for 2 cores; 1 of the 3 cores');
    await expect(refusal).toContainText('Stop one of your own sessions: “Terminal” (2 cores)');
  });

  test('without JavaScript a refused form keeps what was typed', async ({ visitor, startServer }) => {
    const at = await startServer();
    const { page } = await visitor({ admin: true, at, javaScriptEnabled: false });
    const settings = await new SettingsPage(page).open();
    await settings.field('memory').fill('1 KiB');
    await settings.field('sessions_per_user').fill('7');
    await settings.save.click();
    await expect(settings.problem('memory')).toBeVisible();
    await expect(settings.field('sessions_per_user')).toHaveValue('7');
    await settings.field('memory').fill('64 GiB');
    await settings.save.click();
    await expect(settings.saved).toHaveText('Saved.');
    await expect(settings.field('memory')).toHaveValue('64 GiB');
  });
});
