import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../../../infra/dev/json-file';
import { launchBuiltRole, type RoleName } from '../../../support/built-role';
import { eventually } from '../../../support/eventually';
import { ForeignClient } from '../../../support/foreign-ddp';
import { testPort } from '../../../support/ports';
import type { TestProcess } from '../../../support/processes';
import { root } from '../../../support/run';
import type { Stage } from './stage';
import { privateFolderWithLedger } from './suite-worker';

/** Short leases, so that a scenario sees them end; the workers get to know where the ledger is, and the log says what starts. */
const settings: Record<RoleName, Settings> = {
  jobs: { queue: { heartbeatMs: 1_000, leaseMs: 5_000 }, workers: { env: ['FAULTS_LEDGER'] }, log: { level: 'debug' } },
  web: {},
};

/** The real roles of this checkout, built, as processes of a stage. */
export class BuiltRoles {
  private constructor(
    private readonly stage: Stage,
    private readonly ports: Record<RoleName, number>,
  ) {}

  static async on(stage: Stage): Promise<BuiltRoles> {
    return new BuiltRoles(stage, { web: await testPort(), jobs: await testPort() });
  }

  get webUrl(): string {
    return this.urlOf('web');
  }

  urlOf(name: RoleName): string {
    return `http://127.0.0.1:${this.ports[name]}`;
  }

  /** Resolves when it is ready. */
  async start(name: RoleName, env: NodeJS.ProcessEnv = {}): Promise<TestProcess> {
    const role = await this.launch(name, env);
    const answers = eventually(async () => (await fetch(`${this.urlOf(name)}/healthz`)).ok, { timeoutMs: 90_000 });
    const early = await Promise.race([answers, role.ended.then(code => `the ${name} role ended with ${code}`)]);
    if (early !== true) throw new Error(`${early}: ${role.output.slice(-400)}`);
    return role;
  }

  /** One that may not come up. */
  async launch(name: RoleName, env: NodeJS.ProcessEnv = {}): Promise<TestProcess> {
    const { stage, ports } = this;
    const mongoUrl = stage.database.url;
    const folder = join(stage.folder, 'roles');
    const ledger = { FAULTS_LEDGER: stage.ledgerFolder, TANDEM_PRIVATE_DIR: await privateFolderWithLedger() };
    const environment = { mongoUrl, ports, folder, env: { ...ledger, ...env } };
    return stage.adopt(await launchBuiltRole(name, { settings: settings[name], ...environment }));
  }

  /** Has burns added by a visitor's method, and says in the ledger which. One whose role ends is not tried again. */
  async burn(seconds: number, tasks = 2): Promise<void> {
    const client = await eventually(() => ForeignClient.open(this.webUrl));
    this.stage.write({ kind: 'ask', call: 'burns', tasks, expects: 'ended' });
    await client.enter();
    await client.call('burn.start', { seconds, tasks });
    client.close();
    const burns = await (await this.stage.tasks()).find({ taskType: 'burn' }).toArray();
    this.stage.write({ kind: 'ack', call: 'burns', ids: burns.map(({ _id }) => _id) });
    if (burns.length !== tasks) throw new Error(`${tasks} burns were acknowledged, ${burns.length} are there`);
  }

  /** Uploads a photo as a visitor of its own, and says in the ledger what it was told. */
  async upload(call: string): Promise<void> {
    this.stage.write({ kind: 'ask', call, tasks: 1, expects: 'done' });
    try {
      const response = await fetch(`${this.webUrl}/upload/pictures`, {
        method: 'POST',
        headers: { Cookie: `visitor=${randomBytes(32).toString('hex')}` },
        body: photoForm(),
        signal: AbortSignal.timeout(60_000),
      });
      const answer = await response.text();
      if (response.status !== 201) throw new Error(`${response.status} ${answer}`);
      this.stage.write({ kind: 'ack', call, ids: [JSON.parse(answer).id] });
    } catch (error) {
      const { name, message } = error as Error;
      this.stage.write({ kind: 'refused', call, error: name, message: message.slice(0, 300) });
    }
  }
}

function photoForm(): FormData {
  const form = new FormData();
  form.set('photo', new Blob([readFileSync(join(root, 'tests/fixtures/small.jpg'))], { type: 'image/jpeg' }), 'a.jpg');
  return form;
}
