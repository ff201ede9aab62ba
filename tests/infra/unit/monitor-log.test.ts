import { hostname } from 'node:os';
import { Events } from '../../../infra/monitor/events';
import { createLog, type LogOptions, logEvents } from '../../../infra/monitor/log';

function logged(options: LogOptions, say: (events: Events) => void): string[] {
  const lines: string[] = [];
  const events = new Events();
  logEvents(events, createLog(options, { write: line => lines.push(line) }));
  say(events);
  return lines;
}

const readable: LogOptions = { format: 'readable', level: 'info' };

describe('the log', () => {
  const attempt = ({ emit }: Events) => {
    emit('task.started', { taskType: 'buildReport', taskId: 'Ab3', workerPid: 12 });
    emit('task.done', { taskType: 'buildReport', taskId: 'Ab3', attempt: 1, durationMs: 12.3 });
  };

  test('writes one line for an attempt, under time, app, type and id, and one for its start at the level debug', () => {
    const head = String.raw`^\d{4}-\d\d-\d\dT[\d:.]+Z:tandem:task:buildReport:Ab3`;
    const done = expect.stringMatching(new RegExp(`${head} done in 12 ms attempt=1\n$`));
    expect(logged(readable, attempt)).toEqual([done]);
    const started = expect.stringMatching(new RegExp(`${head} started workerPid=12\n$`));
    expect(logged({ ...readable, level: 'debug' }, attempt)).toEqual([started, done]);
  });

  test('writes one JSON object a line where the settings say so, each with the process that it is of', () => {
    const identity = { role: 'jobs', version: '1.2.0', commit: 'ab12' };
    const lines = logged({ format: 'json', level: 'info', identity }, events => {
      events.emit('link.up', { url: 'http://jobs' });
      events.emit('task.errorCameBack', { commit: 'ab12' });
      attempt(events);
    });
    const [up, cameBack, done] = lines.map(line => JSON.parse(line));
    const ofProcess = { ...identity, host: hostname(), pid: process.pid };
    expect(up).toMatchObject({ ...ofProcess, level: 'info', event: 'link.up', url: 'http://jobs' });
    expect(cameBack).toMatchObject(ofProcess);
    expect(done).toMatchObject({ ...ofProcess, event: 'task.done', taskType: 'buildReport', durationMs: 12.3 });
    for (const line of lines) expect(line.match(/"commit"/g)).toHaveLength(1);
  });

  test('leaves the time to whoever passes the lines on, or the date in development, but not in JSON', () => {
    const link = ({ emit }: Events) => emit('link.up', { url: 'http://jobs' });
    expect(logged({ ...readable, time: 'none' }, link)).toEqual(['tandem:link the link to http://jobs is up\n']);
    expect(logged({ ...readable, time: 'short' }, link)).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3}:tandem:link the link to http:\/\/jobs is up\n$/),
    ]);
    for (const time of ['none', 'short'] as const) {
      const [line] = logged({ format: 'json', level: 'info', time }, link);
      expect(JSON.parse(line!).time).toMatch(/^\d{4}-/);
    }
  });

  test('names the task or its type in a line that is not about its run', () => {
    const [pause, retry] = logged(readable, ({ emit }) => {
      emit('console.action', { action: 'pause', taskType: 'burn' });
      emit('console.action', { action: 'retry', taskId: 'Ab3' });
    });
    expect(pause).toMatch(/:tandem:console operator: pause taskType=burn\n$/);
    expect(retry).toMatch(/:tandem:console operator: retry taskId=Ab3\n$/);
  });

  describe.each(['readable', 'json'] as const)(
    'in %s, gives nobody whose words are logged a line of their own,',
    format => {
      const forged = '2026-11-21T15:04:05.123Z:tandem:role fine';
      const breaks = [
        '\n',
        '\r',
        '\r\n',
        '\v',
        '\f',
        '\0',
        '\u0085',
        '\u2028',
        '\u2029',
        '\u001b[2J',
        '\u009b2J',
        '\u202e',
        '\ud800',
      ];

      test.each<[string, (words: string) => [string, object]]>([
        ['a task type', words => ['task.cancelled', { taskType: words, taskId: 'a' }]],
        ['a task type in a sentence', words => ['queue.unknownType', { taskType: words }]],
        ['an id', words => ['task.cancelled', { taskType: 'a', taskId: words }]],
        ['a field', words => ['task.rejected', { reason: words }]],
        ["a field's name", words => ['moon.risen', { [words]: true }]],
        ['the name of an event', words => [words, {}]],
        [
          "a handler's own line",
          words => ['task.log', { level: 'info', message: words, fields: { [words]: [words] } }],
        ],
        ['what a worker prints', words => ['worker.output', { line: words }]],
        ['an error', words => ['task.failed', { error: Object.assign(new Error(words), { name: words }) }]],
        ['an error of plain data', words => ['task.failed', { error: { name: words, message: words, stack: words } }]],
        ['something thrown', words => ['task.failed', { error: words }]],
      ])('as %s', (_, event) => {
        for (const sign of breaks) {
          const [line, ...more] = logged({ format, level: 'info' }, ({ emit }) => emit(...event(`a${sign}${forged}`)));
          expect(more).toEqual([]);
          expect(line!.endsWith('\n')).toBe(true);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
          expect(line!.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]|\p{Cs}/u);
          if (format === 'json') expect(JSON.parse(line!)).toMatchObject({ level: expect.any(String) });
        }
      });
    },
  );

  test('writes an error that cannot be printed, in whatever field it is', () => {
    const unprintable = Object.defineProperty(new Error('disk full'), 'stack', {
      get() {
        throw new Error('this getter throws');
      },
    });
    const [step, reason] = logged(readable, ({ emit }) => {
      emit('queue.failed', { step: 'settle', error: unprintable });
      emit('x.failed', { reason: unprintable });
    });
    expect(step).toContain('the queue could not settle; it tries again: Error: disk full\n');
    expect(reason).toContain('disk full');
  });

  test('is silent below its level', () => {
    const lines = logged({ format: 'readable', level: 'error' }, ({ emit }) => {
      emit('task.done', { taskType: 'a', taskId: 'b' });
      emit('task.failed', { taskType: 'a', taskId: 'b', error: new Error('broken') });
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('ERROR failed: Error: broken | at ');
  });

  test('writes an event that it has no words for by its name', () => {
    expect(logged(readable, ({ emit }) => emit('moon.risen', { full: true }))[0]).toContain(
      ':tandem:moon moon.risen full=true',
    );
  });

  test('goes on when a listener throws, and says so once', () => {
    const lines = logged(readable, events => {
      events.on('task.done', () => {
        throw new Error('deaf');
      });
      events.emit('task.done', { taskType: 'a', taskId: 'b' });
    });
    expect(lines.map(line => line.split(' ').slice(1, 3).join(' '))).toEqual([
      'ERROR a',
      expect.stringContaining('done'),
    ]);
  });
});
