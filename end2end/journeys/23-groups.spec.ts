import { isAccessible } from '../fixtures/axe.ts';
import { containerState } from '../fixtures/docker.ts';
import { expect, sessionsOf, test } from '../fixtures/test.ts';
import { GroupForm, GroupsPage } from '../pages/groups.ts';
import { LauncherPage } from '../pages/launcher.ts';
import { SessionDetailPage } from '../pages/session-detail.ts';
import { StreamPage } from '../pages/stream.ts';
import { WebTerminalPage } from '../pages/web-terminal.ts';
import { WorkspaceForm } from '../pages/workspace-form.ts';

/** A shell that takes little of the machine. */
const SHELL = { image: 'slipway/terminal:latest', port: '7681', cpus: '1', memory: '256 MiB', shm: '64 MiB' };

test.describe('Groups', () => {
  test('people see what is given to their groups, within their bounds, and may do what these say', async ({ visitor }) => {
    test.setTimeout(180_000);
    const admin = await visitor({ admin: true });
    const ada = await visitor();
    const eve = await visitor();
    const stamp = Date.now();
    const [team, name] = [`Team ${stamp}`, `Team shell ${stamp}`];
    const hers = await new LauncherPage(ada.page).open();
    const others = await new LauncherPage(eve.page).open();

    await test.step('a workspace that is given to nobody is nobody’s', async () => {
      const form = await new WorkspaceForm(admin.page).openNew();
      await form.fill({ name, ...SHELL });
      await expect(form.group('Administrators')).toBeChecked();
      await expect(form.group('All users')).not.toBeChecked();
      await form.group('Administrators').uncheck();
      await expect(admin.page.getByText('No group is ticked')).toBeVisible();
      await isAccessible(admin.page);
      await form.save.click();
      await expect(form.heading).toHaveText(`Edit ${name}`);
      await expect(form.group('Administrators')).not.toBeChecked();
      const launcher = await new LauncherPage(admin.page).open();
      await expect(launcher.tile('Terminal')).toBeVisible();
      await expect(launcher.tile(name)).toHaveCount(0);
    });

    const list = await new GroupsPage(admin.page).open();
    await test.step('a group gives it to its member, with bounds and rights', async () => {
      await list.create.click();
      const form = new GroupForm(admin.page);
      await expect(form.heading).toHaveText('New group');
      await form.fill({
        name: team,
        description: 'Made by a journey.',
        priority: '10',
        members: ada.name,
        sessions_per_user: '1',
        stop: 'deny',
        terminal: 'allow',
      });
      await form.workspace(name).check();
      await isAccessible(admin.page);
      await form.save.click();
      await admin.page.waitForURL(/done=saved/);
      await expect(list.notice).toContainText('Saved.');
      await list.open(`?q=${encodeURIComponent(team)}`);
      for (const said of ['1 workspace', 'Sessions at a time: 1', 'Stop own sessions: not allowed']) {
        await expect(list.row(team)).toContainText(said);
      }
      await isAccessible(admin.page);
    });

    await test.step('her open launcher gets the tile, that of others does not', async () => {
      await expect(hers.tile(name)).toBeVisible();
      await expect(others.tile('Terminal')).toBeVisible();
      await others.open();
      await expect(others.tile(name)).toHaveCount(0);
    });

    const stream = await hers.launch(name);
    await test.step('what she may not do is not offered, and refused', async () => {
      await stream.isRunning();
      await expect(stream.barButton('Pause')).toBeVisible();
      await expect(stream.barButton('Stop')).toHaveCount(0);
      const { status, body } = await ada.call('act_on_session', { id: stream.id, action: 'stop' });
      expect(status).toBe(403);
      expect(body.message).toBe('You are not permitted to stop sessions.');
      expect(await containerState(stream.id)).toBe('running');
    });
    const { id } = stream;

    await test.step('her bound holds for her and for nobody else', async () => {
      ada.guard.expect('/fn/launch', 429);
      await hers.open();
      await hers.face('Terminal').click();
      await expect(ada.page.locator('.sticky-problem')).toContainText('1 of 1 sessions');
      const row = hers.session(name);
      await row.locator('summary').click();
      await expect(row.getByRole('button', { name: 'Pause' })).toBeVisible();
      await expect(row.getByRole('button', { name: 'Stop' })).toHaveCount(0);
      await ada.page.goto('/account');
      const holding = ada.page.getByRole('region', { name: 'What holds for you' });
      const line = (setting: string) => holding.getByRole('row').filter({ hasText: setting });
      await expect(line('Sessions at a time')).toContainText(`from the group “${team}”`);
      await expect(line('Stop own sessions')).toContainText('Not allowed');
      await expect(line('Cores in all')).toContainText('for everybody');
      await isAccessible(ada.page);
      const other = await others.launch('Terminal');
      await other.isRunning();
      await expect(other.barButton('Stop')).toBeVisible();
    });

    await test.step('a right that the group adds works for her', async () => {
      const detail = await new SessionDetailPage(ada.page).open(id);
      await expect(detail.deed('Stop …')).toHaveCount(0);
      await detail.page.getByRole('link', { name: 'Terminal', exact: true }).click();
      const terminal = new WebTerminalPage(ada.page);
      await terminal.isConnected();
      await terminal.run('echo hi-$((20+3))');
      await expect(terminal.screen).toContainText('hi-23');
      await terminal.close.click();
      await terminal.back.click();
      const [session] = await sessionsOf(eve);
      const theirs = await new SessionDetailPage(eve.page).open(session.id);
      await expect(theirs.deed('Pause')).toBeVisible();
      await expect(theirs.page.getByRole('link', { name: 'Terminal', exact: true })).toHaveCount(0);
    });

    await test.step('it is deleted after a question that names who and what loses something', async () => {
      await hers.open();
      await list.remove(team).click();
      const question = admin.page.getByRole('dialog');
      await expect(question).toContainText(`Delete the group “${team}”?`);
      await expect(question).toContainText('1 user is in it.');
      await expect(question).toContainText(name);
      await isAccessible(admin.page);
      await question.getByRole('link', { name: 'Cancel' }).click();
      await expect(question).toHaveCount(0);
      await expect(admin.page).toHaveURL(/q=Team/);
      await list.remove(team).click();
      await question.getByRole('button', { name: 'Delete group' }).click();
      await admin.page.waitForURL(/done=deleted/);
      await expect(list.row(team)).toHaveCount(0);
      await expect(hers.session(name)).toBeVisible();
      await expect(hers.tile(name)).toHaveCount(0);
      const again = await new StreamPage(ada.page).open(id);
      await again.isRunning();
      await again.barButton('Stop').click();
      await expect(again.badge).toHaveText('Stopped', { timeout: 20_000 });
    });
  });

  test('two people of two groups see each what is theirs, each within bounds of their own', async ({ visitor }) => {
    const admin = await visitor({ admin: true });
    const people = [
      { visitor: await visitor(), workspace: 'Terminal', sessions: '1', cpus: '2' },
      { visitor: await visitor(), workspace: 'Notebook', sessions: '2', cpus: '3' },
    ];
    const stamp = Date.now();
    const team = (workspace: string) => `${workspace}s ${stamp}`;
    const own = (workspace: string) => `Own ${workspace} ${stamp}`;
    for (const { visitor: one, workspace, sessions, cpus } of people) {
      const form = await new GroupForm(admin.page).openNew();
      const bounds = { sessions_per_user: sessions, cpus };
      await form.fill({ name: team(workspace), priority: '10', members: one.name, ...bounds });
      await form.save.click();
      await admin.page.waitForURL(/done=saved/);
      const made = await new WorkspaceForm(admin.page).openNew();
      await made.fill({ name: own(workspace), ...SHELL });
      await made.group('Administrators').uncheck();
      await made.group(team(workspace)).check();
      await made.save.click();
      await expect(made.heading).toHaveText(`Edit ${own(workspace)}`);
    }
    for (const { visitor: one, workspace, sessions, cpus } of people) {
      const other = people.find((person) => person.workspace !== workspace)!;
      const launcher = await new LauncherPage(one.page).open();
      await expect(launcher.tile(own(workspace))).toBeVisible();
      await expect(launcher.tile(own(other.workspace))).toHaveCount(0);
      await one.page.goto('/account');
      const holding = one.page.getByRole('region', { name: 'What holds for you' });
      const line = (setting: string) => holding.getByRole('row').filter({ hasText: setting });
      for (const [setting, bound] of [['Sessions at a time', sessions], ['Cores in all', cpus]] as const) {
        await expect(line(setting)).toContainText(bound);
        await expect(line(setting)).toContainText(`from the group “${team(workspace)}”`);
      }
    }

    const [one] = people;
    const stream = await (await new LauncherPage(one!.visitor.page).open()).launch(own('Terminal'));
    await stream.isRunning();
    await test.step('the one who has what is hers gets no more, the other one begins', async () => {
      one!.visitor.guard.expect('/fn/launch', 429);
      const launcher = await new LauncherPage(one!.visitor.page).open();
      await launcher.face('Terminal').click();
      await expect(one!.visitor.page.locator('.sticky-problem')).toContainText('1 of 1 sessions');
      const others = await new LauncherPage(people[1]!.visitor.page).open();
      await (await others.launch(own('Notebook'))).isRunning();
    });
  });

  test('the form tells every mistake at its field, and loses nothing that was typed', async ({ visitor }) => {
    const admin = await visitor({ admin: true });
    const { page, guard } = admin;
    const name = `Strict ${Date.now()}`;
    guard.expect('/fn/save_group', 422);
    const form = await new GroupForm(page).openNew();
    const bad = {
      name: ' ',
      priority: '0',
      members: 'no/name',
      sessions_per_user: '-1',
      cpus: 'many',
      memory: '1 KiB',
      idle_after: 'soon',
      extension: 'long',
    };
    await form.fill({ ...bad, idle_action: 'stop' });
    await form.workspace('Terminal').check();
    await form.save.click();
    await expect(form.summary).toBeFocused();
    await expect(form.summary.getByRole('link')).toHaveCount(Object.keys(bad).length);
    for (const field of Object.keys(bad)) await expect(form.problem(field), field).toBeVisible();
    await expect(form.field('members')).toHaveValue('no/name');
    await expect(form.workspace('Terminal')).toBeChecked();
    await isAccessible(page);

    await form.fill({
      ...{ name, priority: '10', members: 'nobody-of-that-name', sessions_per_user: '2', cpus: '1.5', memory: '1 GiB' },
      ...{ idle_after: '8 h', extension: '' },
    });
    await form.save.click();
    await expect(form.problem('members')).toHaveText('There is no user “nobody-of-that-name”.');
    await form.fill({ members: '' });
    await form.save.click();
    await page.waitForURL(/done=saved/);

    const list = new GroupsPage(page);
    const edit = list.edit(name);
    await expect(list.row(name)).toContainText('When nothing happens: Stop after 8 h');
    const path = (await edit.getAttribute('href'))!;
    await edit.click();
    await expect(form.heading).toHaveText(`Edit ${name}`);
    await expect(form.field('cpus')).toHaveValue('1.5');
    await expect(form.workspace('Terminal')).toBeChecked();

    await test.step('two editors do not overwrite each other unseen', async () => {
      const other = await visitor({ admin: true });
      const theirs = new GroupForm(other.page);
      await other.page.goto(path);
      await theirs.fill({ description: 'First.' });
      await theirs.save.click();
      await other.page.waitForURL(/done=saved/);
      guard.expect('/fn/save_group', 409);
      await form.fill({ description: 'Second.' });
      await form.save.click();
      await expect(form.summary).toContainText('Somebody changed');
      await expect(form.field('description')).toHaveValue('Second.');
    });
    await list.open(`?q=${encodeURIComponent(name)}`);
    await expect(list.count).toHaveText('1 group');
    await expect(list.row(name)).toContainText('First.');
    await list.remove(name).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete group' }).click();
    await expect(list.row(name)).toHaveCount(0);
  });

  test('without JavaScript one is made after a mistake, edited, and deleted', async ({ visitor }) => {
    const { page, name: own } = await visitor({ admin: true, javaScriptEnabled: false });
    const name = `Plain ${Date.now()}`;
    const list = await new GroupsPage(page).open();
    await list.create.click();
    const form = new GroupForm(page);
    await form.fill({ name, priority: '0', members: own, pause: 'deny' });
    await form.workspace('Terminal').check();
    await form.workspace('Desktop').check();
    await form.save.click();
    await expect(form.problem('priority')).toContainText('between 1 and 10000');
    await expect(form.field('name')).toHaveValue(name);
    await expect(form.field('pause')).toHaveValue('deny');
    for (const workspace of ['Terminal', 'Desktop']) await expect(form.workspace(workspace)).toBeChecked();
    await expect(form.workspace('Notebook')).not.toBeChecked();
    await form.fill({ priority: '20' });
    await form.save.click();
    await expect(list.notice).toContainText('Saved.');
    await expect(list.row(name)).toContainText('2 workspaces');

    await list.edit(name).click();
    await expect(form.field('members')).toHaveValue(own);
    await form.workspace('Desktop').uncheck();
    await form.fill({ members: '' });

    await test.step('what somebody else did meanwhile is not overwritten, also not the second time', async () => {
      const other = await visitor({ admin: true });
      const id = new URL(page.url()).pathname.split('/').at(-1)!;
      const terminal = (await form.workspace('Terminal').getAttribute('value'))!;
      const change = { 'form[name]': name, 'form[priority]': '30', 'form[members]': own, 'form[pause]': 'deny' };
      const { status } = await other.call('save_group', { id, revision: '1', ...change, 'form[workspaces][]': terminal });
      expect(status).toBe(200);
      for (let twice = 0; twice < 2; twice += 1) {
        const answered = page.waitForEvent('load');
        await form.save.click();
        await answered;
        await expect(form.summary).toContainText('Somebody changed');
      }
      await expect(form.field('members')).toHaveValue('');
      await expect(form.workspace('Desktop')).not.toBeChecked();
      await page.goto(`/groups/${id}`);
      await expect(form.field('priority')).toHaveValue('30');
      await expect(form.field('members')).toHaveValue(own);
    });
    await expect(form.workspace('Terminal')).toBeChecked();
    await form.workspace('Terminal').uncheck();
    await form.fill({ members: '', pause: '' });
    await form.save.click();
    await expect(list.row(name)).toContainText('0 workspaces');
    await expect(list.row(name)).toContainText('Nothing');

    await list.search.fill(name);
    await list.go.click();
    await expect(list.rows).toHaveCount(1);
    await list.remove(name).click();
    const question = page.getByRole('dialog');
    await expect(question).toContainText('Nobody was put into it.');
    await question.getByRole('button', { name: 'Delete group' }).click();
    await expect(list.notice).toContainText('The group was deleted.');
    await list.head('Name').getByRole('link').click();
    await expect(list.head('Name')).toHaveAttribute('aria-sort', 'ascending');
    await expect(list.row(name)).toHaveCount(0);
  });

  test('the built-in ones stay, with the members that they have', async ({ visitor }) => {
    const { page } = await visitor({ admin: true });
    const list = await new GroupsPage(page).open();
    for (const [name, who] of [['All users', 'who has an account'], ['Administrators', 'the role of an administrator']]) {
      await list.open();
      await expect(list.row(name)).toContainText('built in');
      await expect(list.remove(name)).toHaveCount(0);
      await list.edit(name).click();
      const form = new GroupForm(page);
      await expect(form.heading).toHaveText(`Edit ${name}`);
      await expect(page.getByText(who).first()).toBeVisible();
      await expect(form.field('name')).toHaveCount(0);
      await expect(form.field('members')).toHaveCount(0);
      await expect(form.workspace('Terminal')).toBeVisible();
      await form.cancel.click();
      await expect(list.heading).toBeVisible();
    }
  });

  test('a user is offered none of it', async ({ visitor }) => {
    const { page, guard } = await visitor();
    await page.goto('/');
    await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Groups' })).toHaveCount(0);
    guard.expect(/groups(\/new|\/everybody)?$|list_groups|show_group/, 403);
    for (const address of ['/groups', '/groups/new', '/groups/everybody']) {
      await page.goto(address);
      await expect(page.getByRole('alert')).toContainText('not permitted to manage groups');
    }
  });
});
