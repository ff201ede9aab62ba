import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { deflateSync } from 'node:zlib';
import { decode as decodeJpeg } from 'jpeg-js';
import sharp from 'sharp';
import { maxDecodedBytes } from '../../imports/tasks/handlers/pictures/photo';
import { type Picture, picturesCollection } from '../../imports/tasks/pictures/documents';
import { FileStore } from '../../infra/database';
import { type TestDatabase, testDatabase } from '../support/database';
import { HandlerAttempt, taskOf } from '../support/handler-attempt';

const fixture = (name: string) => readFileSync(join(__dirname, '../fixtures', name));
const photo = fixture('photo.jpg');
const small = fixture('small.jpg');

/** The small photo, 240 × 160 pixels: where every pixel costs, and none matters. */
let tiny: Buffer;

let database: TestDatabase;
let files: FileStore;

beforeAll(async () => {
  tiny = await sharp(small).resize(240, 160).jpeg().toBuffer();
  database = await testDatabase();
  files = new FileStore(database.db);
});
afterAll(() => database.drop());

const pictures = () => database.db.collection<Picture>(picturesCollection);
const thumbnails = () => database.db.collection('files.files').countDocuments({ 'metadata.kind': 'thumbnail' });

async function uploaded(bytes: Buffer, type = 'image/jpeg'): Promise<HandlerAttempt> {
  const facts = { name: 'photo', type, owner: 'ada', kind: 'photo' };
  const { id, size } = await files.put(Readable.from([bytes]), facts);
  const task = taskOf('makeThumbnails', { file: id, owner: 'ada' });
  const original = { id, size, name: 'photo' };
  await pictures().insertOne({ _id: task._id, owner: 'ada', name: 'photo', createdAt: new Date(), original });
  return new HandlerAttempt(database.db, task);
}

async function failure(bytes: Buffer) {
  const before = await thumbnails();
  const outcome = await (await uploaded(bytes)).outcome();
  expect(await thumbnails()).toBe(before);
  return outcome;
}

