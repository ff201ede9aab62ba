import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFree } from '../../../infra/dev/ports';
import { isGroupAlive } from '../../../infra/dev/process-tree';
import { someMongod } from '../../support/bare-machine';
import { testPort } from '../../support/ports';
import { startProcess } from '../../support/processes';

const nextTurn = () => new Promise(resolve => setImmediate(resolve));

// The first thread of a mongod ends before the others, nine times in ten; Linux calls the whole process a zombie then.
test.each([1, 2, 3])('a process that ends is alive until its port is free (%i)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-process-tree-'));
  const port = await testPort();
  const { path } = await someMongod();
  const mongod = startProcess(path, ['--port', String(port), '--dbpath', folder, '--bind_ip', '127.0.0.1']);
  await mongod.says(/Waiting for connections/);
  mongod.signal('SIGTERM');
  while (isGroupAlive(mongod.pid)) await nextTurn();
  expect(await isFree(port)).toBe(true);
  expect(await mongod.ended).toBe(0);
  rmSync(folder, { recursive: true });
});
