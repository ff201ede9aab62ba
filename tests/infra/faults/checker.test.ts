import type { Task } from '../../../infra/queue/model/task';
import { check, type Evidence } from './evidence/checker';
import type { Line, Written } from './evidence/ledger';
import type { Change } from './evidence/witness';

const createdAt = new Date(0);

/** A task that was added, claimed, run and done, as the ledger, the witness and the database tell it. */
class Story {
  readonly ledger: Written[] = [];
  readonly changes: Change[] = [];
  readonly tasks: Task[] = [];
  private at = 0;

  write(line: Line, at = this.at++): this {
    this.ledger.push({ ...line, pid: 1, at } as Written);
    return this;
  }

  added(id = 'a', more: Change['set'] = {}): this {
    this.changes.push({ id, whole: true, set: { state: 'queued', attempt: 0, createdAt, ...more }, unset: [] });
    return this;
  }

  changed(id: string, set: Change['set'], unset: Change['unset'] = []): this {
    this.changes.push({ id, whole: false, set, unset });
    return this;
  }

  claimed(token: string, id = 'a'): this {
    return this.changed(id, { state: 'running', token, owner: 'role' });
  }

  ended(state: Task['state'], attempt: number, id = 'a'): this {
    return this.changed(id, { state, attempt }, ['owner']);
  }

  atTheEnd(task: Partial<Task>): this {
    this.tasks.push({ _id: 'a', attempts: [], ...task } as Task);
    return this;
  }

  problems(more: Partial<Evidence> = {}): string[] {
    return check({ ledger: this.ledger, changes: this.changes, tasks: this.tasks, ...more }).problems;
  }
}

const ask = (more: Partial<Extract<Line, { kind: 'ask' }>> = {}): Line => ({
  kind: 'ask',
  call: 'call',
  tasks: 1,
  expects: 'done',
  ...more,
});
const ack: Line = { kind: 'ack', call: 'call', ids: ['a'] };
const start = (token: string, role = 7): Line => ({ kind: 'start', task: 'a', token, attempt: 0, role });
const effect = (token: string): Line => ({ kind: 'effect', task: 'a', token });

const sound = () =>
  new Story()
    .write(ask())
    .write(ack)
    .added()
    .claimed('t1')
    .write(start('t1'))
    .write(effect('t1'))
    .ended('done', 1)
    .atTheEnd({ state: 'done', token: 't1', result: { token: 't1' } });

test('a sound life has no problems', () => {
  expect(sound().problems()).toEqual([]);
});

test('a rescue, a hand-back and a second attempt are sound', () => {
  const story = new Story()
    .write(ask())
    .write(ack)
    .added()
    .claimed('t1')
    .write(start('t1'))
    .changed('a', { state: 'queued', attempt: 1, token: 'fence' }, ['owner'])
    .claimed('t2')
    .write(start('t2', 8))
    .write({ kind: 'told-to-end', role: 8 })
    .ended('queued', 1)
    .claimed('t3')
    .write(start('t3'))
    .write(effect('t1'))
    .write(effect('t3'))
    .ended('done', 2)
    .atTheEnd({ state: 'done', token: 't3', result: { token: 't3' } });
  expect(story.problems()).toEqual([]);
});

