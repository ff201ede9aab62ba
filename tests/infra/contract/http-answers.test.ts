import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { FileStore, type StoredFile } from '../../../infra/database';
import { answering, sendFile } from '../../../infra/http/answers';
import { type TestDatabase, testDatabase } from '../../support/database';
import { type HttpServer, serveHttp } from '../../support/http-server';

const bytes = Buffer.alloc(600_000, 'tandem');
let database: TestDatabase;
let files: FileStore;
let file: StoredFile;
let server: HttpServer;

beforeAll(async () => {
  database = await testDatabase();
  files = new FileStore(database.db);
  file = await files.put(Readable.from([bytes]), { name: 'r.bin', type: 'x/y', owner: 'me', kind: 'report' });
  server = await serveHttp(
    answering(async (request, response) => {
      if (request.url === '/half') await failInTheMiddle(response);
      await sendFile(file, files, request, response);
    }),
  );
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

async function failInTheMiddle(response: ServerResponse): Promise<never> {
  await new Promise<void>(resolve => response.writeHead(200, { 'Content-Length': 10 }).write('half', () => resolve()));
  throw new Error('no more');
}

let logged: jest.SpyInstance;
beforeEach(() => {
  logged = jest.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => logged.mockRestore());

test('a download has the bytes of its file, and a HEAD request none', async () => {
  const response = await fetch(server.url);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  const head = await fetch(server.url, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '600000']);
});

test('an answer that fails after its head breaks off, so that nobody waits for the rest', async () => {
  const response = await fetch(`${server.url}/half`);
  await expect(response.text()).rejects.toThrow();
  expect(logged).toHaveBeenCalledWith('GET /half failed', expect.stringContaining('no more'));
});

test('a download whose file can no longer be opened is answered with an error', async () => {
  await files.remove(file.id);
  const response = await fetch(server.url);
  expect([response.status, await response.json()]).toEqual([500, expect.objectContaining({ error: 'internal' })]);
});
