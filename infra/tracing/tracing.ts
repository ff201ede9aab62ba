import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { withTimeout } from '../timing/with-timeout';

/** What a span says of a task. */
export interface TracedTask {
  _id: string;
  taskType: string;
  attempt: number;
  traceparent?: string;
}

interface TracedError {
  name: string;
  message: string;
  stack?: string;
}

/** How an attempt has ended, as far as a span says so. */
export interface TracedOutcome {
  kind: string;
  error?: TracedError | undefined;
}

/** Asked for at each span: an SDK may register itself later than this module is loaded. */
const tracer = () => trace.getTracer('tandem');

const traceparentForm = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The span that a `traceparent` (W3C Trace Context) names; undefined where it names none, whatever it is. */
export function parseTraceparent(traceparent: string | undefined): SpanContext | undefined {
  if (traceparent === undefined) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = traceparentForm.exec(traceparent) ?? [];
  const named = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(named) ? named : undefined;
}

function traceparentOf(span: Span | undefined): string | undefined {
  const named = span?.spanContext();
  if (!named || !isSpanContextValid(named)) return undefined;
  return `00-${named.traceId}-${named.spanId}-${String(named.traceFlags & 1).padStart(2, '0')}`;
}

/** The span that the current code belongs to, for those to whom it hands work. */
export const currentTraceparent = (): string | undefined => traceparentOf(trace.getActiveSpan());

/** What a line of the log says of the trace of a task, under the name that OpenTelemetry gives it. */
export function traceOf({ traceparent }: Pick<TracedTask, 'traceparent'>): { trace_id?: string } {
  const traceId = parseTraceparent(traceparent)?.traceId;
  return traceId === undefined ? {} : { trace_id: traceId };
}

/** The same of the span that the current code belongs to. */
export const currentTrace = (): { trace_id?: string } => traceOf({ traceparent: currentTraceparent() });

/**
 * Adds tasks in a `send` span, and gives `add` the `traceparent` that travels with them: undefined where nobody traces.
 *
 * @param parent the `traceparent` of whoever adds them, where the current code belongs to no span.
 */
export async function sending<Added>(
  taskTypes: readonly unknown[],
  parent: string | undefined,
  add: (traceparent: string | undefined) => Promise<Added>,
): Promise<Added> {
  const above = trace.getActiveSpan() ? context.active() : under(parseTraceparent(parent));
  const [first] = taskTypes;
  const destination = typeof first === 'string' && taskTypes.every(one => one === first) ? first : undefined;
  const attributes = {
    ...attributesOf('send', destination),
    ...(taskTypes.length !== 1 && { 'messaging.batch.message_count': taskTypes.length }),
  };
  const name = destination === undefined ? 'send' : `send ${destination}`;
  const span = tracer().startSpan(name, { kind: SpanKind.PRODUCER, attributes }, above);
  const traceparent = traceparentOf(span);
  if (traceparent === undefined) return add(undefined);
  return context.with(trace.setSpan(above, span), async () => {
    try {
      return await add(traceparent);
    } catch (error) {
      markFailed(span, error as TracedError);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Runs an attempt in its `process` span, so that what the handler does becomes part of it. */
export function processing<Outcome extends TracedOutcome>(
  task: TracedTask,
  run: () => Promise<Outcome>,
): Promise<Outcome> {
  const above = under(parseTraceparent(task.traceparent));
  const span = processSpan(task, above);
  if (!isSpanContextValid(span.spanContext())) return run();
  return context.with(trace.setSpan(above, span), async () => {
    const outcome = await run();
    ended(span, outcome);
    return outcome;
  });
}

/** The span of an attempt whose own process died with it. */
export function traceLost(task: TracedTask, outcome: TracedOutcome, startedAt: number | Date | undefined): void {
  ended(processSpan(task, under(parseTraceparent(task.traceparent)), startedAt), outcome);
}

/** By the conventions for messaging: linked to where the task was added, and below it as well, for it is one task. */
function processSpan(task: TracedTask, above: Context, startTime?: number | Date): Span {
  const { _id, taskType, attempt } = task;
  const created = trace.getSpanContext(above);
  return tracer().startSpan(
    `process ${taskType}`,
    {
      kind: SpanKind.CONSUMER,
      attributes: {
        ...attributesOf('process', taskType),
        'messaging.message.id': _id,
        'tandem.task.attempt': attempt + 1,
      },
      links: created ? [{ context: created }] : [],
      ...(startTime !== undefined && { startTime }),
    },
    above,
  );
}

function attributesOf(operation: 'send' | 'process', destination: string | undefined): Attributes {
  return {
    'messaging.system': 'tandem',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    ...(destination !== undefined && { 'messaging.destination.name': destination }),
  };
}

/** Attempts begin wherever a role happens to look for work: nothing of that is above them. */
function under(created: SpanContext | undefined): Context {
  return created ? trace.setSpanContext(ROOT_CONTEXT, created) : ROOT_CONTEXT;
}

function ended(span: Span, { kind, error }: TracedOutcome): void {
  span.setAttribute('tandem.task.outcome', kind);
  if (error) markFailed(span, error);
  span.end();
}

function markFailed(span: Span, { name, message, stack }: TracedError): void {
  span.setAttribute('error.type', name);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.recordException({ name, message, ...(stack !== undefined && { stack }) });
}

const flushMs = 2_000;

/** Lets an SDK send the spans that it has collected, before this process ends. Without one it resolves at once. */
export async function flushSpans(): Promise<void> {
  const provider = trace.getTracerProvider() as { getDelegate?(): unknown };
  const sdk = (provider.getDelegate?.() ?? provider) as { forceFlush?(): Promise<void> };
  if (!sdk.forceFlush) return;
  await withTimeout(flushMs, sdk.forceFlush(), () => new Error('the spans could not be sent in time')).catch(() => {});
}
