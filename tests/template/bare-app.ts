import { Copy } from '../support/copy';

/** Adds a task, a schedule and an api, as a person does on the first day. */
export async function growBy(copy: Copy): Promise<void> {
  await ok(copy, 'run', 'new:task', 'labels');
  await ok(copy, 'run', 'new:schedule', 'count-visits');
  await ok(copy, 'run', 'new:api', 'wish-lists');
}

/** A project for the compiler: the app and what it loads. The machinery's tests in another app: upgrade.test.ts. */
export function appsOwnSources(copy: Copy): string {
  const include = ['client', 'server', 'imports', 'packages', 'tests/app', 'infra/**/*.d.ts'].map(path => `../${path}`);
  const compilerOptions = { incremental: false, tsBuildInfoFile: null };
  const path = '.local/tsconfig.json';
  copy.write(path, JSON.stringify({ extends: '../tsconfig.json', compilerOptions, include, exclude: [] }));
  return path;
}

/** A fresh clone that has become an app without the sample, with parts of its own. */
export async function bareApp(): Promise<Copy> {
  const copy = new Copy();
  copy.commit();
  await ok(copy, 'run', 'init', '--', 'my-app', '--bare');
  await growBy(copy);
  return copy;
}

async function ok(copy: Copy, ...args: string[]): Promise<void> {
  const { code, output } = await copy.npm(...args);
  if (code !== 0) throw new Error(`npm ${args.join(' ')} ended with ${code}:\n${output}`);
}
