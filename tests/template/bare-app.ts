import { Copy } from '../support/copy';

/** Adds a task, a schedule and an api, as a person does on the first day. */
export async function growBy(copy: Copy): Promise<void> {
  await ok(copy, 'run', 'new:task', 'thumbnail');
  await ok(copy, 'run', 'new:schedule', 'send-invoices');
  await ok(copy, 'run', 'new:api', 'shopping-notes');
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
