import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { currentTraceparent, flushSpans, parseTraceparent, processing, sending } from '../../../infra/tracing/tracing';
import { Questions } from '../../../infra/workers/process/questions';
import type { ToRole } from '../../../infra/workers/protocol/messages';

const spans = new InMemorySpanExporter();
const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
const task = { _id: 'a1', taskType: 'ping', attempt: 2, traceparent };

const register = () => new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }).register();
afterEach(() => {
  trace.disable();
  context.disable();
  spans.reset();
});

test.each([
  undefined,
  '',
  'x',
  traceparent.replace('ab', 'AB'),
  traceparent.slice(0, -1),
  `${traceparent}-more`,
  `01${traceparent.slice(2)}`,
  `00-${'0'.repeat(32)}-${'cd'.repeat(8)}-01`,
  `00-${'ab'.repeat(16)}-${'0'.repeat(16)}-01`,
])('%j names no span', text => {
  expect(parseTraceparent(text)).toBeUndefined();
});

test('without an SDK nothing is traced, and what came with a trace passes it on', async () => {
  expect(await sending(['ping'], undefined, async travels => travels)).toBeUndefined();
  expect(await sending(['ping'], traceparent, async travels => travels)).toBe(traceparent);
  expect(
    await processing({ ...task, traceparent: '' }, async () => ({ kind: currentTraceparent() ?? 'none' })),
  ).toEqual({
    kind: 'none',
  });
  await flushSpans();
});

test('tasks that are added together are one span, which says how many they are, and why they were refused', async () => {
  register();
  await sending(['ping', 'ping'], undefined, async () => {});
  const refused = sending(['ping', 'pong'], traceparent, () => Promise.reject(new TypeError('no')));
  await expect(refused).rejects.toThrow('no');
  const [same, mixed] = spans.getFinishedSpans();
  expect(same).toMatchObject({ name: 'send ping', attributes: { 'messaging.batch.message_count': 2 } });
  expect(mixed).toMatchObject({
    name: 'send',
    status: { code: SpanStatusCode.ERROR },
    parentSpanContext: { isRemote: true },
  });
  expect(mixed!.attributes).toMatchObject({ 'messaging.batch.message_count': 2, 'error.type': 'TypeError' });
  expect(mixed!.attributes).not.toHaveProperty('messaging.destination.name');
});

test('what a handler adds belongs to its own span', async () => {
  register();
  const asked: ToRole[] = [];
  const questions = new Questions(question => asked.push(question));
  await processing(task, async () => {
    void questions.add(1, [{ taskType: 'pong' }]);
    return { kind: 'done' };
  });
  questions.dropAttempt(1);
  const [span] = spans.getFinishedSpans();
  const { traceId, spanId } = span!.spanContext();
  expect(asked).toMatchObject([{ kind: 'add', traceparent: `00-${traceId}-${spanId}-01` }]);
  expect(span).toMatchObject({
    name: 'process ping',
    attributes: { 'tandem.task.attempt': 3, 'tandem.task.outcome': 'done' },
  });
  expect(traceId).toBe('ab'.repeat(16));
});
