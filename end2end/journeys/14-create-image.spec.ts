import { containersOf, docker, fileExists, inside } from '../fixtures/docker.ts';
import { COMMIT, forget, launch } from '../fixtures/snapshots.ts';
import { Registry, PUSHER } from '../fixtures/registry.ts';
import { PASSWORD, expect, test } from '../fixtures/test.ts';
import { JobPage } from '../pages/job.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { WizardPage } from '../pages/wizard.ts';

test.describe('Create image from session', () => {
  test('a session with a file becomes a tile, and what it launches has the file', async ({ visitor }) => {
    const admin = await visitor({ admin: true });
    const { page } = admin;
    const session = await launch(admin, 'Terminal');
    await inside(session, 'echo precious > /home/user/made-in-the-session');

    await page.goto(`/sessions/${session}`);
    await page.getByRole('link', { name: 'Create image' }).first().click();
    const wizard = new WizardPage(page);
    await wizard.isAt('Image');
    await expect(wizard.image).toHaveValue(/^slipway\/terminal:\d{4}-\d\d-\d\d\.\d\d\.\d\d$/);
    const image = await wizard.image.inputValue();
    await expect(page.getByText(/The session has written \d/)).toBeVisible();

    admin.guard.expect('/fn/keep_snapshot', 422);
    await test.step('a name that is none is told at the field, and nothing is lost', async () => {
      await wizard.image.fill('Not A Name');
      await wizard.next.click();
      await expect(wizard.problems.first()).toContainText('lower case');
      await expect(wizard.image).toHaveValue('Not A Name');
      await wizard.image.fill(image);
      await page.getByLabel('Let the session stand still').uncheck();
      await wizard.next.click();
      await wizard.isAt('Registry');
      await expect(page.getByRole('heading', { name: 'Registry' })).toBeFocused();
    });

    await test.step('the list of pages leads back, and what is typed stays', async () => {
      await expect(wizard.registry).toBeHidden();
      await wizard.target.selectOption('other');
      await wizard.registry.fill('half an addr');
      await page.locator('.steps').getByRole('button', { name: 'Image' }).click();
      await wizard.isAt('Image');
      await expect(page.getByLabel('Let the session stand still')).not.toBeChecked();
      await wizard.next.click();
      await expect(wizard.registry).toHaveValue('half an addr');
      await wizard.target.selectOption('none');
    });

    await test.step('each instruction that is wrong names its line', async () => {
      await wizard.next.click();
      await wizard.isAt('Changes');
      await wizard.changes.fill('ENV MARK=1\nRUN apt-get update');
      await wizard.next.click();
      await expect(wizard.problems.first()).toContainText('Line 2, RUN');
      await wizard.changes.fill('ENV MARK=made');
      await wizard.back.click();
      await wizard.isAt('Registry');
      await wizard.next.click();
      await expect(wizard.changes).toHaveValue('ENV MARK=made');
      await wizard.next.click();
      await wizard.isAt('Workspace');
    });

    await expect(wizard.name).toHaveValue(/^Snapshot of Terminal - \(latest-\d{4}-/);
    const name = await wizard.name.inputValue();
    await wizard.next.click();
    await wizard.isAt('Review');
    await expect(page.getByText('It goes on while it is read')).toBeVisible();
    await page.getByText('The same by hand').click();
    await expect(page.getByText(`--change 'ENV MARK=made'`)).toBeVisible();
    await wizard.create.click();
    await page.waitForURL(/\/workspaces\/[^/]+\?done=snapshot/);
    await expect(page.getByRole('heading', { level: 1 })).toContainText(name);

    await test.step('the job is in the drawer, and done', async () => {
      await page.getByRole('button', { name: /task/i }).click();
      await page.locator('#tasks').getByRole('link', { name: /Create image/ }).first().click();
      const job = new JobPage(page);
      await expect(job.badge).toHaveText('Done', COMMIT);
      await expect(job.log).toContainText(`Making the image ${image} of the session. It goes on meanwhile.`);
      await job.search.fill('goes ON');
      await expect(job.log).toHaveText(/^[^\n]*It goes on meanwhile\.$/);
      await job.search.fill('nothing of the kind');
      await expect(job.log).toHaveText('No line has this.');
    });

    const launcher = await new LauncherPage(page).open();
    await launcher.search.fill(name);
    await launcher.searchButton.click();
    await expect(launcher.tiles).toHaveCount(1);
    await expect(launcher.tiles.first()).toContainText('Ready', COMMIT);
    await launcher.tiles.first().locator('.tile-face').click();
    await page.waitForURL(/\/sessions\/[^/]+\/view/);
    const snapshot = page.url().split('/').at(-2)!;
    await expect(page.locator('.bar-state .badge')).toHaveText('Running', COMMIT);
    expect(await fileExists(snapshot, '/home/user/made-in-the-session')).toBe(true);
    expect(await inside(snapshot, 'echo $MARK')).toBe('made');
    await expect(page.locator('iframe')).toBeVisible();

    await page.goto(`/sessions/${session}`);
    await expect(page.getByRole('region', { name: 'Images made of it' })).toContainText(image);
    await test.step('and is deleted with its image', async () => {
      await admin.call('act_on_session', { id: snapshot, action: 'delete' });
      await page.getByRole('region', { name: 'Images made of it' }).getByRole('link', { name: 'Workspace' }).click();
      await expect(page.getByText('Its image was made of the session')).toBeVisible();
      await expect.poll(() => containersOf(snapshot), COMMIT).toEqual([]);
      await page.getByRole('button', { name: 'Delete …' }).click();
      await page.getByLabel(/Remove its image/).check();
      await page.getByRole('button', { name: 'Delete workspace' }).click();
      await page.waitForURL(/done=deleted/);
      await expect.poll(() => docker('image', 'ls', '--quiet', image)).toBe('');
    });
  });

  test('without JavaScript, pushed with a wrong password and then with the right one', async ({ visitor }) => {
    const registry = await Registry.start();
    const admin = await visitor({ admin: true, javaScriptEnabled: false });
    const { page } = admin;
    const session = await launch(admin, 'Terminal');
    const image = `${registry.host}/team/terminal:1`;
    try {
      const wizard = await new WizardPage(page).open(session);
      await wizard.image.fill('Not A Name');
      await wizard.next.click();
      await expect(wizard.problems.first()).toContainText('lower case');
      await expect(wizard.image).toHaveValue('Not A Name');
      await wizard.image.fill(image);
      await wizard.next.click();
      await wizard.isAt('Registry');
      await wizard.target.selectOption('other');
      await wizard.registry.fill(`http://${registry.host}`);
      await wizard.username.fill(PUSHER);
      await wizard.next.click();
      await expect(wizard.problems.first()).toContainText('needs its password');
      await wizard.password.fill('guess');
      await wizard.next.click();
      await wizard.isAt('Changes');
      await wizard.next.click();
      await wizard.next.click();
      await wizard.isAt('Review');
      await expect(page.getByText(`http://${registry.host} as ${PUSHER}`)).toBeVisible();
      await wizard.create.click();
      await page.waitForURL(/done=snapshot/);

      const push = async () => {
        const { body } = await admin.call('recent_jobs', {});
        return body.find((job: any) => job.kind === 'push' && job.links.image === image);
      };
      await expect.poll(async () => (await push())?.state, COMMIT).toBe('failed');
      const job = await new JobPage(page).open((await push()).id);
      await expect(page.getByRole('alert')).toContainText('does not know this user name and password');
      await job.password.fill(PASSWORD);
      await job.retry.click();
      await expect.poll(async () => (await push())?.state, COMMIT).toBe('done');
      await page.reload();
      await expect(job.log).toContainText('The registry has it as sha256:');
      expect(await page.content()).not.toContain(PASSWORD);
    } finally {
      await registry.remove();
      await forget(admin, image);
    }
  });

  test('a new tag alone is made without a workspace', async ({ visitor }) => {
    const admin = await visitor({ admin: true });
    const { page } = admin;
    const session = await launch(admin, 'Terminal');
    const wizard = await new WizardPage(page).open(session);
    const image = await wizard.image.inputValue();
    expect(image).toMatch(/^slipway\/terminal:\d{4}-/);
    for (const step of ['Registry', 'Changes', 'Workspace']) {
      await wizard.next.click();
      await wizard.isAt(step);
    }
    await wizard.purpose.selectOption('Only the image, as a new tag');
    await wizard.next.click();
    await wizard.isAt('Review');
    await expect(page.getByText('None: only a new tag')).toBeVisible();
    await wizard.create.click();
    await page.waitForURL(/\/jobs\//);
    try {
      await expect(new JobPage(page).badge).toHaveText('Done', COMMIT);
      expect(await docker('image', 'ls', '--quiet', image)).not.toBe('');
      const launcher = await new LauncherPage(page).open();
      await expect(launcher.tiles.filter({ hasText: 'Snapshot of Terminal' })).toHaveCount(0);
    } finally {
      await forget(admin, image);
    }
  });

  test('a job is watched live and cancelled in the middle, and leaves no image', async ({ visitor }) => {
    const admin = await visitor({ admin: true });
    const { page } = admin;
    const session = await launch(admin, 'Terminal');
    // Enough that the engine is at it for a while.
    await inside(session, 'head -c 400000000 /dev/urandom > /home/user/weight');
    const image = `slipway/terminal:cancelled-${Date.now()}`;
    await admin.call('keep_snapshot', { id: session, step: 'image', 'form[image]': image, 'form[pause]': 'on' });
    await admin.call('keep_snapshot', { id: session, step: 'workspace', 'form[purpose]': 'tag', 'form[name]': '' });
    await admin.call('submit_snapshot', { id: session, image });
    const { body: jobs } = await admin.call('recent_jobs', {});
    const job = await new JobPage(page).open(jobs.find((job: any) => job.links.image === image).id);
    await expect(job.badge).toHaveText('Running');
    await expect(page.locator('.notice', { hasText: 'The engine copies what the session has written' })).toBeVisible();
    await job.cancel.click();
    await expect(page.getByText('Ending …')).toBeVisible();
    await expect(job.badge).toHaveText('Cancelled', COMMIT);
    await expect(job.log).toContainText('The image is removed again.');
    expect(await docker('image', 'ls', '--quiet', image)).toBe('');
    await page.goto(`/sessions/${session}`);
    await expect(page.locator('.page-state .badge')).toHaveText('Running', COMMIT);
  });

  test('a user is offered none of it', async ({ visitor }) => {
    const user = await visitor();
    const session = await launch(user, 'Terminal');
    await user.page.goto(`/sessions/${session}`);
    await expect(user.page.getByRole('heading', { level: 1 })).toContainText('Terminal');
    await expect(user.page.getByRole('link', { name: 'Create image' })).toHaveCount(0);
    user.guard.expect(/image$|show_snapshot/, 403);
    await user.page.goto(`/sessions/${session}/image`);
    await expect(user.page.getByRole('alert')).toContainText('not permitted to create images');
  });
});
