import type { ExecutorCallbacks } from '../../queue/model/executor';
import type { Emit } from './pool-options';

/** Where the listener of one run fails, that costs neither a slot nor another run: it is reported, and all goes on. */
export function guardedEvents(events: ExecutorCallbacks, emit: Emit): ExecutorCallbacks {
  const guard = (step: keyof ExecutorCallbacks, call: () => void): void => {
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
    wake: () => guard('wake', () => events.wake()),
  };
}
