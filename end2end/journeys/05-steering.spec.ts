import { attachedTo, containerOf, containerState, containersOf, docker, fileExists, inside } from '../fixtures/docker.ts';
import { expect, test } from '../fixtures/test.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { StreamPage } from '../pages/stream.ts';
import { Terminal } from '../pages/terminal.ts';

/** How soon another tab must show what was done in the first. */
const SEEN = { timeout: 2_000 };

test.describe('Steering a session', () => {
  test('pause, resume, stop, start and delete from its page, seen in a second tab', async ({ visitor }) => {
    const { page, newTab } = await visitor();
    const stream = await (await new LauncherPage(page).open()).launch('Terminal');
    await stream.isConnected();
    const { id } = stream;
    const other = await new StreamPage(await newTab()).open(id);
    await other.isRunning();

    const shell = new Terminal(stream.frame);
    await shell.run('sleep 4711 & echo kept > ~/kept.txt');
    await expect.poll(() => fileExists(id, '/home/user/kept.txt')).toBe(true);

    await test.step('paused: frozen, and both tabs say so', async () => {
      await stream.barButton('Pause').click();
      await expect(stream.badge).toHaveText('Paused');
      await expect(other.badge).toHaveText('Paused', SEEN);
      await expect(other.panel).toContainText('Terminal is paused');
      await expect(other.panel).toContainText('programs are frozen');
      await expect(other.iframe).toHaveCount(0);
      expect(await containerState(id)).toBe('paused');
    });

    await test.step('resumed from the other tab: the programs are still there', async () => {
      await other.panelButton('Resume').click();
      await expect(other.badge).toHaveText('Running');
      await expect(stream.badge).toHaveText('Running', SEEN);
      await stream.isConnected();
      expect(await containerState(id)).toBe('running');
      expect(await inside(id, 'pgrep -fx "sleep 4711"')).toMatch(/\d+/);
      await expect(shell.screen).toContainText('sleep 4711');
    });

    await test.step('stopped: programs gone, files kept', async () => {
      await stream.barButton('Stop').click();
      await expect(stream.badge).toHaveText('Stopped', { timeout: 20_000 });
      await expect(other.badge).toHaveText('Stopped', SEEN);
      await expect(stream.panel).toContainText('Its files are kept');
      expect(await containerState(id)).toBe('exited');
    });

    await test.step('started again: the file is there, the program is not', async () => {
      await stream.panelButton('Start').click();
      await stream.isConnected();
      await expect(other.badge).toHaveText('Running', SEEN);
      expect(await inside(id, 'cat ~/kept.txt')).toBe('kept');
      expect(await inside(id, 'pgrep -fx "sleep 4711" || echo none')).toContain('none');
    });

    await test.step('deleted, after a question: container gone, network free', async () => {
      const network = await networkOf(id);
      await stream.barButton('Delete …').click();
      const dialog = page.getByRole('dialog');
      await expect(dialog).toContainText('Delete the session “Terminal”?');
      await expect(dialog).toContainText('cannot be undone');
      await dialog.getByRole('link', { name: 'Cancel' }).click();
      await expect(dialog).toHaveCount(0);
      expect(await containerState(id)).toBe('running');

      await stream.delete();
      await expect(page).toHaveURL(/\/$/);
      await expect(other.page.getByText('Terminal has been deleted')).toBeVisible({ timeout: 20_000 });
      await expect.poll(() => containersOf(id)).toEqual([]);
      expect(await attachedTo(network).catch(() => '')).toBe('');
      await expect(new LauncherPage(page).own).toHaveCount(0);
    });
  });

  test('the same from the launcher, where the state follows', async ({ visitor }) => {
    const { page, newTab } = await visitor();
    const launcher = await new LauncherPage(page).open();
    const stream = await launcher.launch('Terminal');
    await stream.isRunning();
    const { id } = stream;
    const watching = await new LauncherPage(await newTab()).open();
    await launcher.open();
    await expect(launcher.badge('Terminal')).toHaveText('Running');
    await expect(launcher.tile('Terminal')).toContainText('Open');

    await launcher.choose('Terminal', 'Pause');
    await expect(launcher.badge('Terminal')).toHaveText('Paused');
    await expect(watching.badge('Terminal')).toHaveText('Paused', SEEN);
    await expect(launcher.tile('Terminal')).toContainText('Resume');
    expect(await containerState(id)).toBe('paused');

    await launcher.face('Terminal').click();
    await stream.isRunning();
    await expect(watching.badge('Terminal')).toHaveText('Running', SEEN);

    await launcher.open();
    await launcher.choose('Terminal', 'Stop');
    await expect(launcher.badge('Terminal')).toHaveText('Stopped', { timeout: 20_000 });
    await expect(watching.badge('Terminal')).toHaveText('Stopped', SEEN);
    await expect(launcher.tile('Terminal')).toContainText('Start again');
    expect(await containerState(id)).toBe('exited');

    await launcher.session('Terminal').getByRole('button', { name: 'Start' }).click();
    await stream.isRunning();
    expect(stream.id).toBe(id);

    await launcher.open();
    await launcher.choose('Terminal', 'Delete …');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete session' }).click();
    await expect(launcher.own).toHaveCount(0, { timeout: 20_000 });
    await expect(watching.own).toHaveCount(0, SEEN);
    await expect(launcher.tile('Terminal')).toContainText('Ready');
    expect(await containerState(id)).toBe('gone');
  });

  test('a stop asked for twice is one stop', async ({ visitor }) => {
    const person = await visitor();
    const stream = await (await new LauncherPage(person.page).open()).launch('Terminal');
    await stream.isRunning();
    const stop = () => person.call('act_on_session', { id: stream.id, action: 'stop', next: '/' });
    const answers = await Promise.all([stop(), stop()]);
    expect(answers.map(a => a.status)).toEqual([200, 200]);
    await expect(stream.badge).toHaveText('Stopped', { timeout: 20_000 });
    expect((await stop()).status).toBe(200);
    await expect(stream.badge).toHaveText('Stopped');
  });
});

