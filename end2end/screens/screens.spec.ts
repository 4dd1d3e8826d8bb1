import fs from 'node:fs/promises';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { ADMIN, expect, test } from '../fixtures/test.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { LoginPage } from '../pages/login.ts';
import { Screen } from '../pages/screen.ts';
import { SessionDetailPage } from '../pages/session-detail.ts';
import { SetupPage } from '../pages/setup.ts';
import { StreamPage } from '../pages/stream.ts';
import { WorkspaceForm } from '../pages/workspace-form.ts';

const FOLDER = path.resolve(process.env.SCREENS ?? 'test-results/screens');
const SIZES = [{ width: 1280, height: 800 }, { width: 390, height: 844 }];
const THEMES = ['light', 'dark'];

async function picture(page: Page, theme: string, name: string, { whole = true } = {}) {
  for (const size of SIZES) {
    await page.setViewportSize(size);
    const file = path.join(FOLDER, `${name}-${theme}-${size.width}.png`);
    await page.screenshot({ path: file, fullPage: whole, animations: 'disabled' });
  }
  await page.setViewportSize(SIZES[0]);
}

test.describe.configure({ mode: 'serial' });
test.beforeAll(() => fs.mkdir(FOLDER, { recursive: true }));

for (const theme of THEMES) {
  test(`before the sign-in, ${theme}`, async ({ startServer, stranger }) => {
    const server = await startServer({}, { setup: true });
    const { page, guard } = await stranger({ at: server, theme });
    guard.expect('/setup', 403);
    guard.expect('/fn/finish_setup', 422);
    await page.goto('/setup');
    await picture(page, theme, 'setup-no-token');
    await page.goto(server.setupLink);
    const setup = new SetupPage(page);
    await expect(setup.finish).toBeVisible();
    await picture(page, theme, 'setup');
    await setup.fill('admin', 'short', 'shorter');
    await setup.finish.click();
    await expect(setup.problem('password')).toBeVisible();
    await picture(page, theme, 'setup-problems');
    const reader = await stranger({ theme });
    await reader.page.goto('/login');
    await picture(reader.page, theme, 'login');
    reader.guard.expect('/fn/sign_in', 401);
    await new LoginPage(reader.page).signIn('nobody', 'not-the-password');
    await expect(new LoginPage(reader.page).refusal).toBeVisible();
    await picture(reader.page, theme, 'login-refused');
  });

  test(`after it, ${theme}`, async ({ startServer, visitor }) => {
    const server = await startServer();
    const { page, guard } = await visitor({ at: server, as: ADMIN, theme });
    const launcher = await new LauncherPage(page).open();
    await expect(launcher.tile('Desktop')).toBeVisible();
    await picture(page, theme, 'launcher-empty');

    const terminal = await launcher.launch('Terminal');
    await terminal.isConnected();
    await picture(page, theme, 'stream-terminal', { whole: false });
    await terminal.barButton('Pause').click();
    await expect(terminal.badge).toHaveText('Paused');
    await picture(page, theme, 'stream-paused');

    const desktop = await (await launcher.open()).launch('Desktop');
    await picture(page, theme, 'stream-starting');
    await desktop.isConnected();
    await new Screen(desktop.frame).isPainted();
    await picture(page, theme, 'stream-desktop', { whole: false });
    const { id } = desktop;
    await desktop.barButton('Delete …').click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await picture(page, theme, 'question', { whole: false });
    await page.keyboard.press('Escape');

    const form = await new WorkspaceForm(page).openNew();
    await picture(page, theme, 'workspace-new');
    await form.fill({ name: `Broken ${theme}`, image: 'slipway/terminal:latest', port: '0' });
    await form.save.click();
    await expect(form.problem('port')).toBeVisible();
    await picture(page, theme, 'workspace-problems');
    await form.fill({ port: '9999', ready_timeout: '2' });
    await form.save.click();
    await expect(form.button('Test launch')).toBeVisible();
    await picture(page, theme, 'workspace');
    await form.button('Test launch').click();
    await expect(new StreamPage(page).badge).toHaveText('Failed', { timeout: 20_000 });
    await picture(page, theme, 'stream-failed');

    await visitor({ at: server, as: ADMIN }).then(admin =>
      admin.call('save_settings', {
        'form[sessions_per_user]': '9',
        'form[free_disk]': '1 GiB',
        'form[idle_action]': 'stop',
        'form[idle_after]': '8 h',
        'form[longest_action]': 'pause',
        'form[longest_after]': '90 s',
        'form[extension]': '2 h',
      }),
    );
    await page.request.post(`${server.url}/fn/save_registry`, {
      form: {
        id: '',
        'form[name]': 'Team registry',
        'form[url]': 'https://registry.example.org',
        'form[username]': 'robot',
        'form[ca]': '',
        password: 'violin',
      },
      headers: { accept: 'application/json', origin: server.url },
    });
    const notice = new SessionDetailPage(page).ending;
    await page.goto(`/sessions/${id}/view`);
    await expect(notice).toBeVisible({ timeout: 90_000 });
    await picture(page, theme, 'stream-ending', { whole: false });
    for (const [name, address] of [
      ['launcher', '/'],
      ['launcher-no-match', '/?q=nothing'],
      ['sessions', '/sessions'],
      ['sessions-no-match', '/sessions?q=nothing'],
      ['session', `/sessions/${id}`],
      ['session-log', `/sessions/${id}/log?times=on`],
      ['session-processes', `/sessions/${id}/processes`],
      ['session-files', `/sessions/${id}/files`],
      ['session-terminal', `/sessions/${id}/terminal`],
      ['create-image', `/sessions/${id}/image`],
      ['create-image-registry', `/sessions/${id}/image?step=registry`],
      ['create-image-changes', `/sessions/${id}/image?step=changes`],
      ['create-image-workspace', `/sessions/${id}/image?step=workspace`],
      ['create-image-review', `/sessions/${id}/image?step=review`],
      ['workspaces', '/workspaces'],
      ['registries', '/registries'],
      ['registry-new', '/registries/new'],
      ['registries-import', '/registries/import'],
      ['groups', '/groups'],
      ['group-new', '/groups/new'],
      ['jobs', '/jobs'],
      ['settings', '/settings'],
      ['account', '/account'],
      ['not-found', '/nothing-is-here'],
    ]) {
      guard.expect('/nothing-is-here', 404);
      await page.goto(address);
      await expect(page.locator('.loading')).toHaveCount(0);
      if (name === 'session') await expect(page.getByText(/^highest/).first()).toBeVisible({ timeout: 20_000 });
      if (name === 'session-terminal') await expect(page.locator('html')).toHaveAttribute('data-state', 'connected');
      if (name === 'sessions') await expect(page.locator('[data-label="CPU"]', { hasText: '%' }).first()).toBeVisible({ timeout: 20_000 });
      await picture(page, theme, name);
    }
  });
}
