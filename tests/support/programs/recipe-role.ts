/** A jobs role of an app that a recipe of the docs was written into: a real dispatcher, a real pool of worker processes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Service } from '../../../infra/app';
import type { AppCatalog, NamedRates } from '../../../infra/catalog';
import { connect } from '../../../infra/database';
import { TaskQueue as queue } from '../../../infra/queue';
import { Dispatcher, type DispatcherSettings } from '../../../infra/queue/dispatch/dispatcher';
import { Pool } from '../../../infra/workers/pool/pool';
import type { PoolOptions } from '../../../infra/workers/pool/pool-options';

export interface RecipeRole {
  /** The app's folder, with its worker built. */
  folder: string;
  mongoUrl: string;
  signingKeys?: string[];
  dispatcher: DispatcherSettings;
  pool: Partial<PoolOptions>;
}

async function main({ folder, mongoUrl, signingKeys = [], dispatcher, pool }: RecipeRole): Promise<void> {
  const moduleOf = <M>(path: string): Partial<M> =>
    existsSync(join(folder, `${path}.ts`)) ? require(join(folder, path)) : {};
  moduleOf<{ startTelemetry(): void }>('imports/tasks/telemetry').startTelemetry?.();
  const { catalog } = require(join(folder, 'imports/tasks/catalog')) as { catalog: AppCatalog };
  const { rates = {} } = moduleOf<{ rates: NamedRates }>('imports/tasks/rates');
  const { db } = await connect(mongoUrl, 'recipe-role');
  const emit = (name: string, fields: object) => console.log(name, JSON.stringify(fields));
  const sender = { appId: 'recipe', version: '1', rootUrl: 'http://localhost' };
  queue.declare(catalog, {}, rates);
  await queue.connect({ db, sender, emit, signingKeys });
  const file = join(folder, 'private/workers/main.js');
  const executor = new Pool({ file, catalog, emit, queue, databaseUrl: mongoUrl, ...pool });
  await new Dispatcher({ queue, executor, settings: dispatcher }).start();
  const { services } = moduleOf<{ services: { jobs(): Service[] } }>('imports/services');
  for (const service of services?.jobs() ?? []) await service.start();
  console.log('role is ready');
}

/** Monti's agent runs on Meteor only. This one takes the same, and says what that one would send. */
Object.assign(globalThis, {
  Monti: {
    traceJob({ name, waitTime }: { name: string; waitTime: number }, job: () => Promise<unknown>): Promise<unknown> {
      const say = (end: string) => console.log('monti', JSON.stringify({ name, end, waited: waitTime >= 0 }));
      const result = job();
      result.then(
        () => say('complete'),
        (error: Error) => say(`error: ${error.message}`),
      );
      return result;
    },
  },
});

void main(JSON.parse(process.env.RECIPE_ROLE as string));
