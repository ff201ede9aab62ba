import { eventually } from '../../support/eventually';
import { ForeignClient } from '../../support/foreign-ddp';
import { frame, RawWebSocket } from '../../support/raw-client';
import { runningPair, startTestRoles, type TestRoles } from '../../support/roles';

const mb = 1_048_576;
const limits = { messagesPerSecond: 10_000, messageBytes: 4 * mb, unreadBytes: 2 * mb, unreadBytesInAll: 3 * mb };
const describeHere = runningPair() ? describe.skip : describe;

let roles: TestRoles;
beforeAll(async () => {
  if (!runningPair()) roles = await startTestRoles({ jobs: false, settings: { web: { limits } } });
}, 60_000);
afterAll(() => roles?.stop(), 30_000);

const connect = frame('{"msg":"connect","version":"1","support":["1"]}');
/** Answered by an error that repeats it. */
const echoed = frame(`{"msg":"x","text":"${'y'.repeat(400_000)}"}`);

async function open(url = roles.webUrl): Promise<RawWebSocket> {
  const web = await RawWebSocket.open(url);
  await web.write(connect);
  return web;
}

describeHere('what is held for one connection is bounded', () => {
  test('where its client never reads: it is cut', async () => {
    const web = await open();
    web.socket.pause();
    for (let times = 0; times < 36; times += 1) web.socket.write(echoed);
    await roles.web!.says(/a connection was closed: it does not read: \d+ bytes wait for it/);
    web.socket.destroy();
  });

  test('where all of them together wait for too much, none of them for too much alone: those with the most are cut', async () => {
    const patient = { ...limits, unreadBytes: 1_024 * mb };
    const other = await startTestRoles({
      jobs: false,
      mongoUrl: roles.mongoUrl,
      settings: { web: { limits: patient } },
    });
    const clients = await Promise.all(Array.from({ length: 4 }, () => open(other.webUrl)));
    for (const { socket } of clients) {
      socket.pause();
      for (let times = 0; times < 36; times += 1) socket.write(echoed);
    }
    await other.web!.says(/a connection was closed: \d+ bytes wait for it, and too much for all connections together/);
    expect((await fetch(other.webUrl)).status).toBe(200);
    for (const { socket } of clients) socket.destroy();
    await other.stop();
  });

  test('where a frame announces too much: it is refused before it comes', async () => {
    const web = await open();
    await web.write(frame('x', { announced: 95 * mb }));
    await eventually(() => web.isOver);
    web.socket.destroy();
  });

  test('where a message never ends, in pieces of one byte', async () => {
    const web = await open();
    const pieces = Buffer.concat(Array.from({ length: 100_000 }, () => frame('x', { opcode: 0, fin: false })));
    await web.write(frame('{', { fin: false }));
    for (let times = 0; times < 20 && web.isOpen; times += 1) await web.write(pieces);
    await eventually(() => web.isOver);
    web.socket.destroy();
  });

  test.each([
    ['messages', { messagesPerSecond: 20 }, '', 100],
    ['bytes of messages', { messageBytes: 100_000 }, 'y'.repeat(40_000), 10],
  ])('where %s wait behind a slow method: it is closed', async (what, limit, text, atOnce) => {
    const other = await startTestRoles({
      jobs: false,
      mongoUrl: roles.mongoUrl,
      settings: { web: { limits: { ...limits, ...limit } } },
    });
    const client = await ForeignClient.open(other.webUrl);
    const say = () => client.send({ msg: 'method', id: '2', method: 'no.such.method', params: [text] });
    client.send({ msg: 'method', id: '1', method: 'hold', params: [] });
    for (let times = 0; times < atOnce - 3; times += 1) say();
    // No faster than messages may come, so that only what waits can be too much.
    await eventually(() => !client.isOpen || say(), { everyMs: 500 });
    await other.web!.says(new RegExp(`a connection was closed: \\d+ ${what} wait behind a slow one`));
    await other.stop();
  });

  test('and others are served meanwhile', async () => {
    expect((await fetch(roles.webUrl)).status).toBe(200);
  });
});
