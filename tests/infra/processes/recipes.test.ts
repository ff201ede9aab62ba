import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { context, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { AnyCatalog } from '../../../infra/catalog';
import { type NewTask, TaskQueueOf } from '../../../infra/queue';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import type { TestProcess } from '../../support/processes';
import { RecipeApp } from '../../support/recipe-app';

jest.setTimeout(120_000);

interface Call {
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What stands in for the webhook's receiver, and for Sentry. */
class Receiver {
  readonly calls: Call[] = [];
  /** What it answers; 200 where there is none left. */
  readonly answers: number[] = [];
  private readonly server = createServer(async (request, response) => {
    this.calls.push({ url: request.url!, headers: request.headers, body: await text(request) });
    response.writeHead(this.answers.shift() ?? 200).end();
  });

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
  }
}

/** A span as the exporter of this test prints it, in a line of its own. */
interface Printed {
  pid: number;
  name: string;
  kind: number;
  trace: string;
  id: string;
  parent?: string;
  links: string[];
  attributes: Record<string, unknown>;
  failed: boolean;
}

const printer = `{
  export(spans: any[], done: (result: { code: number }) => void) {
    for (const span of spans) {
      const { traceId: trace, spanId: id } = span.spanContext();
      const { name, kind, attributes, status } = span;
      const [parent, links] = [span.parentSpanContext?.spanId, span.links.map((link: any) => link.context.spanId)];
      const failed = status.code === 2;
      console.log('SPAN ' + JSON.stringify({ pid: process.pid, name, kind, trace, id, parent, links, attributes, failed }));
    }
    done({ code: 0 });
  },
  shutdown: async () => {},
}`;

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const pages = ['recipes/failure-webhook', 'recipes/sentry-and-monti', 'opentelemetry'].map(name => `docs/${name}.md`);
const app = new RecipeApp(pages);
const [webhook, sentry] = [new Receiver(), new Receiver()];
const ours = new InMemorySpanExporter();
let database: TestDatabase;
let queue: TaskQueueOf<AnyCatalog>;
let role: TestProcess;

beforeAll(async () => {
  [database] = await Promise.all([
    testDatabase(),
    app.build(page => page.replace('new ConsoleSpanExporter()', printer)),
  ]);
  const [webhookAt, sentryAt] = await Promise.all([webhook.listen(), sentry.listen()]);
  Object.assign(process.env, { SENTRY_DSN: `http://key@${sentryAt}/7` });
  queue = new TaskQueueOf(await app.catalog());
  const sender = { appId: 'web', version: '1.2.0', rootUrl: 'https://shop.example.com' };
  await queue.connect({ db: database.db, sender, signingKeys: ['a key of the recipes'] });
  role = await app.startRole({
    mongoUrl: database.url,
    signingKeys: ['a key of the recipes'],
    dispatcher: { heartbeatMs: 2_500, leaseMs: 600_000, refreshRate: 100 },
    pool: { maxWorkers: 1, env: { WEBHOOK_URL: `http://${webhookAt}/hook`, WEBHOOK_SECRET: secret } },
  });
});
afterAll(async () => {
  trace.disable();
  context.disable();
  await app.remove();
  webhook.close();
  sentry.close();
  await database.drop();
});

const becomes = (id: string, state: string) => eventually(async () => (await queue.findOne(id))?.state === state);

const addBurn = (seconds: number, more = {}) =>
  queue.addTask({ taskType: 'burn', data: { seconds, owner: 'ada' }, ...more } as unknown as NewTask<AnyCatalog>);

/** A burn whose worker is killed, until its attempts are used up. */
async function failingBurn(): Promise<string> {
  const id = await addBurn(30, { onFailed: 'callWebhook' });
  const started = new RegExp(`task\\.started .*${id}.*"workerPid":(\\d+)`, 'g');
  let killed = 0;
  await eventually(async () => {
    const pids = [...role.output.matchAll(started)].map(([, pid]) => Number(pid));
    for (; killed < pids.length; killed += 1) process.kill(pids[killed]!, 'SIGKILL');
    return (await queue.findOne(id))?.state === 'failed';
  });
  return id;
}

const followerOf = async (id: string) =>
  eventually(async () => (await queue.findOne({ 'data.taskId': id, state: { $in: ['done', 'failed'] } })) ?? undefined);

/** The spans that the role and its workers have printed of a trace: a worker's come as lines of its role's log. */
function spansOf(traceId: string): Printed[] {
  const lines = role.output.split('\n').slice(0, -1);
  const printed = lines.map(line =>
    line.startsWith(fromWorker) ? JSON.parse(line.slice(fromWorker.length)).line : line,
  );
  const spans = printed.flatMap(line => (line.startsWith('SPAN ') ? (JSON.parse(line.slice(5)) as Printed) : []));
  return spans.filter(({ trace: its }) => its === traceId);
}
const fromWorker = 'worker.output ';

test('without an SDK a task has no field of a trace', async () => {
  const id = await addBurn(0.1);
  await becomes(id, 'done');
  expect(await queue.findOne(id)).not.toHaveProperty('traceparent');
  await role.says(new RegExp(`task\\.done (?!.*trace_id).*${id}`));
});

test('a failure is told by a signed CloudEvent, which is sent again while nobody takes it, and to Sentry and Monti', async () => {
  webhook.answers.push(503);
  const id = await failingBurn();
  const follower = await followerOf(id);
  expect(follower).toMatchObject({ state: 'done', attempts: [{ outcome: 'failed' }, { outcome: 'done' }] });

  const [first, second] = webhook.calls.splice(0);
  const { headers, body } = second!;
  const event = JSON.parse(body);
  expect(event).toMatchObject({
    specversion: '1.0',
    source: 'https://shop.example.com',
    type: 'com.example.task.failed',
    subject: id,
    data: { taskId: id, taskType: 'burn', error: { name: expect.any(String), message: expect.any(String) } },
  });
  expect(body).not.toContain('ada');
  expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
  expect([first?.headers['webhook-id'], headers['webhook-id']]).toEqual([event.id, event.id]);
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signed = createHmac('sha256', key).update(`${event.id}.${headers['webhook-timestamp']}.${body}`);
  expect(headers['webhook-signature']).toBe(`v1,${signed.digest('base64')}`);

  const [envelope] = await eventually(() => (sentry.calls.length > 0 ? sentry.calls.splice(0) : undefined));
  expect(envelope!.url).toBe('/api/7/envelope/?sentry_key=key&sentry_version=7');
  const [head, item, told] = envelope!.body.split('\n').map(line => JSON.parse(line));
  expect([head.event_id, item.type, told.tags]).toEqual([told.event_id, 'event', { taskType: 'burn', taskId: id }]);
  expect(told.exception.values).toEqual([{ type: event.data.error.name, value: event.data.error.message }]);

  for (const line of ['"name":"burn","end":"error: ', '"name":"callWebhook","end":"complete"'])
    await role.says(new RegExp(`monti .*${line}`));
});

test('one trace leads from whoever adds a task to what follows its failure, through workers that die', async () => {
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(ours)] }).register();
  webhook.answers.push(410);
  const id = await trace.getTracer('shop').startActiveSpan('click', async span => {
    const added = await failingBurn();
    span.end();
    return added;
  });
  const follower = await followerOf(id);
  expect(follower).toMatchObject({ state: 'failed', error: { name: 'FatalError' } });
  const [send, click] = ours.getFinishedSpans();
  const { traceId, spanId } = send!.spanContext();
  expect(send).toMatchObject({
    name: 'send burn',
    kind: 3,
    parentSpanContext: { spanId: click!.spanContext().spanId },
  });
  expect(send!.attributes).toMatchObject({ 'messaging.system': 'tandem', 'messaging.destination.name': 'burn' });
  const burn = (await queue.findOne(id))!;
  expect(burn.traceparent).toBe(`00-${traceId}-${spanId}-01`);

  // One for each attempt, one that adds what follows, and that one's.
  await eventually(() => spansOf(traceId).length >= burn.attempts.length + 2);
  const spans = spansOf(traceId);
  const crashed = spans.filter(({ name }) => name === 'process burn');
  expect(crashed).toHaveLength(burn.attempts.length);
  for (const one of crashed)
    expect(one).toMatchObject({
      pid: role.pid,
      kind: 4,
      parent: spanId,
      links: [spanId],
      failed: true,
      attributes: { 'messaging.message.id': id, 'tandem.task.outcome': 'crashed' },
    });
  const sent = spans.find(({ name }) => name === 'send callWebhook')!;
  expect(sent).toMatchObject({ pid: role.pid, kind: 3, parent: spanId });
  const called = spans.find(({ name }) => name === 'process callWebhook')!;
  expect(called).toMatchObject({
    kind: 4,
    parent: sent.id,
    links: [sent.id],
    failed: true,
    attributes: { 'error.type': 'FatalError', 'tandem.task.attempt': 1, 'tandem.task.outcome': 'failed' },
  });
  expect(called.pid).not.toBe(role.pid);
  await role.says(new RegExp(`task\\.failed .*"trace_id":"${traceId}"`));
});

test('a trace that somebody has written into a task makes it a forgery', async () => {
  const dueDate = new Date(Date.now() + 3_600_000);
  const id = await addBurn(0.1, { dueDate });
  const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
  const { collection } = queue.core.store;
  await collection.updateOne({ _id: id }, { $set: { traceparent, state: 'queued', dueDate: new Date(0) } });
  await becomes(id, 'rejected');
});
