import { InFlightTasks } from '../../../infra/queue/claim/in-flight';
import { Heartbeat, type HeartbeatOptions } from '../../../infra/queue/lease/heartbeat';
import { DatabaseGuard } from '../../../infra/queue/store/database-guard';
import { MemoryStore } from '../../../infra/queue/store/memory-store';
import { eventually } from '../../support/eventually';
import { gate } from '../../support/queue';

/** A heartbeat whose record nobody keeps: it counts how often the role said that it lives. */
function heartbeat(special: Partial<HeartbeatOptions>) {
  const said: string[] = [];
  const owners = {
    beat: async () => {
      said.push('alive');
      return new Date();
    },
    leave: async () => void said.push('left'),
    die: () => {},
  };
  const heart = new Heartbeat({
    owners,
    store: new MemoryStore(),
    inFlight: new InFlightTasks(),
    guard: new DatabaseGuard(() => {}),
    clock: { now: () => new Date() },
    leaseMs: 60_000,
    everyMs: 20,
    onLost: () => {},
    alsoRenew: async () => {},
    alsoDo: async () => {},
    ...special,
  });
  return { heart, said };
}

test('beats go on while housekeeping hangs, which is never done twice at once, and stop waits for its end', async () => {
  const hold = gate();
  let times = 0;
  const { heart, said } = heartbeat({
    alsoDo: () => {
      times++;
      return hold.opened;
    },
  });
  await heart.start();
  await eventually(() => said.length > 5);
  expect(times).toBe(1);
  const stopped = heart.stop(true);
  await new Promise(resolve => setTimeout(resolve, 30));
  expect(said).not.toContain('left');
  hold.open();
  await stopped;
  expect(said.at(-1)).toBe('left');
});

test('housekeeping that has ended is done with the next beat, one that failed too', async () => {
  let times = 0;
  const { heart } = heartbeat({
    alsoDo: async () => {
      times++;
      throw new Error('not now');
    },
  });
  await heart.start();
  await eventually(() => times > 2);
  await heart.stop(true);
});

describe('by a clock of the test', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test('the pause counts from the beginning of a beat, however long the database takes for it', async () => {
    const slow = () => new Promise<void>(resolve => setTimeout(resolve, 900));
    const { heart, said } = heartbeat({ everyMs: 1_000, alsoRenew: slow });
    void heart.start();
    await jest.advanceTimersByTimeAsync(5_500);
    expect(said).toHaveLength(6);
    const stopped = heart.stop(true);
    await jest.advanceTimersByTimeAsync(900);
    await stopped;
  });
});
