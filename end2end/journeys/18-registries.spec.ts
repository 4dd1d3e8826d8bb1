import { isAccessible } from '../fixtures/axe.ts';
import { docker } from '../fixtures/docker.ts';
import { PUSHER, Registry } from '../fixtures/registry.ts';
import { COMMIT, forget, launch } from '../fixtures/snapshots.ts';
import { PASSWORD, expect, test } from '../fixtures/test.ts';
import { JobPage } from '../pages/job.ts';
import { ImportPage, RegistriesPage, RegistryForm } from '../pages/registries.ts';
import { WizardPage } from '../pages/wizard.ts';

test.describe('Registries', () => {
  test('one is tried, stored, chosen in the wizard, and pushed to', async ({ visitor }) => {
    const registry = await Registry.start();
    const admin = await visitor({ admin: true });
    const { page } = admin;
    const name = `Ours ${Date.now()}`;
    const image = `${registry.host}/team/terminal:1`;
    try {
      const list = await new RegistriesPage(page).open();
      await list.create.click();
      const form = new RegistryForm(page);

      admin.guard.expect('/fn/save_registry', 422);
      await test.step('plain HTTP must be wanted', async () => {
        await form.name.fill(name);
        await form.address.fill(`http://${registry.host}`);
        await form.username.fill(PUSHER);
        await form.password.fill('guess');
        await form.save.click();
        await expect(form.problems.first()).toContainText('everybody on the way');
        await form.insecure.check();
      });

      await test.step('a wrong password says so before anything is saved', async () => {
        await form.repository.fill('team/terminal');
        await form.test.click();
        await form.report.says('Reachable', 'Yes');
        await form.report.says('Signed in', 'No', `does not know ${PUSHER} by this password`);
        await form.report.says('May push', 'Not tried');
        await isAccessible(page);
      });

      await form.password.fill(PASSWORD);
      await form.test.click();
      await form.report.says('Signed in', 'Yes');
      await form.report.says('May push', 'Yes', 'was cancelled');
      await form.save.click();
      await page.waitForURL(/done=saved/);
      await expect(list.row(name)).toContainText('insecure');
      await expect(list.row(name)).toContainText(PUSHER);
      await list.test(name).click();
      await list.report.says('Signed in', 'Yes');
      await isAccessible(page);

      await test.step('what is stored stays when nothing is typed over it', async () => {
        await list.edit(name).click();
        await expect(form.address).toHaveValue(`http://${registry.host}`);
        await expect(form.password).toHaveValue('');
        await form.save.click();
        await page.waitForURL(/done=saved/);
      });

      const session = await launch(admin, 'Terminal');
      const wizard = await new WizardPage(page).open(session);
      await wizard.image.fill(image);
      await wizard.next.click();
      await wizard.isAt('Registry');
      await expect(wizard.registry).toBeHidden();
      await wizard.target.selectOption({ label: `${name}: http://${registry.host} as ${PUSHER}` });
      await wizard.test.click();
      await wizard.report.says('May push', 'Yes', 'team/terminal');
      await isAccessible(page);
      await wizard.next.click();
      await wizard.isAt('Changes');
      await wizard.next.click();
      await wizard.next.click();
      await wizard.isAt('Review');
      await expect(page.getByText(`${name}: http://${registry.host} as ${PUSHER}`)).toBeVisible();
      await wizard.create.click();
      await page.waitForURL(/done=snapshot/);
      const push = async () => {
        const { body } = await admin.call('recent_jobs', {});
        return body.find((job: any) => job.kind === 'push' && job.links.image === image);
      };
      await expect.poll(async () => (await push())?.state, COMMIT).toBe('done');
      const job = await new JobPage(page).open((await push()).id);
      await expect(job.log).toContainText(`Pushing ${image} to http://${registry.host} as ${PUSHER}.`);

      await test.step('what is gone from the engine is pulled again', async () => {
        await docker('image', 'rm', '--force', image);
        await page.goto('/workspaces?q=Snapshot');
        const row = page.getByRole('row').filter({ hasText: image });
        await expect(row).toContainText('is not on the engine');
        await row.getByRole('button', { name: /^Actions for/ }).click();
        await row.getByRole('button', { name: 'Pull image' }).click();
        await page.waitForURL(/\/jobs\//);
        const pull = new JobPage(page);
        await expect(pull.badge).toHaveText('Done', COMMIT);
        await expect(pull.log).toContainText(`Pulling ${image} as ${PUSHER} (`);
        await page.goto('/workspaces?q=Snapshot');
        await expect(row).toContainText('Ready');
      });

      await test.step('and is deleted after a question', async () => {
        await list.open();
        await list.remove(name).click();
        const question = page.getByRole('dialog');
        await expect(question).toContainText(`Delete the registry “${name}”?`);
        await question.getByRole('link', { name: 'Cancel' }).click();
        await expect(question).toHaveCount(0);
        await list.remove(name).click();
        await question.getByRole('button', { name: 'Delete registry' }).click();
        await page.waitForURL(/done=deleted/);
        await expect(list.row(name)).toHaveCount(0);
      });
    } finally {
      await registry.remove();
      await forget(admin, image);
    }
  });

  test('without JavaScript what is typed is tested, and stays', async ({ visitor }) => {
    const registry = await Registry.start();
    const { page } = await visitor({ admin: true, javaScriptEnabled: false });
    const name = `Plain ${Date.now()}`;
    try {
      const list = await new RegistriesPage(page).open();
      await list.create.click();
      const form = new RegistryForm(page);
      await form.name.fill(name);
      await form.address.fill(`http://${registry.host}`);
      await form.insecure.check();
      await form.username.fill(PUSHER);
      await form.password.fill('guess');
      await form.test.click();
      await form.report.says('Signed in', 'No');
      await expect(form.name).toHaveValue(name);
      await expect(form.insecure).toBeChecked();
      await expect(form.password).toHaveValue('');
      await form.password.fill(PASSWORD);
      await form.save.click();
      await expect(list.notice).toHaveText('Saved.');
      await list.test(name).click();
      await list.report.says('Signed in', 'Yes');
      await list.remove(name).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete registry' }).click();
      await expect(list.row(name)).toHaveCount(0);
    } finally {
      await registry.remove();
    }
  });

  for (const javaScriptEnabled of [true, false]) {
    test(`what Docker signs in to is imported, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async ({ visitor }) => {
      const { page, guard } = await visitor({ admin: true, javaScriptEnabled });
      const host = `r${Date.now()}.example.org`;
      const secret = 'secret-violin';
      const auth = Buffer.from(`robot:${secret}`).toString('base64');
      const file = JSON.stringify({
        auths: { [host]: { auth }, 'helped.example.org': {}, 'two words': { auth } },
        credsStore: 'desktop',
      });
      const list = await new RegistriesPage(page).open();
      await list.importing.click();
      const form = new ImportPage(page);

      await test.step('what is no such file says where, and stays', async () => {
        guard.expect('/fn/look_at_import', 422);
        await form.text.fill(file.slice(0, -1));
        await form.look.click();
        await expect(form.problems).toContainText('ends too early, at line 1');
        await expect(form.text).toHaveValue(javaScriptEnabled ? file.slice(0, -1) : '');
      });

      await test.step('a look says what would be stored, and stores nothing', async () => {
        await form.text.fill(file);
        await form.look.click();
        await form.says(host, 'Can be stored', `“${host}”, with user robot`);
        await form.says('helped.example.org', 'Cannot be stored', 'docker-credential-desktop');
        await form.says('two words', 'Cannot be stored', 'no address of a registry');
        await expect(form.text).toHaveValue(javaScriptEnabled ? file : '');
        if (javaScriptEnabled) await isAccessible(page);
        else {
          await expect(form.report).toContainText('paste it again');
          await form.text.fill(file);
        }
      });

      await test.step('an import stores it, and the text goes', async () => {
        await form.store.click();
        await form.says(host, 'Stored');
        await expect(form.text).toHaveCount(0);
        for (const words of [secret, auth]) expect(await page.content()).not.toContain(words);
        if (javaScriptEnabled) await isAccessible(page);
        await form.done.click();
        await expect(list.row(host)).toContainText('robot');
        await expect(list.row(host)).toContainText(`https://${host}`);
        await list.remove(host).click();
        await page.getByRole('dialog').getByRole('button', { name: 'Delete registry' }).click();
        await expect(list.row(host)).toHaveCount(0);
      });
    });
  }

  test('a user is offered none of it', async ({ visitor }) => {
    const { page, guard } = await visitor();
    await page.goto('/');
    await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Registries' })).toHaveCount(0);
    guard.expect(/registries$|list_registries/, 403);
    await page.goto('/registries');
    await expect(page.getByRole('alert')).toContainText('not permitted to manage registries');
  });
});
