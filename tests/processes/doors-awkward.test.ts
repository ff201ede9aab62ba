import { eventually } from '../support/eventually';
import { ForeignClient } from '../support/foreign-ddp';
import type { TestProcess } from '../support/processes';
import { breakOff, frame, RawWebSocket, sayRaw, upgradeRequest } from '../support/raw-client';
import { runningPair, startRoles, type TestRoles } from '../support/roles';

let roles: TestRoles;

beforeAll(async () => {
  const limits = { messagesPerSecond: 1_000, connectionsPerAddress: 10_000 };
  roles = await startRoles({ settings: { web: { limits }, jobs: { limits } } });
}, 60_000);

afterAll(() => roles.stop(), 30_000);

const linesOf = (process: TestProcess | undefined) => process?.output.split('\n').length ?? 0;

/** What happens on both roles: they live on, answer others, and log a line at most for each of `times` inputs. */
async function unharmed(times: number, happen: (url: string) => Promise<unknown>): Promise<void> {
  const before = [linesOf(roles.web), linesOf(roles.jobs)];
  for (const url of [roles.webUrl, roles.jobsUrl]) {
    await happen(url);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  }
  const after = [linesOf(roles.web), linesOf(roles.jobs)];
  for (const [role, lines] of after.entries()) expect(lines - before[role]!).toBeLessThanOrEqual(times);
}

const statusLines = (answer: string) => answer.match(/^HTTP\/1\.[01] \d{3}/gm) ?? [];

const targets = [
  '//',
  '///',
  '//evil.example/x',
  '/\\evil',
  '\\\\evil',
  '*',
  '?',
  '#',
  '/?',
  '/%',
  '/%E0%A4%A',
  '/%FF',
  '/%00',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/../../etc/passwd',
  '/files/%E0%A4%A',
  '/files/%00',
  '/files/..%2f..%2fsettings-web.json',
  '/main.js?hash=%E0%A4%A',
  '/console/%E0',
  '/upload/%E0%A4%A',
  '/sockjs/%E0%A4%A/x/websocket',
  '/websocket/%E0%A4%A',
  '/websocket?%E0%A4%A',
  '//websocket',
  'http://[::',
  'http://[::]/',
  'http://a]b/',
  'http://xn--a/',
  'http://\u00ad/',
  'http://%00/',
  'http://a:99999999/',
  'http://user:pass@host:1/x',
  'HTTP://LOCALHOST/healthz',
  'ws://x/websocket',
  'javascript:alert(1)',
  '/\u00e9\u00ff',
  `/${'a'.repeat(8_000)}`,
  `/${'%41'.repeat(3_000)}`,
  `/${'/'.repeat(5_000)}`,
  `/?${'a=b&'.repeat(3_000)}`,
  '/__proto__',
  '/constructor/prototype',
];

