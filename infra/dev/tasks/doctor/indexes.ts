import type { CreateIndexesOptions, Db, IndexDescription, IndexSpecification } from 'mongodb';
import { Audit } from '../../../console/audit';
import { Deploys } from '../../../monitor/deploys';
import { ProcessRegistry } from '../../../monitor/processes';
import { AttemptLogs } from '../../../queue/store/attempt-logs';
import { Batches } from '../../../queue/store/batches';
import { BulkWorks } from '../../../queue/store/bulk-works';
import { ErrorGroups } from '../../../queue/store/error-groups';
import { ensureIndexes } from '../../../queue/store/indexes';
import { Statistics } from '../../../queue/store/statistics';
import { ScheduleStore } from '../../../schedules/schedule-store';
import type { OpenQueue } from '../open';
import { type Finding, fine, note, wrong } from './finding';

/** An index that a role of this version makes. */
interface Wanted {
  collection: string;
  name: string;
  index: Pick<IndexDescription, 'key' | 'unique' | 'expireAfterSeconds'>;
}

/** Whether the indexes are there that roles of this version make, as they make them. */
export async function checkIndexes(open: OpenQueue): Promise<Finding[]> {
  const { db, store } = open.core;
  const there = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name));
  if (!there.has(store.collection.collectionName))
    return [
      note('indexes', `${db.databaseName} has no queue yet`, 'Is it the right database? Start a role, it makes all'),
    ];
  const wanted = (await wantedIndexes(open)).filter(({ collection }) => there.has(collection));
  const missing: string[] = [];
  for (const collection of new Set(wanted.map(one => one.collection))) {
    const found = await db.collection(collection).indexes();
    const ofIt = wanted.filter(one => one.collection === collection);
    missing.push(
      ...ofIt.filter(one => !found.some(index => isSame(one, index))).map(({ name }) => `${collection}.${name}`),
    );
  }
  if (missing.length === 0) return [fine('indexes', `all ${wanted.length} are there`)];
  return [
    wrong(
      'indexes',
      `${missing.join(', ')}: missing, or other than this version makes`,
      'A role makes what is missing as it starts, and within half a minute: is one of this version there? Its event indexes.failed says why it can not. One that differs: drop it, it is made again',
    ),
  ];
}

/** The code that makes them says which: it is given a database that only writes down what it is asked for. */
async function wantedIndexes({ core }: OpenQueue): Promise<Wanted[]> {
  const wanted: Wanted[] = [];
  const add = (collection: string, index: IndexDescription) =>
    wanted.push({ collection, name: index.name ?? nameOf(index.key), index });
  const collection = (name: string) => ({
    createIndexes: async (list: IndexDescription[]) => {
      for (const index of list) add(name, index);
    },
    createIndex: async (key: IndexSpecification, options: CreateIndexesOptions = {}) =>
      void add(name, { ...options, key: key as IndexDescription['key'] } as IndexDescription),
  });
  const db = { collection } as unknown as Db;
  const { emit, clock, catalog, commit, store } = core;
  const identity = { role: '', version: '', commit };
  const registry = new ProcessRegistry({ db, identity, emit, describe: () => ({ state: '', details: {} }) });
  await ensureIndexes(db.collection(store.collection.collectionName));
  const others = [
    new Batches(db),
    new BulkWorks(db),
    new Statistics(db, clock, catalog),
    new ErrorGroups(db, emit, commit),
    new AttemptLogs(db),
    new ScheduleStore(db),
    new Audit(db, 1),
    new Deploys(db),
    registry,
  ];
  for (const one of others) await one.ensureIndexes();
  return wanted;
}

const nameOf = (key: IndexDescription['key']) =>
  Object.entries(key)
    .map(([field, direction]) => `${field}_${direction}`)
    .join('_');

function isSame({ name, index }: Wanted, found: IndexDescription): boolean {
  return (
    found.name === name &&
    JSON.stringify(found.key) === JSON.stringify(index.key) &&
    Boolean(found.unique) === Boolean(index.unique) &&
    found.expireAfterSeconds === index.expireAfterSeconds
  );
}
