import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { receivePhoto } from '../../imports/api/pictures/receive';
import { FileStore } from '../../infra/database';
import { answering, sendJson } from '../../infra/http/answers';
import { type TestDatabase, testDatabase } from '../support/database';
import { eventually } from '../support/eventually';
import { type HttpServer, serveHttp } from '../support/http-server';

const photo = readFileSync(join(__dirname, '../fixtures/photo.jpg'));

const patient = { idleMs: 10_000, totalMs: 20_000 };
const impatient = { idleMs: 300, totalMs: 1_500 };

let database: TestDatabase;
let files: FileStore;
let server: HttpServer;

beforeAll(async () => {
  database = await testDatabase();
  files = new FileStore(database.db);
  server = await serveHttp(
    answering(async (request, response) => {
      const limits = request.url === '/impatient' ? impatient : patient;
      sendJson(response, 201, await receivePhoto(request, 'ada', files, limits));
    }),
  );
});
afterAll(async () => {
  await server.close();
  await database.drop();
});
afterEach(async () => {
  await database.db.collection('files.files').deleteMany({});
  await database.db.collection('files.chunks').deleteMany({});
});

const stored = () => database.db.collection('files.files').countDocuments();
const halfStored = () => database.db.collection('files.chunks').countDocuments();
/** More than goes into one part of a stored file. */
const begun = Buffer.concat([photo, photo]);

async function send(bytes: Buffer, name: string, type = 'image/jpeg') {
  const body = new FormData();
  body.append('photo', new Blob([new Uint8Array(bytes)], { type }), name);
  const response = await fetch(server.url, { method: 'POST', body });
  return { status: response.status, ...((await response.json()) as { id?: string; error?: string; reason?: string }) };
}

/** Opens a form by hand, so that it can go wrong in the middle. */
async function openForm(begin: Buffer, path = '/'): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  const head =
    '--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n';
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 900000\r\n\r\n`,
  );
  socket.write(head);
  socket.write(begin);
  return socket;
}

async function answerOf(socket: Socket): Promise<string> {
  let answer = '';
  socket.on('data', chunk => {
    answer += chunk;
  });
  return eventually(() => (/\r\n\r\n.+/.test(answer) ? answer : undefined));
}

test('stores a photo under its own type, whatever was claimed', async () => {
  const { status, id } = await send(photo, 'my photo.png', 'text/html');
  expect(status).toBe(201);
  expect(await files.info(id!)).toMatchObject({
    type: 'image/jpeg',
    name: 'my photo.png',
    owner: 'ada',
    size: photo.length,
  });
});

test('refuses a text that is named .jpg', async () => {
  const refusal = await send(Buffer.from('Dear Sir or Madam, this is a letter.'), 'letter.jpg');
  expect(refusal).toMatchObject({ status: 415, error: 'not-a-picture', reason: expect.stringContaining('letter.jpg') });
  expect(await stored()).toBe(0);
});

test.each([0, 1, 2])('refuses a file of %i bytes', async length => {
  expect((await send(photo.subarray(0, length), 'short.jpg')).status).toBe(415);
});

test('refuses 30 MB by what is announced', async () => {
  const huge = Buffer.concat([photo, Buffer.alloc(30 * 1024 * 1024)]);
  expect(await send(huge, 'huge.jpg')).toMatchObject({ status: 413, error: 'too-large' });
  expect(await stored()).toBe(0);
});

test('refuses a little too much by what comes, and keeps nothing of it', async () => {
  const large = Buffer.concat([photo, Buffer.alloc(15 * 1024 * 1024 - photo.length + 1)]);
  expect(await send(large, 'large.jpg')).toMatchObject({ status: 413, error: 'too-large' });
  expect(await stored()).toBe(0);
  await eventually(async () => (await halfStored()) === 0);
});

test('stops to listen to a form that goes on for ever', async () => {
  const socket = connect(server.port, '127.0.0.1');
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n';
  const answer = answerOf(socket);
  socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
  const megabyte = `100000\r\n${'x'.repeat(1_048_576)}\r\n`;
  for (let sent = 0; sent < 17; sent += 1) socket.write(megabyte);
  expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
  socket.destroy();
});

test('takes the largest that it allows', async () => {
  const largest = Buffer.concat([photo, Buffer.alloc(15 * 1024 * 1024 - photo.length)]);
  expect((await send(largest, 'largest.jpg')).status).toBe(201);
});

test('refuses what is no form', async () => {
  const response = await fetch(server.url, {
    method: 'POST',
    body: 'hello',
    headers: { 'Content-Type': 'text/plain' },
  });
  expect(response.status).toBe(415);
});

test('refuses a form without a file', async () => {
  const body = new FormData();
  body.append('photo', 'only a text');
  const response = await fetch(server.url, { method: 'POST', body });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: 'no-file' });
});

test('keeps nothing of an upload that its sender gives up', async () => {
  const socket = await openForm(begun);
  await eventually(async () => (await halfStored()) > 0);
  socket.destroy();
  await eventually(async () => (await halfStored()) === 0);
  expect(await stored()).toBe(0);
});

test('ends an upload that has stopped to move', async () => {
  const socket = await openForm(begun, '/impatient');
  expect(await answerOf(socket)).toMatch(/^HTTP\/1\.1 408 /);
  socket.destroy();
  await eventually(async () => (await halfStored()) === 0);
});

test('ends an upload that trickles for ever', async () => {
  const socket = await openForm(photo.subarray(0, 1_000), '/impatient');
  const trickle = setInterval(() => socket.write('x'), 50);
  try {
    expect(await answerOf(socket)).toMatch(/^HTTP\/1\.1 408 /);
  } finally {
    clearInterval(trickle);
    socket.destroy();
  }
  await eventually(async () => (await halfStored()) === 0);
});

test.each([0, 1, 4, 7, 8, 20])('goes on serving others when a sender stops after %i bytes', async length => {
  const silent = await openForm(photo.subarray(0, length));
  const gone = await openForm(photo.subarray(0, length));
  await new Promise(resolve => setImmediate(resolve));
  gone.destroy();
  const ended = await openForm(photo.subarray(0, length));
  ended.end();
  expect(await send(photo, 'photo.jpg')).toMatchObject({ status: 201 });
  silent.destroy();
  await eventually(async () => (await halfStored()) === 0 || (await stored()) === 1);
  expect(await send(photo, 'again.jpg')).toMatchObject({ status: 201 });
});
