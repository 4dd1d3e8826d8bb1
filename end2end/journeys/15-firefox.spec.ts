import { inside } from '../fixtures/docker.ts';
import { Firefox } from '../fixtures/firefox.ts';
import { PASSWORD, expect, test } from '../fixtures/test.ts';

test('Firefox signs in, launches a terminal, sees it, and finds nothing wrong with any page', async ({ server, visitor }) => {
  // Somebody whose sessions are deleted when the journey ends.
  const { name } = await visitor({ admin: true });
  const firefox = await Firefox.start();
  const { page } = firefox;
  try {
    await firefox.open(`${server.url}/login`);
    await page.type('#name', name);
    await page.type('#password', PASSWORD);
    await page.click('button[type=submit]');
    await expect.poll(() => firefox.path()).toBe('/');
    await page.waitForSelector('.tile');
    await page.evaluate(() => {
      const tiles = [...document.querySelectorAll('.tile')];
      tiles.find(tile => tile.querySelector('.tile-name')?.textContent === 'Terminal')!.querySelector<HTMLElement>('.tile-face')!.click();
    });
    await expect.poll(() => firefox.path(), { timeout: 20_000 }).toMatch(/\/view$/);
    const id = (await firefox.path()).split('/').at(-2)!;
    // The prompt of the shell, in a frame from the session's own origin.
    await expect.poll(() => firefox.framed(), { timeout: 30_000 }).toContain('user@workspace');
    expect(await inside(id, 'id -un')).toBe('user');

    for (const address of ['/', '/sessions', `/sessions/${id}`, `/sessions/${id}/image`, '/jobs', '/workspaces', '/workspaces/new', '/groups', '/groups/new', '/account']) {
      await firefox.open(server.url + address);
      await expect.poll(() => page.evaluate(() => document.querySelectorAll('.loading').length), address).toBe(0);
    }
    expect(firefox.troubles).toEqual([]);
  } finally {
    await firefox.close();
  }
});