describe('a request line', () => {
  it.each(targets)('that asks for %j gets one answer at most, and harms nobody', target =>
    unharmed(4, async url => {
      const plain = ['GET', 'HEAD', 'POST'].map(method => `${method} ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
      for (const request of [...plain, upgradeRequest(target)])
        expect(statusLines(await sayRaw(url, request)).length).toBeLessThanOrEqual(1);
      await breakOff(url, upgradeRequest(target));
    }),
  );

  it.each([
    'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
    'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
    'GET /\r\n\r\n',
    'GET  /  HTTP/1.1\r\nHost: x\r\n\r\n',
    'NONSENSE / HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /\u0000 HTTP/1.1\r\nHost: x\r\n\r\n',
    '\u0000\u0001\u0002\r\n\r\n',
    '\r\n\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', // the beginning of TLS
    `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  ])('of %j as well', request =>
    unharmed(2, async url => {
      expect(statusLines(await sayRaw(url, request)).length).toBeLessThanOrEqual(1);
      await breakOff(url, request);
    }),
  );
});

describe('headers', () => {
  const visitor = `visitor=${'a'.repeat(64)}`;
  it.each([
    ['two hosts', 'Host: a\r\nHost: b'],
    ['no host', 'X: y'],
    ['a host that is none', 'Host: [::'],
    ['a length that is none', 'Host: x\r\nContent-Length: abc'],
    ['two lengths', 'Host: x\r\nContent-Length: 1\r\nContent-Length: 2'],
    ['a length below zero', 'Host: x\r\nContent-Length: -1'],
    ['a huge length', 'Host: x\r\nContent-Length: 99999999999999999999'],
    ['an encoding said twice', 'Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked'],
    ['an encoding that nobody knows', 'Host: x\r\nTransfer-Encoding: nonsense'],
    ['length and encoding', 'Host: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5'],
    ['a cookie of odd signs', `Host: x\r\nCookie: %E0%A4%A; =; ;;; visitor; visitor==; ${visitor}; __proto__=1`],
    ['a long cookie', `Host: x\r\nCookie: ${'a=b; '.repeat(2_000)}`],
    ['an odd range', 'Host: x\r\nRange: bytes=9-1,-,x'],
    ['a range that is not there', 'Host: x\r\nRange: bytes=999999999-'],
    ['an odd condition', 'Host: x\r\nIf-Modified-Since: nonsense\r\nIf-None-Match: "'],
    ['an odd origin', 'Host: x\r\nOrigin: http://[::\r\nReferer: \u00ff'],
    ['an odd accept', 'Host: x\r\nAccept: ;;q=,*/*;q=x\r\nAccept-Encoding: \u00ff'],
    ['an expectation', 'Host: x\r\nExpect: the-unexpected'],
    ['a forwarded address that is none', 'Host: x\r\nX-Forwarded-For: ,,%00, ::'],
    ['a form without a boundary', `Host: x\r\nCookie: ${visitor}\r\nContent-Type: multipart/form-data`],
    [
      'a form that is none',
      `Host: x\r\nCookie: ${visitor}\r\nContent-Type: multipart/form-data; boundary="\r\nContent-Length: 3`,
    ],
    ['a name that is none', 'Host: x\r\n\u00ff\u0000: y'],
    ['no end', `Host: x\r\nX: ${'y'.repeat(100_000)}`],
  ])('with %s get one answer at most, and harm nobody', (_case, headers) =>
    unharmed(8, async url => {
      for (const start of ['GET /', 'GET /main.css', 'GET /files/x', 'POST /upload/pictures']) {
        const request = `${start} HTTP/1.1\r\n${headers}\r\n\r\n`;
        expect(statusLines(await sayRaw(url, request)).length).toBeLessThanOrEqual(1);
        await breakOff(url, request);
      }
    }),
  );

  it.each([
    { 'Sec-WebSocket-Key': '' },
    { 'Sec-WebSocket-Key': 'short' },
    { 'Sec-WebSocket-Version': '99' },
    { 'Sec-WebSocket-Version': 'x' },
    { 'Sec-WebSocket-Protocol': ',,' },
    { 'Sec-WebSocket-Protocol': 'a, a' },
    { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits=99' },
    { 'Sec-WebSocket-Extensions': ';;=' },
    { Upgrade: 'h2c' },
    { Upgrade: 'websocket, websocket' },
    { Connection: 'keep-alive, Upgrade', 'Content-Length': '5' },
    { Origin: 'http://[::', Cookie: '%E0%A4%A' },
  ])('of an upgrade with %j as well', headers =>
    unharmed(2, async url => {
      for (const path of ['/websocket', '/sockjs/1/x/websocket', '/elsewhere']) {
        const request = upgradeRequest(path, headers as Record<string, string>);
        expect(statusLines(await sayRaw(url, request)).length).toBeLessThanOrEqual(1);
        await breakOff(url, request);
      }
    }),
  );
});

describe('half of a request', () => {
  const whole = [
    upgradeRequest('/websocket'),
    upgradeRequest('/elsewhere'),
    'POST /upload/pictures HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n' +
      `Cookie: visitor=${'a'.repeat(64)}\r\nContent-Length: 500\r\n\r\n` +
      '--b\r\nContent-Disposition: form-data; name="f"; filename="x.png"\r\n\r\n\u0089PNG',
  ];
  it.each(whole)('is broken off wherever it may be: %j', request =>
    unharmed(1, async url => {
      for (let length = 1; length <= request.length; length += 7) await breakOff(url, request.slice(0, length));
    }),
  );
});

const connect = frame('{"msg":"connect","version":"1","support":["1"]}');

describe('frames', () => {
  const frames: [string, Buffer][] = [
    ['an opcode that is none', frame('x', { opcode: 3 })],
    ['a control frame that is none', frame('x', { opcode: 0xf })],
    ['no mask', frame('x', { masked: false })],
    ['reserved bits', frame('x', { reserved: 7 })],
    ['a compressed text that nobody agreed on', frame('x', { reserved: 4 })],
    ['text that is no UTF-8', frame(Buffer.from([0xff, 0xfe, 0xc0]))],
    [
      'half a character in each of two pieces',
      Buffer.concat([frame(Buffer.from([0xe2]), { fin: false }), frame(Buffer.from([0x82]), { opcode: 0 })]),
    ],
    ['a piece of nothing that has begun', frame('x', { opcode: 0 })],
    ['a new text within one that has not ended', Buffer.concat([frame('x', { fin: false }), frame('y')])],
    ['a ping in pieces', frame('x', { opcode: 9, fin: false })],
    ['a ping that is too long', frame('x'.repeat(200), { opcode: 9 })],
    ['many pings', Buffer.concat(Array.from({ length: 2_000 }, () => frame('', { opcode: 9 })))],
    ['a goodbye of one byte', frame('x', { opcode: 8 })],
    ['a goodbye with a code that is none', frame(Buffer.from([0, 1]), { opcode: 8 })],
    ['a goodbye that is no UTF-8', frame(Buffer.from([3, 232, 0xff]), { opcode: 8 })],
    ['a frame that announces gigabytes', frame('x', { announced: 2 ** 31 - 1 })],
    ['a frame that announces more than there is', frame('x', { announced: 5_000 })],
    ['binary in place of text', frame('{"msg":"ping"}', { opcode: 2 })],
    ['nothing', frame('')],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['noise', Buffer.from(Array.from({ length: 3_000 }, (_, i) => (i * 167 + (i >> 3)) & 0xff))],
  ];
  it.each(frames)('with %s harm nobody, before and after the greeting, whole and broken off', (_case, bytes) =>
    unharmed(4, async url => {
      for (const greeting of [Buffer.alloc(0), connect]) {
        const all = Buffer.concat([greeting, bytes]);
        await sayRaw(url, Buffer.concat([Buffer.from(upgradeRequest('/websocket')), all]));
        await breakOff(url, Buffer.concat([Buffer.from(upgradeRequest('/websocket')), all]));
        const web = await RawWebSocket.open(url);
        await web.write(all.subarray(0, -1));
        web.socket.resetAndDestroy();
      }
    }),
  );
});

const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('a message', () => {
  it.each([
    '',
    ' ',
    '{',
    'null',
    'true',
    '7',
    '"connect"',
    '[]',
    '[1]',
    '{}',
    '{"msg":null}',
    '{"msg":3}',
    '{"msg":["sub"]}',
    '{"msg":{"toString":1,"valueOf":1}}',
    '{"msg":"toString"}',
    '{"msg":"__proto__"}',
    '{"msg":"constructor"}',
    '{"msg":"method"}',
    '{"msg":"method","id":{},"method":"x"}',
    '{"msg":"method","id":"1","method":"__proto__","params":[]}',
    '{"msg":"method","id":"1","method":"valueOf","params":[]}',
    '{"msg":"method","id":"1","method":"toString","params":[{}]}',
    '{"msg":"method","id":"1","method":"visitors.enter","params":[{"__proto__":{"a":1}}]}',
    '{"msg":"method","id":"1","method":"visitors.enter","params":[{"$type":"oid","$value":"zz"}]}',
    '{"msg":"method","id":"1","method":"visitors.enter","params":[{"$date":"x"},{"$binary":5},{"$regexp":"("}]}',
    '{"msg":"method","id":"1","method":"console.login","params":[5]}',
    '{"msg":"method","id":"1","method":"console.enter","params":[{"$gt":""}]}',
    '{"msg":"method","id":"1","method":"link.prove","params":[{},[]]}',
    '{"msg":"method","id":"1","method":"reports.build","params":[null]}',
    '{"msg":"method","id":"1","method":"burn.start","params":[{"seconds":{"$InfNaN":0},"tasks":1}]}',
    '{"msg":"method","id":"1","method":"x","randomSeed":{}}',
    '{"msg":"sub","id":"1","name":"__proto__"}',
    '{"msg":"sub","id":"1","name":"toString","params":[]}',
    '{"msg":"sub","id":"1","name":"tasks.mine","params":{"length":1}}',
    '{"msg":"sub","id":"1","name":"console.state","params":[{"a":{"$type":"x","$value":1}}]}',
    '{"msg":"unsub","id":{}}',
    '{"msg":"unsub","id":5}',
    '{"msg":"unsub"}',
    '{"msg":"ping","id":{}}',
    '{"msg":"ping","id":5}',
    '{"msg":"pong","id":[]}',
    '{"msg":"connect"}',
    '{"msg":"connect","version":{},"support":"1"}',
    '{"msg":"connect","version":"1","support":["1"],"session":{"a":1}}',
    '{"msg":"added","collection":"users","id":"1","fields":{"a":1}}',
    '{"msg":"x","cleared":5}',
    '{"msg":"x","fields":5,"cleared":["a"]}',
    '{"msg":"sub","id":1,"cleared":["__proto__"]}',
    `{"msg":"sub","id":1,"deep":${deep(5_000)}}`,
    `{"msg":"method","id":1,"deep":${deep(100_000)}}`,
    `{"msg":"method","id":"1","method":"visitors.enter","params":${deep(3_000)}}`,
    `{"deep":${deep(100_000)}}`,
    deep(100_000),
    '['.repeat(200_000),
    `"${'\\"'.repeat(200_000)}`,
    '\u0000',
    '\ud800',
    `{"msg":"${'x'.repeat(100_000)}"}`,
  ])('like %j harms nobody, before and after the greeting', text =>
    unharmed(2, async url => {
      for (const greeting of [Buffer.alloc(0), connect]) {
        const web = await RawWebSocket.open(url);
        await web.write(Buffer.concat([greeting, frame(text)]));
        await web.write(frame('{"msg":"ping","id":"last"}'));
        const heard: string[] = [];
        web.socket.on('data', bytes => heard.push(bytes.toString('latin1')));
        await eventually(() => heard.join('').includes('last') || heard.join('').includes('error') || !web.isOpen);
        web.socket.destroy();
      }
    }),
  );

  it('of any kind leaves other connections alone', async () => {
    const client = await ForeignClient.open(roles.webUrl);
    await client.enter();
    expect(client.isOpen).toBe(true);
    client.close();
  });
});

const describeHere = runningPair() ? describe.skip : describe;

describeHere('after all that', () => {
  it('both roles are the processes that they were', () => {
    for (const role of [roles.web!, roles.jobs!]) expect(() => process.kill(role.pid, 0)).not.toThrow();
  });
});
