import { DueFloor } from '../../../infra/queue/store/due-floor';

const noon = Date.UTC(2026, 0, 1, 12);
const at = (ms: number) => new Date(noon + ms);

/** From when it looks, in ms after noon; undefined: from the beginning. */
const fromOf = (floor: DueFloor) => floor.read(async from => from && from.getTime() - noon);

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A floor whose last look at the whole index took 10 ms. */
async function learned(): Promise<DueFloor> {
  const floor = new DueFloor();
  await floor.read(async () => jest.advanceTimersByTime(10));
  floor.promoting(at(60_000))();
  return floor;
}

test('it looks from the beginning until all that was due has been promoted, and then from five seconds before', async () => {
  const floor = new DueFloor();
  expect(await fromOf(floor)).toBeUndefined();
  expect(await fromOf(floor)).toBeUndefined();
  expect(await fromOf(await learned())).toBe(55_000);
});

test('what is scheduled for before it is found, and what comes after it changes nothing', async () => {
  const floor = await learned();
  floor.scheduled(at(90_000));
  expect(await fromOf(floor)).toBe(55_000);
  floor.scheduled(at(1_000));
  expect(await fromOf(floor)).toBe(1_000);
});

test('where dates have changed, and now and then, it looks from the beginning', async () => {
  const floor = await learned();
  floor.datesChanged();
  expect(await fromOf(floor)).toBeUndefined();
  const another = await learned();
  jest.advanceTimersByTime(199);
  expect(await fromOf(another)).toBe(55_000);
  jest.advanceTimersByTime(1);
  expect(await fromOf(another)).toBeUndefined();
});

test('it looks from the beginning at least every five seconds', async () => {
  const floor = new DueFloor();
  await floor.read(async () => jest.advanceTimersByTime(60_000));
  floor.promoting(at(60_000))();
  jest.advanceTimersByTime(4_999);
  expect(await fromOf(floor)).toBe(55_000);
  jest.advanceTimersByTime(1);
  expect(await fromOf(floor)).toBeUndefined();
});

test('what is scheduled while a promotion goes on is looked for after it, and a promotion that fails changes nothing', async () => {
  const floor = await learned();
  const promotedAll = floor.promoting(at(120_000));
  floor.scheduled(at(90_000));
  expect(await fromOf(floor)).toBe(55_000);
  promotedAll();
  expect(await fromOf(floor)).toBe(90_000);
});

test('of two promotions at once the one that began last says from where to look', async () => {
  const floor = await learned();
  const [first, last] = [floor.promoting(at(120_000)), floor.promoting(at(130_000))];
  first();
  expect(await fromOf(floor)).toBe(55_000);
  floor.datesChanged();
  last();
  expect(await fromOf(floor)).toBeUndefined();
});
