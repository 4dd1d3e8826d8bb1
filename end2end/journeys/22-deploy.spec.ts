import { isAccessible } from '../fixtures/axe.ts';
import { BASE, clear, forgetRegistry, idOf, meaning, revision, store } from '../fixtures/deploy.ts';
import { publish } from '../fixtures/publish.ts';
import { Registry } from '../fixtures/registry.ts';
import { COMMIT, launch } from '../fixtures/snapshots.ts';
import { expect, test } from '../fixtures/test.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { SessionDetailPage } from '../pages/session-detail.ts';
import { SessionsPage } from '../pages/sessions.ts';
import { StreamPage } from '../pages/stream.ts';
import { WebhookSection, WorkspaceImagePage } from '../pages/workspace-image.ts';
import { WorkspaceForm } from '../pages/workspace-form.ts';
import { WorkspacesPage } from '../pages/workspaces.ts';

/** Calls a webhook as a pipeline does. */
async function called(address: string, secret: string, image: string) {
  const answer = await fetch(address, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}` },
    body: JSON.stringify({ image }),
  });
  return { status: answer.status, body: await answer.json() };
}

test.describe('Deploying', () => {
  test('a pushed image is deployed by a call, sessions begin anew from it, and it is rolled back', async ({ visitor }) => {
    test.setTimeout(300_000);
    const registry = await Registry.start();
    const admin = await visitor({ admin: true });
    const [ada, bob, eve, dan] = [await visitor(), await visitor(), await visitor(), await visitor()];
    const { page } = admin;
    const name = `Deploy ${Date.now()}`;
    const image = `${registry.host}/team/shell:stable`;
    const ids: string[] = [];
    let workspace = '';
    const push = (words: string) => publish(registry, 'team/shell:stable', BASE.image, words);
    const arrives = async () => {
      const isNew = async () => {
        const id = await meaning(image);
        return id !== '' && !ids.includes(id);
      };
      await expect.poll(isNew, COMMIT).toBe(true);
      ids.push(await meaning(image));
    };
    try {
      await push('one');
      await store(admin, registry, name);
      const form = await new WorkspaceForm(page).openNew();
      await form.fill({ name, image, port: BASE.port });
      await form.group('All users').check();
      await form.save.click();
      await expect(page).toHaveURL(/\/workspaces\/[0-9a-f]+\?done=saved/);
      workspace = idOf(page.url());
      await arrives();

      const hook = new WebhookSection(page);
      let [address, secret] = ['', ''];
      await test.step('a webhook is made, and its secret is shown once', async () => {
        await expect(hook.make).toHaveText('Make a secret');
        await hook.make.click();
        await expect(hook.make).toHaveText('Make a new secret');
        [address, secret] = [await hook.address.innerText(), await hook.secret.innerText()];
        expect(address).toContain(`${admin.server.url}/hooks/`);
        await expect(hook.lastCall).toHaveText('Not yet');
        await isAccessible(page);
        await page.reload();
        await expect(hook.secret).toHaveCount(0);
        expect((await called(address, 'guess', image)).status).toBe(401);
      });

      const launcher = await new LauncherPage(ada.page).open();
      await expect(launcher.tile(name)).toContainText('Ready', COMMIT);
      const first = await launch(ada, name);
      expect(await revision(first)).toBe('one');

      await test.step('after a push and a call, the next session has the new image', async () => {
        await push('two');
        expect(await called(address, secret, image)).toEqual({ status: 202, body: { recognised: 1, named: 1 } });
        await arrives();
        const second = await launch(bob, name);
        expect(await revision(second)).toBe('two');
        expect(await revision(first)).toBe('one');
        await page.reload();
        await expect(hook.lastCall).toContainText('The registry was asked what team/shell:stable means now.');
      });

      await test.step('the session before says that a newer one is waiting', async () => {
        const sessions = await new SessionsPage(page).open(`?q=${encodeURIComponent(name)}`);
        await expect(sessions.cell(sessions.row(ada.name, name), 'State')).toContainText('newer image');
        await expect(sessions.cell(sessions.row(bob.name, name), 'State')).not.toContainText('newer image');
        await isAccessible(page);
        const stream = new StreamPage(ada.page);
        await stream.bar.getByRole('link', { name: 'newer image' }).click();
      });

      await test.step('and begins anew from it after a question', async () => {
        const detail = new SessionDetailPage(ada.page);
        const question = ada.page.getByRole('dialog');
        await expect(question).toContainText('not on a volume is lost');
        await isAccessible(ada.page);
        await question.getByRole('link', { name: 'Cancel' }).click();
        await expect(question).toHaveCount(0);
        await expect(detail.waiting).toContainText('A newer image is waiting');
        await detail.waiting.getByRole('button', { name: 'Restart into it …' }).click();
        await question.getByRole('button', { name: 'Restart session' }).click();
        await expect(detail.waiting).toHaveCount(0);
        await expect.poll(() => revision(first), COMMIT).toBe('two');
        await expect(detail.badge).toHaveText('Running', COMMIT);
        await expect(detail.timeline.filter({ hasText: 'restart it into the image that is waiting' })).toHaveCount(1);
      });

      const images = new WorkspaceImagePage(page);
      await test.step('the revision before is gone back to', async () => {
        await images.open(workspace);
        await expect(images.rows).toHaveCount(2);
        await expect(images.row(2).getByRole('link', { name: 'Refreshed' })).toHaveAttribute('href', /^\/jobs\//);
        await expect(images.row(2)).toContainText('In use');
        await expect(images.row(1)).toContainText(admin.name);
        await expect(images.fact('Kind')).toHaveText('moving tag');
        await images.rollBack(1).click();
        const question = page.getByRole('dialog');
        await expect(question).toContainText(`Roll “${name}” back to revision 1?`);
        await isAccessible(page);
        await question.getByRole('button', { name: 'Roll back' }).click();
        await page.waitForURL(/done=rolled_back/);
        await expect(images.pinned).toContainText('Pinned to revision 1');
        await expect(images.row(3)).toContainText('Rolled back');
        await isAccessible(page);
        expect(await revision(await launch(eve, name))).toBe('one');
        const resting = new StreamPage(bob.page);
        await bob.call('act_on_session', { id: resting.id, action: 'pause' });
        await expect(resting.panel).toContainText('Its workspace was rolled back');
        await expect(resting.panel.getByRole('link', { name: 'Restart into it …' })).toBeVisible();
      });

      await test.step('no refresh undoes that', async () => {
        await push('three');
        expect((await called(address, secret, image)).status).toBe(202);
        await arrives();
        expect(await revision(await launch(dan, name))).toBe('one');
        await images.open(workspace);
        await expect(images.rows).toHaveCount(3);
        const list = await new WorkspacesPage(page).open(`?q=${encodeURIComponent(name)}`);
        await expect(list.row(name)).toContainText('pinned');
        await list.choose(name, 'Image');
        await expect(images.heading).toHaveText(`Image of ${name}`);
      });

      await test.step('until the workspace is unpinned', async () => {
        await images.unpin.click();
        await page.waitForURL(/done=unpinned/);
        await expect(images.pinned).toHaveCount(0);
        await expect(images.row(4)).toContainText('Unpinned');
        expect(await revision(await launch(admin, name))).toBe('three');
      });
    } finally {
      await clear([admin, ada, bob, eve, dan], workspace, ids);
      await forgetRegistry(admin, name);
      await registry.remove();
    }
  });

  test('without JavaScript a secret is made, and an image gone back to', async ({ visitor }) => {
    const admin = await visitor({ admin: true, javaScriptEnabled: false });
    const { page } = admin;
    const form = await new WorkspaceForm(page).openNew();
    const name = `Plain ${Date.now()}`;
    let workspace = '';
    try {
      await form.fill({ name, image: BASE.image, port: BASE.port });
      await form.group('All users').check();
      await form.save.click();
      await expect(form.heading).toHaveText(`Edit ${name}`);
      workspace = idOf(page.url());
      const hook = new WebhookSection(page);
      await hook.make.click();
      await expect(hook.secret).toHaveText(/^[\w-]{43}$/);
      await page.reload();
      await expect(hook.secret).toHaveCount(0);
      await hook.remove.click();
      await expect(hook.make).toHaveText('Make a secret');

      await form.fill({ image: 'slipway/desktop:latest' });
      await form.save.click();
      await expect(form.notice).toContainText('Saved.');
      const images = await new WorkspaceImagePage(page).open(workspace);
      await images.rollBack(1).click();
      const question = page.getByRole('dialog');
      await question.getByRole('link', { name: 'Cancel' }).click();
      await expect(question).toHaveCount(0);
      await images.rollBack(1).click();
      await question.getByRole('button', { name: 'Roll back' }).click();
      await expect(images.notice).toContainText('Rolled back.');
      await expect(images.pinned).toContainText('Pinned to revision 1');

      await test.step('another image in the form unpins it', async () => {
        await page.goto(`/workspaces/${workspace}`);
        await expect(page.getByText('Launches use revision 1')).toBeVisible();
        await form.fill({ image: BASE.image });
        await form.save.click();
        await expect(form.notice).toContainText('no longer pinned');
        await images.open(workspace);
        await expect(images.pinned).toHaveCount(0);
      });
    } finally {
      await clear([admin], workspace, []);
    }
  });

  test('a user is offered none of it', async ({ visitor }) => {
    const admin = await visitor({ admin: true });
    const list = await new WorkspacesPage(admin.page).open('?q=Terminal');
    const href = await list.row('Terminal').locator('.row-name').getAttribute('href');
    const { page, guard } = await visitor();
    guard.expect(/\/image$|show_workspace_image/, 403);
    await page.goto(`${href}/image`);
    await expect(page.getByRole('alert')).toContainText('not permitted to manage workspaces');
  });
});