test.each([
  ['photo.jpg', 'image/jpeg', [107, 320, 640]],
  ['photo.png', 'image/png', [107, 320, 640]],
])('makes three sizes of %s that keep its shape', async (name, type, heights) => {
  const attempt = await uploaded(fixture(name), type);
  expect(await attempt.outcome()).toEqual({ kind: 'done', value: expect.anything() });
  const picture = (await pictures().findOne({ _id: attempt.task._id }))!;
  expect(picture.thumbnails).toMatchObject([160, 480, 960].map((width, index) => ({ width, height: heights[index] })));
  for (const { id, width, height, size } of picture.thumbnails!) {
    const bytes = await buffer(await files.open(id));
    expect(bytes).toHaveLength(size);
    expect(decodeJpeg(bytes)).toMatchObject({ width, height });
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
  const light = (x: number, y: number) => {
    let sum = 0;
    for (let row = y; row < y + height / 2 - 1; row += 1)
      for (let column = x; column < x + width / 2 - 1; column += 1) sum += data[(row * width + column) * 4 + 1] ?? 0;
    return sum;
  };
  const corners = { 'upper left': [0, 0], 'upper right': [0.5, 0], 'lower left': [0, 0.5], 'lower right': [0.5, 0.5] };
  const lights = Object.entries(corners).map(([name, [x, y]]) => [light(x! * width, y! * height), name] as const);
  return lights.sort(([a], [b]) => b - a)[0]![1];
}

test.each([
  [1, 'upper right', 240, 160],
  [3, 'lower left', 240, 160],
  [6, 'lower right', 160, 240],
  [8, 'upper left', 160, 240],
])('turns a photo that was taken with orientation %i upright', async (orientation, corner, width, height) => {
  const attempt = await uploaded(heldAs(orientation));
  await attempt.outcome();
  const middle = (await pictures().findOne({ _id: attempt.task._id }))!.thumbnails![1]!;
  expect(middle).toMatchObject({ width, height });
  expect(await brightestCorner(middle.id)).toBe(corner);
});

/** The colour of a thumbnail's middle. */
async function middleOf(attempt: HandlerAttempt): Promise<number[]> {
  expect(await attempt.outcome()).toMatchObject({ kind: 'done' });
  const { thumbnails } = (await pictures().findOne({ _id: attempt.task._id }))!;
  const { width, height, data } = decodeJpeg(await buffer(await files.open(thumbnails![0]!.id)));
  return [...data.subarray((Math.floor(height / 2) * width + Math.floor(width / 2)) * 4).subarray(0, 3)];
}

const plain = (background: string | { r: number; g: number; b: number; alpha: number }) =>
  sharp({ create: { width: 200, height: 100, channels: 4, background } });

test.each([
  ['nothing at all', { r: 0, g: 0, b: 0, alpha: 0 }, [255, 255, 255]],
  ['half a red', { r: 255, g: 0, b: 0, alpha: 0.5 }, [255, 127, 127]],
])('shows a transparent picture on white: %s', async (_, background, color) => {
  const seen = await middleOf(await uploaded(await plain(background).png().toBuffer(), 'image/png'));
  for (const [at, part] of color.entries()) expect(Math.abs(seen[at]! - part)).toBeLessThan(6);
});

test.each([
  ['inks', () => plain('#dc1e1e').removeAlpha().toColourspace('cmyk').jpeg()],
  ['16 bits a colour', () => plain('#dc1e1e').toColourspace('rgb16').png()],
  ['a progressive JPEG', () => plain('#dc1e1e').flatten().jpeg({ progressive: true })],
  ['an interlaced PNG', () => plain('#dc1e1e').png({ progressive: true })],
])('keeps the colours of %s', async (_, picture) => {
  const [red, green, blue] = await middleOf(await uploaded(await picture().toBuffer()));
  expect(red).toBeGreaterThan(180);
  expect(green).toBeLessThan(70);
  expect(blue).toBeLessThan(70);
});

test.each([
  ['tall', 10, 50_000],
  ['wide', 50_000, 10],
  ['of one pixel', 1, 1],
])('makes thumbnails of a picture that is %s', async (_, width, height) => {
  const picture = sharp({ create: { width, height, channels: 3, background: '#c80000' } });
  const [red] = await middleOf(await uploaded(await picture.png().toBuffer(), 'image/png'));
  expect(red).toBeGreaterThan(190);
});

/** A PNG with this header and these pixels, unpacked. */
function pngOf(width: number, height: number, bits: 8 | 16, pixels: Buffer): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const body = Buffer.concat([Buffer.from(type), data]);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, 6, 0, 0, 0], 8);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc32(bytes: Buffer): number {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

test('refuses a PNG that holds far more than its size says, before it is unfolded', async () => {
  const bomb = pngOf(10, 10, 8, Buffer.alloc(200_000_000));
  expect(bomb.length).toBeLessThan(maxDecodedBytes / 100);
  expect(await failure(bomb)).toMatchObject({
    fatal: true,
    error: { message: 'This picture is damaged: it holds more than it says.' },
  });
});

test('reckons with the bytes that a pixel takes', async () => {
  const outcome = await failure(pngOf(6_000, 5_000, 16, Buffer.alloc(0)));
  expect(outcome).toMatchObject({
    fatal: true,
    error: { message: 'This picture has 6000 × 5000 pixels, 240 MB once they are unfolded; 200 MB is the most.' },
  });
});

test('does not blow up a photo that is narrower than a thumbnail', async () => {
  const attempt = await uploaded(small);
  await attempt.outcome();
  const { thumbnails } = (await pictures().findOne({ _id: attempt.task._id }))!;
  expect(thumbnails!.map(({ width }) => width)).toEqual([160, 480, 600]);
});

test('keeps one set of thumbnails when its task runs again', async () => {
  const attempt = await uploaded(tiny);
  const before = await thumbnails();
  await attempt.outcome();
  await new HandlerAttempt(database.db, attempt.task).outcome();
  expect(await thumbnails()).toBe(before + 3);
});

test('refuses a photo that is cut off, for good and in plain words', async () => {
  expect(await failure(photo.subarray(0, 60_000))).toMatchObject({
    kind: 'failed',
    fatal: true,
    error: { message: expect.stringContaining('cut off') },
  });
});

test('refuses a PNG that is cut off', async () => {
  const outcome = await failure(fixture('photo.png').subarray(0, 100_000));
  expect(outcome).toMatchObject({
    kind: 'failed',
    fatal: true,
    error: { message: expect.stringContaining('cut off') },
  });
});

test('refuses a text that calls itself a photo', async () => {
  const outcome = await failure(Buffer.from('This is a text.'));
  expect(outcome).toMatchObject({
    fatal: true,
    error: { message: expect.stringContaining('neither a JPEG nor a PNG') },
  });
});

test('refuses a photo that is damaged inside', async () => {
  const damaged = Buffer.from(photo);
  damaged.fill(0xff, 40_000, 90_000);
  expect(await failure(damaged)).toMatchObject({ kind: 'failed', fatal: true });
});

test('refuses a small file that would unfold to gigabytes, without decoding it', async () => {
  const bomb = Buffer.from(fixture('photo.png'));
  bomb.writeUInt32BE(60_000, 16);
  bomb.writeUInt32BE(60_000, 20);
  const outcome = await failure(bomb);
  expect(outcome).toMatchObject({ fatal: true, error: { message: expect.stringContaining('60000 × 60000 pixels') } });
});
