import { SocketGuard } from '../../../infra/http/socket-limits';

// The limits are code of a role: here they run in the test's own process, on the Node host's modules.
jest.mock('meteor/meteor', () => require('../../../infra/node-host/modules/meteor'), { virtual: true });
const { Meteor } = require('../../../infra/node-host/modules/meteor');

const limits = {
  connectionsPerAddress: 1,
  messagesPerSecond: 2,
  messageBytes: 1_000,
  unreadBytes: 5_000,
  unreadBytesInAll: 50_000,
};

/** A connection as Meteor's transport `uws` gives it: it hears, and neither emits nor knows where it comes from. */
class UwsSocket {
  readonly headers = {};
  _meteorSession?: { id: string };
  isClosed = false;
  unread = 0;
  private readonly listeners: Record<string, ((text: string) => void)[]> = { data: [], close: [] };

  on(event: string, listener: (text: string) => void): void {
    this.listeners[event]?.push(listener);
  }

  getBufferedAmount(): number {
    if (this.isClosed) throw new Error('Invalid access of closed uWS.WebSocket');
    return this.unread;
  }

  close(): void {
    this.isClosed = true;
    for (const listener of this.listeners.close ?? []) listener('');
  }

  says(text: string): void {
    for (const listener of this.listeners.data ?? []) listener(text);
  }
}

let connect: (socket: UwsSocket) => void;
let guard: SocketGuard;
const refused: unknown[] = [];

beforeAll(() => {
  jest.spyOn(Meteor.server.stream_server, 'register').mockImplementation(heard => {
    connect = heard as typeof connect;
  });
  guard = new SocketGuard({
    limits,
    refusals: { log: fields => refused.push(fields) },
    isLink: id => id === 'link',
    isStarting: () => false,
  });
  guard.start();
});
beforeEach(() => refused.splice(0));
afterAll(() => {
  guard.stop();
  jest.restoreAllMocks();
});

function connected(): UwsSocket {
  const socket = new UwsSocket();
  connect(socket);
  return socket;
}

test('connections of a transport without addresses are not taken for those of one client', () => {
  expect([connected(), connected(), connected()].map(({ isClosed }) => isClosed)).toEqual([false, false, false]);
  expect(refused).toEqual([]);
});

test.each([
  ['a message that is too long', (socket: UwsSocket) => socket.says('x'.repeat(1_001)), /a message of 1001 bytes/],
  [
    'too many messages',
    (socket: UwsSocket) => {
      for (let sent = 0; sent < 20; sent += 1) socket.says('{"msg":"pong"}');
    },
    /more than 2 messages a second/,
  ],
  [
    'a client that does not read',
    (socket: UwsSocket) => {
      socket.unread = 5_001;
      socket.says('{"msg":"pong"}');
    },
    /it does not read: 5001 bytes/,
  ],
])('%s ends the connection, once', (_what, act, reason) => {
  const socket = connected();
  act(socket);
  expect(socket.isClosed).toBe(true);
  expect(refused).toEqual([expect.objectContaining({ reason: expect.stringMatching(reason) })]);
});

test('for the link more may wait: large results, for a web role that is busy', () => {
  const socket = connected();
  socket._meteorSession = { id: 'link' };
  socket.unread = 49_999;
  socket.says('{"msg":"pong"}');
  expect([socket.isClosed, refused]).toEqual([false, []]);
});
