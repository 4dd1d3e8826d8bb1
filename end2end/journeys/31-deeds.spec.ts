import { isAccessible } from '../fixtures/axe.ts';
import { containerState, inside } from '../fixtures/docker.ts';
import { expect, test } from '../fixtures/test.ts';
import { GroupForm, GroupsPage } from '../pages/groups.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { SessionDetailPage } from '../pages/session-detail.ts';
import { WorkspaceForm } from '../pages/workspace-form.ts';

const SHELL = { image: 'slipway/terminal:latest', port: '7681', cpus: '1', memory: '256 MiB', shm: '64 MiB' };

test.describe('What passes through streams', () => {
  test('is taken away by a group, kept by the image, and told where it cannot be', async ({ visitor }) => {
    test.setTimeout(180_000);
    const admin = await visitor({ admin: true });
    const ada = await visitor();
    const eve = await visitor();
    const name = `Closed shell ${Date.now()}`;

    await test.step('a workspace says what keeps it, and mistakes are told by their line', async () => {
      const form = await new WorkspaceForm(admin.page).openNew();
      await form.fill({ name, ...SHELL, environment: 'UPLOADS=1', withholds: 'upload UPLOADS=0\nfly /x' });
      await form.group('All users').check();
      await form.save.click();
      await expect(form.problem('withholds')).toContainText('Line 2: `fly`');
      await isAccessible(admin.page);
      await form.fill({ withholds: 'upload UPLOADS=0\ndownload /get/' });
      await form.save.click();
      await expect(form.heading).toHaveText(`Edit ${name}`);
      await form.holds({ withholds: 'upload UPLOADS=0\ndownload /get/' });
    });

    await test.step('a group takes it away', async () => {
      const form = await new GroupForm(admin.page).openNew();
      await form.fill({
        name: `Closed ${Date.now()}`,
        priority: '10',
        members: ada.name,
        upload: 'deny',
        download: 'deny',
        clipboard_out: 'deny',
      });
      await isAccessible(admin.page);
      await form.save.click();
      await expect(new GroupsPage(admin.page).notice).toContainText('Saved.');
    });

    const hers = await (await new LauncherPage(ada.page).open()).launch(name);
    await hers.isRunning();
    await test.step('her container is told so, those of others are not', async () => {
      expect(await inside(hers.id, 'printenv UPLOADS')).toBe('0');
      const other = await (await new LauncherPage(eve.page).open()).launch(name);
      await other.isRunning();
      expect(await inside(other.id, 'printenv UPLOADS')).toBe('1');
    });

    await test.step('administrators read what is not kept from her, she what was taken', async () => {
      const seen = await new SessionDetailPage(admin.page).open(hers.id);
      await expect(seen.fact('Not kept from the user')).toHaveText('Copy out of own sessions');
      await isAccessible(admin.page);
      const own = await new SessionDetailPage(ada.page).open(hers.id);
      await expect(own.fact('Taken from the user')).toContainText('Upload files into own sessions');
      await expect(own.fact('Not kept from the user')).toHaveCount(0);
      await ada.call('act_on_session', { id: hers.id, action: 'delete' });
      await expect.poll(() => containerState(hers.id), { timeout: 30_000 }).toBe('gone');
    });

    await test.step('the screen of a starter copies nothing out of it', async () => {
      const screen = await (await new LauncherPage(ada.page).open()).launch('Desktop');
      await screen.isConnected();
      const options = await inside(screen.id, 'tr "\\0" " " < /proc/$(pgrep -o Xvnc)/cmdline');
      expect(options).toContain('-SendCutText=0');
      expect(options).not.toContain('-AcceptCutText=0');
    });
  });
});
