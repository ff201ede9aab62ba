import { ReactiveVar } from '../../../infra/node-host/browser/reactive-var';
import { type Computation, Tracker } from '../../../infra/node-host/tracker/tracker';

describe('Tracker', () => {
  afterEach(() => Tracker.flush());

  test('runs a function again when what it read has changed', () => {
    const value = new ReactiveVar(1);
    const seen: number[] = [];
    Tracker.autorun(() => seen.push(value.get()));
    value.set(2);
    expect(seen).toEqual([1]);
    Tracker.flush();
    expect(seen).toEqual([1, 2]);
  });

  test('flushes by itself, once for many changes', async () => {
    const value = new ReactiveVar(1);
    const seen: number[] = [];
    Tracker.autorun(() => seen.push(value.get()));
    value.set(2);
    value.set(3);
    await new Promise<void>(resolve => Tracker.afterFlush(resolve));
    expect(seen).toEqual([1, 3]);
  });

  test('does not run again for an equal primitive, and does for the same object', () => {
    const primitive = new ReactiveVar('a');
    const object = new ReactiveVar({ n: 1 });
    let runs = 0;
    Tracker.autorun(() => [primitive.get(), object.get(), runs++]);
    primitive.set('a');
    Tracker.flush();
    expect(runs).toBe(1);
    object.set(object.get());
    Tracker.flush();
    expect(runs).toBe(2);
  });

  test('forgets what an earlier run read', () => {
    const which = new ReactiveVar(true);
    const rest = new ReactiveVar(0);
    let runs = 0;
    Tracker.autorun(() => {
      runs++;
      if (which.get()) rest.get();
    });
    which.set(false);
    Tracker.flush();
    rest.set(1);
    Tracker.flush();
    expect(runs).toBe(2);
  });

  test('tells the first run from the others', () => {
    const value = new ReactiveVar(0);
    const first: boolean[] = [];
    Tracker.autorun(computation => [value.get(), first.push(computation.firstRun)]);
    value.set(1);
    Tracker.flush();
    expect(first).toEqual([true, false]);
  });

  test('ends inner computations with the run of the outer one', () => {
    const outer = new ReactiveVar(0);
    const inner = new ReactiveVar(0);
    let innerRuns = 0;
    const computation = Tracker.autorun(() => {
      outer.get();
      Tracker.autorun(() => [inner.get(), innerRuns++]);
    });
    outer.set(1);
    Tracker.flush();
    inner.set(1);
    Tracker.flush();
    expect(innerRuns).toBe(3);
    computation.stop();
    inner.set(2);
    Tracker.flush();
    expect(innerRuns).toBe(3);
  });

  test('reads without depending inside nonreactive', () => {
    const value = new ReactiveVar(0);
    let runs = 0;
    Tracker.autorun(() => {
      runs++;
      Tracker.nonreactive(() => {
        expect(Tracker.active).toBe(false);
        value.get();
      });
      expect(Tracker.active).toBe(true);
    });
    value.set(1);
    Tracker.flush();
    expect(runs).toBe(1);
    expect(Tracker.currentComputation).toBeNull();
  });

  test('calls back on invalidation before, and on stop after', () => {
    const calls: string[] = [];
    const computation = Tracker.autorun(() => {});
    computation.onStop(() => calls.push('stop'));
    computation.onInvalidate(() => calls.push('invalidate'));
    computation.stop();
    computation.onStop(() => calls.push('stop, late'));
    expect(calls).toEqual(['invalidate', 'stop', 'stop, late']);
  });

  test('throws what the first run throws, and stops', () => {
    let computation: Computation | undefined;
    const run = () =>
      Tracker.autorun(self => {
        computation = self;
        throw new Error('at once');
      });
    expect(run).toThrow('at once');
    expect(computation?.stopped).toBe(true);
    expect(Tracker.active).toBe(false);
  });

  test('gives errors of later runs to onError, or throws the first of a flush where asked', () => {
    const value = new ReactiveVar(0);
    const errors: unknown[] = [];
    const read = () => {
      if (value.get() > 0) throw new Error(`at ${value.get()}`);
    };
    const computations = [Tracker.autorun(read, { onError: error => errors.push(error) }), Tracker.autorun(read)];
    value.set(1);
    expect(() => Tracker.flush({ _throwFirstError: true })).toThrow('at 1');
    expect(errors).toEqual([new Error('at 1')]);
    for (const computation of computations) computation.stop();
  });

  test('tracks what comes after an await, inside withComputation', async () => {
    const value = new ReactiveVar(0);
    let runs = 0;
    const computation = Tracker.autorun(async self => {
      await null;
      Tracker.withComputation(self, () => [value.get(), runs++]);
    });
    await computation.firstRunPromise;
    value.set(1);
    Tracker.flush();
    await null;
    expect(runs).toBe(2);
    computation.stop();
  });

  test('refuses a flush inside a computation', () => {
    expect(() => Tracker.autorun(() => Tracker.flush())).toThrow("Can't flush inside Tracker.autorun");
  });

  test('runs computations that invalidate each other until they settle', () => {
    const value = new ReactiveVar(0);
    Tracker.autorun(() => {
      if (value.get() < 5) value.set(value.get() + 1);
    });
    Tracker.flush();
    expect(value.get()).toBe(5);
  });
});
