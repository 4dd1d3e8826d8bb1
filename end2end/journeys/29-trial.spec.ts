import { isAccessible } from '../fixtures/axe.ts';
import { BASE, clear, forgetRegistry, idOf, revision, store } from '../fixtures/deploy.ts';
import { publish } from '../fixtures/publish.ts';
import { Registry } from '../fixtures/registry.ts';
import { COMMIT, launch } from '../fixtures/snapshots.ts';
import { type Visitor, expect, test } from '../fixtures/test.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { TrialPage, WorkspaceTrialPage } from '../pages/trial.ts';
import { WorkspaceImagePage } from '../pages/workspace-image.ts';
import { WorkspaceForm } from '../pages/workspace-form.ts';
import { WorkspacesPage } from '../pages/workspaces.ts';

/** A workspace for all users, and a group whose only member is the tester. */
async function prepared(admin: Visitor, tester: Visitor, name: string, image: string) {
  const form = await new WorkspaceForm(admin.page).openNew();
  await form.fill({ name, image, port: BASE.port, cpus: '1', memory: '256 MiB', shm: '64 MiB' });
  await form.group('All users').check();
  await form.save.click();
  await expect(form.heading).toHaveText(`Edit ${name}`);
  const group = { 'form[name]': `Testers of ${name}`, 'form[priority]': '10', 'form[members]': tester.name };
  expect((await admin.call('save_group', group)).status, 'the group is stored').toBe(200);
  return idOf(admin.page.url());
}

