import { LiveLook } from '../../../infra/console/publication';
import { eventually } from '../../support/eventually';

// The publication is code of a role: here it runs in the test's own process, on the Node host's modules.
jest.mock('meteor/check', () => require('../../../infra/node-host/shared/check'), { virtual: true });
jest.mock('meteor/ddp', () => require('../../../infra/node-host/modules/ddp'), { virtual: true });
jest.mock('meteor/ddp-rate-limiter', () => require('../../../infra/node-host/ddp/rate-limiter'), { virtual: true });
jest.mock('meteor/ejson', () => require('../../../infra/node-host/shared/ejson'), { virtual: true });
jest.mock('meteor/meteor', () => require('../../../infra/node-host/modules/meteor'), { virtual: true });
jest.mock('meteor/mongo', () => require('../../../infra/node-host/modules/mongo'), { virtual: true });

const admin = { name: 'Ada', role: 'admin' as const };

let isDown = false;
let looks = 0;
/** Of these the app can't say whether they may look. */
const unknown = new Set<string>();
const failures: unknown[] = [];
let look: LiveLook;

beforeEach(() => {
  isDown = false;
  unknown.clear();
  failures.length = 0;
  const count = async () => {
    if (isDown) throw new Error('the database is away');
    looks += 1;
    return { counts: [{ _id: 'burn', looks }] };
  };
  const find = async (userId: string | null) => {
    if (unknown.has(userId ?? '')) throw new TypeError('user is undefined');
    return admin;
  };
  look = new LiveLook(count, find, (_name, fields) => void failures.push((fields as { error: unknown }).error));
});
afterEach(() => look.stop());

/** A page of this operator, with what it shows of each document. */
async function open(userId: string) {
  const shown: Record<string, Record<string, unknown>> = {};
  const set = (_collection: string, id: string, fields: object) => {
    shown[id] = { ...shown[id], ...fields };
  };
  const subscription = { userId, added: set, changed: set, removed: () => {}, onStop: () => {}, error: () => {} };
  await look.join(subscription as never, admin);
  return shown;
}

test('an operator of whom the app can’t judge holds up none of the others', async () => {
  await open('gone');
  const page = await open('ada');
  const before = looks;
  unknown.add('gone');
  await eventually(() => looks > before && page.burn?.looks === looks);
  expect(page.me).toMatchObject({ name: 'Ada' });
  await eventually(() => failures.length === 1);
});

test('what can’t be looked up any more is said to be of before, until it can, and is shown to nobody who comes now', async () => {
  const page = await open('ada');
  isDown = true;
  await eventually(() => page.me?.stale === true);
  expect(page.burn).toMatchObject({ looks: expect.any(Number) });
  await expect(open('eve')).rejects.toThrow('the database is away');
  isDown = false;
  await eventually(() => page.me?.stale === undefined && page.burn?.looks === looks);
});
