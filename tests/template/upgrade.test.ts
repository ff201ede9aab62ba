import { Copy } from '../support/copy';

jest.setTimeout(400_000);

/** An app that was made of an earlier version, and this checkout with a few changes as the newest one. */
let app: Copy;
let newest: Copy;
beforeAll(async () => {
  app = Copy.ofFirstUpgradable();
  newest = new Copy();
  await makeTheAppItsOwn();
  publishChanges();
});
afterAll(() => Promise.all([app, newest].map(copy => copy?.remove())));

async function isGood(command: string, ...args: string[]): Promise<string> {
  const { code, output } = await app.run(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`);
  return output;
}

const npm = (...args: string[]) => isGood('npm', '--silent', ...args);
const upgrade = (...args: string[]) => app.npm('run', 'upgrade', '--', newest.folder, ...args);

const ownSettings = `import { defineSettings, group, text } from '../infra/app';

export const settings = defineSettings({ shop: group('The shop.', { city: text('Where it is.', 'Berlin') }) });
`;

async function makeTheAppItsOwn(): Promise<void> {
  await npm('run', 'init', '--', 'my-app', '--bare');
  app.commit();
  await npm('run', 'new:task', 'thumbnail');
  app.write('imports/settings.ts', ownSettings);
  await npm('run', 'docs:settings');
  const manifest = JSON.parse(app.read('package.json'));
  manifest.scripts.mine = 'true';
  app.write('package.json', `${JSON.stringify(manifest, null, 2)}\n`);
  app.write('AGENTS.md', `${app.read('AGENTS.md')}\nOur own rule.\n`);
  app.commit();
}

function publishChanges(): void {
  newest.write('infra/timing/brand-new.ts', 'export const brandNew = 1;\n');
  newest.delete('docs/upgrade.md');
  newest.write('AGENTS.md', `The template's new rule.\n\n${newest.read('AGENTS.md')}`);
  newest.write(
    'CHANGELOG.md',
    newest.read('CHANGELOG.md').replace('### Added\n', '### Added\n\n- Something brand new.\n'),
  );
  const manifest = JSON.parse(newest.read('package.json'));
  manifest.scripts['brand-new'] = 'true';
  newest.write('package.json', `${JSON.stringify(manifest, null, 2)}\n`);
  newest.commit();
}

/** What an upgrade must not touch. */
const appsOwn = (files: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(files).filter(([path]) =>
      /^\.\/(imports|client|server|public|tests\/(app|e2e)|settings-[^/]*|README\.md|\.meteor\/\.id)/.test(path),
    ),
  );

describe('npm run upgrade', () => {
  test('says what it would do, and does nothing', async () => {
    const before = app.contents();
    const { code, output } = await upgrade('--dry-run');
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('- Something brand new.') });
    expect(app.contents()).toEqual(before);
  });

  test('refuses a source that is none, and a tree with changes', async () => {
    const none = await app.npm('run', 'upgrade', '--', '/nowhere/tandem');
    expect(none).toMatchObject({ code: 1, output: expect.stringContaining("/nowhere/tandem: can't be cloned") });
    app.write('notes.txt', 'mine');
    expect(await upgrade()).toMatchObject({ code: 1, output: expect.stringContaining('?? notes.txt') });
    app.delete('notes.txt');
  });

  test('names the machinery that was edited, and changes nothing', async () => {
    const original = app.read('infra/timing/cached.ts');
    app.write('infra/timing/cached.ts', `${original}// edited\n`);
    app.commit();
    const before = app.contents();
    const { code, output } = await upgrade();
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('  infra/timing/cached.ts\n') });
    expect(app.contents()).toEqual(before);
  });

  test('brings the newest version in, keeps the edits as a patch, and touches no file of the app', async () => {
    const before = appsOwn(app.contents());
    const { code, output } = await upgrade('--force');
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('the app passes with it') });
    expect(appsOwn(app.contents())).toEqual(before);
    expect(app.read('infra/timing/brand-new.ts')).toBe('export const brandNew = 1;\n');
    expect(app.read('infra/timing/cached.ts')).not.toContain('// edited');
    expect(app.has('docs/upgrade.md')).toBe(false);
    expect(app.read('docs/settings.md')).toContain('Where it is.');
    expect(app.has('bench/interference.ts')).toBe(false); // --bare took it away
    expect(app.read('AGENTS.md')).toMatch(/^The template's new rule\.\n[\s\S]*Our own rule\.\n$/);
    expect(JSON.parse(app.read('package.json'))).toMatchObject({
      name: 'my-app',
      scripts: { mine: 'true', 'brand-new': 'true' },
    });
  });

  test('finds nothing to do a second time', async () => {
    app.commit();
    const { output } = await upgrade('--dry-run');
    expect(output).toContain('0 files to take, 0 to remove');
    await isGood('git', 'reset', '--quiet', '--soft', 'HEAD~1');
  });

  test('leaves edits that git can apply again', async () => {
    await isGood('git', 'apply', '--3way', 'tandem-edits.patch');
    expect(app.read('infra/timing/cached.ts')).toContain('// edited');
  });

  test('can be taken back by git alone', async () => {
    await isGood('git', 'reset', '--quiet', '--hard');
    await isGood('git', 'clean', '-d', '--force', '--quiet');
    expect(app.has('infra/timing/brand-new.ts')).toBe(false);
    expect(app.has('docs/upgrade.md')).toBe(true);
  });
});