test.describe('Trials', () => {
  test('a pushed image is tried by testers, promoted for everybody, and gone back from', async ({ visitor }) => {
    test.setTimeout(300_000);
    const registry = await Registry.start();
    const admin = await visitor({ admin: true });
    const [ada, bob, eve, dan] = [await visitor(), await visitor(), await visitor(), await visitor()];
    const { page } = admin;
    const name = `Trial ${Date.now()}`;
    const [stable, next] = ['stable', 'next'].map((tag) => `${registry.host}/team/shell:${tag}`) as [string, string];
    const question = page.getByRole('dialog');
    let workspace = '';
    try {
      await publish(registry, 'team/shell:stable', BASE.image, 'one');
      await publish(registry, 'team/shell:next', BASE.image, 'two');
      await store(admin, registry, name);
      workspace = await prepared(admin, ada, name, stable);
      const launcher = await new LauncherPage(bob.page).open();
      await expect(launcher.tile(name)).toContainText('Ready', COMMIT);
      const before = await launch(bob, name);
      expect(await revision(before)).toBe('one');

      const trial = new WorkspaceTrialPage(page);
      await test.step('a trial of the new image begins', async () => {
        const list = await new WorkspacesPage(page).open(`?q=${encodeURIComponent(name)}`);
        await list.choose(name, 'Trial');
        await expect(trial.heading).toHaveText(`Trial of ${name}`);
        await isAccessible(page);
        admin.guard.expect('/fn/begin_trial', 422);
        await trial.begin.click();
        await expect(trial.problems).toContainText('Something here is not right yet.');
        await trial.fill({ image: next, notes: 'Is the new shell there?' });
        await trial.group('Administrators').uncheck();
        await trial.group(`Testers of ${name}`).check();
        await trial.begin.click();
        await page.waitForURL(/done=begun/);
        await expect(trial.onTrial).toContainText(next);
        await expect(trial.onTrial).toContainText('Ready', COMMIT);
        await expect(trial.verdicts).toContainText('Nothing yet');
        await isAccessible(page);
      });

      const hers = await new LauncherPage(ada.page).open();
      await test.step('the tester has a tile of it, and nobody else', async () => {
        await expect(hers.tile(name)).toBeVisible();
        await expect(hers.tile(`${name} (trial)`)).toBeVisible();
        await launcher.open();
        await expect(launcher.tile(name)).toBeVisible();
        await expect(launcher.tile(`${name} (trial)`)).toHaveCount(0);
        await isAccessible(ada.page);
      });

      const tried = await launch(ada, `${name} (trial)`);
      await test.step('she tries it and says what she found', async () => {
        expect(await revision(tried)).toBe('two');
        await hers.open();
        await hers.tile(`${name} (trial)`).getByRole('link', { name: `About ${name} (trial)` }).click();
        const about = new TrialPage(ada.page);
        await expect(about.heading).toHaveText(`Trial of ${name}`);
        await expect(ada.page.getByText('Is the new shell there?')).toBeVisible();
        ada.guard.expect('/fn/give_verdict', 422);
        await about.fails.check();
        await about.send.click();
        await expect(about.problems).toContainText('Say what does not work');
        await isAccessible(ada.page);
        await about.works.check();
        await about.words.fill('It is there.');
        await about.send.click();
        await expect(about.notice).toContainText('noted');
        await expect(trial.verdicts).toContainText('It is there.');
        await expect(trial.verdicts).toContainText('Works: 1. Does not work: 0.');
        ada.guard.expect(/\/trials\/|asked_of_trial/, 404);
      });

      const image = new WorkspaceImagePage(page);
      await test.step('it is promoted after a question', async () => {
        await trial.ask('Promote …').click();
        await expect(question).toContainText(`Make ${next} the image of “${name}”?`);
        await isAccessible(page);
        await question.getByRole('link', { name: 'Cancel' }).click();
        await expect(question).toHaveCount(0);
        await trial.ask('Promote …').click();
        await question.getByRole('button', { name: 'Promote' }).click();
        await page.waitForURL(/image\?done=promoted/);
        await expect(image.notice).toContainText('Promoted.');
        await expect(image.row(2)).toContainText('Promoted from its trial');
        await expect(image.fact('Reference')).toHaveText(next);
        await isAccessible(page);
      });

      await test.step('everybody’s next session has it, sessions from before keep theirs', async () => {
        expect(await revision(await launch(eve, name))).toBe('two');
        expect(await revision(before)).toBe('one');
        await hers.open();
        await expect(hers.tile(`${name} (trial)`)).toHaveCount(0);
        await expect(hers.session(name)).toBeVisible();
        expect((await hers.launch(name)).id).toBe(tried);
      });

      await test.step('and the way back is one click', async () => {
        await image.rollBack(1).click();
        await question.getByRole('button', { name: 'Roll back' }).click();
        await page.waitForURL(/done=rolled_back/);
        expect(await revision(await launch(dan, name))).toBe('one');
        await new LauncherPage(page).open();
      });
    } finally {
      await clear([admin, ada, bob, eve, dan], workspace, [stable, next]);
      await forgetRegistry(admin, name);
      await registry.remove();
    }
  });

  test('without JavaScript a trial begins, is spoken of, and ends', async ({ visitor }) => {
    const admin = await visitor({ admin: true, javaScriptEnabled: false });
    const tester = await visitor({ javaScriptEnabled: false });
    const name = `Plain trial ${Date.now()}`;
    const trial = new WorkspaceTrialPage(admin.page);
    let workspace = '';
    try {
      workspace = await prepared(admin, tester, name, BASE.image);
      await trial.open(workspace);
      await trial.fill({ image: BASE.image, notes: 'Kept when refused.' });
      await trial.group(`Testers of ${name}`).check();
      await trial.begin.click();
      await expect(trial.problems).toContainText('Name the new one');
      await expect(admin.page.getByLabel('Notes for testers')).toHaveValue('Kept when refused.');
      await expect(trial.group(`Testers of ${name}`)).toBeChecked();
      await trial.fill({ image: 'slipway/desktop:latest' });
      await trial.begin.click();
      await expect(trial.notice).toContainText('The trial has begun.');

      const launcher = await new LauncherPage(tester.page).open();
      await launcher.tile(`${name} (trial)`).getByRole('link', { name: 'About' }).click();
      const about = new TrialPage(tester.page);
      await about.fails.check();
      await about.words.fill('The window is black.');
      await about.send.click();
      await expect(about.notice).toContainText('noted');
      await expect(about.words).toHaveValue('The window is black.');

      await trial.open(workspace);
      await expect(trial.verdicts).toContainText('The window is black.');
      await trial.ask('End trial …').click();
      await expect(admin.page.getByRole('dialog')).toContainText('What testers said goes with it (1).');
      await admin.page.getByRole('dialog').getByRole('button', { name: 'End trial' }).click();
      await expect(trial.notice).toContainText('The trial has ended.');
      await expect(trial.begin).toBeVisible();
    } finally {
      await clear([admin, tester], workspace, []);
    }
  });

  test('people who are no testers see nothing of it', async ({ visitor }) => {
    const admin = await visitor({ admin: true });
    const list = await new WorkspacesPage(admin.page).open('?q=Terminal');
    const href = await list.row('Terminal').locator('.row-name').getAttribute('href');
    const { page, guard } = await visitor();
    guard.expect(/\/trial$|show_trial/, 403);
    await page.goto(`${href}/trial`);
    await expect(page.getByRole('alert')).toContainText('not permitted to manage workspaces');
    guard.expect(/\/trials\/|asked_of_trial/, 404);
    await page.goto(`/trials/${href!.split('/').pop()}`);
    await expect(page.getByRole('alert')).toContainText('There is no such trial');
  });
});
