import { isAccessible } from '../fixtures/axe.ts';
import { containerState, docker, fileExists, inside } from '../fixtures/docker.ts';
import { type Visitor, expect, test } from '../fixtures/test.ts';
import { GroupForm, GroupsPage } from '../pages/groups.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { WorkspaceForm } from '../pages/workspace-form.ts';

const SHELL = { image: 'slipway/terminal:latest', port: '7681', cpus: '1', memory: '256 MiB', shm: '64 MiB' };
const KEPT = '/home/user/kept';

/** A workspace of everybody that keeps homes. */
async function keeping({ page }: Visitor, name: string) {
  const form = await new WorkspaceForm(page).openNew();
  await form.fill({ name, ...SHELL, volumes: 'team:/srv/team' });
  await form.field('profile').check();
  await form.group('All users').check();
  await form.save.click();
  await expect(form.heading).toHaveText(`Edit ${name}`);
  return form;
}

/** The id of the session that a page of a stream is about, once its container runs. */
async function running({ page }: Visitor) {
  await page.waitForURL(/\/sessions\/[^/]+\/view/);
  const id = /sessions\/([^/]+)/.exec(page.url())![1]!;
  await expect.poll(() => containerState(id), { timeout: 60_000 }).toBe('running');
  return id;
}

async function gone(visitor: Visitor, id: string) {
  await visitor.call('act_on_session', { id, action: 'delete' });
  await expect.poll(() => containerState(id), { timeout: 30_000 }).toBe('gone');
}

test.describe('What stays', () => {
  test('a home outlives its session, and may be left alone or begun anew', async ({ visitor }) => {
    test.setTimeout(180_000);
    const admin = await visitor({ admin: true });
    const ada = await visitor();
    const name = `Keeping ${Date.now()}`;
    await keeping(admin, name);
    const launcher = await new LauncherPage(ada.page).open();

    await test.step('what is written into it is there in the next session', async () => {
      await launcher.tile(name).locator('button.tile-face').click();
      const first = await running(ada);
      await inside(first, `echo precious > ${KEPT} && test -d /srv/team`);
      await gone(ada, first);
      await launcher.open();
      await launcher.tile(name).locator('button.tile-face').click();
      const second = await running(ada);
      expect(await inside(second, `cat ${KEPT}`)).toBe('precious');
      await ada.page.goto(`/sessions/${second}`);
      await expect(ada.page.getByText('at /home/user')).toBeVisible();
      await gone(ada, second);
    });

    const options = () => launcher.tile(name).getByRole('link', { name: `Launch ${name} with options` });
    await test.step('a session without it has one of its own', async () => {
      await launcher.open();
      await options().click();
      await expect(ada.page.getByRole('heading', { level: 1 })).toHaveText(`Launch ${name}`);
      await isAccessible(ada.page);
      await ada.page.getByLabel('Leave my home alone').check();
      await ada.page.getByRole('button', { name: 'Launch', exact: true }).click();
      const without = await running(ada);
      expect(await fileExists(without, KEPT)).toBe(false);
      await gone(ada, without);
    });

    await test.step('an empty one is begun with when that is asked for, and kept from then on', async () => {
      await launcher.open();
      await options().click();
      await ada.page.getByLabel('Start over with an empty home').check();
      await ada.page.getByRole('button', { name: 'Launch', exact: true }).click();
      const fresh = await running(ada);
      expect(await fileExists(fresh, KEPT)).toBe(false);
      await inside(fresh, `echo newer > ${KEPT}`);
      await gone(ada, fresh);
      await launcher.open();
      await launcher.tile(name).locator('button.tile-face').click();
      const last = await running(ada);
      expect(await inside(last, `cat ${KEPT}`)).toBe('newer');
      await gone(ada, last);
    });

    await test.step('what cannot be kept is told at its field', async () => {
      const form = await new WorkspaceForm(admin.page).openNew();
      await form.fill({ name: 'Never saved', ...SHELL, volumes: '../etc:/x', home: '/etc' });
      await form.field('profile').check();
      await form.save.click();
      await expect(form.problem('volumes')).toContainText('no name of a volume');
      await expect(form.problem('home')).toContainText('needs its own');
      await isAccessible(admin.page);
    });
  });

  test('groups give volumes to their members, and say which are not mounted', async ({ visitor }) => {
    test.setTimeout(120_000);
    const admin = await visitor({ admin: true });
    const ada = await visitor();
    const stamp = Date.now();
    const name = `Given ${stamp}`;
    await keeping(admin, name);
    const form = new GroupForm(admin.page);
    const group = { name: `Givers ${stamp}`, priority: '10', members: ada.name };

    await test.step('mistakes are told at the field, by their lines', async () => {
      await form.openNew();
      admin.guard.expect('/fn/save_group', 422);
      await form.fill({ ...group, volumes: 'project:/srv/project\n/etc:/srv/etc' });
      await form.save.click();
      await expect(form.problem('volumes')).toContainText('`/etc` is not in an allowed directory');
      await isAccessible(admin.page);
      await form.fill({ volumes: 'project:/srv/project:uid=1000\nother:/srv/team' });
      await form.save.click();
      await expect(new GroupsPage(admin.page).notice).toContainText('Saved.');
    });

    const launcher = await new LauncherPage(ada.page).open();
    await launcher.tile(name).locator('button.tile-face').click();
    const id = await running(ada);
    await inside(id, 'touch /srv/project/from-a-group && test -d /srv/team');

    await test.step('what the workspace has stays, and that is told', async () => {
      await ada.page.goto(`/sessions/${id}`);
      await expect(ada.page.getByText('Left out: `other:/srv/team`')).toBeVisible();
      await ada.page.goto('/account');
      const holding = ada.page.getByRole('region', { name: 'What holds for you' });
      const line = holding.getByRole('row').filter({ hasText: 'Volume at /srv/project' });
      await expect(line).toContainText(`from the group “${group.name}”`);
      await isAccessible(ada.page);
      await gone(ada, id);
    });
  });

  test('without JavaScript one may begin anew too', async ({ visitor }) => {
    const admin = await visitor({ admin: true });
    const name = `Keeping plainly ${Date.now()}`;
    await keeping(admin, name);
    const plain = await visitor({ javaScriptEnabled: false });
    await plain.page.goto('/');
    await plain.page.getByRole('link', { name: `Launch ${name} with options` }).click();
    await plain.page.getByLabel('Start over with an empty home').check();
    await plain.page.getByRole('button', { name: 'Launch', exact: true }).click();
    const id = await running(plain);
    const volumes = await docker('inspect', '--format', '{{range .Mounts}}{{.Type}} {{.Destination}} {{end}}', `${await containerName(id)}`);
    expect(volumes).toContain('volume /home/user');
    await gone(plain, id);
  });
});

const containerName = (session: string) =>
  docker('ps', '--all', '--filter', `label=slipway.session=${session}`, '--format', '{{.Names}}');
