import { expect, test } from '../fixtures/test.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { Screen } from '../pages/screen.ts';
import { Terminal } from '../pages/terminal.ts';

test.describe('The other starter workspaces', () => {
  test('the notebook executes a cell', async ({ visitor }) => {
    const { page } = await visitor();
    const stream = await (await new LauncherPage(page).open()).launch('Notebook');
    await stream.isRunning();
    await expect(page.getByText('Shares cookies')).toBeVisible();
    const lab = stream.frame;
    await lab.locator('.jp-LauncherCard[data-category="Notebook"]').first().click({ timeout: 45_000 });
    const cell = lab.locator('.jp-Notebook .jp-Cell .cm-content').first();
    await cell.click({ timeout: 30_000 });
    await expect(lab.locator('.jp-Notebook-ExecutionIndicator')).toHaveAttribute('data-status', 'idle', { timeout: 30_000 });
    await page.keyboard.type('print(6*7)');
    // The first run is sometimes lost, for a reason not yet known; see whether it stays so.
    await expect(async () => {
      await cell.click();
      await page.keyboard.press('Control+Enter');
      await expect(lab.locator('.jp-OutputArea-output').first()).toHaveText(/^42\s*$/, { timeout: 5_000 });
    }).toPass({ timeout: 45_000 });
  });

  test('the terminal runs a shell', async ({ visitor }) => {
    const { page } = await visitor();
    const stream = await (await new LauncherPage(page).open()).launch('Terminal');
    await stream.isConnected();
    const terminal = new Terminal(stream.frame);
    await terminal.run('echo answer=$((6*7))');
    await expect(terminal.screen).toContainText('answer=42');
    await terminal.run('whoami');
    await expect(terminal.screen).toContainText('user');
  });

  test('the browser paints a page', async ({ visitor }) => {
    const { page } = await visitor();
    const stream = await (await new LauncherPage(page).open()).launch('Browser');
    await stream.isConnected();
    const screen = new Screen(stream.frame);
    await screen.isPainted(50);
    // Something to type into: the address bar takes what is typed and the page changes.
    const before = await screen.picture();
    await screen.click(300, 60);
    await page.keyboard.type('about:version');
    await expect.poll(() => screen.picture()).not.toBe(before);
  });
});
