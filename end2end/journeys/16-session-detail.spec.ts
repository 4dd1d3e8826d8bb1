import fs from 'node:fs/promises';
import { isAccessible } from '../fixtures/axe.ts';
import { fileExists, inside } from '../fixtures/docker.ts';
import { type Visitor, expect, test } from '../fixtures/test.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { SessionDetailPage } from '../pages/session-detail.ts';
import { SessionInsidePage } from '../pages/session-inside.ts';
import { SessionLogPage } from '../pages/session-log.ts';
import { Terminal } from '../pages/terminal.ts';

async function launched({ page }: Visitor) {
  const stream = await (await new LauncherPage(page).open()).launch('Terminal');
  await stream.isRunning();
  return stream;
}

/** Lets the container write lines to its own log. */
const write = (id: string, text: string) => inside(id, `printf '${text}\\n' > /proc/1/fd/1`);

test.describe('Looking into a session', () => {
  test('charts, log, processes and changed files of a terminal', async ({ visitor }) => {
    const user = await visitor();
    const { page } = user;
    const stream = await launched(user);
    const { id } = stream;
    await stream.isConnected();
    await new Terminal(stream.frame).run('echo made here > ~/made.txt; ln -s /nowhere ~/link');
    await expect.poll(() => fileExists(id, '/home/user/made.txt')).toBe(true);
    const detail = await new SessionDetailPage(page).open(id);

    await test.step('the overview measures while it is looked at', async () => {
      await expect(detail.tab('Overview')).toHaveAttribute('aria-current', 'page');
      await expect(detail.chart(/^CPU: now \d+\.\d %/)).toBeVisible({ timeout: 20_000 });
      await expect(detail.chart(/^Memory: now .* of 512 MiB/)).toBeVisible();
      await expect(detail.chart(/^Network: now in .*, out /)).toBeVisible();
      await expect(detail.chart(/^Disk: now read .*, written /)).toBeVisible();
      await expect(detail.chart(/^Processes: now \d+/)).toBeVisible();
      await expect(detail.fact('CPU now')).toHaveText(/%/);
      await isAccessible(page);
    });

    await test.step('the log is searched, followed and taken away', async () => {
      await write(id, String.raw`\033[31mERROR\033[0m broken <b>thing</b>`);
      await write(id, 'all is well');
      await detail.tab('Log').click();
      await expect(page).toHaveURL(/\/log$/);
      const log = new SessionLogPage(page);
      await expect(log.lines.filter({ hasText: 'ERROR broken <b>thing</b>' })).toHaveCount(1);
      await expect(log.log.locator('.ansi-red')).toHaveText('ERROR');
      await isAccessible(page);

      await log.find('BROKEN error');
      await expect(page).toHaveURL(/q=BROKEN/);
      await expect(log.lines).toHaveCount(1);
      await page.getByRole('link', { name: 'Clear' }).click();
      await expect(log.lines.filter({ hasText: 'all is well' })).toHaveCount(1);
      await log.level.selectOption('Errors');
      await log.go.click();
      await expect(log.lines.filter({ hasText: 'all is well' })).toHaveCount(0);
      await expect(log.lines.filter({ hasText: 'BROKEN' })).toHaveCount(1);
      await page.getByRole('link', { name: 'Clear' }).click();

      await expect(log.state).toContainText('Following');
      await write(id, 'a new line');
      await expect(log.lines.last()).toContainText('a new line', { timeout: 5_000 });
      await expect(log.lines.last().locator('.log-time')).toBeHidden();
      await log.times.check();
      await expect(log.lines.last().locator('.log-time')).toBeVisible();
      await expect(log.lines.last()).toHaveText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} a new line$/);

      await inside(id, 'seq -f "number %g" 200 > /proc/1/fd/1');
      await expect(log.lines.last()).toContainText('number 200');
      await log.log.evaluate(pre => pre.scrollTo(0, 0));
      await expect(log.state).toContainText('Paused while you read');
      await write(id, 'while it was paused');
      await expect(log.lines.filter({ hasText: 'while it was paused' })).toHaveCount(0);
      await log.goOn.click();
      await expect(log.lines.last()).toContainText('while it was paused');

      const [file] = await Promise.all([page.waitForEvent('download'), log.download.click()]);
      expect(file.suggestedFilename()).toBe(`session-${id}.log`);
      const text = await fs.readFile(await file.path(), 'utf8');
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z all is well$/m);
      expect(text).toContain('number 200');
    });

    await test.step('processes', async () => {
      await detail.tab('Processes').click();
      const inner = new SessionInsidePage(page);
      await expect(inner.processes.filter({ hasText: 'bash' })).not.toHaveCount(0);
      await inside(id, 'sleep 4711 >/dev/null 2>&1 &');
      await expect(inner.processes.filter({ hasText: 'sleep 4711' })).toHaveCount(1, { timeout: 10_000 });
      await isAccessible(page);
    });

    await test.step('changed files', async () => {
      await detail.tab('Changed files').click();
      const inner = new SessionInsidePage(page);
      await expect(inner.file('/home/user/made.txt')).toContainText('Added');
      await expect(inner.file('/home/user/made.txt')).toContainText('10 B');
      await expect(inner.file('/home/user/link')).toContainText('leads to /nowhere');
      await isAccessible(page);
      await inner.search.fill('MADE.txt');
      await inner.kind.selectOption('Added');
      await inner.go.click();
      await expect(inner.files).toHaveCount(1);
      await inner.kind.selectOption('Deleted');
      await inner.go.click();
      await expect(page.getByText('No file matches')).toBeVisible();
    });

    await test.step('stopped, it has a log and files but no processes', async () => {
      await detail.tab('Log').click();
      await detail.deed('Stop …').click();
      await page.getByRole('dialog').getByRole('button', { name: 'Stop session' }).click();
      await expect(detail.badge).toHaveText('Stopped', { timeout: 20_000 });
      await expect(new SessionLogPage(page).state).toContainText('does not run');
      await expect(page).toHaveURL(/\/log/);
      await detail.tab('Processes').click();
      await expect(page.getByText('Nothing runs')).toBeVisible();
      await detail.tab('Changed files').click();
      await expect(new SessionInsidePage(page).file('/home/user/made.txt')).toBeVisible();
    });
  });

  test('without JavaScript the log is searched by its form and the parts are links', async ({ visitor }) => {
    const user = await visitor({ javaScriptEnabled: false });
    const { id } = await launched(user);
    await write(id, 'WARN nearly full');
    await write(id, 'nothing to see');
    const detail = await new SessionDetailPage(user.page).open(id);
    await detail.tab('Log').click();
    const log = new SessionLogPage(user.page);
    await expect(log.lines.filter({ hasText: 'nothing to see' })).toHaveCount(1);
    await expect(log.follow).toBeHidden();
    await log.search.fill('FULL');
    await log.level.selectOption('Warnings and errors');
    await log.times.check();
    await log.go.click();
    await expect(user.page).toHaveURL(/q=FULL&level=warning&times=on/);
    await expect(log.lines).toHaveCount(1);
    await expect(log.lines).toHaveText(/^\d{4}-.* WARN nearly full$/);
    await detail.tab('Processes').click();
    await expect(new SessionInsidePage(user.page).processes).not.toHaveCount(0);
    await detail.tab('Changed files').click();
    await expect(user.page.getByRole('searchbox', { name: 'Search paths' })).toBeVisible();
  });
});
