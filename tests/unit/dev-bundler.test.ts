import { Bundler } from '../../infra/dev/bundling/bundler';
import { buildOfThisRun } from '../support/build';
import { buildFolder } from '../support/run';

jest.setTimeout(120_000);

test('a bundler learns of a change though another one of the same checkout was quicker to build it', async () => {
  await buildOfThisRun();
  const late = new Bundler(buildFolder());
  expect(await late.build().finally(() => late.stop())).toEqual(new Set(['server', 'browser', 'worker']));
});
