import { containerState } from '../fixtures/docker.ts';
import { PASSWORD, expect, test } from '../fixtures/test.ts';
import { AccountPage } from '../pages/account.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { LoginPage } from '../pages/login.ts';
import { SessionsPage } from '../pages/sessions.ts';
import { StreamPage } from '../pages/stream.ts';
import { WorkspaceForm } from '../pages/workspace-form.ts';
import { WorkspacesPage } from '../pages/workspaces.ts';

const plain = { javaScriptEnabled: false };

test.describe('Without JavaScript', () => {
  test('one signs in, after a mistake, and out', async ({ server, stranger }) => {
    const { page } = await stranger(plain);
    await server.addUser('plain-reader');
    await page.goto('/account');
    const login = new LoginPage(page);
    await login.signIn('plain-reader', 'not-the-password');
    await expect(login.refusal).toContainText('Name or password is wrong.');
    await login.signIn('plain-reader', PASSWORD);
    await expect(page).toHaveURL(`${server.url}/account`);
    await page.getByRole('button', { name: 'Account menu' }).click();
    await page.getByRole('button', { name: 'Sign out' }).first().click();
    await expect(login.heading).toBeVisible();
    await page.goto('/');
    await expect(login.heading).toBeVisible();
  });

  test('a session is launched, shown, stopped, started and deleted', async ({ visitor }) => {
    const { page } = await visitor(plain);
    const launcher = await new LauncherPage(page).open();
    const stream = await launcher.launch('Terminal');
    const { id } = stream;
    await stream.isRunning();
    await expect(stream.iframe).toHaveAttribute('title', /Terminal, running in its container/);
    expect(await containerState(id)).toBe('running');

    await stream.barButton('Pause').click();
    await expect(stream.badge).toHaveText('Paused', { timeout: 15_000 });
    expect(await containerState(id)).toBe('paused');
    await stream.panelButton('Resume').click();
    await stream.isRunning();

    await stream.barButton('Stop').click();
    await expect(stream.badge).toHaveText('Stopped', { timeout: 20_000 });
    expect(await containerState(id)).toBe('exited');

    await launcher.open();
    await expect(launcher.badge('Terminal')).toHaveText('Stopped');
    await launcher.session('Terminal').getByRole('button', { name: 'Start' }).click();
    await stream.isRunning();

    await test.step('deleting asks on a page of its own, and can be cancelled', async () => {
      await stream.barButton('Delete …').click();
      await expect(page).toHaveURL(/confirm=/);
      const question = page.getByRole('dialog');
      await expect(question).toContainText('Delete the session “Terminal”?');
      await question.getByRole('link', { name: 'Cancel' }).click();
      await expect(page).toHaveURL(/\/view$/);
      await expect(question).toHaveCount(0);
      await stream.barButton('Delete …').click();
      await question.getByRole('button', { name: 'Delete session' }).click();
      await expect(page).toHaveURL(/\/$/);
      await expect.poll(() => containerState(id), { timeout: 20_000 }).toBe('gone');
      await launcher.open();
      await expect(launcher.own).toHaveCount(0);
    });
  });

  test('the launch shows its progress on pages that look again by themselves', async ({ visitor }) => {
    const admin = await visitor({ admin: true, ...plain });
    const { page } = admin;
    const form = await new WorkspaceForm(page).openNew();
    const name = `Slow ${Date.now()}`;
    await form.fill({ name, image: 'slipway/terminal:latest', port: '9998', ready_timeout: '4' });
    await form.save.click();
    await expect(form.heading).toHaveText(`Edit ${name}`);
    await form.button('Test launch').click();
    const stream = new StreamPage(page);
    await expect(stream.badge).toHaveText('Starting');
    await expect(stream.step('Permission and limits')).toContainText('Done');
    await expect(stream.badge).toHaveText('Failed', { timeout: 20_000 });
    await expect(stream.step('Workspace answers')).toContainText('Failed');
    await expect(stream.panelButton('Try again')).toBeVisible();
  });

  test('a workspace is made after a mistake, with nothing typed lost', async ({ visitor }) => {
    const { page } = await visitor({ admin: true, ...plain });
    const form = await new WorkspaceForm(page).openNew();
    const name = `Plain ${Date.now()}`;
    const typed = { name, description: 'Typed <once> & "kept"', image: 'Not An Image', port: '0', notes: '\nfirst line empty', environment: 'A=1\nB=2' };
    await form.fill(typed);
    await form.icon('chart').check();
    await form.save.click();
    await expect(page).toHaveURL(/\/workspaces\/new/);
    await expect(form.problem('image')).toBeVisible();
    await expect(form.problem('port')).toContainText('between 1 and 65535');
    await expect(form.summary.getByRole('link')).toHaveCount(2);
    await form.holds(typed);
    await expect(form.icon('chart')).toBeChecked();

    await form.fill({ image: 'slipway/terminal:latest', port: '7681' });
    await form.save.click();
    await expect(form.notice).toContainText('Saved.');
    await expect(form.heading).toHaveText(`Edit ${name}`);

    await test.step('filled from a preset', async () => {
      await form.openNew();
      await form.preset.selectOption('Kasm desktop');
      await form.button('Fill in').click();
      await form.holds({ port: '6901', scheme: 'https' });
    });

    await test.step('deleted, after a question', async () => {
      const workspaces = await new WorkspacesPage(page).open(`?q=${encodeURIComponent(name)}`);
      await workspaces.choose(name, 'Delete …');
      const question = page.getByRole('dialog');
      await expect(question).toContainText(`Delete the workspace “${name}”?`);
      await expect(page).toHaveURL(/q=Plain/);
      await question.getByRole('button', { name: 'Delete workspace' }).click();
      await expect(workspaces.notice).toContainText('The workspace was deleted.');
    });
  });

  test('lists are searched, sorted and paged by links and forms', async ({ visitor }) => {
    const { page } = await visitor({ admin: true, ...plain });
    const workspaces = await new WorkspacesPage(page).open();
    await workspaces.search.fill('jupyter');
    await workspaces.go.click();
    await expect(page).toHaveURL(/q=jupyter/);
    await expect(workspaces.row('Notebook')).toBeVisible();
    await expect(workspaces.row('Desktop')).toHaveCount(0);
    await page.getByRole('link', { name: 'Clear' }).click();
    await workspaces.head('Name').getByRole('link').click();
    await expect(page).toHaveURL(/sort=name/);
    await expect(workspaces.head('Name')).toHaveAttribute('aria-sort', 'ascending');
    const up = await workspaces.rows.locator('.row-name').allInnerTexts();
    await workspaces.head('Name').getByRole('link').click();
    await expect(workspaces.head('Name')).toHaveAttribute('aria-sort', 'descending');
    expect(await workspaces.rows.locator('.row-name').allInnerTexts()).toEqual([...up].reverse());
  });

  test('long lists have pages', async ({ visitor }) => {
    const person = await visitor({ admin: true, ...plain });
    const { page } = person;
    const mark = `paged${Date.now()}`;
    // The definitions are only listed, never launched.
    for (let n = 0; n < 26; n += 1) {
      const form = { 'form[name]': `${mark} ${String(n).padStart(2, '0')}`, 'form[image]': 'slipway/terminal', 'form[enabled]': '' };
      expect((await person.call('save_workspace', form)).status).toBe(200);
    }
    const workspaces = await new WorkspacesPage(page).open(`?q=${mark}&sort=name&per=25`);
    await expect(workspaces.count).toHaveText('26 workspaces');
    await expect(workspaces.rows).toHaveCount(25);
    const pager = page.getByRole('navigation', { name: 'Pages' });
    await expect(pager).toContainText('1–25 of 26');
    await pager.getByRole('link', { name: 'Next' }).click();
    await expect(workspaces.rows).toHaveCount(1);
    await expect(workspaces.row(`${mark} 25`)).toBeVisible();
    await expect(pager.getByRole('link', { name: 'Page 2' })).toHaveAttribute('aria-current', 'page');
    await pager.getByRole('link', { name: 'Previous' }).click();
    await expect(workspaces.rows).toHaveCount(25);
  });

  test('an administrator stops sessions from the list', async ({ visitor }) => {
    const admin = await visitor({ admin: true, ...plain });
    const user = await visitor(plain);
    const stream = await (await new LauncherPage(user.page).open()).launch('Terminal');
    await stream.isRunning();
    const sessions = await new SessionsPage(admin.page).open(`?q=${user.name}`);
    await sessions.row(user.name, 'Terminal').getByRole('checkbox').check();
    await sessions.bulk.getByRole('button', { name: 'Stop …' }).click();
    const question = admin.page.getByRole('dialog');
    await expect(question).toContainText('Stop “Terminal of');
    await question.getByRole('button', { name: 'Stop session' }).click();
    await expect.poll(() => containerState(stream.id), { timeout: 20_000 }).toBe('exited');
    await sessions.open(`?q=${user.name}`);
    await expect(sessions.row(user.name, 'Terminal')).toContainText('Stopped');
  });

  test('favourites are marked and come first', async ({ visitor }) => {
    const { page } = await visitor(plain);
    const launcher = await new LauncherPage(page).open();
    await launcher.star('Terminal').click();
    await expect(launcher.star('Terminal')).toHaveAttribute('aria-label', /Remove Terminal from favourites/);
    await expect(launcher.tiles.first()).toContainText('Terminal');
    await launcher.star('Terminal').click();
    await expect(launcher.star('Terminal')).toHaveAttribute('aria-label', /Mark Terminal as favourite/);
    await launcher.search.fill('jupyter');
    await launcher.searchButton.click();
    await expect(launcher.tile('Notebook')).toBeVisible();
    await expect(launcher.tile('Terminal')).toHaveCount(0);
  });

  test('the account page changes theme and password', async ({ visitor }) => {
    const { page } = await visitor(plain);
    const account = await new AccountPage(page).open();
    await account.theme('Dark').check();
    await page.getByRole('button', { name: 'Use this theme' }).click();
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await account.changePassword('wrong-wrong-wrong', 'paper-violin-harbour');
    await expect(account.problem('current')).toContainText('not your present password');
    await account.changePassword(PASSWORD, 'paper-violin-harbour');
    await expect(account.notice).toContainText('Your password is changed');
  });
});