test.describe('Behind our back', () => {
  test('what is done with the docker command shows at once, with a reason', async ({ visitor }) => {
    const { page } = await visitor();
    const stream = await (await new LauncherPage(page).open()).launch('Terminal');
    await stream.isConnected();
    const { id } = stream;
    const container = await containerOf(id);
    const soon = { timeout: 3_000 };

    await test.step('docker pause', async () => {
      await docker('pause', container);
      await expect(stream.badge).toHaveText('Paused', soon);
      await expect(stream.panel).toContainText('It was paused outside Slipway.');
    });

    await test.step('docker unpause', async () => {
      await docker('unpause', container);
      await expect(stream.badge).toHaveText('Running', soon);
      await stream.isConnected();
    });

    await test.step('docker stop', async () => {
      await docker('stop', '--time', '1', container);
      await expect(stream.badge).toHaveText('Stopped', soon);
      await expect(stream.panel).toContainText('stopped outside Slipway');
    });

    await test.step('start it again from the page', async () => {
      await stream.panelButton('Start').click();
      await stream.isConnected();
    });

    await test.step('the main program ends by itself', async () => {
      await docker('exec', container, 'sh', '-c', 'kill -TERM 1; kill -KILL -1').catch(() => '');
      await expect(stream.badge).toHaveText('Stopped', soon);
      await expect(stream.panel).toContainText('was ended by signal 9 (SIGKILL)');
      await stream.panelButton('Start').click();
      await stream.isConnected();
    });

    await test.step('docker rm --force', async () => {
      await docker('rm', '--force', container);
      await expect(stream.badge).toHaveText('Failed', soon);
      await expect(stream.panel).toContainText('Its container was removed outside Slipway; the files in it are lost.');
      await expect(stream.panel).toContainText('Start it to begin with a fresh container');
    });

    await test.step('a fresh container takes its place when asked', async () => {
      await stream.panelButton('Try again').click();
      await stream.isConnected();
      expect(await containersOf(id)).toHaveLength(1);
    });
  });
});

async function networkOf(session: string): Promise<string> {
  const format = '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}';
  return docker('inspect', '--format', format, await containerOf(session));
}
