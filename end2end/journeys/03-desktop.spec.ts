import { fileExists } from '../fixtures/docker.ts';
import { expect, test } from '../fixtures/test.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { Screen } from '../pages/screen.ts';

test.describe('The desktop', () => {
  test('is launched step by step, painted, typed into, and follows the window', async ({ visitor }) => {
    const { page } = await visitor();
    const launcher = await new LauncherPage(page).open();
    const stream = await launcher.launch('Desktop');
    const screen = new Screen(stream.frame);

    await test.step('the launch goes through to a connected screen', async () => {
      await stream.isConnected();
      await expect(page).toHaveTitle(/^Desktop/);
      await screen.isPainted();
    });

    await test.step('a command typed into its terminal runs in its container', async () => {
      const proof = `/tmp/proof-${Date.now()}`;
      const before = await screen.picture();
      await screen.click(142, -20);
      // The window has arrived when the screen is no longer what it was.
      await expect.poll(() => screen.picture()).not.toBe(before);
      await expect
        .poll(async () => {
          // Until the shell listens, keys go nowhere: typed again, the same command does no harm.
          await page.keyboard.type(`touch ${proof}\n`);
          return fileExists(stream.id, proof);
        }, { timeout: 30_000, intervals: [1_000] })
        .toBe(true);
    });

    await test.step('what is typed shows on the canvas', async () => {
      const before = await screen.colours();
      const picture = await screen.picture();
      await page.keyboard.type('echo slipway slipway slipway');
      await expect.poll(() => screen.picture()).not.toBe(picture);
      expect(before).toBeGreaterThan(1);
    });

    await test.step('the remote screen follows the size of the window', async () => {
      await page.setViewportSize({ width: 1000, height: 700 });
      await expect.poll(() => screen.size().then(s => s.width), { timeout: 15_000 }).toBe(1000);
      const bar = (await stream.bar.boundingBox())!;
      await expect.poll(() => screen.size().then(s => s.height)).toBe(700 - Math.round(bar.height));
      await stream.fold.click();
      await expect.poll(() => screen.size().then(s => s.height)).toBeGreaterThan(700 - Math.round(bar.height));
    });
  });

  test('launched twice by a double click, it is one session', async ({ visitor }) => {
    const { page } = await visitor();
    const launcher = await new LauncherPage(page).open();
    await launcher.face('Desktop').dblclick();
    await page.waitForURL(/\/view/);
    await launcher.open();
    await expect(launcher.own.getByRole('listitem').filter({ has: page.locator('.own-name') })).toHaveCount(1);
  });

  test('shows each step of the launch with its time', async ({ visitor }) => {
    const { page } = await visitor();
    const launcher = await new LauncherPage(page).open();
    const stream = await launcher.launch('Desktop');
    await stream.isRunning();
    await page.goto(`/sessions/${stream.id}`);
    const steps = page.locator('.launch-step');
    await expect(steps.locator('.launch-step-name')).toHaveText([
      'Permission and limits',
      'Image present',
      'Private network',
      'Container created',
      'Container started',
      'Workspace answers',
    ]);
    await expect(steps.locator('.launch-step-time')).toHaveText(Array(6).fill(/\d+(\.\d+)? (ms|s)/));
  });
});