describe('planted violations', () => {
  test('an acknowledged task that is not there', () => {
    expect(new Story().write(ask()).write(ack).problems()).toEqual(['a: acknowledged, and lost']);
  });

  test('an acknowledged task that still waits at the end', () => {
    const story = new Story().write(ask()).write(ack).added().atTheEnd({ state: 'queued' });
    expect(story.problems()).toEqual(['a: acknowledged, and still queued']);
  });

  test('an honest task that has failed', () => {
    const error = { name: 'ResultNotStorable', message: 'EPIPE' };
    const story = new Story().write(ask()).write(ack).added().claimed('t1').write(start('t1')).ended('failed', 1);
    story.atTheEnd({ state: 'failed', token: 't1', error });
    expect(story.problems()).toEqual(['a: failed instead of done (ResultNotStorable: EPIPE)']);
  });

  test('a failed attempt of an honest task that succeeded later', () => {
    const attempts = [{ outcome: 'failed', error: { name: 'Error', message: 'x' } }] as Task['attempts'];
    const story = sound();
    story.tasks.splice(0);
    story.atTheEnd({ state: 'done', token: 't1', attempts });
    expect(story.problems()).toEqual(['a: an honest attempt is recorded as failed (Error: x)']);
  });

  test('a task that is done although its last claim had no effect', () => {
    const story = sound();
    story.ledger.splice(-1);
    expect(story.problems()).toEqual(['a: done without an effect of its last claim']);
  });

  test('a late result that counts', () => {
    const story = sound();
    story.tasks.splice(0);
    story.atTheEnd({ state: 'done', token: 't1', result: { token: 't0' } });
    expect(story.problems()).toEqual(['a: the late result of t0 counts']);
  });

  test('two valid owners at once', () => {
    const story = new Story().added().claimed('t1').claimed('t2').ended('done', 1);
    expect(story.problems()).toContain('a: had two owners: t2 took it while t1 held it');
  });

  test('a start without a claim, far from the moment in which a mongod was killed', () => {
    const killed: Line = { kind: 'database-killed' };
    expect(sound().write(start('t9'), 1_000).write(killed, 1_500).problems()).toEqual([]);
    expect(sound().write(start('t9'), 1_000).write(killed, 9_000).problems()).toHaveLength(1);
    expect(sound().write(killed, 1_000).write(start('t9'), 60_000).problems()).toHaveLength(1);
  });

  test('a start without a claim', () => {
    expect(sound().write(start('t9')).problems()).toEqual(['a: started in 1 without a claim (token t9)']);
  });

  test('one claim that starts twice', () => {
    const problem = 'a: one claim (token t1) started twice, the second time in 1';
    expect(sound().write(start('t1')).problems()).toEqual([problem]);
  });

  test('an attempt that is not recorded', () => {
    const story = sound();
    story.changes.splice(-1);
    story.ended('done', 0);
    expect(story.problems()).toEqual(['a: the attempt of token t1 is not recorded']);
  });

  test('an attempt that a role gives back although nobody has told it to end', () => {
    const story = sound();
    story.changes.splice(-1);
    story.ended('queued', 0).claimed('t2').write(start('t2')).write(effect('t2')).ended('done', 1);
    story.tasks.splice(0);
    story.atTheEnd({ state: 'done', token: 't2', result: { token: 't2' } });
    expect(story.problems()).toEqual(['a: the attempt of token t1 is not recorded']);
    expect(story.write({ kind: 'told-to-end', role: 7 }).problems()).toEqual([]);
  });

  test('a rescue that counts no attempt, be it from a role that was told to end', () => {
    const story = sound();
    story.changes.splice(-1);
    story.changed('a', { state: 'queued', attempt: 0, token: 'fence' }, ['owner']).claimed('t2').ended('done', 1);
    story.tasks.splice(0);
    story.write({ kind: 'told-to-end', role: 7 }).write(effect('t2')).atTheEnd({ state: 'done', token: 't2' });
    expect(story.problems()).toEqual(['a: the attempt of token t1 is not recorded']);
  });

  test('an attempt without an end', () => {
    const story = sound();
    story.changes.splice(-1);
    expect(story.problems()).toEqual(['a: the attempt of token t1 has no end']);
  });

  test('a state that no rule allows', () => {
    expect(sound().ended('queued', 1).problems()).toEqual(['a: went from done to queued, which no rule allows']);
  });

  test('a task that begins in the middle', () => {
    expect(new Story().added('a', { state: 'running' }).problems()).toEqual(['a: began as running']);
  });

  test('a live task that another one takes the place of', () => {
    const story = new Story().added().added('a', { createdAt: new Date(1) });
    expect(story.problems()).toEqual(['a: was replaced while it was queued']);
  });

  test('two live tasks of one uniqueKey', () => {
    const story = new Story().added('a', { uniqueKey: 'k' }).added('b', { uniqueKey: 'k' });
    expect(story.problems()).toEqual(['b: has the uniqueKey "k" while a has it']);
  });

  test('a uniqueKey that is free again is no violation', () => {
    const story = new Story().added('a', { uniqueKey: 'k' }).ended('cancelled', 0).added('b', { uniqueKey: 'k' });
    expect(story.problems()).toEqual([]);
  });

  test('two tasks of one id that was asked for once', () => {
    const story = sound()
      .ended('done', 1)
      .added('a', { createdAt: new Date(1) });
    story.write(ask({ call: 'second', _id: 'a', once: true }));
    expect(story.problems()).toContain('a: added 2 times with once');
  });

  test('two adds of one id that are both acknowledged, of which one is swallowed', () => {
    const story = sound();
    story.ledger.splice(0, 2, ...new Story().write(ask({ _id: 'a' })).write(ack).ledger);
    story.write(ask({ call: 'second', _id: 'a' })).write({ ...ack, call: 'second' } as Line);
    expect(story.problems()).toEqual(['a: 2 adds acknowledged of 2, 1 seen']);
  });

  test('a caller that waits for minutes', () => {
    const story = sound();
    story.write(ask({ call: 'slow' }), 0).write({ kind: 'refused', call: 'slow', error: 'E', message: '' }, 60_000);
    expect(story.problems()).toEqual(['slow: the caller waited 60 s']);
    expect(story.problems({ stoppedPids: new Set([1]) })).toEqual([]);
  });

  test('a caller that waits for a role that was stopped on purpose is no violation', () => {
    const story = sound();
    story.write(ask({ call: 'slow', role: 9 }), 0).write({ ...ack, call: 'slow' } as Line, 60_000);
    expect(story.problems()).toEqual(['slow: the caller waited 60 s']);
    expect(story.problems({ stoppedPids: new Set([9]) })).toEqual([]);
  });

  test('a task that begins long after it was due, or before', () => {
    const begunAt = (at: number) =>
      new Story()
        .write(ask({ due: 100_000 }))
        .write(ack)
        .added()
        .claimed('t1')
        .write(start('t1'), at)
        .write(effect('t1'))
        .ended('done', 1)
        .atTheEnd({ state: 'done', token: 't1' })
        .problems({ longestDelayMs: 5_000 });
    expect(begunAt(100_050)).toEqual([]);
    expect(begunAt(106_000)).toEqual(['a: began 6 s after it was due']);
    expect(begunAt(90_000)).toEqual(['a: began 10 s before it was due']);
  });

  test('what comes after a batch begins while a member is alive, or is added twice', () => {
    const story = () =>
      sound()
        .write(ask({ call: 'then', afterAllOf: 'call' }))
        .write({ kind: 'ack', call: 'then', ids: ['b'] });
    const then = (token = 't9', added: Change['set'] = {}) =>
      new Story().added('b', added).claimed(token, 'b').ended('done', 1, 'b').changes;
    const done = { state: 'done', token: 't9', _id: 'b' } as const;
    const late = story().atTheEnd(done);
    late.changes.push(...then());
    expect(late.problems()).toEqual([]);
    const early = story().atTheEnd(done);
    early.changes.splice(1, 0, ...then());
    expect(early.problems()).toEqual(['b: begun before a, which it comes after']);
    late.changes.push(...then('t10', { createdAt: new Date(1) }));
    expect(late.problems()).toEqual(['b: added more than once after its batch']);
  });

  test('more tasks of one limit run at once than it allows', () => {
    const two = new Story().added('a', { limitKey: 'x/1' }).added('b', { limitKey: 'x/1' });
    two.claimed('t1', 'a').claimed('t2', 'b').ended('done', 1, 'a').ended('done', 1, 'b');
    expect(two.problems({ atOncePerLimit: 2 })).toEqual([]);
    expect(two.problems({ atOncePerLimit: 1 })).toEqual(['x/1: a, b run at once']);
  });

  test('a role that crashes', () => {
    expect(sound().write({ kind: 'crash', error: 'boom' }).problems()).toEqual(['process 1 crashed: boom']);
  });
});
