import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { isAccessible } from '../fixtures/axe.ts';
import { attachedTo, containerOf, containerState, docker, inside } from '../fixtures/docker.ts';
import { type Visitor, expect, test } from '../fixtures/test.ts';
import { GroupForm, GroupsPage } from '../pages/groups.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { SessionDetailPage } from '../pages/session-detail.ts';
import { type Fields, WorkspaceForm } from '../pages/workspace-form.ts';

const SHELL = { image: 'slipway/terminal:latest', port: '7681', cpus: '1', memory: '256 MiB', shm: '64 MiB' };

/** A workspace of everybody. */
async function made({ page }: Visitor, name: string, fields: Fields, ticks: string[] = []) {
  const form = await new WorkspaceForm(page).openNew();
  await form.fill({ name, ...SHELL, ...fields });
  for (const tick of ticks) await form.field(tick).check();
  await form.group('All users').check();
  await form.save.click();
  await expect(form.heading).toHaveText(`Edit ${name}`);
}

async function gone(visitor: Visitor, id: string) {
  await visitor.call('act_on_session', { id, action: 'delete' });
  await expect.poll(() => containerState(id), { timeout: 30_000 }).toBe('gone');
}

const inspected = (container: string, format: string) => docker('inspect', '--format', format, container);

test.describe('Mounts and networks', () => {
  let root: string;
  let network: string;

  test.beforeEach(async () => {
    root = await fs.mkdtemp(path.join(os.tmpdir(), 'slipway-root-'));
    // Whoever a container runs as may look into it.
    await fs.chmod(root, 0o755);
    await fs.mkdir(path.join(root, 'data'));
    await fs.writeFile(path.join(root, 'data', 'note'), 'from the host');
    network = `e2e-shared-${process.pid}-${Date.now()}`;
    await docker('network', 'create', network);
  });

  test.afterEach(async () => {
    await docker('network', 'rm', network).catch(() => {});
    await fs.rm(root, { recursive: true, force: true });
  });

  test('a workspace has what the settings allow of the host, and says in what it is weakened', async ({
    visitor,
    startServer,
  }) => {
    test.setTimeout(240_000);
    const server = await startServer({ 'host-roots': root, networks: network });
    const admin = await visitor({ admin: true, at: server });
    const ada = await visitor({ at: server });
    const launcher = new LauncherPage(ada.page);

    await test.step('what is not allowed is told at its field, and nothing typed is lost', async () => {
      const form = await new WorkspaceForm(admin.page).openNew();
      await form.fill({ name: 'Never saved', ...SHELL, options: '{"PidMode": "host"}', ulimits: 'rtprio=9' });
      await form.save.click();
      await expect(form.problem('options')).toContainText('`PidMode`: sessions never share');
      await expect(form.problem('ulimits')).toContainText('Line 1');
      admin.guard.expect('/fn/save_workspace', 422);
      await form.fill({ options: '{"read_only": false}', ulimits: '', volumes: '/etc:/x', networks: 'other' });
      await form.save.click();
      await expect(form.problem('volumes')).toContainText('not in an allowed directory of the host');
      await expect(form.problem('networks')).toContainText(network);
      await expect(form.field('volumes')).toHaveValue('/etc:/x');
      await expect(admin.page.getByText('Directories of the host: /etc:/x.')).toBeVisible();
      await isAccessible(admin.page);
    });

    await test.step('directories of the host are mounted, made for somebody, or left out', async () => {
      const volumes = [
        `${root}/data:/srv/data:ro`,
        `${root}/homes/{username}:/srv/mine:uid=1000,gid=1000`,
        `${root}/missing:/srv/missing:optional`,
      ].join('\n');
      await made(admin, 'Mounted', { volumes, folder_at: '/srv/own' }, ['folder']);
      await launcher.open();
      const stream = await launcher.launch('Mounted');
      await stream.isRunning();
      expect(await inside(stream.id, 'cat /srv/data/note')).toBe('from the host');
      expect(await inside(stream.id, 'touch /srv/data/x 2>/dev/null || echo refused')).toBe('refused');
      expect(await inside(stream.id, 'stat -c %u:%g /srv/mine')).toBe('1000:1000');
      expect(await inside(stream.id, 'test -d /srv/own && echo there')).toBe('there');
      const detail = await new SessionDetailPage(ada.page).open(stream.id);
      await expect(detail.timeline.filter({ hasText: `no directory \`${root}/missing\`` })).toHaveCount(1);
      await expect(detail.fact('Weakened')).toContainText('Directories of the host:');
      await expect(detail.fact('Networks')).toHaveText('one of its own');
      await isAccessible(detail.page);
      await gone(ada, stream.id);
    });

    await test.step('a folder of one’s own is the same one in another workspace', async () => {
      await made(admin, 'Also with a folder', { folder_at: '/mine' }, ['folder']);
      await launcher.open();
      const first = await launcher.launch('Mounted');
      await first.isRunning();
      const volumeAt = async (session: string, at: string) =>
        inspected(await containerOf(session), `{{range .Mounts}}{{if eq .Destination "${at}"}}{{.Name}}{{end}}{{end}}`);
      const own = await volumeAt(first.id, '/srv/own');
      expect(own).not.toBe('');
      await gone(ada, first.id);
      await launcher.open();
      const second = await launcher.launch('Also with a folder');
      await second.isRunning();
      expect(await volumeAt(second.id, '/mine')).toBe(own);
      await gone(ada, second.id);
    });

    await test.step('who looks after workspaces sees on the tile and in the list what is weakened', async () => {
      const tiles = await new LauncherPage(admin.page).open();
      await expect(tiles.tile('Mounted').locator('.badge')).toContainText('weakened');
      await expect(tiles.tile('Also with a folder').locator('.badge')).toHaveCount(0);
      await isAccessible(admin.page);
      await launcher.open();
      await expect(launcher.tile('Mounted')).toBeVisible();
      await expect(launcher.tile('Mounted').locator('.badge')).toHaveCount(0);
      await admin.page.goto('/workspaces?q=Mounted');
      const row = admin.page.getByRole('row').filter({ hasText: 'Mounted' });
      await expect(row.locator('.badge', { hasText: 'weakened' })).toHaveAttribute('title', /Directories of the host/);
    });

    await test.step('a session without a way out is reached, and one on a shared network is on both', async () => {
      await made(admin, 'Closed', { network: 'internal' });
      await launcher.open();
      const closed = await launcher.launch('Closed');
      await closed.isRunning();
      const of = await inspected(await containerOf(closed.id), '{{.HostConfig.NetworkMode}}');
      expect(await docker('network', 'inspect', '--format', '{{.Internal}}', of)).toBe('true');
      await gone(ada, closed.id);

      await made(admin, 'Shared', { networks: network });
      await launcher.open();
      const shared = await launcher.launch('Shared');
      await shared.isRunning();
      expect(await attachedTo(network)).toContain(await containerOf(shared.id));
      await gone(ada, shared.id);
    });

    await test.step('a group that allows less refuses the launch and is named', async () => {
      const groups = await new GroupsPage(admin.page).open();
      await groups.edit('All users').click();
      const form = new GroupForm(admin.page);
      await expect(form.heading).toHaveText('Edit All users');
      await form.fill({ networks: 'own' });
      await form.save.click();
      await admin.page.waitForURL(/done=saved/);
      ada.guard.expect('/fn/launch', 403);
      await launcher.open();
      await launcher.face('Closed').click();
      await expect(ada.page.locator('.sticky-problem')).toContainText('the group “All users”');
      await ada.page.goto('/account');
      const holding = ada.page.getByRole('region', { name: 'What holds for you' });
      const line = holding.getByRole('row').filter({ hasText: 'Networks of sessions' });
      await expect(line).toContainText('from the group “All users”');
    });
  });

  test('without JavaScript, pasted options are taken over into the fields', async ({ visitor }) => {
    const plain = await visitor({ admin: true, javaScriptEnabled: false });
    const name = `Pasted ${Date.now()}`;
    const options = '{"Hostname": "desk", "HostConfig": {"Dns": ["10.0.0.1"], "ReadonlyRootfs": false}}';
    await made(plain, name, { options });
    const form = new WorkspaceForm(plain.page);
    await form.holds({ hostname: 'desk', dns: '10.0.0.1', options: '' });
  });

  test('a home is kept on the host, and begun anew without touching anything else', async ({ visitor, startServer }) => {
    test.setTimeout(240_000);
    const server = await startServer({ 'host-roots': root });
    const admin = await visitor({ admin: true, at: server });
    const ada = await visitor({ at: server });
    const launcher = new LauncherPage(ada.page);
    const name = `Homes ${Date.now()}`;
    const kept = `${root}/homes/{username}/{workspace}`;

    await test.step('where homes are is told at its field', async () => {
      admin.guard.expect('/fn/save_workspace', 422);
      const form = await new WorkspaceForm(admin.page).openNew();
      await form.fill({ name, ...SHELL, profile_path: '/etc/{username}' });
      await form.field('profile').check();
      await form.group('All users').check();
      await form.save.click();
      await expect(form.problem('profile_path')).toContainText('is not in an allowed directory');
      await isAccessible(admin.page);
      await form.fill({ profile_path: `${kept}:uid=1000,gid=1000` });
      await form.save.click();
      await expect(form.heading).toHaveText(`Edit ${name}`);
    });

    const launch = async (choice?: string) => {
      await launcher.open();
      if (choice) {
        await launcher.tile(name).getByRole('link', { name: `Launch ${name} with options` }).click();
        await ada.page.getByLabel(choice).check();
        await ada.page.getByRole('button', { name: 'Launch', exact: true }).click();
      } else {
        await launcher.tile(name).locator('button.tile-face').click();
      }
      await ada.page.waitForURL(/\/sessions\/[^/]+\/view/);
      const id = /sessions\/([^/]+)/.exec(ada.page.url())![1]!;
      await expect.poll(() => containerState(id), { timeout: 60_000 }).toBe('running');
      return id;
    };

    await test.step('what is written is in the directory of the host, and in the next session', async () => {
      const first = await launch();
      await inside(first, `mkdir -p /home/user/deep && echo precious > /home/user/deep/kept && ln -s ${root}/data /home/user/link`);
      await gone(ada, first);
      const second = await launch();
      expect(await inside(second, 'cat /home/user/deep/kept')).toBe('precious');
      await gone(ada, second);
    });

    await test.step('begun anew it is empty, and what a link named is as it was', async () => {
      const fresh = await launch('Start over with an empty home');
      expect(await inside(fresh, 'test -e /home/user/deep && echo there || echo gone')).toBe('gone');
      expect(await fs.readFile(path.join(root, 'data', 'note'), 'utf8')).toBe('from the host');
      await gone(ada, fresh);
    });
  });
});
