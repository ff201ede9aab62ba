import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Jimp } from 'jimp';
import { decode as decodeJpeg } from 'jpeg-js';
import { collections, type Picture } from '../../imports/tasks/documents';
import { readPictureHeader } from '../../imports/tasks/picture-header';
import { FileStore } from '../../infra/database';
import { type TestDatabase, testDatabase } from '../support/database';
import { HandlerRun, taskOf } from '../support/handler-run';

const fixture = (name: string) => readFileSync(join(__dirname, '../fixtures', name));
const photo = fixture('photo.jpg');
const small = fixture('small.jpg');

/** The small photo, 240 × 160 pixels: where every pixel costs, and none matters. */
let tiny: Buffer;

let database: TestDatabase;
let files: FileStore;

beforeAll(async () => {
  const { width, height, data } = decodeJpeg(small);
  const image = Jimp.fromBitmap({ width, height, data: Buffer.from(data) });
  tiny = await image.resize({ w: 240, h: 160 }).getBuffer('image/jpeg');
  database = await testDatabase();
  files = new FileStore(database.db);
});
afterAll(() => database.drop());

const pictures = () => database.db.collection<Picture>(collections.pictures);
const thumbnails = () => database.db.collection('files.files').countDocuments({ 'metadata.kind': 'thumbnail' });

async function uploaded(bytes: Buffer, type = 'image/jpeg'): Promise<HandlerRun> {
  const facts = { name: 'photo', type, owner: 'ada', kind: 'photo' };
  const { id, size } = await files.put(Readable.from([bytes]), facts);
  const task = taskOf('makeThumbnails', { file: id, owner: 'ada' });
  const original = { id, size, name: 'photo' };
  await pictures().insertOne({ _id: task._id, owner: 'ada', name: 'photo', createdAt: new Date(), original });
  return new HandlerRun(database.db, task);
}

async function failure(bytes: Buffer) {
  const before = await thumbnails();
  const outcome = await (await uploaded(bytes)).outcome();
  expect(await thumbnails()).toBe(before);
  return outcome;
}

it.each([
  ['photo.jpg', 'image/jpeg', [107, 320, 640]],
  ['photo.png', 'image/png', [107, 320, 640]],
])('makes three sizes of %s that keep its shape', async (name, type, heights) => {
  const run = await uploaded(fixture(name), type);
  expect(await run.outcome()).toEqual({ kind: 'done', value: expect.anything() });
  const picture = (await pictures().findOne({ _id: run.task._id }))!;
  expect(picture.thumbnails).toMatchObject([160, 480, 960].map((width, index) => ({ width, height: heights[index] })));
  for (const { id, width, height, size } of picture.thumbnails!) {
    const bytes = await buffer(await files.open(id));
    expect(bytes).toHaveLength(size);
    expect(readPictureHeader(bytes)).toMatchObject({ type: 'image/jpeg', width, height });
    expect(await files.info(id)).toMatchObject({ owner: 'ada', kind: 'thumbnail', type: 'image/jpeg' });
  }
});

/** The tiny photo with an EXIF segment that says how its camera was held. */
function heldAs(orientation: number): Buffer {
  const tiff = Buffer.from('MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0', 'latin1');
  tiff.writeUInt16BE(orientation, 18);
  const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const head = Buffer.from([0xff, 0xe1, 0, exif.length + 2]);
  return Buffer.concat([tiny.subarray(0, 2), head, exif, tiny.subarray(2)]);
}

/** Where the sun is: the photo has it right of the middle, above it. */
async function brightestCorner(id: string): Promise<string> {
  const { width, height, data } = decodeJpeg(await buffer(await files.open(id)));
  const image = Jimp.fromBitmap({ width, height, data: Buffer.from(data) });
  const light = (x: number, y: number) => {
    const part = image.clone().crop({ x, y, w: Math.floor(width / 2), h: Math.floor(height / 2) });
    return part.bitmap.data.reduce((sum: number, value: number) => sum + value, 0);
  };
  const corners = { 'upper left': [0, 0], 'upper right': [0.5, 0], 'lower left': [0, 0.5], 'lower right': [0.5, 0.5] };
  const lights = Object.entries(corners).map(([name, [x, y]]) => [light(x! * width, y! * height), name] as const);
  return lights.sort(([a], [b]) => b - a)[0]![1];
}

it.each([
  [1, 'upper right', 240, 160],
  [3, 'lower left', 240, 160],
  [6, 'lower right', 160, 240],
  [8, 'upper left', 160, 240],
])('turns a photo that was taken with orientation %i upright', async (orientation, corner, width, height) => {
  const run = await uploaded(heldAs(orientation));
  await run.outcome();
  const middle = (await pictures().findOne({ _id: run.task._id }))!.thumbnails![1]!;
  expect(middle).toMatchObject({ width, height });
  expect(await brightestCorner(middle.id)).toBe(corner);
});

it('does not blow up a photo that is narrower than a thumbnail', async () => {
  const run = await uploaded(small);
  await run.outcome();
  const { thumbnails } = (await pictures().findOne({ _id: run.task._id }))!;
  expect(thumbnails!.map(({ width }) => width)).toEqual([160, 480, 600]);
});

it('keeps one set of thumbnails when its task runs again', async () => {
  const run = await uploaded(tiny);
  const before = await thumbnails();
  await run.outcome();
  await new HandlerRun(database.db, run.task).outcome();
  expect(await thumbnails()).toBe(before + 3);
});

it('refuses a photo that is cut off, for good and in plain words', async () => {
  expect(await failure(photo.subarray(0, 60_000))).toMatchObject({
    kind: 'failed',
    fatal: true,
    error: { message: expect.stringContaining('cut off') },
  });
});

it('refuses a PNG that is cut off', async () => {
  const outcome = await failure(fixture('photo.png').subarray(0, 100_000));
  expect(outcome).toMatchObject({
    kind: 'failed',
    fatal: true,
    error: { message: expect.stringContaining('cut off') },
  });
});

it('refuses a text that calls itself a photo', async () => {
  const outcome = await failure(Buffer.from('This is a text.'));
  expect(outcome).toMatchObject({
    fatal: true,
    error: { message: expect.stringContaining('neither a JPEG nor a PNG') },
  });
});

it('refuses a photo that is damaged inside', async () => {
  const damaged = Buffer.from(photo);
  damaged.fill(0xff, 40_000, 90_000);
  expect(await failure(damaged)).toMatchObject({ kind: 'failed', fatal: true });
});

it('refuses a small file that would unfold to gigabytes, without decoding it', async () => {
  const bomb = Buffer.from(fixture('photo.png'));
  bomb.writeUInt32BE(60_000, 16);
  bomb.writeUInt32BE(60_000, 20);
  const outcome = await failure(bomb);
  expect(outcome).toMatchObject({ fatal: true, error: { message: expect.stringContaining('60000 × 60000 pixels') } });
});
