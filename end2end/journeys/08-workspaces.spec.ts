import { containersOf } from '../fixtures/docker.ts';
import { expect, test } from '../fixtures/test.ts';
import { ONE_PIXEL_PNG } from '../fixtures/pictures.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { StreamPage } from '../pages/stream.ts';
import { Terminal } from '../pages/terminal.ts';
import { WorkspaceForm } from '../pages/workspace-form.ts';
import { WorkspacesPage } from '../pages/workspaces.ts';

/** A bad value for every field that can have one. */
const BAD = {
  name: 'n'.repeat(81),
  description: 'd'.repeat(301),
  categories: 'c'.repeat(41),
  image: 'Not An Image!',
  port: '70000',
  entry: 'no-slash',
  ready_path: '//evil.example',
  ready_timeout: '0',
  basic_user: 'only-a-user',
  blocked_paths: 'relative',
  capabilities: 'SYS_ADMIN',
  environment: 'no equals sign',
  cpus: 'many',
  memory: '1 KiB',
  shm: '-1',
  pids: '1',
  notes: 'x'.repeat(10_001),
};

const GOOD = {
  name: 'Team shell',
  description: 'A shell for the team.',
  categories: 'Tools, Team',
  image: 'slipway/terminal:latest',
  port: '7681',
  entry: '/',
  ready_path: '/',
  ready_timeout: '60',
  basic_user: '',
  blocked_paths: '',
  capabilities: '',
  environment: 'TEAM=blue',
  cpus: '1',
  memory: '256 MiB',
  shm: '64 MiB',
  pids: '256',
  notes: 'Made by a journey.',
};

