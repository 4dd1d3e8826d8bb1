import { readFile } from 'node:fs/promises';
import { isAccessible } from '../fixtures/axe.ts';
import { expect, test } from '../fixtures/test.ts';
import { DefinitionsPage } from '../pages/definitions.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { WorkspaceForm } from '../pages/workspace-form.ts';
import { WorkspacesPage } from '../pages/workspaces.ts';

/** A definition as somebody writes it. */
const written = (name: string, memory = '1 GiB') => `version: 1
workspaces:
  - name: ${name}
    image: slipway/terminal:latest
    port: 7681
    memory: ${memory}
    enabled: false
    environment:
      GREETING: "hello: world"
`;

test.describe('Definitions in a repository', () => {
  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? '' : ', without JavaScript';

    test(`are written, compared, saved, and taken away unchanged${how}`, async ({ visitor }) => {
      const { page } = await visitor({ admin: true, javaScriptEnabled });
      const name = `From git ${Date.now()}`;
      const definitions = await new DefinitionsPage(page).open();
      await definitions.text.fill(written(name));
      await definitions.look.click();
      await expect(definitions.entry(name)).toContainText('New');
      await expect(definitions.change(name, 'environment')).toContainText('GREETING=hello: world');
      await expect(definitions.report).toContainText('1 new. So far nothing is saved.');
      if (javaScriptEnabled) await isAccessible(page);
      await definitions.save.click();
      await page.waitForURL(/\/workspaces\?done=imported/);
      const list = new WorkspacesPage(page);
      await expect(list.notice).toHaveText('The definitions were saved.');

      const exported = await test.step('what is taken away is the same text again', async () => {
        await list.open(`?q=${encodeURIComponent(name)}`);
        await expect(list.row(name)).toContainText('Disabled');
        const [file] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('link', { name: 'Export', exact: true }).first().click(),
        ]);
        expect(file.suggestedFilename()).toBe('workspaces.yaml');
        const text = await readFile(await file.path(), 'utf8');
        expect(text).toContain(`name: ${name}`);
        expect(text).toContain('GREETING: "hello: world"');
        return text;
      });

      await test.step('a changed file shows the difference', async () => {
        await definitions.open();
        await definitions.file.setInputFiles({
          name: 'workspaces.yaml',
          mimeType: 'application/yaml',
          buffer: Buffer.from(exported.replace('memory: 1 GiB', 'memory: 3 GiB')),
        });
        await definitions.readFile.click();
        await page.waitForURL(/read=on/);
        await expect(definitions.text).toHaveValue(/memory: 3 GiB/);
        await expect(definitions.entry(name)).toContainText('Changed');
        await expect(definitions.change(name, 'memory').locator('del')).toHaveText('1 GiB');
        await expect(definitions.change(name, 'memory').locator('ins')).toHaveText('3 GiB');
        await definitions.save.click();
        await page.waitForURL(/\/workspaces\?done=imported/);
      });

      await test.step('the same again is nothing to do', async () => {
        await definitions.open();
        await definitions.text.fill(written(name, '3072'));
        await definitions.look.click();
        await expect(definitions.report).toContainText('Nothing to do');
        await expect(definitions.entry(name)).toContainText('Unchanged');
        await expect(definitions.save).toHaveCount(0);
      });
    });

    test(`a mistake is told with its line, and an alias is refused${how}`, async ({ visitor }) => {
      const admin = await visitor({ admin: true, javaScriptEnabled });
      const { page } = admin;
      const definitions = await new DefinitionsPage(page).open();
      await definitions.text.fill('version: 1\nname: <b>Bad</b>\nimage: Not An Image\nport: 0\n');
      await definitions.look.click();
      await expect(definitions.report).toContainText('1 workspace has problems');
      await expect(definitions.entry('<b>Bad</b>')).toContainText('Line 3:');
      await expect(definitions.entry('<b>Bad</b>')).toContainText('Line 4: A port is between');
      await expect(definitions.save).toHaveCount(0);

      admin.guard.expect('/fn/look_at_definitions', 422);
      await definitions.text.fill('version: 1\na: &x [1]\nb: *x\n');
      await definitions.look.click();
      await expect(definitions.problems).toContainText('Line 3: an alias');
      await expect(definitions.text).toHaveValue(/&x/);
    });
  }
});

test.describe('Links', () => {
  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? '' : ', without JavaScript';

    test(`are tiles that open an address, and nothing to launch${how}`, async ({ visitor }) => {
      const admin = await visitor({ admin: true, javaScriptEnabled });
      const { page } = admin;
      const name = `Wiki ${Date.now()}`;
      const list = await new WorkspacesPage(page).open();
      await page.getByRole('link', { name: 'New link' }).click();
      await page.waitForURL(/\/workspaces\/new\?link=on/);
      const form = new WorkspaceForm(page);
      await expect(form.heading).toHaveText('New link');
      await expect(form.field('image')).toHaveCount(0);
      await expect(form.field('port')).toHaveCount(0);

      await test.step('an address that runs a script is refused', async () => {
        if (!javaScriptEnabled) admin.guard.expect('/fn/save_workspace', 422);
        await form.fill({ name, link: 'javascript:alert(1)' });
        await form.save.click();
        await expect(form.problem('link')).toContainText('begins with https://');
        await form.holds({ name, link: 'javascript:alert(1)' });
      });

      await form.fill({ link: 'https://wiki.example.org/start' });
      await form.group('All users').check();
      await form.save.click();
      await page.waitForURL(/done=saved/);
      await expect(form.field('link')).toHaveValue('https://wiki.example.org/start');
      if (javaScriptEnabled) await isAccessible(page);

      const launcher = await new LauncherPage(page).open();
      const tile = launcher.face(name);
      await expect(tile).toHaveAttribute('href', 'https://wiki.example.org/start');
      await expect(tile).toHaveAttribute('target', '_blank');
      await expect(tile).toHaveAttribute('rel', /noopener/);
      await expect(tile).toContainText('Link');

      await list.open(`?q=${encodeURIComponent(name)}`);
      await expect(list.row(name)).toContainText('https://wiki.example.org/start');
      await expect(list.row(name).getByText('Test launch', { exact: true })).toHaveCount(0);
    });
  }
});
