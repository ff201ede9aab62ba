import { join } from 'node:path';
import { build } from 'esbuild';
import { Bundler } from '../../../infra/dev/bundling/bundler';
import { browserBundle, serverBundle } from '../../../infra/dev/bundling/bundles';
import { buildOfThisRun } from '../../support/build';
import { commandLine, descendants } from '../../support/processes';
import { buildFolder } from '../../support/run';

jest.setTimeout(120_000);

test('a bundler learns of a change though another one of the same checkout was quicker to build it', async () => {
  await buildOfThisRun();
  const late = new Bundler(join(buildFolder(), 'own'));
  expect(await late.build().finally(() => late.stop())).toEqual(new Set(['server', 'browser', 'worker']));
});

test('a bundler whose esbuild has died starts another one', async () => {
  await buildOfThisRun();
  const bundler = new Bundler(join(buildFolder(), 'own'));
  try {
    await bundler.build();
    for (const pid of descendants(process.pid))
      if (/esbuild.* --service/.test(commandLine(pid))) process.kill(pid, 'SIGKILL');
    expect(await bundler.build()).toEqual(new Set());
  } finally {
    await bundler.stop();
  }
});

test('outside development the page is a third of its size, and without what React says in development only', async () => {
  const [large, small] = await Promise.all(
    [{}, { small: true }].map(async options => {
      const { outputFiles } = await build({ ...browserBundle(join(buildFolder(), 'size'), options), write: false });
      return outputFiles!.find(({ path }) => path.endsWith('main.js'))!.text;
    }),
  );
  expect(small!.length).toBeLessThan(large!.length / 3);
  expect(large).toContain('Warning: ');
  expect(small).not.toContain('Invalid hook call. Hooks can only be called');
});

test('the same sources come out the same each time: a change of a handler is none of the server', async () => {
  const seen = new Set<string>();
  for (let times = 0; times < 8; times++) {
    const { outputFiles } = await build({ ...serverBundle(join(buildFolder(), 'again')), write: false });
    for (const { hash } of outputFiles!) seen.add(hash);
  }
  expect(seen.size).toBe(2); // the bundle and its map
});