test.describe('Workspaces', () => {
  test('one is made: every mistake is told at its field, nothing typed is lost, then it is on the launcher', async ({ visitor }) => {
    const { page, guard } = await visitor({ admin: true });
    const workspaces = await new WorkspacesPage(page).open();
    await workspaces.create.click();
    const form = new WorkspaceForm(page);
    await expect(form.heading).toHaveText('New workspace');
    const name = `Team shell ${Date.now()}`;

    await test.step('all mistakes at once', async () => {
      await form.fill(BAD);
      await form.save.click();
      await expect(form.summary).toBeFocused();
      await expect(form.summary.getByRole('link')).toHaveCount(Object.keys(BAD).length);
      for (const field of Object.keys(BAD)) {
        await expect(form.problem(field), field).toBeVisible();
        await expect(form.field(field), field).toHaveAttribute('aria-invalid', 'true');
        await expect(form.field(field)).toHaveAttribute('aria-describedby', new RegExp(`form-${field}-problem`));
      }
      await form.holds(BAD);
      await expect(page).toHaveURL(/\/workspaces\/new/);
    });

    await test.step('the summary leads to the field', async () => {
      await form.summary.getByRole('link', { name: 'A port is between 1 and 65535.' }).click();
      await expect(form.field('port')).toBeFocused();
    });

    await test.step('a corrected field is no longer complained about', async () => {
      await form.fill({ port: '7681' });
      await form.field('port').blur();
      await expect(form.problem('port')).toHaveCount(0);
    });

    await test.step('good values are saved', async () => {
      await form.fill({ ...GOOD, name });
      await form.icon('terminal').check();
      await form.save.click();
      await expect(page).toHaveURL(/\/workspaces\/[0-9a-f]+\?done=saved/);
      await expect(form.notice.or(form.saved).first()).toContainText('Saved.');
      await expect(form.heading).toHaveText(`Edit ${name}`);
      await form.holds({ ...GOOD, name });
      await expect(form.icon('terminal')).toBeChecked();
    });

    await test.step('it is on the launcher and runs as defined', async () => {
      const launcher = await new LauncherPage(page).open();
      await expect(launcher.tile(name)).toContainText('A shell for the team.');
      await expect(launcher.tile(name)).toContainText('Tools, Team');
      const stream = await launcher.launch(name);
      await stream.isConnected();
      const shell = new Terminal(stream.frame);
      await shell.run('echo team=$TEAM');
      await expect(shell.screen).toContainText('team=blue');
    });
    expect(guard.troubles).toEqual([]);
  });

  test('one is edited, copied, switched off and deleted', async ({ visitor }) => {
    const { page } = await visitor({ admin: true });
    const user = await visitor();
    const launcher = await new LauncherPage(user.page).open();
    const name = `Shell ${Date.now()}`;
    const form = await new WorkspaceForm(page).openNew();
    await form.fill({ ...GOOD, name });
    await form.group('All users').check();
    await form.save.click();
    await expect(form.heading).toHaveText(`Edit ${name}`);
    const changed = `${name} changed`;

    await test.step('a new name shows on an open launcher', async () => {
      await expect(launcher.tile(name)).toBeVisible();
      await form.fill({ name: changed, description: 'Changed.' });
      await form.save.click();
      await expect(form.heading).toHaveText(`Edit ${changed}`);
      await expect(launcher.tile(changed)).toContainText('Changed.');
      await expect(launcher.tile(name)).toHaveCount(0);
    });

    await test.step('saved twice from one page, it is not taken for somebody else’s change', async () => {
      await form.fill({ notes: 'Second.' });
      await form.save.click();
      await expect(form.saved.or(form.notice).first()).toContainText('Saved.');
      await page.reload();
      await expect(form.field('notes')).toHaveValue('Second.');
    });

    await test.step('the copy opens, disabled', async () => {
      await form.button('Duplicate').click();
      await expect(form.heading).toHaveText(`Edit Copy of ${changed}`);
      await expect(form.field('enabled')).toHaveValue('');
      await expect(form.notice).toContainText('This is the copy.');
      await expect(launcher.tile(`Copy of ${changed}`)).toHaveCount(0);
    });

    const workspaces = await new WorkspacesPage(page).open();
    await test.step('disabled, its tile is gone; enabled, it is back', async () => {
      await workspaces.choose(changed, 'Disable');
      await expect(workspaces.row(changed)).toContainText('Disabled');
      await expect(launcher.tile(changed)).toHaveCount(0);
      await workspaces.choose(changed, 'Enable');
      await expect(workspaces.row(changed)).toContainText('Enabled');
      await expect(launcher.tile(changed)).toBeVisible();
    });

    await test.step('deleting names what goes and what stays', async () => {
      const stream = await launcher.launch(changed);
      await stream.isRunning();
      await workspaces.choose(changed, 'Delete …');
      const dialog = page.getByRole('dialog');
      await expect(dialog).toContainText(`Delete the workspace “${changed}”?`);
      await expect(dialog).toContainText('1 session of it stays');
      await expect(dialog).toContainText('The image stays on the engine.');
      await dialog.getByRole('link', { name: 'Cancel' }).click();
      await expect(workspaces.row(changed)).toBeVisible();
      await workspaces.choose(changed, 'Delete …');
      await dialog.getByRole('button', { name: 'Delete workspace' }).click();
      await expect(workspaces.notice).toContainText('The workspace was deleted.');
      await expect(workspaces.row(changed)).toHaveCount(0);
      await expect(stream.badge).toHaveText('Running');
      await launcher.open();
      await expect(launcher.tile(changed)).toHaveCount(0);
      await expect(launcher.session(changed)).toBeVisible();
    });
  });

  test('two editors do not overwrite each other unseen', async ({ visitor }) => {
    const ada = await visitor({ admin: true });
    const bob = await visitor({ admin: true });
    const name = `Shared ${Date.now()}`;
    const form = await new WorkspaceForm(ada.page).openNew();
    await form.fill({ ...GOOD, name });
    await form.save.click();
    await expect(form.heading).toHaveText(`Edit ${name}`);
    const other = new WorkspaceForm(bob.page);
    await bob.page.goto(new URL(ada.page.url()).pathname);
    await form.fill({ notes: 'Ada was first.' });
    await form.save.click();
    await expect(form.saved.or(form.notice).first()).toContainText('Saved.');
    await ada.page.reload();
    await expect(form.field('notes')).toHaveValue('Ada was first.');

    bob.guard.expect('/fn/save_workspace', 409);
    await other.fill({ notes: 'Bob was slower.' });
    await other.save.click();
    await expect(other.summary).toContainText('Somebody changed');
    await expect(other.field('notes')).toHaveValue('Bob was slower.');
    await bob.page.reload();
    await expect(other.field('notes')).toHaveValue('Ada was first.');
  });

  test('a picture is taken, and what is no picture is refused', async ({ visitor }) => {
    const { page } = await visitor({ admin: true });
    const name = `Pictured ${Date.now()}`;
    const form = await new WorkspaceForm(page).openNew();
    await form.fill({ ...GOOD, name });
    await form.save.click();
    await expect(form.heading).toHaveText(`Edit ${name}`);

    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
    await form.picture.setInputFiles({ name: 'evil.png', mimeType: 'image/png', buffer: svg });
    await form.upload.click();
    await expect(form.pictureProblem).toContainText('Choose a PNG, JPEG, WebP or GIF picture.');

    const large = Buffer.concat([ONE_PIXEL_PNG, Buffer.alloc(300 * 1024)]);
    await form.picture.setInputFiles({ name: 'large.png', mimeType: 'image/png', buffer: large });
    await form.upload.click();
    await expect(form.pictureProblem).toContainText('at most 256 KiB');

    await form.picture.setInputFiles({ name: 'good.png', mimeType: 'image/png', buffer: ONE_PIXEL_PNG });
    await form.upload.click();
    await expect(form.notice).toContainText('The picture was uploaded.');
    await expect(form.icon('your picture')).toBeChecked();
    const launcher = await new LauncherPage(page).open();
    const picture = launcher.tile(name).locator('img');
    await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(1);
  });

  test('a preset fills the form in, and keeps what was typed', async ({ visitor }) => {
    const { page } = await visitor({ admin: true });
    const form = await new WorkspaceForm(page).openNew();
    await form.fill({ name: 'Mine' });
    await form.group('All users').check();
    await form.group('Administrators').uncheck();
    await form.preset.selectOption('Kasm desktop');
    await form.button('Fill in').click();
    await expect(page.locator('.preset-filled')).toContainText('Nothing is saved yet.');
    await form.holds({ name: 'Mine', port: '6901', scheme: 'https', basic_user: 'kasm_user' });
    await expect(form.field('image')).toHaveValue(/kasmweb\/desktop/);
    await expect(form.group('All users')).toBeChecked();
    await expect(form.group('Administrators')).not.toBeChecked();
  });

  test('a test launch of a wrong port says which step failed, with numbers, and can be tried again', async ({ visitor }) => {
    const { page } = await visitor({ admin: true });
    const name = `Broken ${Date.now()}`;
    const form = await new WorkspaceForm(page).openNew();
    await form.fill({ ...GOOD, name, port: '9999', ready_timeout: '2' });
    await form.field('enabled').selectOption('');
    await form.save.click();
    await expect(form.heading).toHaveText(`Edit ${name}`);
    await form.button('Test launch').click();
    await page.waitForURL(/\/view$/);
    const stream = new StreamPage(page);
    await expect(stream.badge).toHaveText('Failed', { timeout: 20_000 });
    await expect(stream.panel).toContainText(`${name} could not be started`);
    const failed = stream.step('Workspace answers');
    await expect(failed).toContainText('Failed');
    await expect(failed).toContainText(/9999/);
    await expect(failed).toContainText(/2(\.\d)? s/);
    await expect(stream.step('Container started')).toContainText('Done');
    await expect(stream.panel).toContainText('2 s');

    await test.step('corrected and tried again', async () => {
      await stream.panelButton('Try again').click();
      await expect(stream.badge).toHaveText('Starting');
      await expect(stream.badge).toHaveText('Failed', { timeout: 20_000 });
      expect((await containersOf(stream.id)).length).toBeLessThanOrEqual(1);
    });
  });

  test('a workspace without its image says why on its tile, and cannot be clicked', async ({ visitor }) => {
    const { page } = await visitor({ admin: true });
    const name = `Absent ${Date.now()}`;
    const form = await new WorkspaceForm(page).openNew();
    await form.fill({ ...GOOD, name, image: 'slipway/absent:never' });
    await form.save.click();
    await expect(form.heading).toHaveText(`Edit ${name}`);
    const launcher = await new LauncherPage(page).open();
    await expect(launcher.tile(name)).toContainText('Not available');
    await expect(launcher.tile(name).locator('.tile-why')).toContainText('slipway/absent:never');
    await expect(launcher.tile(name).locator('button.tile-face')).toHaveCount(0);
    const workspaces = await new WorkspacesPage(page).open('?state=unavailable');
    await expect(workspaces.row(name)).toContainText('Not available');
  });

  test('the list is searched, sorted, filtered and paged', async ({ visitor }) => {
    const { page } = await visitor({ admin: true });
    const workspaces = await new WorkspacesPage(page).open('?sort=name');
    await expect(workspaces.head('Name')).toHaveAttribute('aria-sort', 'ascending');
    const names = () => workspaces.rows.locator('.row-name').allInnerTexts();
    const sorted = await names();
    expect(sorted).toEqual([...sorted].sort((a, b) => a.localeCompare(b, 'en', { sensitivity: 'base' })));

    await workspaces.search.fill('jupyter');
    await workspaces.go.click();
    await expect(page).toHaveURL(/q=jupyter/);
    await expect(workspaces.row('Notebook')).toBeVisible();
    await expect(workspaces.row('Desktop')).toHaveCount(0);
    await page.goBack();
    await expect(workspaces.row('Desktop')).toBeVisible();

    await workspaces.state.selectOption('Enabled');
    await workspaces.go.click();
    await expect(workspaces.row('Kasm desktop')).toHaveCount(0);
    await workspaces.row('Desktop').getByRole('link', { name: 'Desktops' }).click();
    await expect(page.getByText('Only the category “Desktops”.')).toBeVisible();
    await expect(workspaces.row('Terminal')).toHaveCount(0);
  });
});
