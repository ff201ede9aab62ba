import type { ExecutorEvents } from '../../queue/model/executor';
import type { Emit } from './pool-options';

/** Where the listener of one run fails, that costs neither a slot nor another run: it is reported, and all goes on. */
export function guardedEvents(events: ExecutorEvents, emit: Emit): ExecutorEvents {
  const guard = (step: keyof ExecutorEvents, call: () => void): void => {
    try {
      call();
    } catch (error) {
      emit('pool.failed', { step, error });
    }
  };
  return {
    onStarted: (task, workerPid) => guard('onStarted', () => events.onStarted(task, workerPid)),
    onProgress: (task, progress) => guard('onProgress', () => events.onProgress(task, progress)),
    onReport: report => guard('onReport', () => events.onReport(report)),
    onRoom: () => guard('onRoom', () => events.onRoom()),
  };
}
