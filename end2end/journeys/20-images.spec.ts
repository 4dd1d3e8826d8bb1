import { isAccessible } from '../fixtures/axe.ts';
import { forgetRegistry, meaning, store } from '../fixtures/deploy.ts';
import { docker } from '../fixtures/docker.ts';
import { PUSHER, Registry } from '../fixtures/registry.ts';
import { COMMIT } from '../fixtures/snapshots.ts';
import { expect, test } from '../fixtures/test.ts';
import { DiskPage, ImagePage, ImagesPage } from '../pages/images.ts';
import { JobPage } from '../pages/job.ts';
import { SettingsPage } from '../pages/settings.ts';

/** The shortest time after which a registry is asked again, and what a busy machine adds to it. */
const REFRESHED = { timeout: 150_000 };

/** Takes names or ids off the engine, as far as they are there. */
async function clear(...images: string[]) {
  for (const image of images.filter(Boolean)) await docker('image', 'rm', '--force', image).catch(() => {});
}

test.describe('Images', () => {
  test('one is pulled by its reference, named, and removed after a question', async ({ visitor }) => {
    const registry = await Registry.start();
    const admin = await visitor({ admin: true });
    const { page } = admin;
    const name = `Images ${Date.now()}`;
    const image = `${registry.host}/team/app:1`;
    const other = `${registry.host}/team/app:stable`;
    try {
      await registry.offer('team/app:1', 'one');
      await store(admin, registry, name);
      const list = await new ImagesPage(page).open();
      await list.unfold.click();

      admin.guard.expect('/fn/pull_reference', 422);
      await test.step('what is no reference is told at its field', async () => {
        await list.reference.fill('Not A Name');
        await list.pull.click();
        await expect(list.problems.first()).toContainText('lower case');
        await expect(list.reference).toHaveValue('Not A Name');
        await isAccessible(page);
      });

      await list.reference.fill(image);
      await list.credentials.selectOption({ label: `${name}: http://${registry.host} as ${PUSHER}` });
      await list.pull.click();
      await page.waitForURL(/\/jobs\//);
      const job = new JobPage(page);
      await expect(job.badge).toHaveText('Done', COMMIT);
      await expect(job.log).toContainText(`Pulling ${image} as ${PUSHER}`);

      await list.find(registry.host);
      await expect(list.cell(image, 'State')).toContainText('Available');
      await expect(list.cell(image, 'Size')).toHaveText(/^\d.* (B|KiB)$/);
      await expect(list.cell(image, 'Digest')).toHaveText(/^[0-9a-f]{12}$/);
      await expect(list.cell(image, 'Pulled').locator('time')).toHaveCount(1);
      await expect(list.cell(image, 'Used by')).toHaveText('—');
      await isAccessible(page);

      await list.link(image).click();
      const detail = new ImagePage(page);
      await expect(detail.heading).toHaveText(image);
      await expect(detail.badge).toHaveText('Available');
      await expect(detail.card('About')).toContainText('This tag moves');
      await expect(detail.card('About')).toContainText(`http://${registry.host} as ${PUSHER}`);
      await expect(detail.card('Configuration')).toContainText('WORDS=one');
      await expect(detail.card('Layers').locator('tbody tr')).toHaveCount(1);
      await expect(detail.card('Jobs')).toContainText('Pull image: done');
      await isAccessible(page);

      await test.step('it gets another name', async () => {
        admin.guard.expect('/fn/tag_image', 422);
        await detail.newName.fill('No Name');
        await detail.addName.click();
        await expect(page.locator('.field-problem')).toContainText('lower case');
        await detail.newName.fill(other);
        await detail.addName.click();
        await page.waitForURL(/done=tagged/);
        await expect(detail.heading).toHaveText(other);
        await expect(detail.card('Names')).toContainText(image);
        expect(await meaning(other)).toBe(await meaning(image));
      });

      await test.step('which is removed after a question', async () => {
        // The page may hear that it is gone before it has left.
        admin.guard.expect('/fn/show_image', 404);
        await detail.remove.click();
        const question = page.getByRole('dialog');
        await expect(question).toContainText(`Remove “${other}”?`);
        await expect(question).toContainText(`Only this name goes. The image stays, as “${image}”.`);
        await isAccessible(page);
        await question.getByRole('link', { name: 'Cancel' }).click();
        await expect(question).toHaveCount(0);
        await detail.remove.click();
        await question.getByRole('button', { name: 'Remove image' }).click();
        await page.waitForURL(/done=removed/);
        expect(await meaning(other)).toBe('');
        expect(await meaning(image)).not.toBe('');
      });

      await test.step('and so is the image with its last one, from the list', async () => {
        await list.find(registry.host);
        await expect(list.row(other)).toHaveCount(0);
        await list.tick(image).check();
        await expect(list.bulk).toContainText('1 image selected');
        await list.bulk.getByRole('button', { name: 'Remove …' }).click();
        const question = page.getByRole('dialog');
        await expect(question).toContainText(`Remove “${image}”?`);
        await question.getByRole('button', { name: 'Remove image' }).click();
        await expect(list.outcome).toContainText(`“${image}” was removed from the engine.`);
        await expect(list.row(image)).toHaveCount(0);
        expect(await meaning(image)).toBe('');
      });
    } finally {
      await forgetRegistry(admin, name);
      await registry.remove();
      await clear(image, other);
    }
  });

  test('what the disk holds is shown, and what pruning would take away', async ({ visitor }) => {
    const admin = await visitor({ admin: true });
    const { page } = admin;
    await new ImagesPage(page).open();
    await page.getByRole('link', { name: 'Disk and pruning' }).click();
    const disk = new DiskPage(page);
    await expect(disk.heading).toBeVisible();
    await expect(disk.shares).toHaveCount(4);
    await expect(disk.shares.filter({ hasText: 'Images' })).toContainText(/\d (MiB|GiB)/);
    await expect(disk.plan).toContainText('Nothing would go.');
    await expect(disk.plan.getByRole('link', { name: 'Prune now …' })).toHaveCount(0);

    admin.guard.expect('/images/disk', 422);
    await disk.days.fill('0');
    await disk.mode.selectOption('Images that nothing uses');
    await disk.show.click();
    await expect(disk.problems).toContainText('Between 1 and 3650 days.');
    await expect(disk.mode).toHaveValue('unused');
    await disk.days.fill('3650');
    await disk.show.click();
    await expect(disk.days).toHaveValue('3650');
    const starter = disk.plan.getByRole('row').filter({ hasText: 'slipway/terminal:latest' });
    await expect(starter).toContainText('Stays');
    await expect(starter).toContainText('is made from it.');
    await isAccessible(page);
  });

  test('what a workspace needs is brought by itself, and again when its name moves', async ({ visitor, startServer }) => {
    test.setTimeout(300_000);
    const registry = await Registry.start();
    const at = await startServer();
    const admin = await visitor({ admin: true, at });
    const { page } = admin;
    const image = `${registry.host}/team/moving:latest`;
    let first = '';
    try {
      await registry.offer('team/moving:latest', 'first');

      admin.guard.expect('/fn/save_settings', 422);
      await test.step('how often is decided on the settings page', async () => {
        const settings = await new SettingsPage(page).open();
        await settings.field('compare_every').fill('1 s');
        await settings.field('refresh_every').fill('60 s');
        await settings.save.click();
        await expect(settings.problem('compare_every')).toContainText('Between 5 s');
        await settings.field('compare_every').fill('5 s');
        await settings.save.click();
        await expect(settings.saved).toHaveText('Saved.');
      });

      const workspace = { 'form[name]': 'Moving', 'form[image]': image, 'form[enabled]': 'on' };
      expect((await admin.call('save_workspace', workspace)).status).toBe(200);
      const list = await new ImagesPage(page).find(registry.host);
      await expect(list.cell(image, 'State')).toContainText('Missing');
      await expect(list.cell(image, 'Used by')).toHaveText('1 workspace');

      await test.step('once a registry is stored for it', async () => {
        await store(admin, registry, 'Ours');
        await expect(list.cell(image, 'State')).toContainText('Available', COMMIT);
        first = await meaning(image);
        expect(first).not.toBe('');
      });

      const detail = new ImagePage(page);
      const hasMeant = (times: number) =>
        expect(async () => {
          await detail.open(image);
          const all = detail.card('What the name has meant').getByRole('listitem');
          await expect(all).toHaveCount(times, { timeout: 1_000 });
        }).toPass(COMMIT);
      await hasMeant(1);
      await expect(detail.card('Used by')).toContainText('Moving');
      await expect(detail.card('Configuration')).toContainText('WORDS=first');

      await test.step('and the registry is asked what the name means by now', async () => {
        await registry.offer('team/moving:latest', 'second');
        expect(await meaning(image)).toBe(first);
        await expect(detail.card('Configuration')).toContainText('WORDS=second', REFRESHED);
        await expect(detail.badge).toHaveText('Available');
        expect(await meaning(image)).not.toBe(first);
        await hasMeant(2);
      });
    } finally {
      // Without a registry nothing brings back what is taken away.
      await registry.remove();
      await clear(image, first);
    }
  });

  test('without JavaScript one is pulled and removed', async ({ visitor }) => {
    const registry = await Registry.start();
    const admin = await visitor({ admin: true, javaScriptEnabled: false });
    const { page } = admin;
    const name = `Plain images ${Date.now()}`;
    const image = `${registry.host}/team/plain:1`;
    const other = `${registry.host}/team/plain:2`;
    try {
      await registry.offer('team/plain:1', 'plain');
      await store(admin, registry, name);
      const list = await new ImagesPage(page).open();
      await list.unfold.click();
      await list.reference.fill('Not A Name');
      await list.pull.click();
      await expect(list.problems.first()).toContainText('lower case');
      await expect(list.reference).toHaveValue('Not A Name');
      await list.reference.fill(image);
      await list.pull.click();
      await page.waitForURL(/\/jobs\//);
      const job = new JobPage(page);
      await expect(async () => {
        await page.reload();
        await expect(job.badge).toHaveText('Done', { timeout: 1_000 });
      }).toPass(COMMIT);

      await docker('tag', image, other);
      await expect(async () => {
        await list.find(registry.host);
        await expect(list.rows).toHaveCount(2, { timeout: 1_000 });
      }).toPass(COMMIT);
      await list.choose(image, 'Remove …');
      const question = page.getByRole('dialog');
      await expect(question).toContainText(`Only this name goes. The image stays, as “${other}”.`);
      await question.getByRole('link', { name: 'Cancel' }).click();
      await expect(question).toHaveCount(0);
      await expect(page).toHaveURL(/q=localhost/);
      await list.choose(image, 'Remove …');
      await question.getByRole('button', { name: 'Remove image' }).click();
      await expect(list.notice).toHaveText('It was removed from the engine.');
      expect(await meaning(image)).toBe('');

      await list.find(registry.host);
      await list.tick(other).check();
      await list.bulk.getByRole('button', { name: 'Remove …' }).click();
      await expect(question).toContainText(`Remove “${other}”?`);
      await question.getByRole('button', { name: 'Remove image' }).click();
      await expect.poll(() => meaning(other), COMMIT).toBe('');
      await list.find(registry.host);
      await expect(list.rows).toHaveCount(0);
    } finally {
      await forgetRegistry(admin, name);
      await registry.remove();
      await clear(image, other);
    }
  });

  test('a user is offered none of it', async ({ visitor }) => {
    const { page, guard } = await visitor();
    await page.goto('/');
    await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Images' })).toHaveCount(0);
    guard.expect(/^\/(images|fn\/)/, 403);
    for (const path of ['/images', '/images/disk', '/images/show?image=slipway%2Fterminal%3Alatest']) {
      await page.goto(path);
      await expect(page.getByRole('alert')).toContainText('not permitted to manage images');
    }
  });
});
